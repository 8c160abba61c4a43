"""Spend by endpoint, rule or key, in micro-dollars; of requests that cost something."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

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


def charges_in_journal(entries: Iterable[JournalEntry]) -> list[Charge]:
    """Return the charges of the requests in a journal."""
    return [
        Charge(entry.endpoint, entry.prompt_tokens + entry.completion_tokens, entry.cost, entry.rule, entry.key)
        for entry in entries
        if entry.cost
    ]


def spend_by(grouping: Grouping, charges: Iterable[Charge]) -> list[SpendGroup]:
    """Return the groups, the dearest first, then by name."""
    sums: dict[str | None, list[int]] = {}
    for charge in charges:
        group = sums.setdefault(getattr(charge, grouping), [0, 0, 0])
        group[0] += 1
        group[1] += charge.tokens
        group[2] += charge.amount
    groups = [SpendGroup(name, *counts) for name, counts in sums.items()]
    return sorted(groups, key=lambda group: (-group.spent, group.name or ""))
