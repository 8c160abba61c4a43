"""Masking of a stream's pieces: of what it says as a whole, then cut again where it was cut before.

A secret can be split in two ways. A piece of the network's may end within it, so the stream's text is masked as a
whole. And a model may say it over several events, with JSON between its parts, so the strings at each place of the
events are joined, masked, and shared out again.
"""

import json
import re
from itertools import chain, pairwise
from typing import Any

from clevora_mock.core.masking import LONGEST_SECRET
from clevora_mock.recordings.alignment import Edit, apply_edits, move_cuts, recut
from clevora_mock.recordings.event_stream import DONE, leaves, lines_of, with_leaves
from clevora_mock.recordings.masker import Masker

_SURROGATE = re.compile("[\ud800-\udfff]")


def masked_pieces(pieces: list[str], masker: Masker) -> list[str]:
    """Return the pieces of an answer without secrets; there are as many."""
    text = "".join(pieces)
    edits = _said(text, masker)
    if edits:
        cuts = [0]
        for piece in pieces:
            cuts.append(cuts[-1] + len(piece))
        text, moved = apply_edits(text, edits), move_cuts(cuts, edits)
        pieces = [text[start:end] for start, end in pairwise(moved)]
    return recut(pieces, masker.document(text))


def _said(text: str, masker: Masker) -> list[Edit]:
    """Return the edits of the lines whose strings have parts of secrets."""
    found = [line for line in lines_of(text) if line.data != DONE]
    said = [[(f"{line.field} {path}", leaf) for path, leaf in leaves(line.data)] for line in found]
    by_path: dict[str, list[str]] = {}
    for path, leaf in chain.from_iterable(said):
        by_path.setdefault(path, []).append(leaf)
    shared = {path: iter(_masked_parts(parts, masker)) for path, parts in by_path.items()}
    edits = []
    for line, before in zip(found, said, strict=True):
        after = [next(shared[path]) for path, _ in before]
        data = masker.value(with_leaves(line.data, after))
        if data != line.data:
            edits.append(Edit(line.start, line.end, _text(data) if line.decoded else data))
    return edits


def _masked_parts(parts: list[str], masker: Masker) -> list[str]:
    if len(set(parts)) == 1:
        # A part that is the same in every event is no text that was split, unless it is a secret of like parts.
        count = min(len(parts), LONGEST_SECRET // max(1, len(parts[0])) + 1)
        if masker.text(parts[0] * count) == masker.text(parts[0]) * count:
            return parts
    return recut(parts, masker.text("".join(parts)))


def _text(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # A half of a surrogate pair can only be escaped.
    return text if text.isascii() or not _SURROGATE.search(text) else json.dumps(data, separators=(",", ":"))
