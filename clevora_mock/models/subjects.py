"""What the demo catalog is about: one file of vocabulary for each subject, written by hand.

The parts of a subject are grammatical forms, so that sentences can be made from them:

- themes: noun phrases that stand without an article and without a verb ("night trains", "debugging")
- skills: verb phrases in the base form ("prune an apple tree")
- things: singular nouns that one can buy ("capo")
- settings: phrases of place or circumstance that may end a title ("in Japan", "on a tight budget")
- videos, podcasts: patterns for titles; notes: sentences for descriptions (video_notes speak of what is seen)
- channels, shows: patterns for the names of creators
- synonyms: words people search with → the words this catalog uses
"""

from pathlib import Path

import msgspec

from clevora_mock.resources import fixture

Words = tuple[str, ...]


class Subject(msgspec.Struct, frozen=True):
    """One subject's vocabulary."""

    name: str
    label: str
    tags: Words
    person: str
    people: str
    themes: Words
    skills: Words
    things: Words
    settings: Words
    videos: Words
    podcasts: Words
    notes: Words
    video_notes: Words
    channels: Words
    shows: Words
    synonyms: dict[str, Words]
    eras: Words = ()


class _Synonyms(msgspec.Struct, frozen=True):
    """The one part that search needs; the rest of the file is skipped."""

    synonyms: dict[str, Words]


def load() -> list[Subject]:
    """Every subject, by name."""
    return [msgspec.json.decode(path.read_bytes(), type=Subject) for path in _files()]


def synonyms() -> dict[str, Words]:
    """For a word people search with, the words that the shipped catalog uses for it, of all subjects."""
    merged: dict[str, Words] = {}
    for path in _files():
        for word, others in msgspec.json.decode(path.read_bytes(), type=_Synonyms).synonyms.items():
            merged[word] = tuple(dict.fromkeys(merged.get(word, ()) + others))
    return merged


def _files() -> list[Path]:
    return sorted(fixture("subjects").glob("*.json"))
