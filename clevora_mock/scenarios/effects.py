"""`then`: the effects of a rule on a request."""

import re
from typing import Any

import msgspec

from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.contract.errors import INJECTABLE_ERRORS, STATUS_BY_CODE
from clevora_mock.contract.limits import MAX_SEARCH_RESULTS
from clevora_mock.core.messages import quoted
from clevora_mock.core.scenario import MAX_RATE, MIN_RATE, Delay, InjectedError, ScriptedReply, StreamPace, Then
from clevora_mock.faults.base import ANOTHER_ANSWER, Fault
from clevora_mock.scenarios.conditions import span
from clevora_mock.scenarios.fault_options import FAULT
from clevora_mock.scenarios.nodes import MappingNode, Node, SequenceNode
from clevora_mock.scenarios.reader import JSON, Entry, Field, Problems, any_of, list_of, mapping
from clevora_mock.scenarios.scalars import BOOL, DURATION, TIMESTAMP, choice, duration, number, share_hint, text

# The endpoint of each field of `reply`.
ENDPOINT_BY_PART = {endpoint.reply_field: endpoint.name for endpoint in ENDPOINTS if endpoint.reply_field}


def _status_hint(node: Node) -> str:
    status = STATUS_BY_CODE.get(node.text)
    if status:
        return f"; did you mean {{status: {status}, code: {node.text}}}?"
    return f"; write {{status: {node.text}}}" if re.fullmatch("[45][0-9]{2}", node.text) and node.number else ""


def _read_header_value(node: Node) -> str:
    value = _LINE.read(node)
    if not value.isascii():
        raise node.unexpected("ASCII, since it is a header's value")
    return value


def _read_wait(node: Node) -> float | str | None:
    return _read_header_value(node) if isinstance(node.value, str) else _SECONDS_OR_NONE.read(node)


def _read_body(node: Node) -> tuple[str, str]:
    """Read the text of a body and its usual content type."""
    if isinstance(node.value, str):
        return node.text, "text/plain; charset=utf-8"
    return msgspec.json.encode(JSON.read(node)).decode(), "application/json"


def _charset(content_type: str | None) -> str:
    """Return the charset that a content type names; UTF-8 without one, and for one that nobody knows."""
    named = re.search(r'charset="?([\w.:+-]+)', content_type or "", re.ASCII | re.IGNORECASE)
    try:
        "".encode(named[1] if named else "utf-8")
    except LookupError:
        return "utf-8"
    return named[1] if named else "utf-8"


def _check_error(node: MappingNode, values: dict[str, Any]) -> Problems:
    charset = _charset(values.get("content_type"))
    try:
        values.get("body", ("", ""))[0].encode(charset)
    except UnicodeEncodeError as error:
        found = quoted(error.object[error.start])
        yield node.nodes["body"].problem(f"expected characters of {charset}, got {found}", "body")


def _build_error(body: tuple[str, str] | None = None, content_type: str | None = None, **parts: Any) -> InjectedError:
    if body is None:
        return InjectedError(**parts, content_type=content_type)
    return InjectedError(**parts, body=body[0].encode(_charset(content_type)), content_type=content_type or body[1])


