"""Matchers of null and of dollars, and how an expectation is worded."""

from typing import Any

import pytest

from clevora_mock.verify.expectation import INT, MOMENT, Difference, Dollars, Matcher, OfType, OrNull
from clevora_mock.verify.probes import PROBES
from clevora_mock.verify.wording import shown


@pytest.mark.parametrize("value", [None, 1])
def test_null_or_what_is_expected_is_accepted(value: object) -> None:
    assert OrNull(INT).accepts(value)


@pytest.mark.parametrize("value", ["1", 1.5, False, [], {}])
def test_neither_null_nor_what_is_expected_is_not_accepted(value: object) -> None:
    assert not OrNull(INT).accepts(value)


def test_a_literal_may_be_null_too() -> None:
    accepted = [value for value in (None, {"a": 1}, {"a": 2}, 1) if OrNull({"a": 1}).accepts(value)]
    assert accepted == [None, {"a": 1}]


@pytest.mark.parametrize("value", [0, 83, -1.5, 0.000001, 83.91])
def test_dollars_have_at_most_six_decimals(value: float) -> None:
    assert Dollars().accepts(value)


@pytest.mark.parametrize("value", [0.0000001, 1.2345678, "1.5", True, None, float("nan"), float("inf"), 10**400])
def test_dollars_are_no_other_number_and_no_other_value(value: Any) -> None:
    assert not Dollars().accepts(value)


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (OrNull(OfType(str)), "text or null"),
        (OrNull(MOMENT), f"text such as {MOMENT.pattern} or null"),
        (OrNull(5), "5 or null"),
        (Dollars(), "dollars with at most six decimals"),
        ({"lastUsed": OrNull(INT)}, '{"lastUsed": "a whole number or null"}'),
    ],
)
def test_an_expectation_has_words(expected: object, words: str) -> None:
    assert shown(Difference("data", expected, 1.5)).expected == words


def test_every_matcher_has_words_of_its_own() -> None:
    """A matcher that is another one's kind would be worded as that."""
    kinds = Matcher.__subclasses__()
    assert PROBES
    assert [kind for kind in kinds if kind.__subclasses__()] == []
    assert {kind.__module__ for kind in kinds} == {"clevora_mock.verify.expectation"}
