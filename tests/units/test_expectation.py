"""Expectations of an answer: each matcher alone, and the comparison, with results written by hand.

The tables of requests compare by it, so none of them would notice one that finds nothing.
"""

from typing import Any

import pytest

from clevora_mock.verify.expectation import (
    ABSENT,
    INT,
    MISSING,
    MOMENT,
    STRING,
    Difference,
    Exactly,
    ListOf,
    Matcher,
    OfType,
    OneOf,
    Text,
    Within,
    compare,
    differences,
)

ACCEPTED: dict[str, tuple[Matcher, list[Any], list[Any]]] = {
    "a type": (OfType(str), ["", "a"], [None, 1, ["a"]]),
    "an integer": (INT, [0, -1, 10**20], [True, False, 1.0, "1", None]),
    "a truth value": (OfType(bool), [True, False], [0, 1, None, "true"]),
    "a float": (OfType(float), [0.5, 1.0], [1, True, "0.5"]),
    "null": (OfType(type(None)), [None], [0, False, "", []]),
    "a text by a pattern": (Text("ab+"), ["ab", "abbb"], ["a", "abc", "xab", "ab\n", "AB", b"ab", ["ab"], None]),
    "a text with line breaks": (Text("a.*z"), ["az", "a\nz"], ["az\n", "\naz"]),
    "any text": (STRING, ["a", " ", "\n", "a\nb"], ["", 1, None]),
    "a moment": (
        MOMENT,
        ["2026-01-31T23:59:59.000Z"],
        ["2026-01-31T23:59:59Z", "2026-01-31T23:59:59.000+00:00", "2026-01-31", 1767225600, None],
    ),
    "a number within bounds": (Within(1, 2.5), [1, 1.0, 2, 2.5], [0, 0.999, 2.501, 3, "2", None, float("nan")]),
    "no truth value as a number": (Within(0, 1), [0, 1], [True, False]),
    "a number without an upper bound": (Within(1, float("inf")), [1, 1e300], [0, float("-inf")]),
    "an array of a length": (ListOf(2), [[1, "a"], [None, []]], [[], [1], [1, 2, 3], {"0": 1, "1": 2}, "ab", None]),
    "an empty array": (ListOf(0), [[]], [[1], None, ""]),
    "an array of any length": (ListOf(None), [[], [1], [1, 2, 3]], [{}, None, "abc", (1,)]),
    "an array of integers": (ListOf(None, INT), [[], [1], [1, 2]], [["a"], [1, 2.5], [1, True], [1, None]]),
    "two objects": (ListOf(2, {"a": 1}), [[{"a": 1}, {"a": 1, "b": 2}]], [[{"a": 1}], [{"a": 1}, {"a": 2}]]),
    "one of some values": (OneOf(("a", None)), ["a", None], ["b", "", 0, "aa"]),
    "an object with exactly these keys": (
        Exactly({"a": INT, "b": "x"}),
        [{"a": 1, "b": "x"}, {"b": "x", "a": 2}],
        [{"a": 1}, {"a": 1, "b": "y"}, {"a": "1", "b": "x"}, {"a": 1, "b": "x", "c": None}, {}, [], None],
    ),
    "an empty object": (Exactly({}), [{}], [{"a": 1}, [], None]),
}


@pytest.mark.parametrize(("matcher", "accepted", "refused"), ACCEPTED.values(), ids=ACCEPTED)
class TestMatchers:
    def test_a_matcher_accepts(self, matcher: Matcher, accepted: list[Any], refused: list[Any]) -> None:
        assert [value for value in accepted if not matcher.accepts(value)] == []
        assert [value for value in refused if matcher.accepts(value)] == []

    def test_the_comparison_says_the_same(self, matcher: Matcher, accepted: list[Any], refused: list[Any]) -> None:
        assert [value for value in accepted if compare({"it": matcher}, {"it": value})] == []
        assert [value for value in refused if not compare({"it": matcher}, {"it": value})] == []


