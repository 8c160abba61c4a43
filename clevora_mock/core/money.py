"""Conversions of money, which is an integer of micro-dollars (1,000,000 to the dollar) everywhere inside.

Dollars as floats exist only in JSON, with at most six decimals.
"""

from decimal import Context, Decimal, Inexact

from clevora_mock.contract.limits import DOLLAR

# The maximum of amounts that a user sets; it only excludes absurd values.
MAX_DOLLARS = 1_000_000_000

# More digits than an amount has that can be converted.
_EXACT = Context(prec=40, traps=[Inexact])


def dollars(micros: int) -> float:
    """Convert micro-dollars to the JSON number that the API prints."""
    return micros / DOLLAR


def text(micros: int) -> str:
    """Format micro-dollars for people: ``$50.00``, ``$0.0045``."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), DOLLAR)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{decimals}"


def micros(amount: float | str, decimals: int = 6) -> int:
    """Convert dollars to micro-dollars; a text has all of its digits, of which a float loses some.

    Raises ValueError for more than `decimals` decimals.
    """
    try:
        exact = _EXACT.multiply(Decimal(str(amount)), DOLLAR)
    except Inexact:
        exact = None
    if exact is None or exact % (DOLLAR // 10**decimals):
        raise ValueError(f"expected at most {decimals} decimals, got {str(amount)[:60]}")
    return int(exact)