_STATUS = choice(*INJECTABLE_ERRORS, hint=_status_hint)
_ANY_STATUS = number(int, minimum=400, maximum=599)
_LINE = text("text", 1_000, single_line=True)
_SECONDS_OR_NONE = number(nullable=True, minimum=0, maximum=10**9)
_WAIT: Field[float | str | None] = Field(
    _read_wait, {"anyOf": [_SECONDS_OR_NONE.schema, {**_LINE.schema, "pattern": "^[ -~]+$"}]}
)
_HEADER_VALUE = Field(_read_header_value, {**_LINE.schema, "pattern": "^[ -~]+$"})
_ERROR = mapping(
    _build_error,
    Entry("status", _ANY_STATUS, "The status.", required=True),
    Entry("code", _LINE, "The code; without it the usual one of the status."),
    Entry("type", _LINE, "The type; without it the usual one of the status."),
    Entry("message", text("an error's message", 1_000), "The message; without it the usual one."),
    Entry("retry_after", _WAIT, "Retry-After: seconds, a text that is sent as it is, or null for none."),
    Entry("retry_after_ms", _WAIT, "retry-after-ms, which some SDKs look at first: milliseconds, a text or null."),
    Entry("body", Field(_read_body, {}), "A body in place of the contract's: a text, or a value that becomes JSON."),
    Entry(
        "content_type",
        _HEADER_VALUE,
        "The content type; with a body text/plain or application/json. The body is sent in its charset.",
    ),
    check=_check_error,
    exclusive=(("code", "body"), ("type", "body"), ("message", "body")),
)
_REFUSAL = any_of(_STATUS.then(InjectedError), _ERROR)


def _check_reply(node: MappingNode, values: dict[str, Any]) -> Problems:
    if "finish_reason" in node.keys and "content" not in node.keys and {*ENDPOINT_BY_PART} & {*node.keys}:
        yield node.keys["finish_reason"].problem("it goes with content alone", "finish_reason")


_TEXT = text(max_length=100_000, min_length=0)
_LINK = text(max_length=2_000)
_WORD = text(max_length=200)
_SECONDS = number(int, minimum=0, maximum=864_000)
_SECTION: Field[dict[str, Any]] = mapping(
    dict,
    Entry("heading", _TEXT, "Its heading.", required=True),
    Entry("content", _TEXT, "The spoken and shown content.", required=True),
    Entry("durationSeconds", _SECONDS, "Its duration in seconds.", required=True),
)
_SCRIPT: Field[dict[str, Any]] = mapping(
    dict,
    Entry("title", _TEXT, "Its title."),
    Entry("hook", _TEXT, "The opening line."),
    Entry("sections", list_of(_SECTION, "sections", 0, 100), "Its sections, in order."),
    Entry("callToAction", _TEXT, "The closing line."),
    at_least_one=("title", "hook", "sections", "callToAction"),
)
_RESULT: Field[dict[str, Any]] = mapping(
    dict,
    Entry("title", _TEXT, "Its title.", required=True),
    Entry("id", _WORD, "The item's id."),
    Entry("type", choice("video", "podcast"), "Its kind."),
    Entry("description", _TEXT, "Its description."),
    Entry("creator", _TEXT, "Its creator."),
    Entry("url", _LINK, "Its made-up address."),
    Entry("thumbnailUrl", _LINK, "The made-up address of its picture."),
    Entry("durationSeconds", _SECONDS, "Its duration in seconds."),
    Entry("publishedAt", TIMESTAMP.as_written(), "Its time of publication."),
    Entry("tags", list_of(_WORD, "tags", 0, 100), "Its tags."),
    Entry("score", number(minimum=0, maximum=1), "Its relevance, in [0, 1]."),
)
_RESULTS = list_of(_RESULT, "results", 0, MAX_SEARCH_RESULTS).then(tuple)
_VECTOR = list_of(number(minimum=-1e9, maximum=1e9), "numbers", 1, 4_096).then(tuple)
_REPLY = mapping(
    ScriptedReply,
    Entry("content", _TEXT, "The assistant's message; {message}, {model} and {n} are filled in."),
    Entry("finish_reason", choice("stop", "length"), "The finish reason; stop."),
    Entry("script", _SCRIPT, "Parts of the script; omitted ones stay the model's."),
    Entry("results", _RESULTS, "The results of a search; [] for none."),
    Entry("vector", _VECTOR, "The vector of each input; its length is that of the list."),
    check=_check_reply,
    at_least_one=tuple(ENDPOINT_BY_PART),
)


