"""Rules about repeating a request that was refused or failed."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from clevora_mock.clock import SECOND
from clevora_mock.core.conduct.caller import Caller, bursts_of, is_after, is_comparable, pause_between
from clevora_mock.core.conduct.finding import (
    EARLY_RETRY,
    NO_BACKOFF,
    RETRIED_FINAL,
    RETRY_STORM,
    REVOKED_KEY,
    ConductFinding,
)
from clevora_mock.core.journal import JournalEntry

# Identical retries of a server error that are allowed at even pauses.
RETRIES = 3
# A pause after which nobody hurries; OpenAI's SDKs wait no longer.
_LONG_PAUSE = 8 * SECOND
# A client's timer may fire early, since it counts from when its event loop last looked at the time.
_TIMER_TOLERANCE = SECOND // 20
# Many more than SDKs make in the time, for each request that was in flight when the first one failed.
_STORM_ATTEMPTS = 100
_STORM_TIME = 10 * SECOND
_FINAL = (400, 401, 402)


def early_retries(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about retries before ``Retry-After`` was over; without a real clock, that is not known."""
    early: list[JournalEntry] = []
    for group in caller.repeated:
        refusal: JournalEntry | None = None
        for entry in group:
            if refusal is not None and caller.is_repeated(refusal, entry):
                ready = (refusal.retry_at or 0) - _TIMER_TOLERANCE
                early += [entry] if entry.at < ready and pause_between(refusal, entry) is not None else []
            refusal = refusal if entry.retry_at is None else entry
    if early:
        yield EARLY_RETRY.finding(f"{caller.name} repeated a request before Retry-After was over", early)


def retried_final_errors(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding for each status whose refused requests were repeated unchanged."""
    again: dict[int, list[JournalEntry]] = defaultdict(list)
    for group in caller.repeated:
        for before, entry in pairwise(group):
            if _is_final(before) and is_comparable(before, entry) and caller.is_repeated(before, entry):
                again[before.status] += [] if _was_funded(before, entry) else [entry]
    for status, entries in again.items():
        if entries:
            yield RETRIED_FINAL.finding(f"{caller.name} repeated a request unchanged after {status}", entries)


def _is_final(entry: JournalEntry) -> bool:
    """Tell whether to repeat the request is wrong: not after a 401 without a known key, as for an old ID token.

    The journal has no other credentials, so the next request may have a better one.
    """
    return entry.status in _FINAL and (entry.status != 401 or entry.key is not None)


def _was_funded(before: JournalEntry, entry: JournalEntry) -> bool:
    """Tell whether the account received money after `before` was refused with a 402."""
    if before.status != 402:
        return False
    if before.code == "account_not_activated" or before.balance_after is None or entry.balance_after is None:
        return entry.status != 402
    return entry.balance_after + entry.cost > before.balance_after


def revoked_keys(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about requests with a key after the answer that it is revoked."""
    refused = [entry for entry in caller.requests if entry.code == "invalid_api_key" and entry.key is not None]
    bursts, told = bursts_of(refused), dict[int | None, JournalEntry]()
    later = []
    for entry in refused:
        first = told.setdefault(entry.changes, entry)
        is_same_burst = entry.serial in bursts and bursts[entry.serial] == bursts.get(first.serial)
        if is_comparable(first, entry) and is_after(entry, first) and not is_same_burst:
            later.append(entry)
    if later:
        yield REVOKED_KEY.finding(f"{caller.name} continued to use a revoked key", later)


def missing_backoff(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding for each storm of a failing request, or else for each run of POSTs at even pauses.

    A program that polls with GET repeats nothing.
    """
    for group in caller.repeated:
        storm = _storm(group)
        if storm:
            yield RETRY_STORM.finding(f"{caller.name} repeated a failing request {len(storm)} times at once", storm)
            continue
        for run in _runs(caller, group) if group[0].method == "POST" else ():
            if len(run) > RETRIES + 1 and not _backs_off(run):
                message = f"{caller.name} repeated a failing request without backing off"
                yield NO_BACKOFF.finding(message, run)


def _runs(caller: Caller, group: list[JournalEntry]) -> Iterator[list[JournalEntry]]:
    """Yield the runs of identical requests of which all but the last one failed, and each came after the one before.

    One that may be concurrent ends the run: the pauses of several workers cannot be told apart.
    """
    run: list[JournalEntry] = []
    for entry in group:
        if run and (run[-1].status < 500 or not caller.is_repeated(run[-1], entry)):
            yield run
            run = []
        run.append(entry)
    yield run


def _backs_off(run: list[JournalEntry]) -> bool:
    """Tell whether the pauses are known and uneven, as growing ones are, or long, or those that the client was told.

    Workers that each back off may share a connection, and their requests then look like those of one client; they come
    at uneven pauses, too.
    """
    pauses: list[int] = []
    for earlier, later in pairwise(run):
        pause = pause_between(earlier, later)
        if pause is None:
            return True
        if earlier.retry_at is None or later.at < earlier.retry_at:
            pauses.append(pause)
    if len(pauses) <= RETRIES:
        return True
    least = max(min(pauses), SECOND // 10)
    return least >= _LONG_PAUSE or max(pauses) >= 2 * least


def _storm(group: list[JournalEntry]) -> list[JournalEntry]:
    """Return the retries of a failing request if there are far too many within `_STORM_TIME`.

    Those that answer a Retry-After are left to `early_retries`.
    """
    failed = [entry for entry in group if entry.status >= 500 and entry.retry_at is None and entry.is_real]
    if len(failed) <= _STORM_ATTEMPTS:
        return []
    first = failed[0]
    retries = sorted((entry for entry in failed if entry.at > first.completed), key=lambda entry: entry.at)
    allowed = _STORM_ATTEMPTS * (len(failed) - len(retries))
    if any(later.at - earlier.at <= _STORM_TIME for earlier, later in zip(retries, retries[allowed:], strict=False)):
        return retries
    return []
