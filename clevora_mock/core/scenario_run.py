"""Running scenarios."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from clevora_mock.clock import Motion
from clevora_mock.contract.limits import counted
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.rules import decide
from clevora_mock.core.scenario import NO_PLAN, Plan, Scenario


class Displaced(Struct, frozen=True):
    """The state that a scenario has replaced, for its end; None for what it left alone.

    `adjustment` is the amount by which it changed the demo account's balance, in micro-dollars.
    """

    adjustment: int = 0
    activated: bool | None = None
    developer_access: bool | None = None
    clock: Motion | None = None


NOTHING_DISPLACED = Displaced()


class ScenarioRun:
    """A scenario that runs in a sandbox.

    `began`, and `ends` if it ends by itself, are timestamps of the sandbox's clock; `counts` is how often each rule's
    conditions before `calls` were met, `applied` how often the rule applied; `displaced` is what its end brings back.
    Rules whose names are in `switched_off` apply to no request, and count none.
    """

    __slots__ = ("applied", "began", "counts", "displaced", "ends", "scenario", "switched_off")

    def __init__(
        self,
        scenario: Scenario,
        began: int,
        counts: Mapping[str, int] | None = None,
        applied: Mapping[str, int] | None = None,
        ends: int | None = None,
        displaced: Displaced = NOTHING_DISPLACED,
    ) -> None:
        self.scenario = scenario
        self.began = began
        self.counts: dict[str, int] = dict(counts or {})
        self.applied: dict[str, int] = dict(applied or {})
        self.ends = ends
        self.displaced = displaced
        self.switched_off: frozenset[str] = frozenset()

    def plan(self, facts: RequestFacts, principal: Principal, rng: SeededRng) -> Plan:
        """Return the plan for an authenticated request."""
        if not self.scenario.rules:
            return NO_PLAN
        plan = decide(self._in_force(), self.began, self.counts, facts, principal, rng)
        if plan.rule is not None:
            self.applied[plan.rule] = counted(self.applied.get(plan.rule, 0) + 1)
        return plan

    def try_rules(self, facts: RequestFacts, principal: Principal, rng: SeededRng) -> list[Plan]:
        """Return the plan that each rule would make if it were the only one; nothing is counted or drawn."""
        alone = (replace(self.scenario, rules=(rule,)) for rule in self.scenario.rules)
        return [
            decide(one, self.began, dict(self.counts), facts, principal, SeededRng(rng.seed, rng.sandbox, rng.counters))
            for one in alone
        ]

    def _in_force(self) -> Scenario:
        """Return the scenario without the rules that are switched off."""
        if not self.switched_off:
            return self.scenario
        return replace(
            self.scenario, rules=tuple(rule for rule in self.scenario.rules if rule.name not in self.switched_off)
        )
