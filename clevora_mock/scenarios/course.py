"""A scenario as it runs in one sandbox: what it sets at its beginning, and what it has counted since."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from clevora_mock.scenarios.matching import UNDISTURBED, Plan, decide, purpose_of
from clevora_mock.scenarios.scenario import DEFAULT, Scenario

if TYPE_CHECKING:
    from clevora_mock.core.call import Call
    from clevora_mock.core.sandbox import Sandbox


class Course:
    """`began` is a moment of the sandbox's clock; `counts` says how often each rule has been met."""

    __slots__ = ("began", "counts", "scenario")

    def __init__(self, scenario: Scenario, began: int, counts: Mapping[str, int] | None = None) -> None:
        self.scenario = scenario
        self.began = began
        self.counts: dict[str, int] = dict(counts or {})

    def plan(self, call: "Call") -> Plan:
        """Decide about `call`, which is authenticated and read."""
        if not self.scenario.rules:
            return UNDISTURBED
        return decide(self.scenario, self.began, self.counts, call)


def begin(sandbox: "Sandbox", scenario: Scenario = DEFAULT) -> None:
    """Make `scenario` the sandbox's: its clock, account and limits apply, its counters and draws start anew.

    Ledger, usage and journal stay; a balance that it sets is an adjustment in the ledger.
    """
    clock = scenario.clock
    if clock is not None:
        if clock.mode is not None:
            sandbox.clock.run(clock.mode, clock.speed)
        if clock.start is not None:
            sandbox.clock.set(clock.start)
    now = sandbox.clock.now()
    sandbox.limits = scenario.limits or sandbox.beginning.limits
    if scenario.account is not None:
        start = scenario.account
        account = sandbox.accounts.open(sandbox.beginning.uid, sandbox.beginning.email, now)
        sandbox.amend(account, start.balance, start.activated, start.developer_access)
    for rule in scenario.rules:
        purpose = purpose_of(scenario, rule)
        sandbox.chance.restart(f"chance of {purpose}", f"delay of {purpose}")
    sandbox.course = Course(scenario, now)
    sandbox.side_courses = {}
