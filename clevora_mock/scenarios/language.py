"""The scenario language: every entry with its field and a description in one line.

The reader and the JSON Schema for editors both follow from `SCENARIO`; `conditions` describes `when`, and `effects`
describes `then`.
"""

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from clevora_mock.clock import MAX_SPEED
from clevora_mock.contract.limits import ACTIVATION_THRESHOLD, KEY_PATTERN, dollars_text
from clevora_mock.core import money
from clevora_mock.core.limits import Limits
from clevora_mock.core.messages import did_you_mean, quoted
from clevora_mock.core.scenario import MAX_RULES, AccountStart, ClockStart, Payments, Rule, Scenario, When
from clevora_mock.faults import FAULTS
from clevora_mock.faults.base import STREAM, Requirement
from clevora_mock.scenarios.conditions import WHEN
from clevora_mock.scenarios.effects import ENDPOINT_BY_PART, THEN
from clevora_mock.scenarios.nodes import MappingNode, Node, SequenceNode
from clevora_mock.scenarios.reader import Entry, Field, Problems, list_of, mapping
from clevora_mock.scenarios.scalars import BOOL, TIMESTAMP, bare_hint, choice, duration, number, text

# Each takes time on each request that comes to it.
MAX_EXPRESSIONS = 100

_UNNAMED = "rule {}"
_ABOVE_ZERO = "; a speed is above 0, and frozen stops the clock"
_SCALED = r"scaled:([0-9]{1,7}(\.[0-9]{1,6})?)"


def _read_dollars(node: Node) -> int:
    value = node.number
    if value is None:
        sign = re.fullmatch(r"\$(-?[0-9]+(\.[0-9]{1,6})?)", node.text)
        raise node.unexpected("dollars such as 25.00", f"; write {sign[1]}" if sign else bare_hint(node))
    if abs(value) > money.MAX_DOLLARS:
        raise node.unexpected(f"dollars from -{money.MAX_DOLLARS} to {money.MAX_DOLLARS}")
    try:
        return money.micros(node.text)
    except ValueError as error:
        raise node.invalid(str(error)) from None


def _read_mode(node: Node) -> dict[str, Any]:
    """Read ``real``, ``frozen`` or ``scaled:60`` as the fields of `ClockStart`."""
    if node.value in ("real", "frozen"):
        return {"mode": node.value}
    found = re.fullmatch(_SCALED, node.text)
    if not found:
        raise node.unexpected("real, frozen or scaled:60", _mode_hint(node))
    if not 0 < float(found[1]) <= MAX_SPEED:
        raise node.unexpected(
            f"a speed above 0 and up to {MAX_SPEED}", "" if float(found[1]) else "; frozen stops the clock"
        )
    return {"mode": "scaled", "speed": float(found[1])}


def _mode_hint(node: Node) -> str:
    scaled = node.nodes.get("scaled") if isinstance(node, MappingNode) else None
    if scaled is not None:
        return f"; write scaled:{scaled.text}, without a space" if (scaled.number or 0) > 0 else _ABOVE_ZERO
    if found := re.fullmatch(r"(?:scaled )?([0-9]+(?:\.[0-9]+)?)x?", node.text):
        return f"; did you mean scaled:{found[1]}?" if float(found[1]) > 0 else _ABOVE_ZERO
    if node.text.startswith("frozen:"):
        return "; the time goes under start"
    return did_you_mean(node.text, ("real", "frozen", "scaled:60"))


def _read_name(node: Node) -> str:
    """Read a name; refuse one with a whole key, since names are shown as they are."""
    written = _ANY_NAME.read(node)
    if re.search(KEY_PATTERN, written):
        raise node.unexpected("a name without a whole key")
    return written


_ANY_NAME = text("a name", 100, single_line=True)
_NAME = Field(_read_name, {**_ANY_NAME.schema, "not": {"pattern": KEY_PATTERN}})
_DOLLARS = Field(_read_dollars, {"type": "number", "minimum": -money.MAX_DOLLARS, "maximum": money.MAX_DOLLARS})
_MODE = Field(_read_mode, {"type": "string", "pattern": f"^(real|frozen|{_SCALED})$"})
_LIMIT = number(int, nullable=True, minimum=0, maximum=10**12)

_ACCOUNT = mapping(
    AccountStart,
    Entry("balance", _DOLLARS, "Dollars; the ledger gets an adjustment."),
    Entry("activated", BOOL, f"True once the balance has reached {dollars_text(ACTIVATION_THRESHOLD)}."),
    Entry("developer_access", BOOL, "True if the account has developer access."),
)
_CLOCK = mapping(
    lambda start=None, mode=None: ClockStart(start, **(mode or {})),
    Entry("start", TIMESTAMP, "The time at the start: 2026-05-11T14:00:00Z."),
    Entry("mode", _MODE, "real, frozen, or scaled:60 for 60 seconds a second."),
    unknown_hint=lambda name: "; the speed is part of the mode, such as scaled:60" if name == "speed" else "",
)
_LIMITS = mapping(
    Limits,
    Entry("requests_per_minute", _LIMIT, "Requests in a minute; null for no limit."),
    Entry("tokens_per_day", _LIMIT, "Tokens in a UTC day; null for no limit."),
)
_PAYMENTS = mapping(
    Payments,
    Entry("outcome", choice("succeed", "fail"), "The outcome of a checkout's payment; succeed."),
    Entry("delay", duration(unit="s"), "The delay of the payment's event; 0s."),
)