def _uniform_hint(node: Node) -> str:
    if isinstance(node, SequenceNode) and len(node.items) == 2:
        return f"; write {{uniform: [{', '.join(item.text for item in node.items)}]}}"
    return ""


def _check_lognormal(node: MappingNode, values: dict[str, Any]) -> Problems:
    if len(values) == 2 and values["p99"] < values["median"]:
        yield node.nodes["p99"].problem("expected no less than the median; are they exchanged?", "p99")


_LOGNORMAL = mapping(
    lambda median, p99: Delay("lognormal", median, p99),
    Entry("median", duration(positive=True), "Half of the delays are shorter.", required=True),
    Entry("p99", duration(positive=True), "99 of 100 delays are shorter.", required=True),
    check=_check_lognormal,
)
_UNIFORM = span("[100ms, 2s]").then(lambda ends: Delay("uniform", *ends))
_DRAWN = mapping(
    lambda uniform=None, lognormal=None: uniform or lognormal,
    Entry("uniform", _UNIFORM, "Evenly distributed between two durations."),
    Entry("lognormal", _LOGNORMAL, "Mostly short, sometimes long, by median and 99th percentile."),
    at_least_one=("uniform", "lognormal"),
    exclusive=(("uniform", "lognormal"),),
)
_FIXED = duration(_uniform_hint).then(lambda micros: Delay("fixed", micros, micros))
_DELAY = any_of(_FIXED, Field(_DRAWN.read, {**_DRAWN.schema, "maxProperties": 1}))

_STREAM = mapping(
    StreamPace,
    Entry("ttft", DURATION, "Time to the first token."),
    Entry("tokens_per_second", number(minimum=MIN_RATE, maximum=MAX_RATE), "Tokens a second after it."),
    Entry("jitter", number(float, share_hint, minimum=0, maximum=1), "Vary each interval by this share: 0.2."),
    at_least_one=("ttft", "tokens_per_second", "jitter"),
)


def _check(node: MappingNode, values: dict[str, Any]) -> Problems:
    """Yield effects that cannot happen to one request together."""
    keys = node.keys
    if "charge" in keys and "error" not in keys and "fault" not in keys:
        yield keys["charge"].problem("charge goes with an error or a fault; any other answer is charged as usual")
    faults: tuple[Fault, ...] = values.get("fault", ())
    for fault in faults:
        excluded, why = _excluded(fault)
        for other in filter(keys.__contains__, excluded):
            yield keys["fault"].problem(f"{other} and {fault.kind} exclude each other: {fault.kind} {why}")
        if "error" in keys and not excluded and getattr(fault, "after_tokens", None) is not None:
            yield keys["fault"].problem("error and after_tokens exclude each other: an error has no tokens")


def _excluded(fault: Fault) -> tuple[tuple[str, ...], str]:
    """Return the effects that exclude a fault, and the reason."""
    if fault.stage == ANOTHER_ANSWER:
        return ("error", "reply", "stream"), "has an answer of its own"
    return (("error",), f"happens in {fault.requires.answer}") if fault.requires else ((), "")


THEN = mapping(
    lambda fault=(), **effects: Then(faults=fault, **effects),
    Entry("error", _REFUSAL, "An error response: a status, or {status, code, type, message, retry_after, body, …}."),
    Entry("reply", _REPLY, "Content instead of the model's: content, script, results or vector."),
    Entry("delay", _DELAY, "A delay before the response: 250ms, {uniform: [100ms, 2s]} or {lognormal: {median, p99}}."),
    Entry("stream", _STREAM, "The pace of a chat's stream."),
    Entry("fault", FAULT, "A fault on the wire: a kind, {kind, …} with its options, or a list of these."),
    Entry("charge", BOOL, "True charges also for an error or a lost response, false for nothing."),
    check=_check,
    exclusive=(("error", "reply"), ("error", "stream")),
    at_least_one=("error", "reply", "delay", "stream", "fault", "charge"),
)
