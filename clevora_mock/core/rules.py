"""The evaluation of a scenario's rules for a request.

The first rule that applies decides; later ones are not evaluated and count nothing. Conditions are evaluated in a fixed
order. `chance` is drawn only for requests that meet all other conditions, and `calls` counts requests that met them,
`chance` included, so other requests do not affect either.
"""

from collections.abc import Callable
from typing import Any

from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.scenario import Calls, Plan, Rule, RuleNearMiss, Scenario, TextPattern, When


def purpose_of(scenario: Scenario, rule: Rule) -> str:
    """Return the name under which the draws of `rule` are counted."""
    return f"{scenario.name}/{rule.name}"


def decide(
    scenario: Scenario,
    began: int,
    counts: dict[str, int],
    facts: RequestFacts,
    principal: Principal,
    rng: SeededRng,
) -> Plan:
    """Return the plan of the first rule that applies, and update `counts`.

    `began` is the start of the scenario, a timestamp of the sandbox's clock.
    """
    misses: list[RuleNearMiss] = []
    for rule in scenario.rules:
        if not _is_endpoint(rule.when, facts):
            continue
        purpose = purpose_of(scenario, rule)
        failed = _failed_condition(rule.when, facts, principal, began)
        draw = None
        if failed is None and rule.when.chance is not None:
            draw = rng.next_float(f"chance of {purpose}")
            failed = "chance" if draw >= rule.when.chance else None
        if failed is None:
            count = counts[rule.name] = counts.get(rule.name, 0) + 1
            if rule.when.calls is None or is_among(count, rule.when.calls):
                return Plan(rule.then, rule.name, purpose, draw, tuple(misses))
            failed = "calls"
        misses.append(RuleNearMiss(rule.name, failed, draw))
    return Plan(misses=tuple(misses))


def _failed_condition(when: When, facts: RequestFacts, principal: Principal, began: int) -> str | None:
    """Return the name of the first condition that fails, except for `chance` and `calls`."""
    for name, holds in _CONDITIONS:
        if getattr(when, name) and not holds(when, facts, principal):
            return name
    if when.between is not None and not when.between[0] <= facts.arrived - began < when.between[1]:
        return "between"
    if when.not_ is not None and _is_endpoint(when.not_, facts):
        return "not" if _failed_condition(when.not_, facts, principal, began) is None else None
    return None


def is_among(count: int, calls: Calls) -> bool:
    """Tell whether `calls` includes call number `count`, from 1."""
    if calls.every is not None and count % calls.every == 0:
        return True
    return any(low <= count and (high is None or count <= high) for low, high in calls.ranges)


def _messages(facts: RequestFacts) -> list[dict[str, Any]]:
    """Return the messages of a chat, as far as they have the form of messages."""
    found = facts.document.get("messages") if isinstance(facts.document, dict) else None
    return [message for message in found if isinstance(message, dict)] if isinstance(found, list) else []


def last_message(facts: RequestFacts) -> str:
    """Return the text of the last user message, the query, the topic or the input; empty without one."""
    field = None if facts.endpoint is None else facts.endpoint.message_field
    if field is None or not isinstance(facts.document, dict):
        return ""
    if field != "messages":
        return _text(facts.document.get(field))
    contents = [message.get("content") for message in _messages(facts) if message.get("role") == "user"]
    return _text(contents[-1]) if contents else ""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_text(part.get("text") if isinstance(part, dict) else part) for part in value)
    return ""


def _is_endpoint(when: When, facts: RequestFacts) -> bool:
    return when.endpoints is None or (facts.endpoint is not None and facts.endpoint.name in when.endpoints)


def _is_key(when: When, facts: RequestFacts, principal: Principal) -> bool:
    key = principal.key
    return key is not None and when.key in (key.name, key.id, key.preview)


def _is_account(when: When, facts: RequestFacts, principal: Principal) -> bool:
    return principal.uid == when.account


def _has_headers(when: When, facts: RequestFacts, principal: Principal) -> bool:
    return all(_has_header(facts, name, pattern) for name, pattern in when.header)


def _has_header(facts: RequestFacts, name: str, pattern: TextPattern | None) -> bool:
    lines = facts.lines_of(name.encode())
    return not lines if pattern is None else any(_matches(pattern, line, whole=True) for line in lines)


def _has_body(when: When, facts: RequestFacts, principal: Principal) -> bool:
    return is_subset(when.body, facts.document)


def _has_message(when: When, facts: RequestFacts, principal: Principal) -> bool:
    return when.message is not None and _matches(when.message, last_message(facts), whole=False)


def _is_turn(when: When, facts: RequestFacts, principal: Principal) -> bool:
    return when.turn == sum(1 for message in _messages(facts) if message.get("role") == "user")


def _is_last_role(when: When, facts: RequestFacts, principal: Principal) -> bool:
    return [message.get("role") for message in _messages(facts)[-1:]] == [when.last_role]


_CONDITIONS: tuple[tuple[str, Callable[[When, RequestFacts, Principal], bool]], ...] = (
    ("key", _is_key),
    ("account", _is_account),
    ("header", _has_headers),
    ("body", _has_body),
    ("message", _has_message),
    ("turn", _is_turn),
    ("last_role", _is_last_role),
)


def _matches(pattern: TextPattern, text: str, *, whole: bool) -> bool:
    if pattern.expression is not None:
        return pattern.expression.is_found(text)
    return pattern.text == text if whole else pattern.text in text


def is_subset(part: Any, whole: Any) -> bool:
    """Tell whether JSON `whole` contains `part`: objects by key, arrays by position, scalars by type and value."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and is_subset(part[name], whole[name]) for name in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(is_subset, part, whole))
    if isinstance(part, bool) or isinstance(whole, bool):
        return part is whole
    return bool(part == whole)
