"""Rules about repeating a request that was refused or failed."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from clevora_mock.clock import SECOND
from clevora_mock.core.conduct.caller import Caller, is_after
from clevora_mock.core.conduct.finding import (
    EARLY_RETRY,
    NO_BACKOFF,
    RETRIED_FINAL,
    RETRY_STORM,
    REVOKED_KEY,
    ConductFinding,
)
from clevora_mock.core.journal import JournalEntry

# Identical retries of a server error that are allowed without a growing pause.
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
    """Yield a finding about retries before ``Retry-After`` was over; if the clock stood still, that is not known."""
    early: list[JournalEntry] = []
    for group in caller.repeated:
        refusal: JournalEntry | None = None
        for entry in group:
            if refusal is not None and is_after(entry, refusal):
                ready = (refusal.retry_at or 0) - _TIMER_TOLERANCE
                early += [entry] if refusal.completed < entry.at < ready else []
            refusal = refusal if entry.retry_at is None else entry
    if early:
        yield EARLY_RETRY.finding(f"{caller.name} repeated a request before Retry-After was over", early)


def retried_final_errors(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding for each status whose refused requests were repeated unchanged."""
    again: dict[int, list[JournalEntry]] = defaultdict(list)
    for group in caller.repeated:
        for before, entry in pairwise(group):
            if before.status in _FINAL and is_after(entry, before) and not _was_funded(before, entry):
                again[before.status].append(entry)
    for status, entries in again.items():
        yield RETRIED_FINAL.finding(f"{caller.name} repeated a request unchanged after {status}", entries)


def _was_funded(before: JournalEntry, entry: JournalEntry) -> bool:
    """Tell whether the account received money after `before` was refused with a 402."""
    if before.status != 402 or entry.status == 402:
        return False
    if before.code == "account_not_activated" or before.balance_after is None or entry.balance_after is None:
        return True
    return entry.balance_after + entry.cost > before.balance_after


def revoked_keys(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about requests with a key after the answer that it is revoked."""
    refused = [entry for entry in caller.requests if entry.code == "invalid_api_key" and entry.key is not None]
    later = [entry for entry in refused[1:] if is_after(entry, refused[0])]
    if later:
        yield REVOKED_KEY.finding(f"{caller.name} continued to use a revoked key", later)


def missing_backoff(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding for each storm of a failing request, or else for each run without growing pauses."""
    for group in caller.repeated:
        storm = _storm(group)
        if storm:
            yield RETRY_STORM.finding(f"{caller.name} repeated a failing request {len(storm)} times at once", storm)
            continue
        for run in _runs(group):
            if len(run) > RETRIES + 1 and not _backs_off(run):
                message = f"{caller.name} repeated a failing request without backing off"
                yield NO_BACKOFF.finding(message, run)


def _runs(group: list[JournalEntry]) -> Iterator[list[JournalEntry]]:
    """Yield the runs of identical requests of which all but the last one failed; a concurrent one is no retry."""
    run: list[JournalEntry] = []
    for entry in group:
        if run and not is_after(entry, run[-1]):
            continue
        if run and run[-1].status < 500:
            yield run
            run = []
        run.append(entry)
    yield run


def _backs_off(run: list[JournalEntry]) -> bool:
    """Tell whether every pause after `RETRIES` retries is at least twice the first one, long, or as it was told."""
    pauses = [later.at - earlier.completed for earlier, later in pairwise(run)]
    if 0 in pauses:
        # The clock stood still.
        return True
    least = min(2 * max(pauses[0], SECOND // 10), _LONG_PAUSE)
    return all(
        pause >= least or later.at >= (earlier.retry_at or later.at + 1)
        for pause, (earlier, later) in list(zip(pauses, pairwise(run), strict=True))[RETRIES:]
    )


def _storm(group: list[JournalEntry]) -> list[JournalEntry]:
    """Return the retries of a failing request if there are far too many within `_STORM_TIME`.

    Those that answer a Retry-After are left to `early_retries`.
    """
    failed = [entry for entry in group if entry.status >= 500 and entry.retry_at is None]
    if len(failed) <= _STORM_ATTEMPTS:
        return []
    first = failed[0]
    retries = sorted((entry for entry in failed if entry.at > first.completed), key=lambda entry: entry.at)
    allowed = _STORM_ATTEMPTS * (len(failed) - len(retries))
    if any(later.at - earlier.at <= _STORM_TIME for earlier, later in zip(retries, retries[allowed:], strict=False)):
        return retries
    return []
