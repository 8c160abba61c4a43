"""``/__mock/events``: a sandbox's requests and changes as server-sent events."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from clevora_mock.api.developer import render_transaction
from clevora_mock.contract.errors import SERVICE_UNAVAILABLE
from clevora_mock.control import schemas
from clevora_mock.control.accounts import render_account
from clevora_mock.control.clock import render_clock
from clevora_mock.control.endpoint import get_sandbox
from clevora_mock.control.journal import render_entry
from clevora_mock.control.scenario import render_scenario
from clevora_mock.core import money
from clevora_mock.core.changes import ChangeKind
from clevora_mock.core.errors import ApiError
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.sandbox import Sandbox

# Undelivered events of a slow reader, and their bytes; beyond these, the oldest are dropped.
_BACKLOG = 1000
_BACKLOG_BYTES = 1024 * 1024
# Of a server.
_MAX_READERS = 64

_TOO_MANY = replace(
    SERVICE_UNAVAILABLE,
    message=f"At most {_MAX_READERS} clients read events at the same time",
    cause="Too many readers.",
)


class EventStreams:
    """The handler of ``GET /__mock/events``; the readers of a sandbox share its events, each encoded once."""

    def __init__(self) -> None:
        self._readers: dict[Sandbox, EventReaders] = {}

    async def stream(self, request: Request) -> Response:
        """Stream new journal entries and changes until the client disconnects."""
        if sum(len(readers.streams) for readers in self._readers.values()) >= _MAX_READERS:
            raise ApiError(_TOO_MANY)
        return EventStream(self, get_sandbox(request), is_endless=request.method != "HEAD")

    def add(self, sandbox: Sandbox, stream: "EventStream") -> None:
        """Let `stream` have the events of `sandbox` from now on."""
        if sandbox not in self._readers:
            self._readers[sandbox] = EventReaders(sandbox)
        self._readers[sandbox].streams.append(stream)

    def remove(self, sandbox: Sandbox, stream: "EventStream") -> None:
        readers = self._readers[sandbox]
        readers.streams.remove(stream)
        if not readers.streams:
            self._readers.pop(sandbox).close()


class EventReaders:
    """The readers of one sandbox: `streams` get an event for each new entry, and a named one for each change."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.streams: list[EventStream] = []
        self._sandbox = sandbox
        sandbox.journal.listeners.append(self._add_entry)
        sandbox.change_listeners.append(self._add_change)

    def close(self) -> None:
        self._sandbox.journal.listeners.remove(self._add_entry)
        self._sandbox.change_listeners.remove(self._add_change)

    def _add_entry(self, entry: JournalEntry) -> None:
        self._add(b"data: " + msgspec.json.encode(render_entry(entry)) + b"\n\n")

    def _add_change(self, kind: ChangeKind, subject: str | None) -> None:
        if kind == "closed":
            # The end of the streams: who listens on connects to the sandbox that has the name next.
            self._add(b"")
            return
        data = msgspec.json.encode(render_change(self._sandbox, kind, subject))
        self._add(f"event: {kind}\ndata: ".encode() + data + b"\n\n")

    def _add(self, event: bytes) -> None:
        for stream in self.streams:
            stream.add(event)


class EventStream(StreamingResponse):
    """Response with the events from now on."""

    media_type = "text/event-stream"

    def __init__(self, streams: EventStreams, sandbox: Sandbox, *, is_endless: bool) -> None:
        super().__init__(self._frames(is_endless=is_endless))
        self._streams = streams
        self._sandbox = sandbox
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(_BACKLOG)
        self._bytes = 0

    def add(self, event: bytes) -> None:
        """Add an event, in place of the oldest ones if the client is slow."""
        self._bytes += len(event)
        while self._queue.full() or (self._bytes > _BACKLOG_BYTES and not self._queue.empty()):
            self._bytes -= len(self._queue.get_nowait())
        self._queue.put_nowait(event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.add(self._sandbox, self)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.remove(self._sandbox, self)

    async def _frames(self, *, is_endless: bool) -> AsyncIterator[bytes]:
        yield b": listening\n\n"
        while is_endless and (event := await self._queue.get()):
            self._bytes -= len(event)
            yield event


def render_change(sandbox: Sandbox, kind: ChangeKind, subject: str | None) -> schemas.ChangeEvent:
    """Return a change that was just made to `sandbox`; `subject` is an account's uid, or the part that was reset."""
    if kind == "clock":
        return schemas.ClockChanged(render_clock(sandbox.clock))
    if kind == "scenario":
        return schemas.ScenarioChanged(render_scenario(sandbox.scenario_run))
    if kind == "reset":
        return msgspec.convert({"kind": kind, "reset": subject}, schemas.SandboxReset)
    account = sandbox.accounts.by_uid[subject or ""]
    if kind == "account":
        return schemas.AccountChanged(render_account(account))
    ledger = account.ledger
    return schemas.MoneyChanged(
        account.uid, money.dollars(ledger.balance), render_transaction(sandbox, ledger.entries[-1])
    )
