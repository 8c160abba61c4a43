"""The vocabularies that demo catalogs are built from, written by hand: a file for each subject, and one that all share.

The parts of a subject are grammatical forms, so that sentences can be made from them:

- themes: noun phrases without an article and without a verb ("night trains", "debugging")
- skills: verb phrases in the base form ("prune an apple tree"); things: singular nouns that one can buy ("capo")
- settings: phrases of place or circumstance that may end a title ("in Japan", "on a tight budget")
- videos, podcasts: patterns for titles, with slots such as ``{theme}``; channels, shows: patterns for creators' names
- notes: sentences for descriptions, and `video_notes` those that speak of what is seen
- tags: true of every item; keywords: other words that people search with, for the whole subject or, after ``|``,
  for one theme or skill
"""

from typing import Literal

import msgspec

from clevora_mock.resources import fixture

MediaType = Literal["video", "podcast"]
Lines = tuple[str, ...]


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One subject's vocabulary."""

    name: str
    tags: Lines
    keywords: str
    person: str
    people: str
    themes: Lines
    skills: Lines
    things: Lines
    settings: Lines
    videos: Lines
    podcasts: Lines
    notes: Lines
    channels: Lines
    shows: Lines
    video_notes: Lines = ()


class TitlePatterns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all subjects share: titles by the tag that fits them, openings by what a title is about, and more."""

    videos: dict[str, Lines]
    podcasts: dict[str, Lines]
    openings: dict[MediaType, dict[str, Lines]]
    closings: dict[MediaType, Lines]


def load_subjects() -> list[Subject]:
    """Return every subject, by name."""
    files = sorted(fixture("subjects").glob("*.json"))
    return [msgspec.json.decode(path.read_bytes(), type=Subject) for path in files]


def load_patterns() -> TitlePatterns:
    """Return what all subjects share."""
    return msgspec.json.decode(fixture("patterns.json").read_bytes(), type=TitlePatterns)
