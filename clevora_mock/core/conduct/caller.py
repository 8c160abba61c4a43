"""One caller's requests: which are alike, and which came after which."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.journal import JournalEntry


class Caller(Struct, frozen=True, dict=True):
    """The requests of one key, account or client, in the order in which they ended.

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

    def is_past(self, entry: JournalEntry, wait: int) -> bool:
        """Tell whether `wait` microseconds have passed since the client could ask again, or it has ended."""
        return self.now is None or self.now - max(entry.completed, entry.retry_at or 0) > wait


def callers(entries: Iterable[JournalEntry], now: int | None = None, *, is_wall_time: bool = False) -> list[Caller]:
    """Return the callers whose conduct is judged, with their requests; the arguments are those of `findings`."""
    by_caller: dict[str, list[JournalEntry]] = defaultdict(list)
    for entry in entries:
        endpoint = None if entry.endpoint is None else ENDPOINT_BY_NAME.get(entry.endpoint)
        if entry.endpoint is not None and (endpoint is None or endpoint.credential == "signature"):
            continue
        by_caller[entry.key or entry.account or entry.client].append(entry)
    return [Caller(name, each, now, is_wall_time) for name, each in by_caller.items()]


def is_after(later: JournalEntry, earlier: JournalEntry) -> bool:
    """Tell whether a request came when the other one had ended; they are not concurrent then.

    Entries of earlier releases have nothing but their times, which do not tell it while the clock stands still.
    """
    if later is earlier or later.at < earlier.completed:
        return False
    return later.preceding is None or later.preceding > earlier.serial


def is_complete(entry: JournalEntry) -> bool:
    """Tell whether the journal has the request's whole body."""
    return entry.body_bytes <= len(entry.body)


def faults_of(entry: JournalEntry) -> list[str]:
    """Return the kinds of the faults of the answer."""
    return [] if entry.fault is None else entry.fault.split(", ")
