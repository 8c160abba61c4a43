"""``/__mock/requests``, ``/__mock/conduct``, ``/__mock/events``: what was asked, and how the client behaved."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.clock import iso, parse
from clevora_mock.core import money
from clevora_mock.core.call import Call
from clevora_mock.core.conduct import findings
from clevora_mock.core.errors import invalid
from clevora_mock.core.journal import BODY_BYTES, ENTRIES, Entry, Journal

_LIMIT = 100
# Events that a slow reader has not taken yet, before the oldest are dropped.
_BACKLOG = 1000

_FILTERS = ("endpoint", "status", "code", "key", "account", "since", "rule")

Filter = Callable[[Entry], bool]


async def show(call: Call) -> Answer:
    """``GET /__mock/requests``: the newest first, filtered."""
    most = max(ENTRIES, call.sandbox.beginning.journal_size)
    limit = parsing.number(call, "limit", (1, most), _LIMIT)
    filters = _filters(call)
    journal = call.sandbox.journal
    fitting = [entry for entry in reversed(journal.entries) if all(fits(entry) for fits in filters)]
    shown = [view(entry) for entry in fitting[:limit]]
    return Json({"count": len(fitting), "evicted": journal.evicted, "requests": shown})


async def clear(call: Call) -> Answer:
    """``DELETE /__mock/requests``."""
    call.sandbox.journal.clear()
    return Json({"count": 0, "evicted": 0, "requests": []})


async def conduct(call: Call) -> Answer:
    """``GET /__mock/conduct``."""
    return Json({"findings": findings(call.sandbox.journal.entries)})


async def events(call: Call) -> Answer:
    """``GET /__mock/events``: each entry as it is made, until the reader leaves."""
    journal = call.sandbox.journal
    waiting: asyncio.Queue[Entry] = asyncio.Queue(_BACKLOG)

    def watch(entry: Entry) -> None:
        if waiting.full():
            waiting.get_nowait()
        waiting.put_nowait(entry)

    async def frames() -> AsyncIterator[bytes]:
        yield b": listening\n\n"
        while call.method != "HEAD":
            yield b"data: " + msgspec.json.encode(view(await waiting.get())) + b"\n\n"

    return Feed(frames(), journal, watch)


class Feed(StreamingResponse):
    """An endless answer; `watch` sees the journal's entries for as long as somebody reads it."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncIterator[bytes], journal: Journal, watch: Callable[[Entry], None]) -> None:
        super().__init__(frames)
        self._journal = journal
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._journal.watchers.append(self._watch)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._journal.watchers.remove(self._watch)


def view(entry: Entry) -> dict[str, object]:
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
        "latencyMs": entry.latency // 1000,
        "promptTokens": entry.prompt_tokens,
        "completionTokens": entry.completion_tokens,
        "cost": money.dollars(entry.cost),
        "balanceAfter": None if entry.balance_after is None else money.dollars(entry.balance_after),
        "client": entry.client,
        "body": _body(entry),
        "bodyBytes": entry.body_bytes,
        "response": entry.produced,
        "ignored": entry.ignored,
        "abandoned": entry.abandoned,
        "rule": entry.rule,
        "draw": entry.draw,
        "fault": entry.fault,
        "nearMisses": [{"rule": miss.rule, "failed": miss.condition, "draw": miss.draw} for miss in entry.misses],
    }


def _body(entry: Entry) -> object:
    """A request's body as JSON where it is some, else as text."""
    if entry.body_bytes <= BODY_BYTES:
        try:
            return json.loads(entry.body) if entry.body else None
        except (ValueError, RecursionError):
            pass
    return entry.body.decode("utf-8", "replace")


def _filters(call: Call) -> list[Filter]:
    """The filters that the query asks for; what is unknown or malformed is 400."""
    unknown = parsing.names(call) - {*_FILTERS, "limit"}
    if unknown:
        raise invalid(min(unknown), f"one of {', '.join(_FILTERS)}, limit", "an unknown filter")
    asked = {name: parsing.text(call, name) for name in _FILTERS}
    filters: list[Filter] = [
        partial(_has, name, asked[name]) for name in ("endpoint", "code", "account", "rule") if asked[name] is not None
    ]
    if asked["key"] is not None:
        filters.append(lambda entry: asked["key"] in (entry.key, entry.key_id))
    if asked["status"] is not None:
        status = asked["status"]
        if not (status.isascii() and status.isdigit() and len(status) == 3):
            raise invalid("status", "a status such as 429", parsing.shown(status))
        filters.append(lambda entry: entry.status == int(status))
    if asked["since"] is not None:
        since = _moment(asked["since"])
        filters.append(lambda entry: entry.at >= since)
    return filters


def _has(name: str, value: str | None, entry: Entry) -> bool:
    return bool(getattr(entry, name) == value)


def _moment(text: str) -> int:
    try:
        return parse(text)
    except ValueError:
        raise invalid("since", "a time such as 2026-05-11T14:00:00Z", parsing.shown(text)) from None
