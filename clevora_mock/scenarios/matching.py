"""Which rule decides a request, and why the others did not.

A rule's conditions are asked in a fixed order, the certain ones first. Only a request that meets all of them draws
its chance, and only one that is lucky is counted among the rule's calls, so requests that a rule does not mean shift
nothing. The first rule that applies decides; the rest are not asked and count nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from clevora_mock.core.journal import Miss
from clevora_mock.scenarios.scenario import Calls, Pattern, Rule, Scenario, Then, When

if TYPE_CHECKING:
    from clevora_mock.core.call import Call

NOTHING = Then()


class Plan(Struct, frozen=True):
    """What is to happen to a request; `rule` None when nothing is."""

    then: Then = NOTHING
    rule: str | None = None
    # What the rule's draws are for.
    purpose: str = ""
    draw: float | None = None
    misses: tuple[Miss, ...] = ()


UNDISTURBED = Plan()


def purpose_of(scenario: Scenario, rule: Rule) -> str:
    """What the draws of `rule` are for."""
    return f"{scenario.name}/{rule.name}"


def decide(scenario: Scenario, began: int, counts: dict[str, int], call: "Call") -> Plan:
    """The plan of the first rule that applies to `call`; `counts` is brought up to date."""
    misses: list[Miss] = []
    for rule in scenario.rules:
        if rule.when.endpoints is not None and (call.endpoint is None or call.endpoint.name not in rule.when.endpoints):
            continue
        purpose = purpose_of(scenario, rule)
        failed, draw = _ask(rule, purpose, began, counts, call)
        if failed is None:
            return Plan(rule.then, rule.name, purpose, draw, tuple(misses))
        misses.append(Miss(rule.name, failed, draw))
    return Plan(misses=tuple(misses))


def _ask(rule: Rule, purpose: str, began: int, counts: dict[str, int], call: "Call") -> tuple[str | None, float | None]:
    """The first condition of `rule` that fails, and the draw."""
    when, draw = rule.when, None
    for name, holds in _CONDITIONS:
        if getattr(when, name) and not holds(when, call):
            return name, None
    if when.between is not None and not when.between[0] <= call.arrived - began < when.between[1]:
        return "between", None
    if when.chance is not None:
        draw = call.sandbox.chance.unit(f"chance of {purpose}")
        if draw >= when.chance:
            return "chance", draw
    count = counts[rule.name] = counts.get(rule.name, 0) + 1
    if when.calls is not None and not is_among(count, when.calls):
        return "calls", draw
    return None, draw


def is_among(count: int, calls: Calls) -> bool:
    """Whether call number `count`, from 1, is meant."""
    if calls.every is not None and count % calls.every == 0:
        return True
    return any(low <= count and (high is None or count <= high) for low, high in calls.ranges)


def last_message(call: "Call") -> str:
    """What the request says: the last user message, the query, the topic or the input."""
    document = document_of(call)
    if not isinstance(document, dict):
        return ""
    messages = document.get("messages")
    if isinstance(messages, list):
        said = [m.get("content") for m in messages if isinstance(m, dict) and m.get("role") == "user"]
        return _text(said[-1]) if said else ""
    return _text(next((document[name] for name in ("query", "topic", "input") if name in document), ""))


def document_of(call: "Call") -> object:
    """The body as JSON, None when it is none; read once."""
    if call.document is None and call.body:
        try:
            call.document = msgspec.json.decode(call.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
    return call.document


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_text(part.get("text") if isinstance(part, dict) else part) for part in value)
    return ""


def _is_key(when: When, call: "Call") -> bool:
    return call.key is not None and when.key in (call.key.name, call.key.id, call.key.preview)


def _is_account(when: When, call: "Call") -> bool:
    # Who signs in for the first time has an identity, but no account yet.
    caller = call.account or call.identity
    return caller is not None and caller.uid == when.account


def _has_headers(when: When, call: "Call") -> bool:
    return all(_fits(pattern, call.header(name.encode()), whole=True) for name, pattern in when.header)


def _has_body(when: When, call: "Call") -> bool:
    return is_subset(when.body, document_of(call))


def _has_message(when: When, call: "Call") -> bool:
    return when.message is not None and _fits(when.message, last_message(call), whole=False)


_CONDITIONS: tuple[tuple[str, Callable[[When, "Call"], bool]], ...] = (
    ("key", _is_key),
    ("account", _is_account),
    ("header", _has_headers),
    ("body", _has_body),
    ("message", _has_message),
)


def _fits(pattern: Pattern, text: str, *, whole: bool) -> bool:
    if pattern.expression is not None:
        return pattern.expression.search(text) is not None
    return pattern.text == text if whole else pattern.text in text


def is_subset(part: Any, whole: Any) -> bool:
    """Whether JSON `part` is in `whole`: objects by their keys, everything else by equality of type and value."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and is_subset(part[name], whole[name]) for name in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(is_subset, part, whole))
    if isinstance(part, bool) or isinstance(whole, bool):
        return part is whole
    return bool(part == whole)
