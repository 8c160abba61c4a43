"""Money that a client paid for nothing, derived from the journal; in micro-dollars.

A request counts for one kind at most, so the kinds add up. Two requests are the same when method, path, query and body
are, and the later one came when the earlier one had ended; one whose body the journal has cut is like no other.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from clevora_mock.core.journal import JournalEntry
from clevora_mock.text.tokens import count

WasteKind = Literal["billed_retry", "unread_stream", "asked_twice", "embedded_twice"]

# A search instead of a JSON parser, since the journal truncates long bodies.
_STREAM = re.compile(rb'"stream"\s*:\s*true')
_EMBEDDINGS = "embeddings"


class Waste(Struct, frozen=True):
    """The money of one kind, and the ids of the requests that cost it, the oldest first.

    `billed_retry`: an attempt was billed, its answer did not arrive whole, and the request was sent again.
    `unread_stream`: the client left a stream that no fault had broken, and did not ask again. `asked_twice`: the same
    request had been answered before. `embedded_twice`: some of a request's texts had been embedded before, or occur
    twice in it; this is their share.
    """

    kind: WasteKind
    requests: list[str]
    spent: int


def find_waste(entries: Iterable[JournalEntry]) -> list[Waste]:
    """Return the waste in a journal's entries, which come oldest first: one a kind, the dearest first."""
    by_caller: dict[str, list[JournalEntry]] = {}
    for entry in entries:
        by_caller.setdefault(entry.key or entry.account or entry.client, []).append(entry)
    wasted = [one for requests in by_caller.values() for one in _wasted(requests)]
    wasted.sort(key=lambda one: one[1].serial)
    return merge_waste([Waste(kind, [entry.id], cost) for kind, entry, cost in wasted])


def merge_waste(waste: Iterable[Waste]) -> list[Waste]:
    """Return one `Waste` for each kind, the dearest first."""
    by_kind: dict[WasteKind, list[Waste]] = {}
    for one in waste:
        by_kind.setdefault(one.kind, []).append(one)
    merged = [
        Waste(kind, [request for one in each for request in one.requests], sum(one.spent for one in each))
        for kind, each in by_kind.items()
    ]
    return sorted(merged, key=lambda one: (-one.spent, one.kind))


def is_stream(entry: JournalEntry) -> bool:
    """Tell whether a request asked for a stream."""
    return _STREAM.search(entry.body) is not None


def _wasted(entries: list[JournalEntry]) -> Iterator[tuple[WasteKind, JournalEntry, int]]:
    """Yield the wasted cost of each of one caller's requests."""
    repeated = _repeated(entries)
    # By signature, and by model and text, the first request that was answered.
    answered: dict[tuple[object, ...], JournalEntry] = {}
    embedded: dict[tuple[object, str], JournalEntry] = {}
    for entry in entries:
        if not entry.cost:
            continue
        if not _is_whole(entry):
            if entry.serial in repeated:
                yield "billed_retry", entry, entry.cost
            elif entry.abandoned and entry.fault is None and is_stream(entry):
                yield "unread_stream", entry, entry.cost
            continue
        if entry.endpoint == _EMBEDDINGS:
            share = _embedded_share(entry, embedded)
            if share:
                yield "embedded_twice", entry, share
        elif _is_complete(entry) and _is_after(entry, answered.setdefault(_signature(entry), entry)):
            yield "asked_twice", entry, entry.cost


def _repeated(entries: list[JournalEntry]) -> set[int]:
    """Return the serial numbers of the requests that were sent again after they had ended."""
    last: dict[tuple[object, ...], JournalEntry] = {}
    repeated: set[int] = set()
    for entry in entries:
        before = last.get(_signature(entry))
        if before is not None and _is_after(entry, before) and _is_complete(entry):
            repeated.add(before.serial)
        last[_signature(entry)] = entry
    return repeated


def _is_whole(entry: JournalEntry) -> bool:
    """Tell whether the client got the whole answer, as far as the server knows."""
    return 200 <= entry.status < 400 and entry.fault is None and not entry.abandoned


def _is_after(later: JournalEntry, earlier: JournalEntry) -> bool:
    """Tell whether a request came when the other one had ended; they are not concurrent then."""
    return later is not earlier and later.at >= earlier.completed


def _embedded_share(entry: JournalEntry, embedded: dict[tuple[object, str], JournalEntry]) -> int:
    """Return the cost of the texts that were embedded before, and add the request's texts to `embedded`."""
    if not _is_complete(entry):
        return 0
    try:
        document = msgspec.json.decode(entry.body)
    except (ValueError, RecursionError):
        return 0
    texts = document.get("input") if isinstance(document, dict) else None
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return 0
    model = document.get("model")
    tokens = again = 0
    seen: set[str] = set()
    for text in texts:
        first = embedded.setdefault((model if isinstance(model, str) else None, text), entry)
        counted = count(text)
        tokens += counted
        again += counted if text in seen or _is_after(entry, first) else 0
        seen.add(text)
    return entry.cost * again // tokens if tokens else 0


def _is_complete(entry: JournalEntry) -> bool:
    """Tell whether the journal has the request's whole body."""
    return entry.body_bytes <= len(entry.body)


def _signature(entry: JournalEntry) -> tuple[object, ...]:
    return entry.method, entry.path, entry.query, entry.body, entry.body_bytes
