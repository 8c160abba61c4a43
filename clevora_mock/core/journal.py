"""The journal: a ring buffer of the newest requests, which counts those that it dropped.

Secrets are masked when an entry is written, so no reader of the journal, no snapshot and no log can leak one. Texts are
cut then, and made valid Unicode, so that every view of an entry can be encoded.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import MAX_IGNORED_NAMES, counted
from clevora_mock.core.exchange import Exchange
from clevora_mock.core.masking import LONGEST_SECRET, is_secret_name, masked_all
from clevora_mock.core.near_misses import NOTHING
from clevora_mock.core.reply import Source
from clevora_mock.core.rules import MAX_MISSES
from clevora_mock.core.scenario import RuleNearMiss
from clevora_mock.core.text_size import IdText, NameText, size_of_text

MAX_ENTRIES = 10_000
MAX_BODY_BYTES = 16 * 1024
# Bytes of a body that are needed for the entry's: a secret that begins within it is masked to its end.
BODY_START_BYTES = MAX_BODY_BYTES + LONGEST_SECRET
MAX_TEXT_CHARACTERS = 2_000
# Of a path, and of a query.
MAX_PATH_CHARACTERS = 1_000
# Of a client's and a rule's name, and of an error's code.
MAX_NAME_CHARACTERS = 200
# Of each text of a near miss.
MAX_MISS_CHARACTERS = 100
# Of all entries of all journals of a server.
MAX_JOURNAL_BYTES = 32 * 1024 * 1024

# An entry without its longer texts, and a near miss without its own.
_ENTRY_BYTES = 700
_MISS_BYTES = 300
# Entries that are dropped together, so that the largest journal is not searched for each of them.
_DROPPED_TOGETHER = 32


class Connection:
    """A client's connection; `is_lost` is True once it is closed."""

    __slots__ = ("is_lost",)

    def __init__(self) -> None:
        self.is_lost = False


class JournalEntry(Struct, frozen=True, gc=False, rename={"response": "produced"}):
    """A request and its outcome. Times in microseconds, money in micro-dollars.

    `code` and `retry_at` describe an error. `logged` is True if Clevora's own request log has the entry (U7). `rule`,
    `draw`, `fault` and `misses` are the scenario's part: the rule that applied, and those that did not. `source` is who
    answered.
    """

    # Snapshots call the response `produced`.

    serial: int
    id: IdText
    at: int
    completed: int
    endpoint: IdText | None
    method: IdText
    path: str
    key: IdText | None
    key_id: IdText | None
    account: NameText | None
    status: int
    code: NameText | None
    latency: int
    prompt_tokens: int
    completion_tokens: int
    cost: int
    balance_after: int | None
    client: str
    body: bytes
    body_bytes: int
    response: str
    ignored: Annotated[tuple[IdText, ...], Meta(max_length=MAX_IGNORED_NAMES)]
    logged: bool
    retry_at: int | None = None
    abandoned: bool = False
    rule: NameText | None = None
    draw: float | None = None
    fault: IdText | None = None
    misses: Annotated[tuple[RuleNearMiss, ...], Meta(max_length=MAX_MISSES)] = ()
    query: str = ""
    # Of the error: its text, and the mock's explanation.
    message: str | None = None
    hint: str | None = None
    source: Source = "mock"
    # Snapshots of earlier releases have none of these. The serial of the request that had ended on this one's
    # connection before this one came, or on one that was closed before; None if there is none, or it was pipelined.
    follows: int | None = None
    # How often the sandbox's clock and scenario had changed by then; None if headers chose its answer.
    changes: int | None = None
    # True if the clock then ran as the machine's does.
    is_real: bool = False


# Called with the name of the sandbox and the entry of each finished request.
RequestListener = Callable[[str, JournalEntry], None]
# Called with the name of the sandbox, the entries of a journal that is cleared, and if their times are the machine's.
JournalListener = Callable[[str, list[JournalEntry], bool], None]


