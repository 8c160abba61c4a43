"""The scenario language, as a table: every entry with its form and one line on what it is for.

The reader and the schema for editors both follow from `SCENARIO`; `conditions` holds the table for `when`, `effects`
the one for `then`.
"""

import re
from typing import Any

from msgspec import Struct

from clevora_mock.core.limits import Limits
from clevora_mock.core.scenario import AccountStart, ClockStart, Payments, Rule, Scenario, When
from clevora_mock.faults import FAULTS
from clevora_mock.scenarios.conditions import WHEN
from clevora_mock.scenarios.effects import THEN
from clevora_mock.scenarios.forms import (
    Choice,
    Dollars,
    Duration,
    Flag,
    Moment,
    Schema,
    Text,
    perhaps,
    text_of,
    value_of,
    whole,
)
from clevora_mock.scenarios.maps import Entry, Found, Map
from clevora_mock.scenarios.nodes import Listing, Mapping, Node, Place, show
from clevora_mock.scenarios.replies import PARTS

CHAT = "chat.completions"
_NAME = Text("a name", most=100, line=True)

ACCOUNT = Map(
    (
        Entry("balance", Dollars(), "Dollars; the ledger gets an adjustment."),
        Entry("activated", Flag(), "Whether a credit ever brought the balance to $15."),
        Entry("developer_access", Flag(), "Whether the account has developer access."),
    ),
    AccountStart,
)


class ModeForm(Struct, frozen=True):
    """``real``, ``frozen`` or ``scaled:60``, as a mode and a speed."""

    def read(self, node: Node, place: Place) -> tuple[str, float] | None:
        value = value_of(node)
        if value in ("real", "frozen"):
            return value, 1.0
        if isinstance(value, str) and (found := re.fullmatch(r"scaled:([0-9]{1,7}(?:\.[0-9]{1,6})?)", value)):
            speed = float(found[1])
            if 0 < speed <= 1_000_000:
                return "scaled", speed
            place.unexpected(node, "a speed above 0 and up to 1000000")
            return None
        place.unexpected(node, "real, frozen or scaled:60", self._hint(node))
        return None

    def _hint(self, node: Node) -> str:
        scaled = node.get("scaled") if isinstance(node, Mapping) else None
        if scaled is not None:
            return f"; write scaled:{text_of(scaled)}, without a space"
        text = text_of(node)
        if re.fullmatch(r"(scaled )?[0-9.]+x?", text):
            return f"; did you mean scaled:{text.removeprefix('scaled ').removesuffix('x')}?"
        if text.startswith("frozen:"):
            return "; the time goes under start"
        return perhaps(text, ("real", "frozen", "scaled:60"))

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^(real|frozen|scaled:[0-9]{1,7}(\.[0-9]{1,6})?)$"}


def _clock(start: int | None = None, mode: tuple[Any, float] = (None, 1.0)) -> ClockStart:
    return ClockStart(start, *mode)


CLOCK = Map(
    (
        Entry("start", Moment(), "The time at the start: 2026-05-11T14:00:00Z."),
        Entry("mode", ModeForm(), "real, frozen, or scaled:60 for 60 seconds a second."),
    ),
    _clock,
)

LIMITS = Map(
    (
        Entry("requests_per_minute", whole(0, 10**12, or_null=True), "Requests in a minute; null for no limit."),
        Entry("tokens_per_day", whole(0, 10**12, or_null=True), "Tokens in a UTC day; null for no limit."),
    ),
    Limits,
)

PAYMENTS = Map(
    (
        Entry("outcome", Choice(("succeed", "fail")), "What becomes of a checkout's payment; succeed."),
        Entry("delay", Duration(), "How long its event is on its way; 0s."),
    ),
    Payments,
)


