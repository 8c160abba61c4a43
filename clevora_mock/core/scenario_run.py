"""Running scenarios."""

from collections.abc import Mapping

from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.rules import decide
from clevora_mock.core.scenario import NO_PLAN, Plan, Scenario


class ScenarioRun:
    """A scenario that runs in a sandbox.

    `began` is a timestamp of the sandbox's clock; `counts` is how often each rule's conditions before `calls` were met.
    """

    __slots__ = ("began", "counts", "scenario")

    def __init__(self, scenario: Scenario, began: int, counts: Mapping[str, int] | None = None) -> None:
        self.scenario = scenario
        self.began = began
        self.counts: dict[str, int] = dict(counts or {})

    def plan(self, facts: RequestFacts, principal: Principal, rng: SeededRng) -> Plan:
        """Return the plan for an authenticated request."""
        if not self.scenario.rules:
            return NO_PLAN
        return decide(self.scenario, self.began, self.counts, facts, principal, rng)
