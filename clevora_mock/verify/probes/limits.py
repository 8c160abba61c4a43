"""L1-L4: limits. They use up a minute's requests of a key that is made for it, and are asked only by name."""

import re
from math import ceil

from msgspec import Struct

from clevora_mock.clock import MINUTE, SECOND
from clevora_mock.verify.answers import seconds_to_wait
from clevora_mock.verify.ask import CHEAP, ONE_TOKEN
from clevora_mock.verify.client import Answer, CannotCheckError, Request
from clevora_mock.verify.expectation import ABSENT, Difference
from clevora_mock.verify.probe import checking
from clevora_mock.verify.probes.errors import HOMES
from clevora_mock.verify.probes.keys import create, with_key
from clevora_mock.verify.session import Session
from clevora_mock.verify.spending import Charge, charge_of

PER_MINUTE = 60
# So many requests are sent before the balance is read again, since that takes its time.
_BURST = 66
_BURST_COST = 6_600
_FIXED, _ALIGNED = ("limits.window", "fixed"), ("limits.window", "aligned")
_FREE = HOMES["missing_field"]
_TOO_SLOW = "the server is too slow for 61 requests in a minute"
_OF_LIMITS = re.compile(r"retry-after|(?!x-clevora-mock-).*rate-?limit.*")


class _Key:
    """A key of the run's own, whose requests are not paced."""

    def __init__(self, session: Session) -> None:
        self._session = session
        raw = create(session).raw
        self._good: Request = with_key(session.request(ONE_TOKEN), raw)
        self._free: Request = with_key(session.request(_FREE), raw)

    def good(self) -> Answer:
        return self._session.send(self._good, expected=429, unpaced=True)

    def free(self) -> Answer:
        return self._session.send(self._free, expected=429, unpaced=True)


class _Burst(Struct, frozen=True):
    """Requests with a new key until one was 429: their statuses, the last answer, and that of another key then."""

    served: tuple[int, ...]
    last: Answer
    other: Answer
    is_slow: bool


def _burst(session: Session) -> _Burst:
    """Send 61 requests that succeed with a new key, and one with another key."""
    key, other = _Key(session), _Key(session)
    charge = charge_of(ONE_TOKEN)
    session.spending.require(charge, _BURST)
    statuses: list[int] = []
    start = session.pace.now()
    answer = key.good()
    while answer.status != 429 and len(statuses) < PER_MINUTE + 5:
        statuses.append(answer.status)
        answer = key.good()
    slow = session.pace.now() - start >= MINUTE
    found = _Burst(tuple(statuses), answer, other.free(), slow)
    session.spending.record(Charge(charge.path, _BURST * charge.greatest), None)
    return found


def _limited(session: Session) -> _Burst:
    """Return the run's burst. Raises CannotCheckError where it met no limit."""
    burst = session.once(_burst)
    if burst.last.status != 429:
        raise CannotCheckError("no key reached its limit")
    return burst


def _sixty(session: Session) -> list[Difference]:
    burst = session.once(_burst)
    if any(status != 200 for status in burst.served):
        raise CannotCheckError("a request of the burst failed")
    if burst.is_slow:
        raise CannotCheckError(_TOO_SLOW)
    served = len(burst.served)
    if burst.last.status != 429:
        return [
            Difference("requests a minute", PER_MINUTE, f"more than {served}", ("limits.requests_per_minute", None))
        ]
    if served != PER_MINUTE:
        return [Difference("requests a minute", PER_MINUTE, served, ("limits.requests_per_minute", served))]
    return session.errors.compare_with_table("rate_limit_exceeded", burst.last)


def _two_keys(session: Session) -> list[Difference]:
    burst = _limited(session)
    return [] if burst.other.status != 429 else [Difference("another key of the account", "served", "429")]


def _retry_after(session: Session) -> list[Difference]:
    burst = _limited(session)
    value = burst.last.header("retry-after")
    if not 1 <= (seconds_to_wait(burst.last) or 0) <= 60:
        return [Difference("header retry-after", "whole seconds from 1 to 60", "nothing" if value is None else value)]
    return []


