"""Searches for regular expressions take a bounded time, and find what Python's engine finds in ordinary texts."""

import re
from time import thread_time

import pytest

from clevora_mock.core.expressions import MAX_CHARACTERS, Expression

RUNAWAYS = [
    "(a+)+$",
    "(a*)*b",
    "(a|aa)+$",
    "(a|a?)+$",
    "(.*)*x",
    "(x+x+)+y",
    "(?:.|\n)*?z",
    "(?:a{1,500}){1,500}b",
    "(?:.*?,){11}P",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(\w+\s?)*!$",
    r"(a*)+\1c",
    "a?" * 30 + "a" * 30,
    "(?:ab|Ab)+x",
    "(?:sa|\u017fa)+x",
]
# Searches that take minutes in some texts.
SLOW = [
    r"\s+$",
    r"\s*$",
    "x.*y.*z",
    "[^x]*" * 12 + "y",
    "a?" * 12 + "a" * 12,
    r"\b\w+\b.*\d",
    ".*a.*a.*a.*a.*b",
    "[a-z]+[0-9]",
    r"\W*\w*[0-9]",
    "(?!.*b)c",
    "(?:(?!b).)*c",
    "a.{0,50}b.{0,50}c",
    "(?:.*?,){6}P",
    "a" * 500 + "b",
    "(?:foo|bar)+z",
    "a{10}.*a{10}.*b",
    "refund.*order.*number",
    "[\x00-\U0010ffff]+z",
]
UNITS = ["a", "xy", "word ", "1,2,3,", " ", "aab", "a\n", "A", "refund order ", "foobar"]

PROMPT = (
    "You are an assistant of a shop. Answer in one sentence, and never promise anything. " * 100
    + "\nCustomer 4711 (Ms. Ötzi, m.oetzi@mail.example) writes: my refund for order no. 2026-118 is late; "
    + "my number is +49 171 555-0100, and see https://shop.example/orders/118. It came from 192.168.10.4!\n"
    + "Be kind. " * 500
)
EVERYDAY = [
    ("quantum", False),
    ("refund", True),
    (r"order no\. \d+-\d+", True),
    ("refund.*order.*number", True),
    ("order.*refund.*number", False),
    (r"[\w.]+@[\w.]+\.example", True),
    (r"https?://[^\s/]+/orders/\d+", True),
    (r"(\d{1,3}\.){3}\d{1,3}", True),
    (r"(?:foo|bar)+", False),
    (r"\bMs?\. \w+", True),
    (r"(?s)^You.*kind\. $", True),
    (r"(?m)^Customer \d+", True),
    (r"^(?!.*password)", True),
    (r"\s+$", True),
]


@pytest.mark.parametrize("source", RUNAWAYS)
def test_an_expression_that_could_run_away_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="could run away"):
        Expression(source)


@pytest.mark.parametrize(
    "source", [r"(a+)\1b", r"(a+)\1+b", r"(a+)(\1)b", "(?P<x>a+)(?P=x)+b", r"(?=(a+))\1b", r"(.)\1{50,}(.)\2"]
)
def test_a_reference_back_to_a_group_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"could run away: a reference back to a group, .* is not supported"):
        Expression(source)


def test_an_expression_that_takes_long_to_compile_is_refused() -> None:
    """Python looks at each character of a range if case is ignored: a second for two hundred ranges."""
    with pytest.raises(ValueError, match="takes long to compile"):
        Expression("[\x00-\U0010ffff]" * 4)
    assert Expression("[à-ÿ]+", re.IGNORECASE).is_found("ÉTÉ")


@pytest.mark.parametrize("depth", [20, 300])
def test_groups_may_be_nested(depth: int) -> None:
    assert Expression("(" * depth + "a" + ")" * depth).is_found("a")


@pytest.mark.parametrize("flags", [0, re.IGNORECASE], ids=["as written", "any case"])
@pytest.mark.parametrize("source", SLOW, ids=lambda source: source[:20])
def test_no_search_takes_more_than_ten_milliseconds(source: str, flags: int) -> None:
    expression = Expression(source, flags)
    for unit in UNITS:
        text = unit * 100_000 + "!"
        assert min(seconds(expression, text) for _ in range(3)) < 0.010


def seconds(expression: Expression, text: str) -> float:
    start = thread_time()
    expression.is_found(text)
    return thread_time() - start


@pytest.mark.parametrize("flags", [0, re.IGNORECASE], ids=["as written", "any case"])
@pytest.mark.parametrize(("source", "found"), EVERYDAY)
def test_a_prompt_of_thousands_of_characters_is_searched_to_its_end(source: str, found: bool, flags: int) -> None:
    assert Expression(source, flags).is_found(PROMPT) == found


def test_a_part_of_a_long_text_is_searched() -> None:
    assert len(Expression("refund").searched("x" * 20_000)) == MAX_CHARACTERS
    assert Expression("refund").searched("x" * 16_384) == "x" * 16_384


def test_expressions_with_the_same_source_and_flags_are_equal() -> None:
    assert Expression("a+") == Expression("a+")
    assert Expression("a+") != Expression("a+", re.IGNORECASE)
    assert Expression("a+") != "a+"
