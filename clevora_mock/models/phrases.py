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


class ScriptPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section of a script: its possible headings, and the sentences or exchanges that fill it."""

    headings: tuple[str, ...]
    units: tuple[str, ...]
    opening: tuple[str, ...] = ()
    lengths: frozenset[str] = frozenset({"short", "medium", "long"})
    ordered: bool = False
    """Whether units refer to the ones before them, so that only a beginning of them makes sense."""


class ScriptStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What scripts of one style are made of."""

    titles: tuple[str, ...]
    hooks: tuple[str, ...]
    calls: tuple[str, ...]
    parts: tuple[ScriptPart, ...]
    layers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Shot-by-shot directions, by label; a style that has them is written in timed beats."""


class ScriptPhrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything the script model can say."""

    styles: dict[str, ScriptStyle]


def load_scripts(data: bytes) -> ScriptPhrases:
    """The script model's phrases, from the bytes of ``scripts.json``."""
    return msgspec.json.decode(data, type=ScriptPhrases)