@pytest.mark.parametrize("value", [1, 1.5, "a", "", True, False, None, [], {}, [1, [2]], {"a": {"b": None}}])
def test_a_value_is_as_itself(value: Any) -> None:
    assert compare(value, value) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (1, 2),
        (1, "1"),
        (1, True),
        (True, 1),
        (0, False),
        (0, None),
        (None, 0),
        (None, False),
        ("a", "A"),
        ("a", ["a"]),
        (1.5, 1.25),
    ],
)
def test_other_values_and_types_differ(wanted: Any, found: Any) -> None:
    assert compare(wanted, found) == [Difference("", wanted, found)]


@pytest.mark.parametrize(("wanted", "found"), [(1, 1.0), (1.0, 1)])
def test_an_integer_may_come_as_a_float(wanted: Any, found: Any) -> None:
    assert compare(wanted, found) == []


class TestObjects:
    def test_further_keys_are_passed_over(self) -> None:
        assert compare({"a": 1}, {"a": 1, "b": 2}) == []

    def test_a_missing_key(self) -> None:
        assert compare({"a": 1, "b": INT}, {"a": 1}) == [Difference("b", INT, MISSING)]

    def test_a_null_is_not_a_missing_key(self) -> None:
        assert compare({"a": None}, {}) == [Difference("a", None, MISSING)]

    def test_a_key_that_must_be_absent(self) -> None:
        assert compare({"a": ABSENT}, {"b": 1}) == []
        assert compare({"a": ABSENT}, {"a": None}) == [Difference("a", ABSENT, None)]

    @pytest.mark.parametrize("found", [None, 1, "a", [], [{"a": 1}]])
    def test_something_else_in_place_of_an_object(self, found: Any) -> None:
        assert compare({"it": {"a": 1}}, {"it": found}) == [Difference("it", "an object", found)]
        assert compare({"it": Exactly({"a": 1})}, {"it": found}) == [Difference("it", "an object", found)]

    def test_a_difference_has_the_path_to_it(self) -> None:
        found = compare({"a": {"b": {"c": 1}, "d": 2}}, {"a": {"b": {"c": 3}, "d": 4}})
        assert found == [Difference("a.b.c", 1, 3), Difference("a.d", 2, 4)]

    def test_each_key_that_is_not_listed_is_a_difference(self) -> None:
        found = compare({"a": Exactly({"b": 1})}, {"a": {"b": 2, "c": 3}})
        assert found == [Difference("a.b", 1, 2), Difference("a.c", ABSENT, 3)]

    def test_keys_below_an_exact_object_may_be_further_ones(self) -> None:
        assert compare(Exactly({"a": {"b": 1}}), {"a": {"b": 1, "c": 2}}) == []


class TestArrays:
    def test_items_are_compared_in_order(self) -> None:
        assert compare([1, 2], [2, 1]) == [Difference("[0]", 1, 2), Difference("[1]", 2, 1)]

    @pytest.mark.parametrize("found", [[], [1], [1, 2, 3], None, "ab", {"0": 1, "1": 2}])
    def test_a_wrong_length_or_something_else(self, found: Any) -> None:
        assert compare({"a": [1, 2]}, {"a": found}) == [Difference("a", "2 items", found)]

    def test_a_difference_has_the_index_in_its_path(self) -> None:
        found = compare({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]})
        assert found == [Difference("a[1].b", 2, 3)]

    def test_a_matcher_of_arrays_is_one_difference(self) -> None:
        wanted = ListOf(None, INT)
        assert compare({"a": wanted}, {"a": [1, "b", "c"]}) == [Difference("a", wanted, [1, "b", "c"])]


def test_a_place_is_put_before_the_path() -> None:
    assert compare({"a": 1}, {"a": 2}, "answer[0]") == [Difference("answer[0].a", 1, 2)]


def test_differences_as_sentences() -> None:
    assert differences(1, 2) == ["it: wanted 1, got 2"]
    assert differences({"a": 1, "b": ABSENT, "c": 3}, {"a": "x", "b": None}) == [
        "a: wanted 1, got 'x'",
        "b: wanted ABSENT, got None",
        "c: wanted 3, got nothing",
    ]
