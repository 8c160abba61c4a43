"""Sums that people type into a chat to see whether anybody is there: "what is 12 * 7".

A tiny parser of its own rather than `eval`: it knows numbers and six operators, refuses what would take long
(huge powers), and answers exactly where whole numbers allow it.
"""

import re
from collections.abc import Iterator

from clevora_mock.models.regex import Regex

_SUM = Regex(
    r"\s*[-+(√]*\s*[\d.]+(?:[\s\d.,()+*/^%\u00d7÷·\u2212=?!x-]|\b(?:plus|minus|times|multiplied "
    r"by|divided by|over|mod|to the power of|"
    r"squared|cubed|percent of|of|and|equals?)\b)*\s*[?.!=]*\s*",
    re.IGNORECASE,
)
_OPERATOR = Regex(
    r"\d\s*(?:[-+*/^\u00d7÷·\u2212x]|%(?=\s*(?:of|\d|\())|\*\*)\s*[-(]*\s*"
    r"[\d.(]|\d\s*(?:plus|"
    r"minus|times|multiplied|divided|"
    r"over|mod|to the|squared|cubed|percent of|% of)",
    re.IGNORECASE,
)
_WORDS = (
    (Regex(r"(?<=\d),(?=\d{3})"), ""),
    (Regex(r"multiplied by|times|[\u00d7·x]", re.IGNORECASE), "*"),
    (Regex(r"divided by|over|÷", re.IGNORECASE), "/"),
    (Regex(r"plus|and", re.IGNORECASE), "+"),
    (Regex(r"minus|\u2212", re.IGNORECASE), "-"),
    (Regex(r"to the power of|\*\*", re.IGNORECASE), "^"),
    (Regex(r"squared", re.IGNORECASE), "^2"),
    (Regex(r"cubed", re.IGNORECASE), "^3"),
    (Regex(r"(?:percent|%)\s*of", re.IGNORECASE), "/100*"),
    (Regex(r"mod", re.IGNORECASE), "%"),
)
_ROOT = Regex(r"(?:the )?(?:square root of|√)\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_LEXEME = Regex(r"\s*(\d+\.\d+|\.\d+|\d+\.?|[-+*/^%()])")
_MOST_BITS = 512
_MOST_TEXT = 120

Number = int | float


class UnansweredError(ValueError):
    """Text that is no sum, or one with no answer that fits."""


def looks_arithmetic(text: str) -> bool:
    """Whether the whole of `text` is a sum."""
    if len(text) > _MOST_TEXT or not any(map(str.isdigit, text)):
        return False
    if _ROOT.search(text):
        text = _ROOT.sub(r"\1^0.5", text)
    return bool(_OPERATOR.search(text)) and bool(_SUM.fullmatch(text))


def normal(text: str) -> str:
    """`text` with operators instead of words."""
    text = _ROOT.sub(r"\1^0.5", text)
    for pattern, sign in _WORDS:
        text = pattern.sub(sign, text)
    return text.strip(" =?!.\n\t")


def evaluate(text: str) -> Number:
    """The value of a sum in `normal` form."""
    lexemes = _Lexemes(_cut(text))
    value = _total(lexemes, 0)
    if lexemes.peek():
        raise UnansweredError(f"left over: {lexemes.peek()}")
    return value


def spaced(text: str) -> str:
    """A sum as it is printed: one space around each operator, the usual signs."""
    apart = " ".join(re.sub(r"\s*([-+*/^%])\s*", r" \1 ", text).split())
    apart = re.sub(r"(^|[(*/+^%-] )([-+]) (?=[\d(.])", r"\1\2", apart)
    return apart.replace("*", "\u00d7").replace(" ^ ", "^").replace(" - ", " \u2212 ")


def show(value: Number) -> str:
    """A number as people write it."""
    if isinstance(value, float):
        if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124
            raise UnansweredError("no finite value")
        return f"{value:.10g}"
    return f"{value:,}" if abs(value) >= 10_000 else str(value)


def _cut(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _LEXEME.match(text, at)
        if not found:
            raise UnansweredError(f"not a sum: {text[at : at + 10]}")
        yield found[1]
        at = found.end()


class _Lexemes:
    def __init__(self, items: Iterator[str]) -> None:
        self._items = items
        self._next = next(items, "")

    def peek(self) -> str:
        return self._next

    def take(self) -> str:
        taken, self._next = self._next, next(self._items, "")
        return taken


def _total(lexemes: _Lexemes, depth: int) -> Number:
    if depth > 20:
        raise UnansweredError("too deep")
    value = _product(lexemes, depth)
    while lexemes.peek() in {"+", "-"}:
        sign = lexemes.take()
        other = _product(lexemes, depth)
        value = value + other if sign == "+" else value - other
    return value


def _product(lexemes: _Lexemes, depth: int) -> Number:
    value = _power(lexemes, depth)
    while lexemes.peek() in {"*", "/", "%"}:
        sign = lexemes.take()
        value = _combined(value, sign, _power(lexemes, depth))
    return value


def _combined(value: Number, sign: str, other: Number) -> Number:
    if sign == "*":
        return _checked(value * other)
    if other == 0:
        raise UnansweredError("division by zero")
    if sign == "%":
        return value % other
    if isinstance(value, int) and isinstance(other, int):
        return value // other if value % other == 0 else _real(value) / _real(other)
    return _real(value) / _real(other)


def _power(lexemes: _Lexemes, depth: int) -> Number:
    base = _signed(lexemes, depth)
    if lexemes.peek() != "^":
        return base
    lexemes.take()
    exponent = _power(lexemes, depth + 1) if depth < 20 else 1
    if abs(exponent) > _MOST_BITS or (isinstance(base, int) and base.bit_length() * abs(exponent) > _MOST_BITS):
        raise UnansweredError("too large")
    try:
        value = base**exponent
    except (OverflowError, ZeroDivisionError) as problem:
        raise UnansweredError("no finite value") from problem
    if not isinstance(value, int | float):
        raise UnansweredError("not a real number")
    return value


def _signed(lexemes: _Lexemes, depth: int) -> Number:
    lexeme = lexemes.take()
    if lexeme in {"-", "+"}:
        if depth > 20:
            raise UnansweredError("too deep")
        value = _signed(lexemes, depth + 1)
        return -value if lexeme == "-" else value
    if lexeme == "(":
        value = _total(lexemes, depth + 1)
        if lexemes.take() != ")":
            raise UnansweredError("an open bracket")
        return value
    if not lexeme or lexeme in ")*/^%":
        raise UnansweredError("a number is missing")
    return float(lexeme) if "." in lexeme else int(lexeme)


def _real(value: Number) -> float:
    try:
        return float(value)
    except OverflowError as problem:
        raise UnansweredError("too large") from problem


def _checked(value: Number) -> Number:
    if isinstance(value, int) and value.bit_length() > 2 * _MOST_BITS:
        raise UnansweredError("too large")
    return value
