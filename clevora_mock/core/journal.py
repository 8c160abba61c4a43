"""The journal: a ring buffer of the newest requests, which counts those that it dropped.

Secrets are masked when an entry is written, so no reader of the journal, no snapshot and no log can leak one.
"""

import re
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import KEY_PATTERN, KEY_PREFIX
from clevora_mock.core.accounts import preview
from clevora_mock.core.exchange import Exchange
from clevora_mock.core.scenario import RuleNearMiss

MAX_ENTRIES = 10_000
MAX_BODY_BYTES = 16 * 1024
MAX_TEXT_CHARACTERS = 2_000

_SECRET = KEY_PATTERN.encode() + rb"|whsec_[A-Za-z0-9+/=_-]{4,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|AMf-[\w-]{16,}"
# Secrets that are recognized by their field alone, in JSON, even truncated, or in a form.
_SECRET_FIELD = (
    rb"""("(?:password|refresh_?token)"\s*:\s*)(?:"(?:[^"\\]++|\\.)*+"?|[^\s,}\]]+)"""
    rb"""|((?:^|&)(?:password|refresh_?token)=)[^&"\s]+"""
)


class JournalEntry(Struct, frozen=True, gc=False, rename={"response": "produced"}):
    """A request and its outcome. Times in microseconds, money in micro-dollars.

    `code` and `retry_at` describe an error. `logged` is True if Clevora's own request log has the entry (U7). `rule`,
    `draw`, `fault` and `misses` are the scenario's part: the rule that applied, and those that did not.
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
    texts = (facts.path, facts.header(b"user-agent"), facts.query, exchange.text)
    path, client, query, text = map(masked_text, texts) if _may_be_secret(" ".join(texts)) else texts
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
        account=principal.uid,
        status=exchange.status,
        code=code,
        latency=completed - facts.arrived + exchange.simulated_delay,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=exchange.completion_tokens,
        cost=cost,
        balance_after=account.ledger.balance if account else None,
        client=client,
        body=masked(facts.body)[:MAX_BODY_BYTES],
        body_bytes=len(facts.body),
        response=text[:MAX_TEXT_CHARACTERS],
        ignored=exchange.ignored,
        logged=logged,
        retry_at=None if retry_after is None else exchange.answered + round(retry_after * SECOND),
        abandoned=exchange.abandoned,
        rule=plan.rule,
        draw=plan.draw,
        fault=reply.fault,
        misses=plan.misses,
        query=query,
        message=None if message is None else masked_text(message)[:MAX_TEXT_CHARACTERS],
        hint=None if hint is None else masked_text(hint)[:MAX_TEXT_CHARACTERS],
    )


def masked(body: bytes) -> bytes:
    """Mask passwords, keys, webhook secrets, ID tokens and refresh tokens in `body`."""
    # Searching a str is three times as fast as searching bytes.
    text = body.decode("latin-1")
    if "assword" in text or "efresh" in text:
        body = re.sub(_SECRET_FIELD, _blank, body, flags=re.IGNORECASE | re.DOTALL)
    return re.sub(_SECRET, _hide, body) if _may_be_secret(text) else body


def masked_text(text: str) -> str:
    """Mask the same secrets in `text`, except those that are recognized by their field."""
    if _may_be_secret(text):
        return masked(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
    return text


def _may_be_secret(text: str) -> bool:
    return KEY_PREFIX in text or "whsec_" in text or "eyJ" in text or "AMf-" in text


def _blank(found: re.Match[bytes]) -> bytes:
    return found[1] + b'"***"' if found[1] else found[2] + b"***"


def _hide(found: re.Match[bytes]) -> bytes:
    text = found[0].decode("ascii", "replace")
    return preview(text).encode() if text.startswith(KEY_PREFIX) else text[:6].encode() + b"***"
