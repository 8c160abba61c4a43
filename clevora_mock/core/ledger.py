"""An account's money, entry by entry (contract B4, B5).

A `Ledger` keeps the newest entries whole. What leaves memory is folded into an opening figure for each type, so that
credits - charges + adjustments = balance holds to the micro-dollar whatever the traffic, and so does the sum of tokens.
"""

from collections import deque
from typing import Literal

from msgspec import Struct

EntryType = Literal["credit", "charge", "adjustment"]

# Entries that a ledger keeps whole.
MAX_ENTRIES = 10_000


class LedgerEntry(Struct, frozen=True, gc=False):
    """One movement of money. `amount` is positive for charges and credits, signed for adjustments."""

    serial: int
    type: EntryType
    endpoint: str | None
    tokens: int
    amount: int
    balance_after: int
    at: int


class LedgerTotals(Struct):
    """Sums over entries, such as those that are no longer kept."""

    entries: int = 0
    credits: int = 0
    charges: int = 0
    adjustments: int = 0
    tokens: int = 0

    def add(self, entry: LedgerEntry) -> None:
        self.entries += 1
        self.tokens += entry.tokens
        if entry.type == "charge":
            self.charges += entry.amount
        elif entry.type == "credit":
            self.credits += entry.amount
        else:
            self.adjustments += entry.amount


class Ledger:
    """One account's ledger and balance, in micro-dollars."""

    __slots__ = ("balance", "entries", "max_entries", "opening", "spent")

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self.balance = 0
        # The sum of all charges since the beginning.
        self.spent = 0
        self.entries: deque[LedgerEntry] = deque()
        self.opening = LedgerTotals()
        self.max_entries = max_entries

    def credit(self, serial: int, amount: int, at: int) -> None:
        self.balance += amount
        self._append(LedgerEntry(serial, "credit", None, 0, amount, self.balance, at))

    def charge(self, serial: int, endpoint: str, tokens: int, amount: int, at: int) -> None:
        """Take `amount`, whatever is left: the last request may go below zero (B4)."""
        self.balance -= amount
        self.spent += amount
        self._append(LedgerEntry(serial, "charge", endpoint, tokens, amount, self.balance, at))

    def adjust(self, serial: int, balance: int, at: int) -> None:
        """Set the balance, by an entry that makes up the difference."""
        difference = balance - self.balance
        self.balance = balance
        self._append(LedgerEntry(serial, "adjustment", None, 0, difference, balance, at))

    def sums(self) -> LedgerTotals:
        """Credits, charges, adjustments and tokens since the account's beginning."""
        total = LedgerTotals(**{name: getattr(self.opening, name) for name in LedgerTotals.__struct_fields__})
        for entry in self.entries:
            total.add(entry)
        return total

    def _append(self, entry: LedgerEntry) -> None:
        self.entries.append(entry)
        if len(self.entries) > self.max_entries:
            self.opening.add(self.entries.popleft())
