"""An account's ledger: its balance and the entries that sum to it (contract B4, B5).

A `Ledger` keeps the newest entries. Evicted ones are added to opening totals by type, so that credits - charges +
adjustments = balance always holds, to the micro-dollar.
"""

from collections import deque
from typing import Literal, NamedTuple

from msgspec import Struct

from clevora_mock.contract.limits import MAX_BALANCE, MAX_COUNT, counted
from clevora_mock.core.text_size import IdText, NameText

EntryType = Literal["credit", "charge", "adjustment"]

MAX_ENTRIES = 10_000


class Charge(NamedTuple):
    """The price of a request; `rule` is the scenario's rule that applied, `key` the key's preview."""

    endpoint: str | None
    tokens: int
    amount: int
    rule: str | None = None
    key: str | None = None


class LedgerEntry(Struct, frozen=True, gc=False):
    """A change of the balance. `amount` is positive for charges and credits, signed for adjustments.

    `rule` and `key` are those of a `Charge`.
    """

    serial: int
    type: EntryType
    endpoint: IdText | None
    tokens: int
    amount: int
    balance_after: int
    at: int
    # Snapshots of earlier releases have none of these.
    rule: NameText | None = None
    key: IdText | None = None


class LedgerTotals(Struct, gc=False):
    """Sums over ledger entries by type."""

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

    def limit(self) -> None:
        """Replace sums beyond `MAX_COUNT` by one adjustment, and numbers beyond it by the largest one."""
        self.entries, self.tokens = counted(self.entries), counted(self.tokens)
        if max(self.credits, self.charges, abs(self.adjustments)) > MAX_COUNT:
            self.adjustments += self.credits - self.charges
            self.credits = self.charges = 0


class Ledger:
    """The ledger of an account, in micro-dollars.

    `spent` is the sum of all charges, `opening` the totals of the entries that are no longer kept. What would make the
    balance pass `MAX_BALANCE` is cut.
    """

    __slots__ = ("balance", "entries", "max_entries", "opening", "spent")

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self.balance = 0
        self.spent = 0
        self.entries: deque[LedgerEntry] = deque()
        self.opening = LedgerTotals()
        self.max_entries = max_entries

    def credit(self, serial: int, amount: int, at: int) -> None:
        amount = min(amount, MAX_BALANCE - self.balance)
        self.balance += amount
        self._append(LedgerEntry(serial, "credit", None, 0, amount, self.balance, at))

    def charge(self, serial: int, charge: Charge, at: int) -> None:
        """Subtract a charge's amount; the balance may become negative (B4)."""
        amount = min(charge.amount, MAX_BALANCE + self.balance)
        self.balance -= amount
        self.spent += amount
        balance, rule, key = self.balance, charge.rule, charge.key
        self._append(LedgerEntry(serial, "charge", charge.endpoint, charge.tokens, amount, balance, at, rule, key))

    def adjust(self, serial: int, balance: int, at: int) -> None:
        """Set the balance by an entry with the difference."""
        balance = max(-MAX_BALANCE, min(balance, MAX_BALANCE))
        difference = balance - self.balance
        self.balance = balance
        self._append(LedgerEntry(serial, "adjustment", None, 0, difference, balance, at))

    def sums(self) -> LedgerTotals:
        """Return the totals of all entries since the account was created."""
        total = LedgerTotals(**{name: getattr(self.opening, name) for name in LedgerTotals.__struct_fields__})
        for entry in self.entries:
            total.add(entry)
        return total

    def _append(self, entry: LedgerEntry) -> None:
        self.entries.append(entry)
        if len(self.entries) > self.max_entries:
            self.opening.add(self.entries.popleft())
            self.opening.limit()
