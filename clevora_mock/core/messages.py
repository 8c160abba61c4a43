"""Text for messages to people: alternatives, suggestions and quotations."""

import json
import re
from collections.abc import Callable, Iterable

from clevora_mock.clock import read_duration
from clevora_mock.core.masking import masked_start

MAX_SHOWN_CHARACTERS = 40
# More than are shown of any value, with all of a secret that starts within them.
MAX_JSON_CHARACTERS = 8192
# Numbers from here on are taken for milliseconds where a duration lacks its unit.
MIN_MILLISECONDS = 100


def one_of(values: Iterable[object]) -> str:
    """Return ``a or b``, or ``one of a, b, c``."""
    names = [str(value) for value in values]
    return f"one of {', '.join(names)}" if len(names) > 2 else " or ".join(names)


def closest_spelling(word: str, known: Iterable[str], similarity: float = 0.6) -> str | None:
    """Return the one among `known` that is spelt most like `word`, None if none is that similar (0 to 1)."""
    from difflib import get_close_matches  # noqa: PLC0415 - only errors need it

    folded = {name.lower(): name for name in known}
    close = get_close_matches(word.lower()[:80], folded, 1, similarity)
    return folded[close[0]] if close else None


def closest_match(word: str, known: Iterable[str]) -> str | None:
    """Return the closest spelling of `word` among `known`, else the only one that contains it, or None."""
    names = [*known]
    holding = [name for name in names if len(word) > 2 and word.lower() in name.lower()]
    return closest_spelling(word, names) or (holding[0] if len(holding) == 1 else None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …`` with the closest match, or an empty text."""
    close = closest_match(word, known)
    return f'; did you mean "{close}"?' if close else ""


def duration_hint(text: str, unit: str | None = None, check: Callable[[str], object] = read_duration) -> str:
    """Return ``; did you mean …`` for a duration with another unit, or without one, unless `check` raises ValueError.

    A number without a unit is meant in `unit`; without that in seconds if it is below 100, else in milliseconds.
    """
    found = re.fullmatch(
        r"([0-9]+(?:\.[0-9]+)?(?:e\+?[0-9]{1,2})?)(?: *(ms|milli|s|m|h|d)[a-z]*)?", text, re.ASCII | re.IGNORECASE
    )
    if not found:
        return ""
    meant = (found[2] or unit or ("s" if float(found[1]) < MIN_MILLISECONDS else "ms")).lower().replace("milli", "ms")
    number = found[1] if found[1].replace(".", "").isdigit() else f"{float(found[1]):.15g}"
    if meant == "d":
        number, meant = f"{float(number) * 24:g}", "h"
    try:
        check(number + meant)
    except ValueError:
        return ""
    return f"; did you mean {number}{meant}?"


def quoted(text: str) -> str:
    """Return `text` in quotes, on one line, truncated to `MAX_SHOWN_CHARACTERS`."""
    short = masked_excerpt(text, MAX_SHOWN_CHARACTERS, "…")
    return '"' + printable(short).replace('"', '\\"') + '"'


def masked_excerpt(text: str, most: int, mark: str = "...") -> str:
    """Mask `text`, and truncate it to `most` characters; `mark` stands for the rest."""
    # Masked first, since a part of a secret is not recognized.
    start = masked_start(text, most + 1)
    return start if len(start) <= most else start[: most - len(mark)] + mark


def json_text(value: object) -> str:
    """Return a JSON value as messages show it; a long string is cut, but after the end of any secret."""
    if isinstance(value, list):
        return f"an array of {len(value)}" if value else "an empty array"
    if isinstance(value, dict):
        return "an object"
    return json.dumps(value[:MAX_JSON_CHARACTERS] if isinstance(value, str) else value, ensure_ascii=False)


def printable(text: str) -> str:
    """Escape the characters of `text` that cannot be printed."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