class JournalMemory:
    """The memory of a server's journals: beyond `max_bytes`, the oldest entries of the largest journal are dropped."""

    __slots__ = ("_journals", "max_bytes", "used")

    def __init__(self, max_bytes: int = MAX_JOURNAL_BYTES) -> None:
        self.max_bytes = max_bytes
        self.used = 0
        # A dict as an ordered set: the first one of equal size is the same in every run.
        self._journals: dict[Journal, None] = {}

    def change(self, journal: "Journal", size: int) -> None:
        """Count `size` more or fewer bytes of `journal`."""
        self.used += size
        journal.bytes += size
        if journal.bytes:
            self._journals[journal] = None
        else:
            self._journals.pop(journal, None)
        while self.used > self.max_bytes:
            max(self._journals, key=lambda each: each.bytes).drop(_DROPPED_TOGETHER)


class Journal:
    """The newest entries; `total` also counts the evicted ones. `bytes` is the memory of the entries.

    `listeners` are called with each new entry, `on_cleared` with all entries before some are cleared or replaced.
    """

    __slots__ = ("_closed", "_ended", "_memory", "bytes", "entries", "listeners", "on_cleared", "total")

    def __init__(self, max_entries: int = MAX_ENTRIES, memory: JournalMemory | None = None) -> None:
        self.entries: deque[JournalEntry] = deque(maxlen=max_entries)
        self.total = 0
        self.listeners: list[Callable[[JournalEntry], None]] = []
        self.on_cleared: Callable[[list[JournalEntry]], None] | None = None
        self.bytes = 0
        self._memory = memory or JournalMemory()
        # By connection, the serial of the request that ended last; and the newest of those that were closed since.
        self._ended: dict[Connection, int] = {}
        self._closed: int | None = None

    @property
    def evicted(self) -> int:
        return self.total - len(self.entries)

    def add(self, exchange: Exchange, completed: int, cost: int, logged: bool) -> None:
        """Append the entry of a finished request and notify the listeners."""
        entry = _entry(self.total, exchange, completed, cost, logged)
        if len(self.entries) == self.entries.maxlen:
            self.drop(1)
        self.entries.append(entry)
        self.total = counted(self.total + 1)
        self._memory.change(self, size_of(entry))
        for listener in self.listeners:
            listener(entry)

    def note_end(self, connection: Connection) -> None:
        """Note that the newest request has ended on `connection`."""
        self._ended[connection] = self.total - 1

    def ended_before(self, connection: Connection) -> int | None:
        """Return the serial of the request that ended last before a new one on `connection`, as its client knows.

        It ended on the same connection, or for the first request on one, on one that was closed before. None without.
        """
        if connection not in self._ended:
            for lost in [each for each in self._ended if each.is_lost]:
                self._closed = max(self._ended.pop(lost), -1 if self._closed is None else self._closed)
        return self._ended.get(connection, self._closed)

    def drop(self, count: int) -> None:
        """Drop the oldest `count` entries, which then count as evicted."""
        dropped = [self.entries.popleft() for _ in range(min(count, len(self.entries)))]
        self._memory.change(self, -sum(map(size_of, dropped)))

    def clear(self) -> None:
        self.replace(Journal(self.entries.maxlen or MAX_ENTRIES))

    def stop_counting(self) -> None:
        """Count this journal among the server's no longer, since its sandbox is removed."""
        size = self.bytes
        self._memory.change(self, -size)
        self._memory = JournalMemory()
        self._memory.change(self, size)

    def restore(self, entries: Iterable[JournalEntry], total: int) -> None:
        """Add the entries of a snapshot to a new journal."""
        self.entries.extend(entries)
        self.total = total
        self._memory.change(self, sum(map(size_of, self.entries)))

    def replace(self, other: "Journal") -> None:
        """Take the entries of `other`, which has the same maximum and is not used any more."""
        kept = {(entry.id, entry.at) for entry in other.entries}
        if self.on_cleared is not None and any((entry.id, entry.at) not in kept for entry in self.entries):
            self.on_cleared(list(self.entries))
        self._memory.change(self, -self.bytes)
        self.entries, self.total = other.entries, other.total
        self._ended, self._closed = {}, None
        self._memory.change(self, other.bytes)


def size_of(entry: JournalEntry) -> int:
    """Return the memory of an entry, in bytes; the same whenever it is asked for."""
    texts = (entry.response, entry.path, entry.query, entry.client, entry.message, entry.hint, entry.rule, entry.code)
    size = _ENTRY_BYTES + len(entry.body) + sum(size_of_text(text) for text in texts if text)
    return size + sum(map(size_of_text, entry.ignored)) + sum(map(_size_of_miss, entry.misses))


