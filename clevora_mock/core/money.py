"""Money is a whole number of micro-dollars; a float never holds it.

A dollar is 1,000,000. The cheapest thing sold, a token of embeddings, costs 100. Dollars as JSON numbers exist only at
the edge, with at most six decimals.
"""

from decimal import Decimal

from clevora_mock.contract.limits import DOLLAR

# Of amounts that are set from outside; it only keeps them sane.
MAX_DOLLARS = 1_000_000_000


def dollars(micros: int) -> float:
    """`micros` as the JSON number that the API prints."""
    return micros / DOLLAR


def text(micros: int) -> str:
    """`micros` as people read it: ``$50.00``, ``$0.0045``."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), DOLLAR)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{decimals}"


def micros(amount: float, decimals: int = 6) -> int:
    """An amount in dollars as micro-dollars; ValueError when it has more than `decimals` decimals."""
    exact = Decimal(repr(amount)) * DOLLAR
    if exact % (DOLLAR // 10**decimals):
        raise ValueError(f"expected at most {decimals} decimals, got {amount!r}")
    return int(exact)
