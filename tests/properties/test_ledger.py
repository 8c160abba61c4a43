"""A ledger keeps the newest entries, and the sums of all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.core.ledger import Charge, Ledger

# Hundreds of examples.
pytestmark = pytest.mark.slow

amounts = st.integers(0, 10**15)
movements = st.one_of(
    st.tuples(st.just("credit"), amounts),
    st.tuples(st.just("charge"), amounts),
    st.tuples(st.just("adjust"), st.integers(-(10**15), 10**15)),
)


@given(st.integers(1, 5), st.lists(movements, max_size=20))
def test_a_ledger_that_drops_entries_keeps_their_sums(kept: int, moved: list[tuple[str, int]]) -> None:
    ledger = Ledger(max_entries=kept)
    balance = 0
    balances, sums = [], {"credit": 0, "charge": 0, "adjust": 0}
    for serial, (kind, amount) in enumerate(moved):
        if kind == "credit":
            ledger.credit(serial, amount, serial)
            change = amount
        elif kind == "charge":
            ledger.charge(serial, Charge("search", 7, amount), serial)
            change = -amount
        else:
            ledger.adjust(serial, amount, serial)
            change = amount - balance
        balance += change
        balances.append(balance)
        sums[kind] += change
    total = ledger.sums()
    assert ledger.balance == balance
    assert [entry.balance_after for entry in ledger.entries] == balances[-kept:]
    assert (total.credits, -total.charges, total.adjustments) == (sums["credit"], sums["charge"], sums["adjust"])
    assert (total.entries, ledger.opening.entries) == (len(moved), max(0, len(moved) - kept))
    assert total.tokens == 7 * sum(kind == "charge" for kind, _ in moved)
    assert ledger.spent == -sums["charge"]
