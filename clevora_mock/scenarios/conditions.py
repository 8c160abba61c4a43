"""`when`: the conditions on a request for a rule to apply."""

import re
from typing import Any

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME, ENDPOINTS
from clevora_mock.contract.limits import KEY_PATTERN, MAX_UID_CHARACTERS
from clevora_mock.core.expressions import Expression
from clevora_mock.core.masking import preview
from clevora_mock.core.messages import quoted
from clevora_mock.core.scenario import Calls, TextPattern, When
from clevora_mock.scenarios.nodes import MappingNode, Node, SequenceNode
from clevora_mock.scenarios.reader import JSON, Entry, Field, Problems, any_of, list_of, mapping, read_all
from clevora_mock.scenarios.scalars import DURATION, bare_hint, choice, duration, number, share_hint, text

_ROLES = ("user", "assistant", "tool", "system", "developer", "function")
_HEADER_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"

# Common mistakes in `calls`: a pattern, and the hint that is added to the error.
_CALL_HINTS = (
    (r"0+|0+-[0-9]*|every 0+", r"; calls are counted from 1"),
    (r"-([1-9][0-9]*)", r"; did you mean 1-\1?"),
    (r"([1-9][0-9]*) *(?:-|to|\.\.+) *([1-9][0-9]*)", r"; did you mean \1-\2?"),
    (r"([1-9][0-9]*) *\+|>= *([1-9][0-9]*)", r"; did you mean \1\2-?"),
    (r"[1-9][0-9]{0,8}", "; write it without quotes"),
)


def _endpoint_hint(node: Node) -> str:
    if node.text == "*":
        return "; it means all endpoints, so it stands alone, not in a list"
    at_path = [endpoint.name for endpoint in ENDPOINTS if node.text.rstrip("/") in endpoint.paths]
    return f'; did you mean "{at_path[0]}"?' if at_path else ""


_ENDPOINT_LABEL = "an endpoint's name such as chat.completions"
_ENDPOINT = choice(*ENDPOINT_BY_NAME, noun="endpoint", label=_ENDPOINT_LABEL, hint=_endpoint_hint)
_ALL_OR_ONE: Field[Any] = Field(
    lambda node: None if node.value == "*" else (_ENDPOINT.read(node),), {"enum": ["*", *ENDPOINT_BY_NAME]}
)
_SEVERAL = list_of(_ENDPOINT, "endpoints", 1, len(ENDPOINTS), unique=True).then(tuple)


def _read_call(node: Node) -> Calls:
    """Read ``3``, ``1-2``, ``4-`` or ``every 5``."""
    value = node.value
    if isinstance(value, int) and 0 < value < 10**9 and not isinstance(value, bool):
        return Calls(((value, value),))
    found = re.fullmatch(r"every ([1-9][0-9]{0,8})|([1-9][0-9]{0,8})-([0-9]{0,9})", node.text, re.ASCII)
    if not found or not isinstance(value, str):
        raise node.unexpected("calls such as 3, 1-2, 4-, every 5 or [1, 4]", _call_hint(node))
    if found[1]:
        return Calls((), int(found[1]))
    first, last = int(found[2]), int(found[3]) if found[3] else None
    if last is not None and last < first:
        raise node.unexpected("the lower number first", f"; did you mean {last}-{first}?")
    return Calls(((first, last),))


def _call_hint(node: Node) -> str:
    if isinstance(node, MappingNode) and "every" in node.keys:
        return f"; write every {node.nodes['every'].text}"
    if isinstance(node.value, float) and node.value.is_integer() and node.value > 0:
        return f"; write {node.value:.0f}"
    if bare := bare_hint(node):
        return bare
    found = ((re.fullmatch(pattern, node.text, re.ASCII), hint) for pattern, hint in _CALL_HINTS)
    return next((match.expand(hint) for match, hint in found if match), "")


def _check_calls(node: SequenceNode) -> Problems:
    if sum(item.text.startswith("every ") for item in node.items) > 1:
        yield node.problem('only one "every" is possible; write two rules')


