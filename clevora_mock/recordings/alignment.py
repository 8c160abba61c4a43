"""Positions in a text after it was edited, to cut it where it was cut before."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice, pairwise
from typing import NamedTuple

_PART = re.compile(r"\w+|\W", re.ASCII)
# A comparison takes time by the square of them.
_MAX_PARTS = 2_000


class Edit(NamedTuple):
    """The replacement of a part of a text."""

    start: int
    end: int
    text: str


def edits_between(old: str, new: str) -> list[Edit]:
    """Return edits in order that make `new` of `old`; beyond some size, one from the first difference to the last."""
    if old == new:
        return []
    from difflib import SequenceMatcher  # noqa: PLC0415 - only secrets need it

    start = _common_start(old, new)
    same = _common_start(old[start:][::-1], new[start:][::-1])
    end = len(old) - same
    changed = new[start : len(new) - same]
    before, after = (
        [part[0] for part in islice(_PART.finditer(text), _MAX_PARTS + 1)] for text in (old[start:end], changed)
    )
    if max(len(before), len(after)) > _MAX_PARTS:
        return [Edit(start, end, changed)]
    edits = []
    places = [start]
    for part in before:
        places.append(places[-1] + len(part))
    for kind, one, two, three, four in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            edits.append(Edit(places[one], places[two], "".join(after[three:four])))
    return edits


def _common_start(one: str, other: str) -> int:
    """Return the length of what both texts start with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (here, there) in pairs if here != there), min(len(one), len(other)))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with `edits`, which are in order and do not overlap."""
    parts, done = [], 0
    for edit in edits:
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])


def move_cuts(cuts: Iterable[int], edits: list[Edit]) -> list[int]:
    """Return where `cuts`, positions in a text, are after its edits; one within an edit is then behind all of it."""
    starts = [edit.start for edit in edits]
    shifts = [0]
    for edit in edits:
        shifts.append(shifts[-1] + len(edit.text) - (edit.end - edit.start))
    moved = []
    for cut in cuts:
        index = bisect_right(starts, cut) - 1
        if index >= 0 and cut < edits[index].end:
            behind = cut > edits[index].start
            moved.append(edits[index].start + shifts[index] + (len(edits[index].text) if behind else 0))
        else:
            moved.append(cut + shifts[index + 1])
    return moved


def recut(pieces: list[str], text: str) -> list[str]:
    """Cut `text` as `pieces` are cut, of which it is the edited whole."""
    cuts = [0]
    for piece in pieces:
        cuts.append(cuts[-1] + len(piece))
    joined = "".join(pieces)
    if joined == text:
        return pieces
    return [text[start:end] for start, end in pairwise(move_cuts(cuts, edits_between(joined, text)))]
