"""Rules about what a client does with an answer: broken, cut, late, or left unread."""

import re
from collections.abc import Iterator

from clevora_mock.clock import MINUTE, SECOND
from clevora_mock.core.conduct.caller import Caller, is_after, is_comparable, is_complete, question_of
from clevora_mock.core.conduct.finding import (
    BROKEN_JSON,
    GAVE_UP,
    HALF_STREAM,
    NO_TIMEOUT,
    UNREAD_STREAM,
    ConductFinding,
    faults_of,
    is_answered,
)
from clevora_mock.core.journal import JournalEntry

# Longer than the pauses of clients that still mean to ask again.
_SETTLED = 10 * SECOND
# A longer Retry-After is nothing that a program waits for.
_LONGEST_WAIT = MINUTE
_LONG_STALL = 30 * SECOND
# Conditions that a rule's next request may fail although it is the same.
_PASSING = ("calls", "between", "chance")
# A search instead of a JSON parser, since the journal truncates long bodies.
_STREAM = re.compile(rb'"stream"\s*:\s*true')


def given_up(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about failures that were not repeated, although a later request shows that it would do."""
    answered = {entry.endpoint: entry for entry in caller.requests if is_answered(entry)}
    given_up = [
        entry
        for entry in caller.requests
        if _is_temporary(entry) and _would_do(entry, answered.get(entry.endpoint)) and _is_last_attempt(entry, caller)
    ]
    if given_up:
        yield GAVE_UP.finding(f"{caller.name} gave up although a retry would have been answered", given_up)


def half_streams(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about streams that ended early in good order, after which the client went on."""
    halves = [entry for entry in _left_behind(caller) if "early_end" in faults_of(entry) and is_stream(entry)]
    if halves:
        message = f"{caller.name} went on after streams without an end, and did not ask again"
        yield HALF_STREAM.finding(message, halves)


def broken_json(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about broken answers, after which the client went on."""
    kinds = {"garbage", "malformed_chunk"}
    broken = [entry for entry in _left_behind(caller) if kinds.intersection(faults_of(entry))]
    if broken:
        yield BROKEN_JSON.finding(f"{caller.name} went on after broken JSON, and did not ask again", broken)


def sat_out_stalls(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about stalls that the client waited out."""
    waited = [
        entry
        for entry in (caller.requests if caller.is_wall_time else ())
        if "stall" in faults_of(entry) and not entry.abandoned and entry.completed - entry.at >= _LONG_STALL
    ]
    if waited:
        yield NO_TIMEOUT.finding(f"{caller.name} sat out a stall of 30 seconds or more", waited)


def unread_streams(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about streams that the client left; leaving one that a fault has stalled is correct."""
    unread = left_streams(caller)
    if unread:
        yield UNREAD_STREAM.finding(f"{caller.name} disconnected before the end of streams", unread)


def left_streams(caller: Caller) -> list[JournalEntry]:
    """Return the streams that the client left before their end, although no fault had broken them."""
    return [entry for entry in caller.requests if entry.abandoned and entry.fault is None and is_stream(entry)]


def is_stream(entry: JournalEntry) -> bool:
    """Tell whether a request asked for a stream."""
    return _STREAM.search(entry.body) is not None


def _is_last_attempt(entry: JournalEntry, caller: Caller) -> bool:
    """Tell whether its question was asked once, and the client can be expected not to ask it any more."""
    if entry.abandoned or not is_complete(entry) or not caller.is_past(entry, _SETTLED):
        return False
    return caller.questions[question_of(entry)] == 1


def _left_behind(caller: Caller) -> Iterator[JournalEntry]:
    """Yield the requests with a fault that were never repeated, and after which the client made another one."""
    newest = {entry.endpoint: entry for entry in caller.requests}
    for entry in caller.requests:
        if entry.fault is not None and is_after(newest[entry.endpoint], entry) and _is_last_attempt(entry, caller):
            yield entry


def _is_temporary(entry: JournalEntry) -> bool:
    """Tell whether to repeat the request soon is right: not if it was billed, which would cost twice."""
    if entry.cost or (entry.retry_at or 0) - entry.completed > _LONGEST_WAIT:
        return False
    return entry.status == 429 or entry.status >= 500


def _would_do(entry: JournalEntry, later: JournalEntry | None) -> bool:
    """Tell whether the same request would have been answered when `later` was.

    It would not if a rule refused it for what it says, and not for its time or number.
    """
    if later is None or not (is_after(later, entry) and is_comparable(entry, later)):
        return False
    if later.at < (entry.retry_at or 0):
        return False
    if entry.rule is None:
        return entry.status == 429
    return any(miss.rule == entry.rule and miss.condition in _PASSING for miss in later.misses)
