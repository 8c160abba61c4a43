"""Spend by endpoint, rule or key, in micro-dollars; of requests that cost something."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from clevora_mock.core import money
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import Charge, LedgerEntry

Grouping = Literal["endpoint", "rule", "key"]


class SpendGroup(Struct, frozen=True):
    """The requests of a group that cost something, their tokens and money; `name` is None for those without one."""

    name: str | None
    requests: int
    tokens: int
    spent: int


def charges_in_ledger(entries: Iterable[LedgerEntry]) -> list[Charge]:
    """Return the charges of a ledger."""
    charged = (entry for entry in entries if entry.type == "charge" and entry.amount)
    return [Charge(entry.endpoint, entry.tokens, entry.amount, entry.rule, entry.key) for entry in charged]


def charge_of(entry: JournalEntry) -> Charge:
    """Return the charge of a request in the journal."""
    return Charge(entry.endpoint, entry.prompt_tokens + entry.completion_tokens, entry.cost, entry.rule, entry.key)


class SpendSums:
    """Sums of charges by all groupings, whose memory grows with the groups and not with the charges."""

    def __init__(self, charges: Iterable[Charge] = ()) -> None:
        self.spent = 0
        self._groups: dict[Grouping, dict[str | None, list[int]]] = {"endpoint": {}, "rule": {}, "key": {}}
        for charge in charges:
            self.add(charge)

    def add(self, charge: Charge) -> None:
        self.spent += charge.amount
        for grouping, groups in self._groups.items():
            sums = groups.setdefault(getattr(charge, grouping), [0, 0, 0])
            sums[0] += 1
            sums[1] += charge.tokens
            sums[2] += charge.amount

    def by(self, grouping: Grouping) -> list[SpendGroup]:
        """Return the groups, the most expensive first, then by name."""
        groups = [SpendGroup(name, *sums) for name, sums in self._groups[grouping].items()]
        return sorted(groups, key=lambda group: (-group.spent, group.name or ""))


def over_budget(spent: int, budget: int, groups: Iterable[SpendGroup]) -> str:
    """Return the message about a budget that was passed, with the endpoints that cost it."""
    cost = ", ".join(
        f"{group.name} {money.text(group.spent)} ({group.requests} {'request' if group.requests == 1 else 'requests'})"
        for group in groups
    )
    return f"spent {money.text(spent)}, and the budget is {money.text(budget)}: {cost}"
