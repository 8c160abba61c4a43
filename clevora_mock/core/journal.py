"""The journal: a ring buffer of the newest requests, which counts those that it dropped.

Secrets are masked when an entry is written, so no reader of the journal, no snapshot and no log can leak one.
"""

from collections import deque
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from clevora_mock.clock import SECOND
from clevora_mock.core.exchange import Exchange
from clevora_mock.core.masking import LONGEST_SECRET, is_secret_name, masked, masked_start, masked_text
from clevora_mock.core.reply import Source
from clevora_mock.core.scenario import RuleNearMiss

MAX_ENTRIES = 10_000
MAX_BODY_BYTES = 16 * 1024
MAX_TEXT_CHARACTERS = 2_000
# Of each text of a near miss.
MAX_MISS_CHARACTERS = 100


class JournalEntry(Struct, frozen=True, gc=False, rename={"response": "produced"}):
    """A request and its outcome. Times in microseconds, money in micro-dollars.

    `code` and `retry_at` describe an error. `logged` is True if Clevora's own request log has the entry (U7). `rule`,
    `draw`, `fault` and `misses` are the scenario's part: the rule that applied, and those that did not. `source` is who
    answered.
    """

    # Snapshots call the response `produced`.

    serial: int
    id: str
    at: int
    completed: int
    endpoint: str | None
    method: str
    path: str
    key: str | None
    key_id: str | None
    account: str | None
    status: int
    code: str | None
    latency: int
    prompt_tokens: int
    completion_tokens: int
    cost: int
    balance_after: int | None
    client: str
    body: bytes
    body_bytes: int
    response: str
    ignored: tuple[str, ...]
    logged: bool
    retry_at: int | None = None
    abandoned: bool = False
    rule: str | None = None
    draw: float | None = None
    fault: str | None = None
    misses: tuple[RuleNearMiss, ...] = ()
    query: str = ""
    # Of the error: its text, and the mock's explanation.
    message: str | None = None
    hint: str | None = None
    source: Source = "mock"


# Called with the name of the sandbox and the entry of each finished request.
RequestListener = Callable[[str, JournalEntry], None]


class Journal:
    """The newest entries; `total` also counts the evicted ones. `listeners` are called with each new entry."""

    __slots__ = ("entries", "listeners", "total")

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self.entries: deque[JournalEntry] = deque(maxlen=max_entries)
        self.total = 0
        self.listeners: list[Callable[[JournalEntry], None]] = []

    @property
    def evicted(self) -> int:
        return self.total - len(self.entries)

    def add(self, exchange: Exchange, completed: int, cost: int, logged: bool) -> None:
        """Append the entry of a finished request and notify the listeners."""
        entry = _entry(self.total, exchange, completed, cost, logged)
        self.entries.append(entry)
        self.total += 1
        for listener in self.listeners:
            listener(entry)

    def clear(self) -> None:
        self.entries.clear()
        self.total = 0


def _entry(serial: int, exchange: Exchange, completed: int, cost: int, logged: bool) -> JournalEntry:
    facts, principal, reply, plan = exchange.facts, exchange.principal, exchange.reply, exchange.plan
    key, account = principal.key, principal.account
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
        path=masked_text(facts.path),
        key=key.preview if key else None,
        key_id=key.id if key else None,
        account=principal.uid,
        status=exchange.status,
        code=code,
        latency=exchange.latency(completed),
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=exchange.completion_tokens,
        cost=cost,
        balance_after=account.ledger.balance if account else None,
        client=masked_text(facts.header(b"user-agent")),
        body=masked(facts.body[: MAX_BODY_BYTES + LONGEST_SECRET])[:MAX_BODY_BYTES],
        body_bytes=len(facts.body),
        response=masked_start(exchange.text, MAX_TEXT_CHARACTERS),
        ignored=exchange.ignored,
        logged=logged,
        retry_at=None if retry_after is None else exchange.answered + round(retry_after * SECOND),
        abandoned=exchange.abandoned,
        rule=None if plan.rule is None else masked_text(plan.rule),
        draw=plan.draw,
        fault=reply.fault,
        misses=tuple(map(_shortened, plan.misses)),
        query=masked_text(facts.query),
        message=None if message is None else masked_start(message, MAX_TEXT_CHARACTERS),
        hint=None if hint is None else masked_start(hint, MAX_TEXT_CHARACTERS),
        source=reply.source,
    )


def _shortened(miss: RuleNearMiss) -> RuleNearMiss:
    """Mask and shorten the texts of a near miss."""
    is_secret = is_secret_name(miss.field)
    expected, got = ("***" if is_secret else _cut(masked_text(text)) for text in (miss.expected, miss.got))
    return replace(miss, rule=masked_text(miss.rule), field=_cut(masked_text(miss.field)), expected=expected, got=got)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_MISS_CHARACTERS else text[: MAX_MISS_CHARACTERS - 1] + "…"
