"""Running scenarios."""

from collections.abc import Mapping

from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.rules import decide
from clevora_mock.core.scenario import NO_PLAN, Plan, Scenario


class ScenarioRun:
    """A scenario that runs in a sandbox.

    `began` is a timestamp of the sandbox's clock; `counts` is how often each rule's conditions before `calls` were met,
    `applied` how often the rule applied.
    """

    __slots__ = ("applied", "began", "counts", "scenario")

    def __init__(
        self,
        scenario: Scenario,
        began: int,
        counts: Mapping[str, int] | None = None,
        applied: Mapping[str, int] | None = None,
    ) -> None:
        self.scenario = scenario
        self.began = began
        self.counts: dict[str, int] = dict(counts or {})
        self.applied: dict[str, int] = dict(applied or {})

    def plan(self, facts: RequestFacts, principal: Principal, rng: SeededRng) -> Plan:
        """Return the plan for an authenticated request."""
        if not self.scenario.rules:
            return NO_PLAN
        plan = decide(self.scenario, self.began, self.counts, facts, principal, rng)
        if plan.rule is not None:
            self.applied[plan.rule] = self.applied.get(plan.rule, 0) + 1
        return plan