def _check_rule(found: Found, place: Place) -> None:
    """What `then` asks for has to be possible where `when` applies."""
    node = found.nodes.get("then")
    when = found.values.get("when") or (When() if "when" not in found.nodes else None)
    if when is None or not isinstance(node, Mapping):
        return
    then = place.entry("then")
    _check_streaming(node, when, then)
    reply = node.get("reply")
    if not isinstance(reply, Mapping) or when.endpoints is None:
        return
    for part, endpoint in PARTS.items():
        said = reply.get(part)
        if said is not None and endpoint not in when.endpoints:
            then.entry("reply").entry(part).wrong(
                said, f"it is for {endpoint}; the rule is for {', '.join(when.endpoints)}"
            )


def _check_streaming(node: Mapping, when: When, place: Place) -> None:
    why = None
    if when.endpoints is not None and CHAT not in when.endpoints:
        why = f"the rule is for {', '.join(when.endpoints)}"
    elif when.body is not None and when.body.get("stream", True) is not True:
        why = "the rule is for requests without stream: true"
    if why is None:
        return
    for name, what in (("stream", "stream"), ("fault", _needs_stream(node.get("fault")))):
        asked = node.get(name)
        if asked is not None and what is not None:
            place.entry(name).wrong(asked, f"{what} needs a chat's stream, but {why}")


def _needs_stream(node: Node | None) -> str | None:
    """What about a fault happens in a stream alone, if anything."""
    kind = text_of(node.get("kind") or node) if isinstance(node, Mapping) else text_of(node) if node else ""
    fault = FAULTS.get(kind)
    if fault is not None and fault.stream_only:
        return kind
    return "after_tokens" if isinstance(node, Mapping) and node.get("after_tokens") is not None else None


def _rule(then: Any, when: When | None = None, name: str = "") -> Rule:
    return Rule(name, when or When(), then)


RULE = Map(
    (
        Entry("name", _NAME, "What the journal and x-clevora-mock-rule call it."),
        Entry("when", WHEN, "To which requests it applies; to all without it."),
        Entry("then", THEN, "What happens to them.", required=True),
    ),
    _rule,
    _check_rule,
)


class Rules(Struct, frozen=True):
    """The rules in order; those without a name get ``rule 1`` and so on, by their place."""

    def read(self, node: Node, place: Place) -> tuple[Rule, ...] | None:
        if not isinstance(node, Listing):
            hint = "; begin each rule with -" if isinstance(node, Mapping) else ""
            place.unexpected(node, "a list of rules", hint)
            return None
        before = len(place.mistakes)
        read = [RULE.read(item, place.item(index)) for index, item in enumerate(node.items)]
        self._names(node, place)
        if len(place.mistakes) > before:
            return None
        return tuple(Rule(rule.name or f"rule {count}", rule.when, rule.then) for count, rule in enumerate(read, 1))

    def _names(self, node: Listing, place: Place) -> None:
        seen: dict[str, int] = {}
        for index, item in enumerate(node.items):
            given = item.get("name") if isinstance(item, Mapping) else None
            name = text_of(given) if given else f"rule {index + 1}"
            if name in seen:
                where = place.item(index)
                (where.entry("name") if given else where).wrong(
                    given or item, f"{place.item(seen[name]).path} is called {show(name)} too"
                )
            seen.setdefault(name, index)

    def schema(self) -> Schema:
        return {"type": "array", "items": RULE.schema()}


def _scenario(name: str = "", **values: Any) -> Scenario:
    return Scenario(name, **values)


SCENARIO = Map(
    (
        Entry("name", _NAME, "The scenario's name; the file's without it."),
        Entry("description", Text("a description", most=1_000), "One line: the client bug that it finds."),
        Entry("account", ACCOUNT, "The demo account at the start."),
        Entry("clock", CLOCK, "The clock at the start."),
        Entry("limits", LIMITS, "What a key may do; what is left out is as documented."),
        Entry("payments", PAYMENTS, "What becomes of payments."),
        Entry("rules", Rules(), "What goes wrong; the first rule that applies to a request decides."),
    ),
    _scenario,
)