def _joined(parts: list[Calls]) -> Calls:
    every = (part.every for part in parts if part.every)
    return Calls(tuple(range_ for part in parts for range_ in part.ranges), next(every, None))


_CALL_TEXT = {"type": "string", "pattern": "^([1-9][0-9]*-([1-9][0-9]*)?|every [1-9][0-9]*)$"}
_CALL = Field(_read_call, {"anyOf": [{"type": "integer", "minimum": 1}, _CALL_TEXT]})
_CALL_LIST = list_of(_CALL, "calls such as 3, 1-2, 4- or every 5", 1, check=_check_calls).then(_joined)


def _read_pattern(node: Node) -> TextPattern:
    """Read ``text``, ``/expression/`` or ``/expression/i``."""
    written = _TEXT.read(node)
    if not written.startswith("/"):
        return TextPattern(written)
    shown = quoted(written)
    source, slash, flags = written[1:].rpartition("/")
    if not slash:
        literal = quoted(f"/{re.escape(written)}/" if len(written) < 20 else "/…/")
        cut = "; quote a pattern with a comma, a bracket or # in it" if getattr(node, "plain", False) else ""
        raise node.invalid(f"expected / at the end of {shown}{cut}; to find the text itself write {literal}")
    if flags not in ("", "i"):
        raise node.invalid(f"{shown} reads as an expression with the flags {quoted(flags)}; only i is known")
    if not source:
        raise node.invalid("expected something between the slashes")
    try:
        return TextPattern(written, Expression(source, re.IGNORECASE if flags else 0))
    except ValueError as error:
        raise node.invalid(f"{shown} {error}") from None


_TEXT = text("text or a /regular expression/", 1_000)
_PATTERN = Field(_read_pattern, {**_TEXT.schema, "pattern": "^([^/]|/.+/i?$)"})
_PATTERN_OR_NONE: Field[TextPattern | None] = Field(
    lambda node: None if node.value is None else _PATTERN.read(node), {**_PATTERN.schema, "type": ["string", "null"]}
)


def _read_key(node: Node) -> str:
    """Read the name, id or preview of a key; refuse a whole key, which none of these is."""
    written = _KEY_NAME.read(node)
    if re.fullmatch(KEY_PATTERN, written):
        raise node.invalid(
            f"expected a key's name, id or preview, got a whole key; write its preview {preview(written)}"
        )
    return written


_KEY_NAME = text("a key's name, id or preview", 200)
_KEY = Field(_read_key, {**_KEY_NAME.schema, "not": {"pattern": f"^{KEY_PATTERN}$"}})


def _read_headers(node: Node) -> tuple[tuple[str, TextPattern | None], ...]:
    """Read patterns by header name, null for an absent one; names become lower case."""
    if not isinstance(node, MappingNode):
        raise node.unexpected('a mapping of header names, such as {user-agent: "/OpenAI/"}')
    problems = [*node.flaws]
    if not node.keys and not problems:
        problems.append(node.problem("nothing in it; expected at least one header"))
    spelling: dict[str, str] = {}
    for name, key in node.keys.items():
        if not re.fullmatch(_HEADER_NAME, name):
            problems.append(key.problem(f"{quoted(name)} is no header's name"))
        elif spelling.setdefault(name.lower(), name) != name:
            problems.append(key.problem(f"duplicate entry {quoted(name)}; a header's case does not matter"))
    patterns = read_all(((name, _PATTERN_OR_NONE, node.nodes[name]) for name in spelling.values()), problems)
    return tuple((name.lower(), pattern) for name, pattern in patterns.items())


def _read_body(node: Node) -> dict[str, Any]:
    if not isinstance(node, MappingNode):
        raise node.unexpected("a mapping of the body's fields, such as {stream: true}")
    if not node.keys and not node.flaws:
        raise node.invalid("nothing in it; expected at least one field of the body")
    return dict(JSON.read(node))


