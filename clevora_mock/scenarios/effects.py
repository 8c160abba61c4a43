"""`then`: what happens to a request to which a rule applies."""

from typing import Any

from msgspec import Struct

from clevora_mock.clock import read_duration
from clevora_mock.contract.errors import INJECTABLE_ERRORS as FAILURES
from clevora_mock.contract.errors import RETRYABLE_STATUSES as WAITING
from clevora_mock.contract.errors import STATUS_BY_CODE as STATUS_OF
from clevora_mock.core.scenario import Delay, InjectedError, StreamPace, Then
from clevora_mock.scenarios.conditions import read_span, span_schema
from clevora_mock.scenarios.fault_forms import REPLACING, WITH_ERROR, FaultForm
from clevora_mock.scenarios.forms import (
    Duration,
    Flag,
    Number,
    Schema,
    Text,
    numeral,
    one_of,
    per_cent,
    perhaps,
    text_of,
    value_of,
    whole,
)
from clevora_mock.scenarios.maps import Entry, Found, Map
from clevora_mock.scenarios.nodes import Listing, Mapping, Node, Place, show
from clevora_mock.scenarios.replies import REPLY

STATUSES = tuple(FAILURES)


class ErrorStatus(Struct, frozen=True):
    """A status that the contract or a gateway answers errors with."""

    def read(self, node: Node, place: Place) -> int | None:
        value = value_of(node)
        if isinstance(value, int) and not isinstance(value, bool) and value in STATUSES:
            return value
        hint = numeral(node)
        if isinstance(value, str) and value in STATUS_OF:
            hint = f"; did you mean {{status: {STATUS_OF[value]}, code: {value}}}?"
        place.unexpected(node, one_of([str(status) for status in STATUSES]), hint)
        return None

    def schema(self) -> Schema:
        return {"enum": list(STATUSES)}


class ErrorCode(Struct, frozen=True):
    """A code of the error table."""

    def read(self, node: Node, place: Place) -> str | None:
        value = value_of(node)
        if isinstance(value, str) and value in STATUS_OF:
            return value
        if not isinstance(value, str):
            place.unexpected(node, "an error's code such as rate_limit_exceeded")
            return None
        codes = tuple(STATUS_OF)
        place.wrong(node, f"unknown code {show(value)}{perhaps(value, codes) or f'; expected {one_of(codes)}'}")
        return None

    def schema(self) -> Schema:
        return {"enum": list(STATUS_OF)}


def _in_seconds(node: Node) -> str:
    try:
        return f"; did you mean {read_duration(text_of(node)) // 1_000_000}?"
    except ValueError:
        return ""


def _check_error(found: Found, place: Place) -> None:
    status, code = found.values.get("status"), found.values.get("code")
    if status is None:
        return
    if code is not None and STATUS_OF[code] != status:
        codes = one_of([failure.code for failure in FAILURES[status]])
        place.entry("code").wrong(
            found.nodes["code"], f"{code} belongs to {STATUS_OF[code]}, not {status}; expected {codes}"
        )
    if "retry_after" in found.keys and status not in WAITING:
        place.entry("retry_after").wrong(
            found.keys["retry_after"], f"only 429 and 503 say when to come back, not {status}"
        )


_ERROR = Map(
    (
        Entry("status", ErrorStatus(), "The status.", required=True),
        Entry("code", ErrorCode(), "The code, one of the status's own; without it the usual one."),
        Entry("message", Text("an error's message", most=1_000), "The message; without it the usual one."),
        Entry("retry_after", whole(0, 86_400, hint=_in_seconds), "Seconds in Retry-After, for 429 and 503."),
    ),
    InjectedError,
    _check_error,
)


class ErrorForm(Struct, frozen=True):
    """A status alone, or a mapping."""

    def read(self, node: Node, place: Place) -> InjectedError | None:
        if isinstance(node, Mapping):
            error: InjectedError | None = _ERROR.read(node, place)
            return error
        status = ErrorStatus().read(node, place)
        return None if status is None else InjectedError(status)

    def schema(self) -> Schema:
        return {"anyOf": [ErrorStatus().schema(), _ERROR.schema()]}


class Uniform(Struct, frozen=True):
    """``[100ms, 2s]``"""

    def read(self, node: Node, place: Place) -> tuple[int, int] | None:
        return read_span(node, place, "two durations such as [100ms, 2s]")

    def schema(self) -> Schema:
        return span_schema()


