"""The newest requests, one entry each, and how many older ones are gone.

A ring: it neither grows without bound nor forgets without saying so. Secrets are masked when an entry is written, so no
reader of the journal, no snapshot and no log can leak one.
"""

import re
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.core.accounts import preview
from clevora_mock.core.call import Call

ENTRIES = 10_000
BODY_BYTES = 16 * 1024
PRODUCED_CHARACTERS = 2_000

_SECRET = rb"sk_live_[0-9a-f]{32}|whsec_[A-Za-z0-9+/=_-]{4,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|AMf-[\w-]{16,}"
# What no look gives away, only the field that it stands in: of a JSON object, whole or broken off, or of a form.
_SECRET_FIELD = (
    rb"""("(?:password|refresh_?token)"\s*:\s*)(?:"(?:[^"\\]++|\\.)*+"?|[^\s,}\]]+)"""
    rb"""|((?:^|&)(?:password|refresh_?token)=)[^&"\s]+"""
)


class Miss(Struct, frozen=True, gc=False):
    """A rule on the request's endpoint that did not apply: the first condition that failed, and the draw if it drew."""

    rule: str
    condition: str
    draw: float | None = None


class Entry(Struct, frozen=True, gc=False):
    """One request and its outcome. Times in microseconds, money in micro-dollars."""

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
    produced: str
    ignored: tuple[str, ...]
    # Whether Clevora's own request log has it (U7), which is not so for refusals at the gates.
    logged: bool
    # From when on the client may ask again, if the refusal said so.
    retry_at: int | None = None
    # Whether the client left before the end of the answer.
    abandoned: bool = False
    # What the scenario did: the rule that applied with its draw and fault, and those that did not.
    rule: str | None = None
    draw: float | None = None
    fault: str | None = None
    misses: tuple[Miss, ...] = ()
    query: str = ""


class Journal:
    """A ring of entries; `evicted` counts what it dropped."""

    __slots__ = ("entries", "total", "watchers")

    def __init__(self, keep: int = ENTRIES) -> None:
        self.entries: deque[Entry] = deque(maxlen=keep)
        self.total = 0
        # Told of each entry as it is made.
        self.watchers: list[Callable[[Entry], None]] = []

    @property
    def evicted(self) -> int:
        return self.total - len(self.entries)

    def add(self, call: Call, completed: int, cost: int, logged: bool) -> None:
        """Write down how `call` ended; `logged` when Clevora's own log keeps it too."""
        key, account = call.key, call.account
        rule = draw = None
        misses: tuple[Miss, ...] = ()
        if call.plan is not None:
            rule, draw, misses = call.plan.rule, call.plan.draw, call.plan.misses
        path, client = call.path, call.header(b"user-agent")
        query, produced = call.query.decode("latin-1"), call.produced
        if _may_be_secret(f"{path} {client} {query} {produced}"):
            path, client, query, produced = map(masked_text, (path, client, query, produced))
        entry = Entry(
            self.total,
            call.id,
            call.arrived,
            completed,
            call.endpoint.name if call.endpoint else call.operation,
            call.method,
            path,
            key.preview if key else None,
            key.id if key else None,
            account.uid if account else call.identity.uid if call.identity else None,
            call.status,
            call.code,
            completed - call.arrived + call.waited,
            call.prompt_tokens,
            call.completion_tokens,
            cost,
            account.book.balance if account else None,
            client,
            masked(call.body)[:BODY_BYTES],
            len(call.body),
            produced[:PRODUCED_CHARACTERS],
            call.ignored,
            logged,
            None if call.retry_after is None else call.told + call.retry_after * SECOND,
            call.abandoned,
            rule,
            draw,
            call.fault,
            misses,
            query,
        )
        self.entries.append(entry)
        self.total += 1
        for watch in self.watchers:
            watch(entry)

    def clear(self) -> None:
        self.entries.clear()
        self.total = 0


def masked(body: bytes) -> bytes:
    """`body` with passwords, keys, webhook secrets, ID tokens and refresh tokens masked."""
    # As a text, since looking for bytes in bytes takes three times as long.
    text = body.decode("latin-1")
    if "assword" in text or "efresh" in text:
        body = re.sub(_SECRET_FIELD, _blank, body, flags=re.IGNORECASE | re.DOTALL)
    return re.sub(_SECRET, _hide, body) if _may_be_secret(text) else body


def masked_text(text: str) -> str:
    """A text with all that a look gives away masked the same way."""
    if _may_be_secret(text):
        return masked(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
    return text


def _may_be_secret(text: str) -> bool:
    return "sk_live_" in text or "whsec_" in text or "eyJ" in text or "AMf-" in text


def _blank(found: re.Match[bytes]) -> bytes:
    return found[1] + b'"***"' if found[1] else found[2] + b"***"


def _hide(found: re.Match[bytes]) -> bytes:
    text = found[0].decode("ascii", "replace")
    return preview(text).encode() if text.startswith("sk_live_") else text[:6].encode() + b"***"
