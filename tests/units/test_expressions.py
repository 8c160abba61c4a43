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
    "(a*)" * 7 + "(b*)" * 6,
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
    r"(?m)^\s*x",
    r"(?m)^\s*a?b?c?x",
    "(?is)x.*y.*z",
    "(a*)b",
    "(.*)(.*)b",
    r"(\w+)@(\w+)\.com",
    "(?P<start>[a-z]+)([0-9])",
    "((a)*|(b)?)c",
    "((?:.*?,){6})P",
]
UNITS = ["a", "xy", "word ", "1,2,3,", " ", "aab", "a\n", "A", "refund order ", "foobar", "\n", "XYX"]

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


@pytest.mark.parametrize("source", ["(?i:x.*y.*z)", "a(?s:.*b)", "(?i)a(?-i:b+)c"])
def test_flags_of_a_part_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"could run away: flags of a part, .* are not supported"):
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
def test_no_search_takes_long(source: str, flags: int) -> None:
    expression = Expression(source, flags)
    for unit in UNITS:
        text = unit * 100_000 + "!"
        # On a machine of its own it takes less than 10 ms; the limit leaves room for a busy one.
        assert min(seconds(expression, text) for _ in range(3)) < 0.050


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


@pytest.mark.slow
@pytest.mark.parametrize("count", [20, 100])
def test_the_expressions_of_a_scenario_take_a_tenth_of_a_second_together(count: int) -> None:
    for source in SLOW:
        expression = Expression(source)
        expression.share(count)
        for unit in UNITS:
            text = unit * 100_000 + "!"
            assert min(seconds(expression, text) for _ in range(3)) < 0.05 + 0.1 / count


def test_one_of_many_expressions_is_searched_in_less_of_a_long_text() -> None:
    literal, costly, few = Expression("order 17"), Expression("o.*1.*7"), Expression("o.*1.*7")
    for expression in (literal, costly):
        expression.share(100)
    few.share(3)
    long, short = "x " * 8_000 + "order 17", "order 17"
    assert [literal.is_found(text) for text in (long, short)] == [True, True]
    assert [costly.is_found(text) for text in (long, short)] == [False, True]
    assert [few.is_found(text) for text in (long, short)] == [True, True]


def test_expressions_with_the_same_source_and_flags_are_equal() -> None:
    assert Expression("a+") == Expression("a+")
    assert Expression("a+") != Expression("a+", re.IGNORECASE)
    assert Expression("a+") != "a+"


@pytest.mark.parametrize(("part", "allowed"), [("(?:[ab]c|dd)", 12), ("(?:a?b){5}", 2), ("a?", 12)])
def test_an_expression_has_twelve_choices_at_most(part: str, allowed: int) -> None:
    """Alternatives that may begin alike are one, and what is repeated counts as often."""
    Expression(part * allowed)
    with pytest.raises(ValueError, match="could run away: more than 12 repeats"):
        Expression(part * (allowed + 1))


def test_the_beginning_of_a_text_is_searched_where_the_whole_would_take_long() -> None:
    expression = Expression("[0-9]+q")
    expression.share(100)
    assert expression.is_found("1q" + "1" * 16_000)
