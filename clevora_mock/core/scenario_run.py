"""A scenario as it runs in one sandbox: its start and its counters."""

from collections.abc import Mapping

from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.rules import decide
from clevora_mock.core.scenario import NO_PLAN, Plan, Scenario


class ScenarioRun:
    """A running scenario.

    `began` is a moment of the sandbox's clock; `counts` is how often each rule's other conditions were met.
    """

    __slots__ = ("began", "counts", "scenario")

    def __init__(self, scenario: Scenario, began: int, counts: Mapping[str, int] | None = None) -> None:
        self.scenario = scenario
        self.began = began
        self.counts: dict[str, int] = dict(counts or {})

    def plan(self, facts: RequestFacts, principal: Principal, rng: SeededRng) -> Plan:
        """Decide what happens to a request that is authenticated and read."""
        if not self.scenario.rules:
            return NO_PLAN
        return decide(self.scenario, self.began, self.counts, facts, principal, rng)
