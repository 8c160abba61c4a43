"""``/__mock/requests``, ``/__mock/conduct``, ``/__mock/events``: what was asked, and how the client behaved."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from clevora_mock.clock import iso, parse
from clevora_mock.control.endpoint import query_of, sandbox_of
from clevora_mock.core import money
from clevora_mock.core.conduct import findings
from clevora_mock.core.errors import invalid
from clevora_mock.core.journal import MAX_BODY_BYTES, MAX_ENTRIES, Journal, JournalEntry
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import int_param, query_names, query_param, quoted

_LIMIT = 100
# Events that a slow reader has not taken yet, before the oldest are dropped.
_BACKLOG = 1000

_FILTERS = ("endpoint", "status", "code", "key", "account", "since", "rule")

# Names in the query of ``GET /__mock/requests``.
QUERY = (*_FILTERS, "limit")

Filter = Callable[[JournalEntry], bool]


async def show(request: Request) -> Response:
    """Handle ``GET /__mock/requests``: the newest first, filtered."""
    most = max(MAX_ENTRIES, sandbox_of(request).config.journal_size)
    limit = int_param(query_of(request), "limit", (1, most), _LIMIT)
    filters = _filters(query_of(request))
    journal = sandbox_of(request).journal
    fitting = [entry for entry in reversed(journal.entries) if all(fits(entry) for fits in filters)]
    shown = [view(entry) for entry in fitting[:limit]]
    return json_response({"count": len(fitting), "evicted": journal.evicted, "requests": shown})


async def clear(request: Request) -> Response:
    """Handle ``DELETE /__mock/requests``."""
    sandbox_of(request).journal.clear()
    return json_response({"count": 0, "evicted": 0, "requests": []})


async def conduct(request: Request) -> Response:
    """Handle ``GET /__mock/conduct``."""
    return json_response({"findings": findings(sandbox_of(request).journal.entries)})


async def events(request: Request) -> Response:
    """Handle ``GET /__mock/events``: each entry as it is made, until the reader leaves."""
    journal = sandbox_of(request).journal
    waiting: asyncio.Queue[JournalEntry] = asyncio.Queue(_BACKLOG)

    def watch(entry: JournalEntry) -> None:
        if waiting.full():
            waiting.get_nowait()
        waiting.put_nowait(entry)

    async def frames() -> AsyncIterator[bytes]:
        yield b": listening\n\n"
        while request.method != "HEAD":
            yield b"data: " + msgspec.json.encode(view(await waiting.get())) + b"\n\n"

    return Feed(frames(), journal, watch)


class Feed(StreamingResponse):
    """An endless answer; `watch` sees the journal's entries for as long as somebody reads it."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncIterator[bytes], journal: Journal, watch: Callable[[JournalEntry], None]) -> None:
        super().__init__(frames)
        self._journal = journal
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._journal.listeners.append(self._watch)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._journal.listeners.remove(self._watch)


def view(entry: JournalEntry) -> dict[str, object]:
    """An entry as it is shown."""
    return {
        "id": entry.id,
        "time": iso(entry.at),
        "endpoint": entry.endpoint,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "key": entry.key,
        "account": entry.account,
        "status": entry.status or None,
        "code": entry.code,
        "message": entry.message,
        "hint": entry.hint,
        "latencyMs": entry.latency // 1000,
        "promptTokens": entry.prompt_tokens,
        "completionTokens": entry.completion_tokens,
        "cost": money.dollars(entry.cost),
        "balanceAfter": None if entry.balance_after is None else money.dollars(entry.balance_after),
        "client": entry.client,
        "body": _body(entry),
        "bodyBytes": entry.body_bytes,
        "response": entry.response,
        "ignored": entry.ignored,
        "abandoned": entry.abandoned,
        "rule": entry.rule,
        "draw": entry.draw,
        "fault": entry.fault,
        "nearMisses": [{"rule": miss.rule, "failed": miss.condition, "draw": miss.draw} for miss in entry.misses],
    }


def _body(entry: JournalEntry) -> object:
    """A request's body as JSON where it is some, else as text."""
    if entry.body_bytes <= MAX_BODY_BYTES:
        try:
            return json.loads(entry.body) if entry.body else None
        except (ValueError, RecursionError):
            pass
    return entry.body.decode("utf-8", "replace")


def _filters(query: str) -> list[Filter]:
    """The filters that the query asks for; what is unknown or malformed is 400."""
    unknown = query_names(query) - set(QUERY)
    if unknown:
        raise invalid(min(unknown), f"one of {', '.join(QUERY)}", "an unknown filter")
    asked = {name: query_param(query, name) for name in _FILTERS}
    filters: list[Filter] = [
        partial(_has, name, asked[name]) for name in ("endpoint", "code", "account", "rule") if asked[name] is not None
    ]
    if asked["key"] is not None:
        filters.append(lambda entry: asked["key"] in (entry.key, entry.key_id))
    if asked["status"] is not None:
        status = asked["status"]
        if not (status.isascii() and status.isdigit() and len(status) == 3):
            raise invalid("status", "a status such as 429", quoted(status))
        filters.append(lambda entry: entry.status == int(status))
    if asked["since"] is not None:
        since = _moment(asked["since"])
        filters.append(lambda entry: entry.at >= since)
    return filters


def _has(name: str, value: str | None, entry: JournalEntry) -> bool:
    return bool(getattr(entry, name) == value)


def _moment(text: str) -> int:
    try:
        return parse(text)
    except ValueError:
        raise invalid("since", "a time such as 2026-05-11T14:00:00Z", quoted(text)) from None
