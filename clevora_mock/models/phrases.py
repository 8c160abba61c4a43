"""The words the text models are made of, as data: read once from JSON, never changed.

A model holds no sentence of its own. It picks from pools of ready-made pieces, each with named slots
(``{subject}``), in an order that a `Form` gives; so the English can be edited without touching the code. The
loaders take bytes, because where the files live is somebody else's business.
"""

import msgspec


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place in a text: `take` different pieces of `pool`, with `before` in front of them."""

    pool: tuple[str, ...]
    take: int = 1
    join: str = " "
    before: str = " "
    core: bool = False
    """Whether this part alone would still answer; a request for one sentence gets only it."""


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to notice a message in some other language, and what to say in it."""

    words: frozenset[str]
    replies: tuple[str, ...]


class Persona(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A voice that a system prompt may ask for: what goes around an answer and which words change in it."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    words: dict[str, str]


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the chat model can say."""

    forms: dict[str, tuple[Part, ...]]
    lists: dict[str, tuple[str, ...]]
    categories: dict[str, tuple[str, ...]]
    twists: tuple[str, ...]
    facts: dict[str, str]
    snippets: dict[str, dict[str, str]]
    skeletons: dict[str, tuple[str, ...]]
    translations: dict[str, dict[str, str]]
    languages: dict[str, Language]
    personas: dict[str, Persona]
    positive: frozenset[str]
    negative: frozenset[str]
    values: dict[str, tuple[str, ...]]
    ranges: dict[str, tuple[float, float]]


def load(data: bytes) -> Phrases:
    """The chat model's phrases, from the bytes of ``chat.json``."""
    return msgspec.json.decode(data, type=Phrases)