def _size_of_miss(miss: RuleNearMiss) -> int:
    return _MISS_BYTES + sum(map(size_of_text, (miss.rule, miss.field, miss.expected, miss.got)))


def _entry(serial: int, exchange: Exchange, completed: int, cost: int, logged: bool) -> JournalEntry:
    facts, principal, reply, plan = exchange.facts, exchange.principal, exchange.reply, exchange.plan
    key, account = principal.key, principal.account
    path, query, uid, client, response, body = _starts(
        (facts.path, MAX_PATH_CHARACTERS),
        (facts.query, MAX_PATH_CHARACTERS),
        (principal.uid or "", MAX_NAME_CHARACTERS),
        (facts.header(b"user-agent"), MAX_NAME_CHARACTERS),
        (exchange.text, MAX_TEXT_CHARACTERS),
        # One character for each byte.
        (facts.body[:BODY_START_BYTES].decode("latin-1"), MAX_BODY_BYTES),
    )
    # The client disconnected before the first byte: do not journal an error that it has not seen.
    code, message, hint, retry_after = (
        (reply.code, reply.message, reply.hint, reply.retry_after) if exchange.status else (None,) * 4
    )
    return JournalEntry(
        serial=serial,
        id=facts.id,
        at=facts.arrived,
        completed=completed,
        endpoint=facts.endpoint.name if facts.endpoint else facts.operation,
        method=facts.method,
        path=path,
        key=key.preview if key else None,
        key_id=key.id if key else None,
        account=None if principal.uid is None else uid,
        status=exchange.status,
        code=None if code is None else _start(code, MAX_NAME_CHARACTERS),
        latency=exchange.latency(completed),
        prompt_tokens=exchange.prompt_tokens,
        completion_tokens=exchange.completion_tokens,
        cost=cost,
        balance_after=account.ledger.balance if account else None,
        client=client,
        body=body.encode("latin-1"),
        body_bytes=facts.body_bytes or len(facts.body),
        response=response,
        ignored=exchange.ignored,
        logged=logged,
        retry_at=None if retry_after is None else exchange.answered + round(retry_after * SECOND),
        abandoned=exchange.abandoned,
        rule=None if plan.rule is None else _start(plan.rule, MAX_NAME_CHARACTERS),
        draw=plan.draw,
        fault=reply.fault,
        misses=tuple(map(_shortened, plan.misses)),
        query=query,
        message=None if message is None else _start(message, MAX_TEXT_CHARACTERS),
        hint=None if hint is None else _start(hint, MAX_TEXT_CHARACTERS),
        source=reply.source,
        follows=facts.follows,
        changes=facts.changes,
        is_real=facts.is_real,
    )


def _start(text: str, length: int) -> str:
    """Return the first `length` characters of `text`, masked, with ? for surrogates, which no JSON can hold."""
    return _starts((text, length))[0]


def _starts(*texts: tuple[str, int]) -> list[str]:
    """Return the first characters of each text, of the given number, as `_start` does."""
    cut = [text[: length + LONGEST_SECRET] for text, length in texts]
    starts = [text[:length] for text, (_, length) in zip(masked_all(cut), texts, strict=True)]
    return [start if start.isascii() else start.encode("utf-8", "replace").decode() for start in starts]


def _shortened(miss: RuleNearMiss) -> RuleNearMiss:
    """Mask and shorten the texts of a near miss."""
    expected, got = _cut(miss.expected), _cut(miss.got)
    if is_secret_name(miss.field):
        expected, got = ("***" if expected != NOTHING else expected), ("another value" if got != NOTHING else got)
    rule = _start(miss.rule, MAX_NAME_CHARACTERS)
    return replace(miss, rule=rule, field=_cut(miss.field), expected=expected, got=got)


def _cut(text: str) -> str:
    start = _start(text, MAX_MISS_CHARACTERS + 1)
    return start if len(start) <= MAX_MISS_CHARACTERS else start[: MAX_MISS_CHARACTERS - 1] + "…"
