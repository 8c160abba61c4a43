"""Text is split into pieces without loss, and each piece is one token."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.text import tokens
from tests.properties.token_count import count_tokens

# Hundreds of examples.
pytestmark = pytest.mark.slow

# Word characters of several scripts, punctuation, and white space of every kind.
_LIKELY = st.text(
    st.sampled_from(
        "abz_019éßЖ漢字\u0661¼²ªﬁ \t\n\r\x0b\x0c\x1c\x1f\x85\u00a0\u2028\u3000!?.,—😀\u0301\u200b\x00\u200d"
    )
)
_RUNS = st.lists(
    st.builds(lambda character, length: character * length, st.sampled_from("a_9 漢!\n"), st.integers(0, 40)),
    max_size=8,
).map("".join)
texts = _LIKELY | _RUNS | st.text()
blanks = st.text(st.sampled_from(" \t\n\r\u00a0\u3000\u2028"), min_size=1, max_size=5)


@given(texts)
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(tokens.pieces(text)) == text


@given(texts)
def test_a_text_has_as_many_pieces_as_tokens(text: str) -> None:
    pieces = tokens.pieces(text)
    if text.strip():
        assert [tokens.count(piece) for piece in pieces] == [1] * tokens.count(text)
    else:
        assert tokens.count(text) == 0
        assert pieces == ([text] if text else [])


@given(texts)
def test_counting_agrees_with_a_literal_reading_of_the_rule(text: str) -> None:
    assert tokens.count(text) == count_tokens(text)


@given(st.lists(texts, max_size=6), blanks)
def test_counting_is_additive_over_white_space(parts: list[str], blank: str) -> None:
    assert tokens.count(blank.join(parts)) == sum(map(tokens.count, parts))


@given(texts, st.integers(0, 30))
def test_the_first_pieces_cut_again_are_the_same_pieces(text: str, length: int) -> None:
    kept = tokens.pieces(text)[:length]
    if tokens.count(text) > length:
        assert tokens.pieces("".join(kept)) == kept


@given(st.integers(0, 400), st.sampled_from("aZ_9é漢"))
def test_a_long_run_costs_one_for_each_started_twelve(length: int, character: str) -> None:
    assert tokens.count(character * length) == -(-length // 12)


@given(st.lists(texts, max_size=6))
def test_a_prompt_costs_its_contents_and_three_for_each_message_and_three(contents: list[str]) -> None:
    assert tokens.prompt(contents) == 3 + 3 * len(contents) + sum(map(count_tokens, contents))


def test_the_documented_prompt_has_its_documented_count() -> None:
    assert tokens.prompt(["Hello!"]) == 8


@pytest.mark.slow
def test_every_character_is_white_space_or_part_of_one_token() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        assert tokens.count(character) == (not character.isspace()), hex(code)
        assert tokens.pieces(character) == [character]


def test_a_lot_of_white_space_at_the_end_is_cut_like_a_little() -> None:
    blank = " \n" * 250_000
    assert tokens.pieces(f"a b{blank}") == ["a", f" b{blank}"]
    assert tokens.pieces(blank) == [blank]
