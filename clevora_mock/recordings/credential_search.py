"""Search for a credential in texts, however it is written.

It may stand there as it is, in other letters' case, in hex or in base64, and each of its characters, or of these,
escaped as in JSON or JavaScript, percent-encoded or as an entity, in several layers. A line may end within it.
"""

import re
from array import array
from base64 import b64encode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from clevora_mock.core.long_texts import find_all

# A character that is not written as itself, or the end of a line, which is nothing.
_WRITTEN = re.compile(
    r"\\{1,15}(?:u00|x)(?P<escaped>[2-7][0-9a-f])|%(?:25){0,7}(?P<percent>[2-7][0-9a-f])"
    r"|&#(?:0{0,5}(?P<decimal>[3-9][0-9]|1[01][0-9]|12[0-6])|x0{0,5}(?P<hex>[2-7][0-9a-f]));"
    r"|\\{1,15}(?P<itself>/)"
    r"|\\{1,15}[rn]|%(?:25){0,7}0[ad]|[\r\n]",
    re.IGNORECASE,
)
# Each match begins with one of these.
_MARKS = "\\%&\r\n"
_MAX_LAYERS = 4
_PART = 128 * 1024


class Span(NamedTuple):
    """A part of a text."""

    start: int
    end: int


def written_forms(credential: str) -> set[str]:
    """Return what to look for: the credential as it is, in hex, in base64, and in base64 of that."""
    once = set(_in_base64(credential))
    twice = {form for encoded in once for form in _in_base64(encoded)}
    return {_lower(form) for form in {credential, credential.encode("utf-8", "replace").hex(), *once, *twice}}


def find_forms(text: str, forms: set[str], layers: int = _MAX_LAYERS) -> list[Span]:
    """Return where `text` has one of the `forms`, which are in lower case, in order; spans do not overlap."""
    return _merged(sorted(_find(text, forms, layers)))


def _find(text: str, forms: set[str], layers: int) -> Iterator[Span]:
    lowered = _lower(text)
    for form in forms:
        start = lowered.find(form)
        while start >= 0:
            yield Span(start, start + len(form))
            start = lowered.find(form, start + len(form))
    if layers and any(map(text.__contains__, _MARKS)):
        read = _Reading(text)
        if read.text != text:
            yield from map(read.span, _find(read.text, forms, layers - 1))


def _lower(text: str) -> str:
    """Return `text` in lower case, character by character: the one letter that becomes two stays as it is."""
    # In parts, since no call should take long.
    parts = (text[start : start + _PART] for start in range(0, len(text), _PART))
    return "".join("İ".join(map(str.lower, part.split("İ"))) for part in parts)


class _Reading:
    """A text with a layer of encoding taken off."""

    def __init__(self, text: str) -> None:
        # For each encoded character its end in the text that was read, and its start and end in the original. Lists
        # take ten times the memory.
        self._after, self._starts, self._ends = array("q"), array("q"), array("q")
        parts: list[str] = []
        done = length = 0
        for found in find_all(_WRITTEN, text):
            character = _character(found)
            # Not the empty ones, of which there may be millions.
            parts += filter(None, (text[done : found.start()], character))
            length += found.start() - done + len(character)
            done = found.end()
            self._after.append(length)
            self._starts.append(found.start())
            self._ends.append(done)
        parts.append(text[done:])
        self.text = "".join(parts)

    def span(self, read: Span) -> Span:
        """Return the part of the original that a part of the text was read from."""
        return Span(self._character(read.start).start, self._character(read.end - 1).end)

    def _character(self, index: int) -> Span:
        before = bisect_right(self._after, index)
        start = self._ends[before - 1] + index - self._after[before - 1] if before else index
        is_encoded = before < len(self._starts) and self._starts[before] == start
        return Span(start, self._ends[before] if is_encoded else start + 1)


def _character(found: re.Match[str]) -> str:
    if found["decimal"]:
        return chr(int(found["decimal"]))
    code = found["escaped"] or found["percent"] or found["hex"]
    return chr(int(code, 16)) if code else found["itself"] or ""


def _in_base64(text: str) -> Iterator[str]:
    raw = text.encode("utf-8", "replace")
    for skipped in range(3):
        # The characters of base64 that depend on nothing before or after it.
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(bytes(skipped) + raw).decode().rstrip("=")
            yield encoded[(skipped * 8 + 5) // 6 : (skipped + len(raw)) * 8 // 6]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
