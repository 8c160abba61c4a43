"""Words, their stems, and how they are cut out of a text."""

import pytest

from clevora_mock.text.words import fold, stem, tokens, words

FAMILIES = [
    "bake bakes baked baking",
    "run runs running",
    "tap taps tapping tapped",
    "tape tapes",
    "plan plans planning",
    "plane planes",
    "meditate meditates meditated meditating",
    "puppy puppies",
    "edit edits edited editing",
    "cycle cycles cycling",
    "study studies studied studying",
    "knit knits knitting",
    "box boxes",
    "tomato tomatoes",
    "chess",
    "bread",
    "speed speeding",
    "sing singing",
]


def test_inflections_share_a_stem() -> None:
    stems = {family: {stem(word) for word in family.split()} for family in FAMILIES}
    assert {family: found for family, found in stems.items() if len(found) > 1} == {}


def test_different_words_keep_different_stems() -> None:
    first = [family.split()[0] for family in FAMILIES]
    assert len({stem(word) for word in first}) == len(first)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Don't", "dont"),
        ("don\u2019t", "dont"),
        ("\uff21\uff22", "ab"),
        ("ﬁne", "fine"),
        ("Straße", "strasse"),
    ],
)
def test_folding_removes_what_does_not_change_a_word(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_symbols_are_tokens_but_not_words() -> None:
    assert [*tokens("C++ & snake_case!")] == ["c", "+", "+", "&", "snake", "_", "case", "!"]
    assert words("C++ & snake_case!") == ["c", "snake", "case"]


def test_a_long_run_is_cut_into_words_of_forty() -> None:
    assert [len(word) for word in words("x" * 100)] == [40, 40, 20]


def test_long_texts_are_cut_between_words() -> None:
    text = "alpha beta\n" * 20_000
    assert words(text) == ["alpha", "beta"] * 20_000
    # In each of these, another word is at a multiple of 65,536 characters.
    for start in range(12):
        assert set(words(" " * start + text)) == {"alpha", "beta"}


def test_a_long_text_without_spaces_is_cut_anywhere() -> None:
    assert "".join(words("\u6d77" * 200_000 + "-" + "a" * 100_000)) == "\u6d77" * 200_000 + "a" * 100_000
