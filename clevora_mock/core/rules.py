"""The evaluation of a scenario's rules for a request.

The first rule that applies decides; later ones are not evaluated and count nothing. Conditions are evaluated in a fixed
order. `chance` is drawn only for requests that meet all other conditions, and `calls` counts requests that met them,
`chance` included, so other requests do not affect either.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import counted
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.json_subset import is_subset
from clevora_mock.core.messages import json_text
from clevora_mock.core.near_misses import (
    NOTHING,
    Difference,
    calls_text,
    difference,
    pattern_text,
    window_text,
)
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.scenario import Calls, Plan, Rule, RuleNearMiss, Scenario, TextPattern, When

# Near misses that are kept of a request.
MAX_MISSES = 20


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
            count = counts[rule.name] = counted(counts.get(rule.name, 0) + 1)
            if rule.when.calls is None or is_among(count, rule.when.calls):
                return Plan(rule.then, rule.name, purpose, draw, tuple(misses), count)
            failed = "calls"
        reached = counts[rule.name] if failed == "calls" else facts.arrived - began
        if len(misses) < MAX_MISSES:
            misses.append(_near_miss(rule, failed, facts, principal, draw, reached))
    return Plan(misses=tuple(misses))


def _failed_condition(when: When, facts: RequestFacts, principal: Principal, began: int) -> str | None:
    """Return the name of the first condition that fails, except for `chance` and `calls`."""
    for name, condition in _CONDITIONS.items():
        value = getattr(when, name)
        if value and not condition.is_met(value, facts, principal):
            return name
    if when.between is not None and not when.between[0] <= facts.arrived - began < when.between[1]:
        return "between"
    if when.not_ is not None and _is_endpoint(when.not_, facts):
        return "not" if _failed_condition(when.not_, facts, principal, began) is None else None
    return None


def _near_miss(
    rule: Rule, failed: str, facts: RequestFacts, principal: Principal, draw: float | None, reached: int
) -> RuleNearMiss:
    """Describe the condition `failed`; `reached` is the number of the call, or the time since the scenario began."""
    value = getattr(rule.when, "not_" if failed == "not" else failed)
    if failed == "not":
        described = failed, f"not {_conditions_text(value)}", "all of that"
    elif failed == "between":
        described = failed, window_text(value), f"{reached / SECOND:g}s"
    elif failed == "chance":
        described = failed, f"a draw below {value:g}", f"{draw:g}"
    elif failed == "calls":
        described = failed, f"call {calls_text(value)}", f"call {reached}"
    else:
        described = _CONDITIONS[failed].describe(value, facts, principal)
    return RuleNearMiss(rule.name, failed, draw, *described)


def is_among(count: int, calls: Calls) -> bool:
    """Tell whether `calls` includes call number `count`, from 1."""
    if calls.every is not None and count % calls.every == 0:
        return True
    return any(low <= count and (high is None or count <= high) for low, high in calls.ranges)


def _is_endpoint(when: When, facts: RequestFacts) -> bool:
    return when.endpoints is None or (facts.endpoint is not None and facts.endpoint.name in when.endpoints)


def _is_key(name: str, facts: RequestFacts, principal: Principal) -> bool:
    key = principal.key
    return key is not None and name in (key.name, key.id, key.preview)


def _describe_key(name: str, facts: RequestFacts, principal: Principal) -> Difference:
    return "key", json_text(name), NOTHING if principal.key is None else json_text(principal.key.name)


def _is_account(uid: str, facts: RequestFacts, principal: Principal) -> bool:
    return principal.uid == uid


def _describe_account(uid: str, facts: RequestFacts, principal: Principal) -> Difference:
    return "account", json_text(uid), json_text(principal.uid)


Headers = tuple[tuple[str, TextPattern | None], ...]


def _has_headers(headers: Headers, facts: RequestFacts, principal: Principal) -> bool:
    return all(_has_header(facts, name, pattern) for name, pattern in headers)


def _has_header(facts: RequestFacts, name: str, pattern: TextPattern | None) -> bool:
    lines = facts.lines_of(name.encode())
    return not lines if pattern is None else any(_matches(pattern, line, whole=True) for line in lines)


def _describe_header(headers: Headers, facts: RequestFacts, principal: Principal) -> Difference:
    name, pattern = next(pair for pair in headers if not _has_header(facts, *pair))
    lines = facts.lines_of(name.encode())
    expected = NOTHING if pattern is None else pattern_text(pattern)
    return f"header.{name}", expected, json_text(", ".join(lines)) if lines else NOTHING


def _has_body(part: dict[str, Any], facts: RequestFacts, principal: Principal) -> bool:
    return is_subset(part, facts.document)


def _describe_body(part: dict[str, Any], facts: RequestFacts, principal: Principal) -> Difference:
    return difference(part, facts.document, "body")


def _has_message(pattern: TextPattern, facts: RequestFacts, principal: Principal) -> bool:
    return _matches(pattern, facts.last_message, whole=False)


def _describe_message(pattern: TextPattern, facts: RequestFacts, principal: Principal) -> Difference:
    return "message", pattern_text(pattern, facts.last_message), json_text(facts.last_message)


def _is_turn(turn: int, facts: RequestFacts, principal: Principal) -> bool:
    return turn == facts.turn


def _describe_turn(turn: int, facts: RequestFacts, principal: Principal) -> Difference:
    return "turn", json_text(turn), json_text(facts.turn)


def _is_last_role(role: str, facts: RequestFacts, principal: Principal) -> bool:
    return [message.get("role") for message in facts.messages[-1:]] == [role]


def _describe_last_role(role: str, facts: RequestFacts, principal: Principal) -> Difference:
    last = facts.messages[-1:]
    return "last_role", json_text(role), json_text(last[0].get("role")) if last else NOTHING


def _json_entry(name: str, value: Any) -> str:
    return f"{name}: {json.dumps(value, ensure_ascii=False)}"


def _header_entries(name: str, headers: Headers) -> str:
    return " and ".join(_pattern_entry(f"{name}.{header}", pattern) for header, pattern in headers)


def _pattern_entry(name: str, pattern: TextPattern | None) -> str:
    return f"{name}: {NOTHING if pattern is None else pattern_text(pattern)}"


class Condition(NamedTuple):
    """A condition on the request alone: the test of its value, and the description of a request that fails it.

    `text` returns the condition, by its name and value, as a file has it: JSON, unless that has another form.
    """

    is_met: Callable[[Any, RequestFacts, Principal], bool]
    describe: Callable[[Any, RequestFacts, Principal], Difference]
    text: Callable[[str, Any], str] = _json_entry


_CONDITIONS = {
    "key": Condition(_is_key, _describe_key),
    "account": Condition(_is_account, _describe_account),
    "header": Condition(_has_headers, _describe_header, _header_entries),
    "body": Condition(_has_body, _describe_body),
    "message": Condition(_has_message, _describe_message, _pattern_entry),
    "turn": Condition(_is_turn, _describe_turn),
    "last_role": Condition(_is_last_role, _describe_last_role),
}


def _conditions_text(when: When) -> str:
    """Return the conditions of `when` with their values, as a file has them: ``turn: 2 and last_role: "tool"``."""
    texts = [] if when.endpoints is None else [_json_entry("endpoint", when.endpoints)]
    texts += [row.text(name, value) for name, row in _CONDITIONS.items() if (value := getattr(when, name))]
    if when.between is not None:
        texts.append(f"between: {window_text(when.between)}")
    return " and ".join(texts)


def _matches(pattern: TextPattern, text: str, *, whole: bool) -> bool:
    if pattern.expression is not None:
        return pattern.expression.is_found(text)
    return pattern.text == text if whole else pattern.text in text
