"""Findings about a client's behavior, derived from the journal.

Each finding is about one key (without a key, one account or client) and lists its requests. Two requests are identical
when method, path, query and body are; the journal keeps the first 16 KiB of a body. Sign-ins are left out: with masked
passwords, different ones look identical. So are webhooks, whose sender is no client, and does right to send them again.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.contract.limits import MAX_IGNORED_NAMES
from clevora_mock.core.journal import JournalEntry

# Identical retries of a server error that are allowed without a growing pause.
RETRIES = 3
_FINAL = (400, 401, 402)
# A search instead of a JSON parser, since the journal truncates long bodies.
_STREAM = re.compile(rb'"stream"\s*:\s*true')


class ConductFinding(Struct, frozen=True):
    """One kind of misconduct, and the ids of the requests that show it."""

    kind: str
    message: str
    requests: list[str]


def findings(entries: Iterable[JournalEntry]) -> list[ConductFinding]:
    """Return all findings about `entries`, which come oldest first."""
    by_caller: dict[str, list[JournalEntry]] = defaultdict(list)
    for entry in entries:
        endpoint = None if entry.endpoint is None else ENDPOINT_BY_NAME.get(entry.endpoint)
        if entry.endpoint is not None and (endpoint is None or endpoint.credential == "signature"):
            continue
        by_caller[entry.key or entry.account or entry.client].append(entry)
    found: list[ConductFinding] = []
    for caller, requests in by_caller.items():
        found += _early_retries(caller, requests)
        found += _retried_final_errors(caller, requests)
        found += _missing_backoff(caller, requests)
        found += _unknown_fields_and_unread_streams(caller, requests)
        found += _polling(caller, requests)
    return found


def _early_retries(caller: str, entries: list[JournalEntry]) -> Iterator[ConductFinding]:
    early: list[str] = []
    refusals: dict[tuple[object, ...], JournalEntry] = {}
    for entry in entries:
        before = refusals.get(_signature(entry))
        if before is not None and before.completed <= entry.at < (before.retry_at or 0):
            early.append(entry.id)
        if entry.retry_at is not None:
            refusals[_signature(entry)] = entry
    if early:
        yield ConductFinding("early_retry", f"{caller} repeated a request before Retry-After was over", early)


def _retried_final_errors(caller: str, entries: list[JournalEntry]) -> Iterator[ConductFinding]:
    refused: dict[tuple[object, ...], JournalEntry] = {}
    again: dict[int, list[str]] = defaultdict(list)
    revoked: list[str] = []
    first_refusal: JournalEntry | None = None
    for entry in entries:
        before = refused.pop(_signature(entry), None)
        if before is not None and entry.at >= before.completed and not _was_funded(before, entry):
            again[before.status].append(entry.id)
        if entry.status in _FINAL:
            refused[_signature(entry)] = entry
        if entry.code == "invalid_api_key" and entry.key is not None:
            if first_refusal is not None and entry.at >= first_refusal.completed:
                revoked.append(entry.id)
            first_refusal = first_refusal or entry
    for status, ids in again.items():
        yield ConductFinding("retried_final", f"{caller} repeated a request unchanged after {status}", ids)
    if revoked:
        yield ConductFinding("revoked_key", f"{caller} continued to use a revoked key", revoked)


def _was_funded(before: JournalEntry, entry: JournalEntry) -> bool:
    """Tell whether the account received money after `before` was refused with a 402."""
    if before.status != 402 or entry.status == 402:
        return False
    if before.code == "account_not_activated" or before.balance_after is None or entry.balance_after is None:
        return True
    return entry.balance_after + entry.cost > before.balance_after


def _missing_backoff(caller: str, entries: list[JournalEntry]) -> Iterator[ConductFinding]:
    """Yield a finding for each run of one failing request without growing pauses."""
    runs: dict[tuple[object, ...], list[JournalEntry]] = defaultdict(list)
    finished: list[list[JournalEntry]] = []
    for entry in entries:
        run = runs[_signature(entry)]
        if run and entry.at < run[-1].completed:
            # A concurrent request is no retry.
            continue
        if run and run[-1].status < 500:
            finished.append(run)
            run = runs[_signature(entry)] = []
        run.append(entry)
    for run in [*finished, *runs.values()]:
        if len(run) > RETRIES + 1 and not _backs_off(run):
            yield ConductFinding("no_backoff", f"{caller} repeated a failing request without backing off", _ids(run))


def _backs_off(run: list[JournalEntry]) -> bool:
    """Tell whether every pause after `RETRIES` retries is at least twice the first one."""
    pauses = [later.at - earlier.completed for earlier, later in pairwise(run)]
    return min(pauses[RETRIES:]) >= 2 * max(pauses[0], SECOND // 10)


def _unknown_fields_and_unread_streams(caller: str, entries: list[JournalEntry]) -> Iterator[ConductFinding]:
    unknown = [entry for entry in entries if entry.ignored]
    if unknown:
        found = sorted({name for entry in unknown for name in entry.ignored})
        names = ", ".join(found[:MAX_IGNORED_NAMES]) + (", …" if len(found) > MAX_IGNORED_NAMES else "")
        yield ConductFinding(
            "unknown_fields", f"{caller} sent fields that the contract does not have: {names}", _ids(unknown)
        )
    # Abandoning a stream that a fault has stalled is correct behavior.
    unread = [entry for entry in entries if entry.abandoned and entry.fault is None and _is_stream(entry)]
    if unread:
        yield ConductFinding("unread_stream", f"{caller} disconnected before the end of streams", _ids(unread))


def _polling(caller: str, entries: list[JournalEntry]) -> Iterator[ConductFinding]:
    reads = [entry for entry in entries if entry.endpoint == "developer.usage"]
    fast = [later for earlier, later in pairwise(reads) if 0 <= later.at - earlier.at < SECOND]
    if fast:
        yield ConductFinding("usage_polling", f"{caller} requested usage more than once a second", _ids(fast))


def _ids(entries: list[JournalEntry]) -> list[str]:
    return [entry.id for entry in entries]


def _is_stream(entry: JournalEntry) -> bool:
    return _STREAM.search(entry.body) is not None


def _signature(entry: JournalEntry) -> tuple[object, ...]:
    return entry.method, entry.path, entry.query, entry.body, entry.body_bytes
