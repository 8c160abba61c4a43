"""What is looked at before a dear pattern is compiled says no only where the pattern would."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.models import ask, listing, wording
from clevora_mock.models.regex import Regex


def found_by(pattern: Regex) -> st.SearchStrategy[str]:
    """Texts in which `pattern` finds something, mostly nothing else."""
    return st.from_regex(re.compile(pattern._pattern, pattern._flags), fullmatch=True)


@given(found_by(ask._POLITE))
def test_everything_polite_begins_as_listed(text: str) -> None:
    assert text.lower().startswith(ask._POLITE_STARTS)


@given(found_by(ask._ADVERBIAL))
def test_every_manner_has_a_word_that_is_listed(text: str) -> None:
    assert any(word in text.lower() for word in ask._ADVERBS)


@given(found_by(listing._MEASURE))
def test_every_measure_is_known(text: str) -> None:
    assert listing._is_measure(text)


@given(found_by(wording._TURNED))
def test_everything_that_is_turned_has_a_person(text: str) -> None:
    assert not wording._PERSONS.isdisjoint(wording._WORD.findall(text.lower()))


@given(st.text('ab .!?。\uff01\n\t"\u2019', max_size=20))
@pytest.mark.parametrize("most", [8, 400])
def test_sentences_are_those_of_the_pattern(most: int, text: str) -> None:
    split = [part.strip() for part in wording._END.split(text.strip(), maxsplit=most)[:most]]
    assert wording.sentences(text.strip(), most) == [part for part in split if part]
