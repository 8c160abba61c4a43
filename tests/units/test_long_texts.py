"""The search of long texts in parts: it finds what a search of the whole text does."""

import re

import pytest

from clevora_mock.core.long_texts import REACH, find_all, parts_of, replace_all, search
from clevora_mock.core.masking import masked_text

# Matches stand before, across and behind the places where a text is cut.
TEXT = "".join(f"{'x' * (number * 7 % 1_000)} a{number}b;" for number in range(1_000))


@pytest.mark.parametrize(
    "pattern", ["a[0-9]+b", "(?<=x) a[0-9]+(?=b)", "x+ a", "x{900}", "b;x+", "a1(?![0-9])", "none"]
)
def test_all_matches_are_found(pattern: str) -> None:
    expression = re.compile(pattern)
    expected = [found.span() for found in expression.finditer(TEXT)]
    assert [found.span() for found in find_all(expression, TEXT)] == expected


def test_a_match_may_be_longer_than_a_part() -> None:
    text = "b" + "a" * 1_000_000 + "b" * 1_000_000
    assert [found.span() for found in find_all(re.compile("a+|b+"), text)] == [
        (0, 1),
        (1, 1_000_001),
        (1_000_001, 2_000_001),
    ]


def test_what_follows_a_part_decides_too() -> None:
    text = "a" * 1_000_000
    assert search(re.compile("a(?!a)"), text, 5) is not None
    assert [found.start() for found in find_all(re.compile("(?<!a)a++(?!b)"), text + "b" + text)] == [1_000_001]


def test_matches_are_replaced() -> None:
    assert replace_all(re.compile("a[0-9]+b"), TEXT, lambda found: found[0].upper()) == TEXT.replace("a", "A").replace(
        "b", "B"
    )


def test_parts_overlap() -> None:
    first, second, *_ = parts_of(TEXT)
    assert first[-REACH:] == second[:REACH]
    assert list(parts_of("short")) == ["short"]


@pytest.mark.parametrize("before", [65_536, 81_920, 131_072])
@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ('"password": "abcdefgh"', '"password": "***"'),
        ("password=" + "abcdefgh" * 20_000 + "&", "password=***&"),
        ('"password": ["' + "abcdefgh" * 20_000 + '"]', '"password": "***"'),
        ("pass%77ord=abcdefgh&", "pass%77ord=***&"),
    ],
)
def test_a_secret_is_masked_wherever_a_long_text_is_cut(before: int, secret: str, shown: str) -> None:
    for shift in (0, 6, 20):
        start = " x" * ((before - shift) // 2) + " "
        assert masked_text(start + secret + start) == start + shown + start
