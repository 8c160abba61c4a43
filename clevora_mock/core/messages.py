"""Text for messages to people: alternatives, suggestions and quotations."""

from collections.abc import Iterable

from clevora_mock.core.masking import masked_text

MAX_SHOWN_CHARACTERS = 40


def one_of(values: Iterable[object]) -> str:
    """Return ``a or b``, or ``one of a, b, c``."""
    names = [str(value) for value in values]
    return f"one of {', '.join(names)}" if len(names) > 2 else " or ".join(names)


def closest_match(word: str, known: Iterable[str]) -> str | None:
    """Return the closest match to `word` among `known`, or None."""
    from difflib import get_close_matches  # noqa: PLC0415 - only errors need it

    folded = {name.lower(): name for name in known}
    written = word.lower()[:80]
    close = get_close_matches(written, folded, 1)
    if not close and len(written) > 2:
        holding = [name for name in folded if written in name]
        close = holding if len(holding) == 1 else []
    return folded[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …`` with the closest match, or an empty text."""
    close = closest_match(word, known)
    return f'; did you mean "{close}"?' if close else ""


def quoted(text: str) -> str:
    """Return `text` in quotes, on one line, truncated to `MAX_SHOWN_CHARACTERS`."""
    # Masked first, since a part of a secret is not recognized.
    text = masked_text(text)
    short = text if len(text) <= MAX_SHOWN_CHARACTERS else text[: MAX_SHOWN_CHARACTERS - 1] + "…"
    return '"' + printable(short).replace('"', '\\"') + '"'


def printable(text: str) -> str:
    """Escape the characters of `text` that cannot be printed."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
