"""One caller's requests: which are alike, and which came after which."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

import msgspec
from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.journal import JournalEntry

# Requests that a program sends at once come within less, even to a busy server.
_BURST = SECOND


class Caller(Struct, frozen=True, dict=True):
    """The requests of one key or account in one client, in the order in which they ended.

    `now` and `is_wall_time` are those of `findings`.
    """

    name: str
    requests: list[JournalEntry]
    now: int | None
    is_wall_time: bool

    @cached_property
    def identical(self) -> list[list[JournalEntry]]:
        """The requests in groups of which each has one method, path, query and body."""
        groups: dict[tuple[object, ...], list[JournalEntry]] = defaultdict(list)
        for entry in self.requests:
            if is_complete(entry):
                groups[entry.method, entry.path, entry.query, entry.body].append(entry)
        return list(groups.values())

    @cached_property
    def repeated(self) -> list[list[JournalEntry]]:
        """The groups of several identical requests."""
        return [group for group in self.identical if len(group) > 1]

    @cached_property
    def questions(self) -> Counter[object]:
        """The number of requests by `question_of`."""
        return Counter(map(question_of, self.requests))

    @cached_property
    def _bursts(self) -> dict[int, int]:
        return {serial: burst for group in self.repeated for serial, burst in bursts_of(group).items()}

    def is_repeated(self, earlier: JournalEntry, later: JournalEntry) -> bool:
        """Tell whether the later one of two identical requests came after the earlier one, and in no burst with it."""
        burst = self._bursts.get(later.serial)
        return is_after(later, earlier) and (burst is None or burst != self._bursts.get(earlier.serial))

    def is_past(self, entry: JournalEntry, wait: int) -> bool:
        """Tell whether `wait` microseconds have passed since the client could ask again, or it has ended."""
        return self.now is None or self.now - max(entry.completed, entry.retry_at or 0) > wait


def callers(entries: Iterable[JournalEntry], now: int | None = None, *, is_wall_time: bool = False) -> list[Caller]:
    """Return the callers whose conduct is judged, with their requests; the arguments are those of `findings`."""
    by_caller: dict[tuple[str, str], list[JournalEntry]] = defaultdict(list)
    for entry in entries:
        endpoint = None if entry.endpoint is None else ENDPOINT_BY_NAME.get(entry.endpoint)
        if entry.endpoint is not None and (endpoint is None or endpoint.credential == "signature"):
            continue
        by_caller[entry.key or entry.account or entry.client, entry.client].append(entry)
    return [Caller(name, each, now, is_wall_time) for (name, _), each in by_caller.items()]


def is_after(later: JournalEntry, earlier: JournalEntry) -> bool:
    """Tell whether the client had read the answer to a request when it sent the other one.

    When a request was sent is not known: the server handles requests one after another, so that those of a burst, all
    sent at once, seem to come after answers. It is certain if that answer, or a newer one, had ended on the same
    connection, or on one that was closed since; else it is assumed a second later, by a real clock.
    """
    if later.follows is not None and earlier.serial <= later.follows:
        return True
    pause = pause_between(earlier, later)
    return pause is not None and pause >= _BURST


def bursts_of(entries: Iterable[JournalEntry]) -> dict[int, int]:
    """Return the number of each request's burst by the request's serial; requests outside of one are left out.

    It is a series of requests in which each comes within a second, or at an unknown time, and one is not certain to
    have been sent after the one before. Others of it may share their connections, as those of threads do that share a
    client, and were meant to be sent at once all the same.
    """
    series: list[list[JournalEntry]] = []
    for entry in entries:
        pause = pause_between(series[-1][-1], entry) if series else _BURST
        if pause is not None and pause >= _BURST:
            series.append([])
        series[-1].append(entry)
    return {
        entry.serial: number
        for number, each in enumerate(series)
        if not all(is_after(later, earlier) for earlier, later in pairwise(each))
        for entry in each
    }


def is_comparable(earlier: JournalEntry, later: JournalEntry) -> bool:
    """Tell whether the scenario and the clock were the same for both requests, as far as the journal knows."""
    return earlier.changes is not None and earlier.changes == later.changes


def pause_between(earlier: JournalEntry, later: JournalEntry) -> int | None:
    """Return the microseconds from the end of a request to the next; None if they are not the client's own time.

    A client sees nothing of a clock that stands still, runs at another speed or is set.
    """
    return later.at - earlier.completed if later.is_real and is_comparable(earlier, later) else None


def question_of(entry: JournalEntry) -> object:
    """Return what all attempts at one question have in common, also those that ask for a shorter answer or no stream.

    It is the text that the body asks about, else the whole request.
    """
    endpoint = ENDPOINT_BY_NAME.get(entry.endpoint or "")
    if endpoint is not None and endpoint.message_field is not None:
        try:
            document = msgspec.json.decode(entry.body)
            if isinstance(document, dict) and endpoint.message_field in document:
                return entry.endpoint, msgspec.json.encode(document[endpoint.message_field])
        except (ValueError, OverflowError, RecursionError):
            pass
    return entry.method, entry.path, entry.query, entry.body


def is_complete(entry: JournalEntry) -> bool:
    """Tell whether the journal has the request's whole body."""
    return entry.body_bytes <= len(entry.body)
