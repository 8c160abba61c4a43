"""Conversions of money, which is an integer of micro-dollars (1,000,000 to the dollar) everywhere inside.

Dollars as floats exist only in JSON, with at most six decimals.
"""

from decimal import Decimal

from clevora_mock.contract.limits import DOLLAR

# The maximum of amounts that a user sets; it only excludes absurd values.
MAX_DOLLARS = 1_000_000_000


def dollars(micros: int) -> float:
    """Convert micro-dollars to the JSON number that the API prints."""
    return micros / DOLLAR


def text(micros: int) -> str:
    """Format micro-dollars for people: ``$50.00``, ``$0.0045``."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), DOLLAR)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{decimals}"


def micros(amount: float, decimals: int = 6) -> int:
    """Convert dollars to micro-dollars. Raises ValueError for more than `decimals` decimals."""
    exact = Decimal(repr(amount)) * DOLLAR
    if exact % (DOLLAR // 10**decimals):
        raise ValueError(f"expected at most {decimals} decimals, got {amount!r}")
    return int(exact)
