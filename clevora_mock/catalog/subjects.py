"""The vocabularies of demo catalogs, a file for each subject, and the patterns that they share.

The parts of a subject are grammatical forms, so that sentences can be made from them:

- themes: noun phrases without an article and a verb ("night trains", "debugging")
- skills: verb phrases in the base form ("prune an apple tree"); things: singular nouns for products ("capo")
- settings: phrases of place or circumstance at the end of titles ("in Japan", "on a tight budget")
- videos, podcasts: patterns of titles with slots such as ``{theme}``; channels, shows: patterns of creators' names
- notes: sentences for descriptions; video_notes: those about pictures
- tags: of every item; keywords: more words to search by, for the subject or, after ``|``, for one theme or skill
"""

import msgspec

from clevora_mock.catalog.items import MediaType
from clevora_mock.resources import fixture

Lines = tuple[str, ...]


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The vocabulary of a subject."""

    name: str
    tags: Lines
    keywords: str
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
    """The shared patterns: titles with a tag for their form if any, openings by a title's main slot, and closings."""

    videos: dict[str, str]
    podcasts: dict[str, str]
    openings: dict[MediaType, dict[str, Lines]]
    closings: dict[MediaType, Lines]


def load_subjects() -> list[Subject]:
    """Return all subjects, sorted by name."""
    files = sorted(fixture("subjects").glob("*.json"))
    return [msgspec.json.decode(path.read_bytes(), type=Subject) for path in files]


def load_patterns() -> TitlePatterns:
    """Return the shared patterns."""
    return msgspec.json.decode(fixture("patterns.json").read_bytes(), type=TitlePatterns)