def span(example: str, *, is_window: bool = False) -> Field[tuple[int, int]]:
    """Return the field for two durations, the shorter first; a window must not be empty."""
    durations = list_of(duration(unit="s") if is_window else DURATION, "durations")

    def read(node: Node) -> tuple[int, int]:
        if not isinstance(node, SequenceNode) or len(node.items) != 2:
            found = f"a list of {len(node.items)}" if isinstance(node, SequenceNode) else node.got
            raise node.invalid(f"expected two durations such as {example}, got {found}")
        low, high = durations.read(node)
        if low > high:
            first, last = (item.text for item in node.items)
            raise node.invalid(f"expected the shorter first, got [{first}, {last}]; did you mean [{last}, {first}]?")
        if is_window and low == high:
            raise node.invalid("expected a window with some time in it, got none")
        return low, high

    return Field(read, {**durations.schema, "minItems": 2, "maxItems": 2})


def _check(node: MappingNode, values: dict[str, Any]) -> Problems:
    """Yield conditions that can never hold: on a message or a body that the endpoints' requests do not have."""
    chat = ENDPOINT_BY_NAME["chat.completions"]
    endpoints = [ENDPOINT_BY_NAME[name] for name in values.get("endpoint") or ()]
    named = ", ".join(endpoint.name for endpoint in endpoints)
    if "message" in node.keys and named and not any(endpoint.message_field for endpoint in endpoints):
        yield node.keys["message"].problem(f"there is no message in a request to {named}", "message")
    if "body" in node.keys and named and all(endpoint.method in ("GET", "DELETE") for endpoint in endpoints):
        yield node.keys["body"].problem(f"there is no body in a request to {named}", "body")
    for name in ("turn", "last_role"):
        if name in node.keys and named and chat not in endpoints:
            yield node.keys[name].problem(f"there are no messages in a request to {named}", name)


_ENDPOINTS = any_of(_ALL_OR_ONE, _SEVERAL, SequenceNode)
_CALLS = any_of(_CALL, _CALL_LIST, SequenceNode)
_NAMED = {"propertyNames": {"pattern": f"^{_HEADER_NAME}$"}, "additionalProperties": _PATTERN_OR_NONE.schema}
_HEADERS = Field(_read_headers, {"type": "object", "minProperties": 1, **_NAMED})
_BODY = Field(_read_body, {"type": "object", "minProperties": 1})
_WINDOW = span("[10s, 2m]", is_window=True)
_NEVER = "; such a rule never applies, so take it out"
_CHANCE = number(float, lambda node: _NEVER if node.number == 0 else share_hint(node), exclusiveMinimum=0, maximum=1)

_CONDITIONS = (
    Entry("endpoint", _ENDPOINTS, 'An endpoint\'s name, a list of names, or "*" for all.'),
    Entry("key", _KEY, "An API key's name, id or preview."),
    Entry("account", text("an account's uid", MAX_UID_CHARACTERS), "An account's uid."),
    Entry("header", _HEADERS, "Headers by name: the text of a line, a /regular expression/, or null for absent."),
    Entry("body", _BODY, "A part of the request's body: these fields with these values."),
    Entry("message", _PATTERN, "The last user message, query, topic or input: a part, or /expression/i."),
    Entry("turn", number(int, minimum=1, maximum=1_000_000), "The number of user messages in a chat."),
    Entry("last_role", choice(*_ROLES), "The role of the last message of a chat."),
    Entry("between", _WINDOW, "From and to since the scenario began, by the sandbox's clock: [10s, 2m]."),
)


def _build_when(endpoint: tuple[str, ...] | None = None, **conditions: Any) -> When:
    return When(endpoint, **{("not_" if name == "not" else name): value for name, value in conditions.items()})


_NAMES = tuple(entry.name for entry in _CONDITIONS)
_NOT = mapping(_build_when, *_CONDITIONS, check=_check, at_least_one=_NAMES)
WHEN = mapping(
    _build_when,
    *_CONDITIONS,
    Entry("not", _NOT, "Conditions, also of the endpoint, that must not all be met."),
    Entry("calls", _CALLS, "A selection of the calls that meet the other conditions: 3, 1-2, 4-, every 5, [1, 4]."),
    Entry("chance", _CHANCE, "The share of matching requests, by a seeded draw: 0.33."),
    check=_check,
)