def _window(session: Session) -> list[Difference]:
    """Check that the window slides: when the oldest request leaves it, one more is admitted, and not sixty."""
    burst = _limited(session)
    if burst.other.status == 429:
        raise CannotCheckError("keys share their limit")
    # Where the clock's own minute would end as a sliding one does, begin later.
    if not 7 < session.wall_seconds() % 60 < 57:
        session.pace.sleep(15)
    key = _Key(session)
    session.spending.require(charge_of(_FREE), _BURST)
    refused, least, most = _fill(session, key)
    wait = seconds_to_wait(refused)
    if refused.status != 429:
        return [Difference("requests that failed with 400", "count", "do not count", ("limits.count_failed", False))]
    if wait is None:
        raise CannotCheckError("a 429 has no Retry-After in seconds")
    if not least <= wait <= most:
        wanted = str(most) if least == most else f"from {least} to {most}"
        override = None if least - 2 <= wait <= most + 2 else _ALIGNED
        return [Difference("Retry-After, 10 s after the oldest request", wanted, str(wait), override)]
    return _wait(session, key, wait)


def _fill(session: Session, key: _Key) -> tuple[Answer, int, int]:
    """Use up a key's minute; return the last answer, and between which seconds its Retry-After should be."""
    now = session.pace.now
    # The server counts the first request between these two moments.
    sent = now()
    if key.free().status == 429:
        raise CannotCheckError("a new key is at its limit")
    counted = now()
    session.pace.sleep(10)
    for _ in range(PER_MINUTE + 4):
        asked = now()
        answer = key.free()
        if answer.status == 429:
            break
    if now() - sent >= MINUTE:
        raise CannotCheckError(_TOO_SLOW)
    return answer, ceil((sent + MINUTE - now()) / SECOND), ceil((counted + MINUTE - asked) / SECOND)


def _wait(session: Session, key: _Key, seconds: int) -> list[Difference]:
    """Check what is admitted a second before a wait is over, which does not count, and what after it."""
    session.pace.sleep(seconds - 1.5)
    early = key.free()
    session.pace.sleep(1.5)
    first, second = key.free(), key.free()
    if early.status != 429:
        return [Difference("a request before Retry-After is over", "429", early.status)]
    if first.status == 429:
        return [Difference("a request after Retry-After", "served", "429", ("limits.count_refused", True))]
    return [] if second.status == 429 else [Difference("the window", "sliding", "fixed", _FIXED)]


def _no_headers(session: Session) -> list[Difference]:
    """Check what succeeds, and a 429 where the run had one, whose Retry-After is L2's matter."""
    answers = [session.answer(ask) for ask in (ONE_TOKEN, CHEAP)]
    for answer in answers:
        if answer.status != 200:
            raise CannotCheckError(f"the request was answered {answer.status}")
    burst = session.taken(_burst)
    shown = [header for answer in answers for header in answer.headers]
    shown += [] if burst is None else [one for one in burst.last.headers if one[0].lower() != "retry-after"]
    found = [(name.lower(), value) for name, value in shown if _OF_LIMITS.fullmatch(name.lower())]
    return [Difference(f"header {name}", ABSENT, value) for name, value in found[:1]]


# The burst is taken once for both clauses, which may be asked alone.
PROBES = (
    checking(
        "60 requests a minute",
        "L1",
        _sixty,
        "limits",
        "id_token",
        "api_key",
        cost=_BURST_COST,
        shares=(ONE_TOKEN,),
        requests=68,
    ),
    checking("a second key", "L1", _two_keys, "limits", "id_token", "api_key"),
    checking("Retry-After", "L2", _retry_after, "limits", "id_token", "api_key", cost=_BURST_COST, shares=(ONE_TOKEN,)),
    checking("the window", "L2", _window, "limits", "id_token", "api_key", requests=70),
    checking("no other header", "L4", _no_headers, "api_key", shares=(ONE_TOKEN, CHEAP), requests=2),
)
