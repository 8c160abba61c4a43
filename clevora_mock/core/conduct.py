"""What a client did that it should not have, read off the journal.

Each finding is about one key (or, without one, one caller) and names its requests. A retry is identical when method,
path and body are; the journal keeps the first 16 KiB of a body.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.core.journal import Entry

# How many identical retries of a server error may follow each other at the same pace.
RETRIES = 3
_FINAL = (400, 401, 402)


class Finding(Struct, frozen=True):
    """One kind of misconduct and the requests that show it."""

    kind: str
    message: str
    requests: list[str]


def findings(entries: Iterable[Entry]) -> list[Finding]:
    """Everything that can be said of `entries`, oldest first."""
    by_caller: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_caller[entry.key or entry.account or entry.client].append(entry)
    found: list[Finding] = []
    for caller, theirs in by_caller.items():
        found += _impatience(caller, theirs)
        found += _stubbornness(caller, theirs)
        found += _hammering(caller, theirs)
        found += _each(caller, theirs)
        found += _polling(caller, theirs)
    return found


def _impatience(caller: str, entries: list[Entry]) -> Iterator[Finding]:
    early: list[str] = []
    until = 0
    for entry in entries:
        if entry.endpoint is not None and entry.at < until:
            early.append(entry.id)
        if entry.retry_after is not None:
            until = entry.completed + entry.retry_after * SECOND
    if early:
        yield Finding("early_retry", f"{caller} asked again before Retry-After was over", early)


def _stubbornness(caller: str, entries: list[Entry]) -> Iterator[Finding]:
    refused: dict[tuple[object, ...], Entry] = {}
    again: dict[int, list[str]] = defaultdict(list)
    revoked: list[str] = []
    for entry in entries:
        before = refused.get(_what(entry))
        if before is not None:
            again[before.status].append(entry.id)
        if entry.status in _FINAL:
            refused[_what(entry)] = entry
        else:
            refused.pop(_what(entry), None)
        if entry.code == "invalid_api_key" and entry.key is not None:
            revoked.append(entry.id)
    for status, ids in again.items():
        yield Finding("retried_final", f"{caller} repeated a request unchanged after {status}", ids)
    if len(revoked) > 1:
        yield Finding("revoked_key", f"{caller} went on with a revoked key", revoked)


def _hammering(caller: str, entries: list[Entry]) -> Iterator[Finding]:
    """Runs of one failing request that come without a growing pause between them."""
    runs: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        run = runs[_what(entry)]
        if run and run[-1].status < 500:
            run.clear()
        run.append(entry)
        if len(run) > RETRIES + 1 and not _backs_off(run):
            yield Finding(
                "no_backoff", f"{caller} repeated a failing request without backing off", [one.id for one in run]
            )
            run.clear()


def _backs_off(run: list[Entry]) -> bool:
    pauses = [later.at - earlier.completed for earlier, later in pairwise(run)]
    return pauses[-1] >= 2 * max(pauses[0], SECOND // 10)


def _each(caller: str, entries: list[Entry]) -> Iterator[Finding]:
    unknown = [entry for entry in entries if entry.ignored]
    if unknown:
        names = ", ".join(sorted({name for entry in unknown for name in entry.ignored}))
        yield Finding("unknown_fields", f"{caller} sent fields that the contract does not know: {names}", _ids(unknown))
    unread = [entry for entry in entries if entry.abandoned]
    if unread:
        yield Finding("unread_stream", f"{caller} left streams before their end", _ids(unread))


def _polling(caller: str, entries: list[Entry]) -> Iterator[Finding]:
    asked = [entry for entry in entries if entry.endpoint == "developer.usage"]
    fast = [later for earlier, later in pairwise(asked) if later.at - earlier.at < SECOND]
    if fast:
        yield Finding("usage_polling", f"{caller} asked for usage more than once a second", _ids(fast))


def _ids(entries: list[Entry]) -> list[str]:
    return [entry.id for entry in entries]


def _what(entry: Entry) -> tuple[object, ...]:
    return entry.method, entry.path, entry.body, entry.body_bytes