def _check_rule(node: MappingNode, values: dict[str, Any]) -> Problems:
    """Yield effects in `then` that are impossible for every request that `when` allows."""
    then = node.nodes.get("then")
    when = values.get("when", None if "when" in node.keys else When())
    if when is None or not isinstance(then, MappingNode):
        return
    reply = then.nodes.get("reply")
    parts = reply.nodes if isinstance(reply, MappingNode) and when.endpoints is not None else {}
    for part, endpoint in ENDPOINT_BY_PART.items():
        if part in parts and endpoint not in when.endpoints:
            message = f"it is for {endpoint}; the rule is for {', '.join(when.endpoints)}"
            yield parts[part].problem(message, f"then.reply.{part}")
    for name, effect in then.nodes.items():
        needs = _requirements(effect) if name == "fault" else [("stream", STREAM)] if name == "stream" else []
        for needing, required in needs:
            if why := _unmet(required, when):
                yield effect.problem(f"{needing} needs {required.answer}, but {why}", f"then.{name}")


def _unmet(required: Requirement, when: When) -> str:
    """Return the reason why no request that `when` allows gets such an answer, if there is one."""
    if when.endpoints is not None and required.endpoint not in when.endpoints:
        return f"the rule is for {', '.join(when.endpoints)}"
    if when.body is not None and when.body.get(required.field, required.value) != required.value:
        return f"the rule is for requests without {required.field}: {str(required.value).lower()}"
    return ""


def _requirements(fault: Node) -> list[tuple[str, Requirement]]:
    """Return the kinds and options of faults that need certain answers."""
    if isinstance(fault, SequenceNode):
        return [found for item in fault.items for found in _requirements(item)]
    options = fault.nodes if isinstance(fault, MappingNode) else {}
    kind = options.get("kind", fault).text
    if kind in FAULTS and (required := FAULTS[kind].requires) is not None:
        return [(kind, required)]
    return [("after_tokens", STREAM)] if "after_tokens" in options else []


_RULE = mapping(
    lambda then, when=None, name="": Rule(name, when or When(), then),
    Entry("name", _NAME, "The rule's name in the journal and in x-clevora-mock-rule."),
    Entry("when", WHEN, "The conditions on a request; without them, the rule applies to all."),
    Entry("then", THEN, "The effects on these requests.", required=True),
    check=_check_rule,
)


def _check_rules(rules: SequenceNode) -> Problems:
    """Yield rules of one name. Raises ScenarioError at once for more expressions than are read."""
    count = sum(1 for pattern in _patterns(rules) if pattern.text.startswith("/"))
    if count > MAX_EXPRESSIONS:
        raise rules.invalid(f"expected at most {MAX_EXPRESSIONS} regular expressions in all, got {count:,}")
    yield from _check_names(rules)


def _patterns(node: Node) -> Iterator[Node]:
    """Yield the nodes of `message` and of headers within `node`: the list of rules, or one of its conditions."""
    for rule in node.items if isinstance(node, SequenceNode) else ():
        if isinstance(rule, MappingNode) and "when" in rule.nodes:
            yield from _patterns(rule.nodes["when"])
    if isinstance(node, MappingNode):
        header = node.nodes.get("header")
        yield from header.nodes.values() if isinstance(header, MappingNode) else ()
        yield from (node.nodes[name] for name in ("message",) if name in node.nodes)
        yield from _patterns(node.nodes["not"]) if "not" in node.nodes else ()


def _check_names(rules: SequenceNode) -> Problems:
    seen: dict[str, int] = {}
    for index, rule in enumerate(rules.items):
        given = rule.nodes.get("name") if isinstance(rule, MappingNode) else None
        name = given.text if given else _UNNAMED.format(index + 1)
        if name in seen:
            message = f"rules[{seen[name]}] is called {quoted(name)} too"
            yield (given or rule).problem(message, f"[{index}].name" if given else f"[{index}]")
        seen.setdefault(name, index)


def _completed(rules: list[Rule]) -> tuple[Rule, ...]:
    """Name the rules without a name, and share the time for expressions among all of them."""
    conditions = [when for rule in rules for when in (rule.when, rule.when.not_) if when is not None]
    patterns = [pattern for when in conditions for pattern in (when.message, *dict(when.header).values())]
    expressions = [pattern.expression for pattern in patterns if pattern is not None and pattern.expression is not None]
    for expression in expressions:
        expression.share(len(expressions))
    return tuple(replace(rule, name=rule.name or _UNNAMED.format(count)) for count, rule in enumerate(rules, 1))


_RULES = list_of(_RULE, "rules", max_items=MAX_RULES, check=_check_rules).then(_completed)

SCENARIO = mapping(
    lambda name="", **parts: Scenario(name, **parts),
    Entry("name", _NAME, "The scenario's name; by default the file's."),
    Entry("description", text("a description", 1_000), "One line: the client bug that it finds."),
    Entry("account", _ACCOUNT, "The demo account at the start."),
    Entry("clock", _CLOCK, "The clock at the start."),
    Entry("limits", _LIMITS, "The limits of a key; omitted ones are as documented."),
    Entry("payments", _PAYMENTS, "The outcome of payments."),
    Entry("ttl", duration(positive=True), "It ends by itself after this time, by the sandbox's clock: 60s."),
    Entry("rules", _RULES, "The rules; the first one that applies to a request decides."),
)