def _check_lognormal(found: Found, place: Place) -> None:
    median, p99 = found.values.get("median"), found.values.get("p99")
    if median is not None and p99 is not None and p99 < median:
        place.entry("p99").wrong(found.nodes["p99"], "expected no less than the median; are they exchanged?")


_LOGNORMAL = Map(
    (
        Entry("median", Duration(least=1), "Half of the delays are shorter.", required=True),
        Entry("p99", Duration(least=1), "99 of 100 delays are shorter.", required=True),
    ),
    lambda median, p99: (median, p99),
    _check_lognormal,
)


def _check_delay(found: Found, place: Place) -> None:
    if len(found.keys) > 1:
        place.wrong(found.node, "uniform and lognormal exclude each other")


def _delay(**spans: tuple[int, int]) -> Delay:
    (kind, (low, high)), *_ = spans.items()
    return Delay("uniform" if kind == "uniform" else "lognormal", low, high)


_DRAWN_DELAY = Map(
    (
        Entry("uniform", Uniform(), "Anything between two durations."),
        Entry("lognormal", _LOGNORMAL, "Mostly short, sometimes long."),
    ),
    _delay,
    _check_delay,
    at_least_one=("uniform", "lognormal"),
)


class DelayForm(Struct, frozen=True):
    """``250ms``, ``{uniform: …}`` or ``{lognormal: …}``."""

    def read(self, node: Node, place: Place) -> Delay | None:
        if isinstance(node, Mapping):
            delay: Delay | None = _DRAWN_DELAY.read(node, place)
            return delay
        if isinstance(node, Listing) and len(node.items) == 2:
            first, last = (text_of(item) for item in node.items)
            place.unexpected(node, "a duration such as 250ms", f"; write {{uniform: [{first}, {last}]}}")
            return None
        fixed = Duration().read(node, place)
        return None if fixed is None else Delay("fixed", fixed, fixed)

    def schema(self) -> Schema:
        return {"anyOf": [Duration().schema(), {**_DRAWN_DELAY.schema(), "maxProperties": 1}]}


_PACE = (
    Entry("ttft", Duration(), "Time to the first token."),
    Entry("tokens_per_second", Number("a number above 0", above=0, high=1_000_000), "Tokens a second after it."),
    Entry("jitter", Number("a number from 0 to 1", low=0, high=1, hint=per_cent), "Give or take this share: 0.2."),
)
_STREAM = Map(_PACE, StreamPace, at_least_one=tuple(entry.name for entry in _PACE))


def _check(found: Found, place: Place) -> None:
    """What cannot happen to one request together."""
    keys = found.keys
    for other in ("reply", "stream"):
        if "error" in keys and other in keys:
            place.wrong(keys[other], f"error and {other} exclude each other")
    if "charge" in keys and not {"error", "fault"} & set(keys):
        place.wrong(keys["charge"], "charge goes with an error or a fault; any other answer is charged as usual")
    fault = found.values.get("fault")
    if fault is None:
        return
    node, kind = keys["fault"], fault.kind
    if "error" in keys and kind not in WITH_ERROR:
        what = "has an answer of its own" if kind in REPLACING else "happens in a stream"
        place.wrong(node, f"error and {kind} exclude each other: {kind} {what}")
    elif "error" in keys and getattr(fault, "after_tokens", None) is not None:
        place.wrong(node, "error and after_tokens exclude each other: an error has no tokens")
    for other in ("reply", "stream"):
        if kind in REPLACING and other in keys:
            place.wrong(node, f"{other} and {kind} exclude each other: {kind} has an answer of its own")


_THEN = (
    Entry("error", ErrorForm(), "Refuse it: a status, or {status, code, message, retry_after}."),
    Entry("reply", REPLY, "What the model says instead: content, script, results or vector."),
    Entry("delay", DelayForm(), "Wait first: 250ms, {uniform: [100ms, 2s]} or {lognormal: {median, p99}}."),
    Entry("stream", _STREAM, "How a chat's stream flows."),
    Entry("fault", FaultForm(), "What goes wrong on the wire: a kind, or {kind, …} with its options."),
    Entry("charge", Flag(), "Whether the money is taken although the client gets an error or nothing."),
)


def _then(**values: Any) -> Then:
    return Then(**values)


THEN = Map(_THEN, _then, _check, at_least_one=tuple(entry.name for entry in _THEN))
