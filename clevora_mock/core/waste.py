"""Money that a client paid for nothing, derived from the journal by the rules of conduct; in micro-dollars.

A request counts for one kind at most, so the kinds add up.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from clevora_mock.core.conduct.answers import left_streams
from clevora_mock.core.conduct.caller import Caller, callers, is_after
from clevora_mock.core.conduct.finding import is_answered
from clevora_mock.core.conduct.repetitions import paid_answers, paid_texts
from clevora_mock.core.journal import JournalEntry

WasteKind = Literal["asked_twice", "embedded_twice", "unread_stream", "billed_retry"]


class Waste(Struct, frozen=True):
    """The money of one kind, and the ids of the requests that cost it, the oldest first.

    The first three kinds are those of the findings. `billed_retry`: an attempt was billed, its answer did not arrive
    whole, and the request was sent again.
    """

    kind: WasteKind
    requests: list[str]
    spent: int


def find_waste(entries: Iterable[JournalEntry]) -> list[Waste]:
    """Return the waste in a journal's entries, which come oldest first: one a kind, the most expensive first."""
    wasted = [one for caller in callers(entries) for one in _wasted(caller)]
    wasted.sort(key=lambda one: one[1].serial)
    counted: set[int] = set()
    found = []
    for kind, entry, cost in wasted:
        # Those of the same request are in the order of the kinds.
        if cost and entry.serial not in counted:
            counted.add(entry.serial)
            found.append(Waste(kind, [entry.id], cost))
    return merge_waste(found)


def charged_entries(entries: Sequence[JournalEntry], spent: int) -> list[JournalEntry]:
    """Return the newest entries, which cost `spent` at most: older ones were charged to ledgers before a reset."""
    left, charged = spent, list[JournalEntry]()
    for entry in reversed(entries):
        left -= entry.cost
        if left < 0:
            break
        charged.append(entry)
    return charged[::-1]


def merge_waste(waste: Iterable[Waste]) -> list[Waste]:
    """Return one `Waste` for each kind, the most expensive first."""
    by_kind: dict[WasteKind, list[Waste]] = {}
    for one in waste:
        by_kind.setdefault(one.kind, []).append(one)
    merged = [
        Waste(kind, [request for one in each for request in one.requests], sum(one.spent for one in each))
        for kind, each in by_kind.items()
    ]
    return sorted(merged, key=lambda one: (-one.spent, one.kind))


def _wasted(caller: Caller) -> Iterator[tuple[WasteKind, JournalEntry, int]]:
    yield from (("asked_twice", entry, entry.cost) for entry in paid_answers(caller))
    yield from (("embedded_twice", entry, cost) for entry, cost in paid_texts(caller))
    yield from (("unread_stream", entry, entry.cost) for entry in left_streams(caller))
    for group in caller.repeated:
        for entry in group:
            if entry.cost and not is_answered(entry) and _is_sent_again(group[-1], entry):
                yield "billed_retry", entry, entry.cost


def _is_sent_again(later: JournalEntry, entry: JournalEntry) -> bool:
    """Tell whether `later` repeats a request; what cut its answer may have closed its connection."""
    return is_after(later, entry) or later.at > entry.completed
