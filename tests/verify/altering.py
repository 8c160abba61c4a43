"""Wrappers of an application that change one behavior of it."""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.verifying import Asked

Headers = dict[str, str]


@dataclass
class Seen:
    """A request and its answer, which an alteration changes in place."""

    method: str
    path: str
    query: str
    sent: Headers
    body: bytes
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    answer: bytes = b""
    # Of two request headers of a name the last one is kept.
    single: bool = False

    @property
    def sandbox(self) -> str:
        """The path's prefix."""
        found = re.match("/sandbox/[^/]+", self.path)
        return found[0] if found else ""

    @property
    def asked(self) -> Any:
        """The request's body as JSON; {} if it is none."""
        body = parsed(self.body)
        return body if isinstance(body, dict) else {}

    @property
    def json(self) -> Any:
        """The answer's body as JSON; {} if it is none."""
        return parsed(self.answer)

    @json.setter
    def json(self, value: object) -> None:
        self.answer = json.dumps(value).encode()

    def header(self, name: str, value: str | None) -> None:
        """Set a header of the answer; None removes it."""
        self.headers = [one for one in self.headers if one[0].lower() != name]
        self.headers += [] if value is None else [(name, value)]

    def refuse(self, status: int, kind: str = "invalid_request_error", code: str = "invalid_field") -> None:
        """Answer with an error."""
        self.status = status
        body = {"error": {"message": "no", "type": kind, "code": code}}
        enveloped = re.search(r"/(v1/keys|v1/usage|api/developer)\b", self.path)
        self.json = {"status": "error"} | body if enveloped else body

    def error(self, **changes: Any) -> None:
        """Change members of the answer's error; None removes one."""
        body = self.json
        body["error"] = {name: value for name, value in (body["error"] | changes).items() if value is not None}
        self.json = body


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {}


Change = Callable[[Seen], object]
Wrapper = Callable[[ASGIApp], ASGIApp]


@dataclass(frozen=True)
class Alteration:
    """A change of a server's behavior, and the clauses that do not hold then.

    `before` changes the request, `after` the answer, `event` each event of a stream. `patch` changes the product.
    """

    title: str
    clauses: frozenset[str]
    before: Change | None = None
    after: Change | None = None
    event: Callable[[bytes], bytes] | None = None
    delay: Callable[[bytes], float] | None = None
    patch: Callable[[Asked, str], AbstractContextManager[object]] = lambda asked, sandbox: nullcontext()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the application with the change."""

        async def altered(scope: Scope, receive: Receive, send: Send) -> None:
            body = (await receive())["body"]
            seen = Seen(
                scope["method"],
                scope["path"],
                scope["query_string"].decode(),
                {name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
                body,
            )
            if self.before is not None:
                self.before(seen)
            if seen.status:
                await _send(seen, send)
                return
            sent = {name: value.encode("latin-1") for name, value in seen.sent.items()}
            headers = [
                (name, sent.get(name.decode(), value)) for name, value in scope["headers"] if name.decode() in sent
            ]
            headers = [*dict(headers).items()] if seen.single else headers
            changed = {**scope, "path": seen.path, "query_string": seen.query.encode(), "headers": headers}
            await app(changed, _received(seen.body, receive), _sender(self, seen, send))

        return altered


def _received(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_changed() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_changed


def _sender(alteration: Alteration, seen: Seen, send: Send) -> Send:
    start: Message = {}

    async def send_changed(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
            seen.status = message["status"]
            seen.headers = [(name.decode(), value.decode("latin-1")) for name, value in message["headers"]]
            if _is_stream(seen):
                if alteration.after is not None:
                    alteration.after(seen)
                await send({**message, "status": seen.status, "headers": _raw(seen.headers)})
            return
        part = message.get("body", b"")
        if _is_stream(seen) or (start and dict(start["headers"]).get(b"content-type") == b"text/event-stream"):
            await _send_events(alteration, message, part, send)
            return
        seen.answer += part
        if not message.get("more_body", False):
            if alteration.after is not None:
                alteration.after(seen)
            await _send(seen, send)

    return send_changed


async def _send_events(alteration: Alteration, message: Message, part: bytes, send: Send) -> None:
    if alteration.delay is not None:
        # The parts of the last frame are sent apart.
        *firsts, last = part.split(b"data: [DONE]")
        if firsts:
            await send({**message, "body": b"".join(firsts), "more_body": True})
            await asyncio.sleep(alteration.delay(part))
            part = b"data: [DONE]" + last
    changed = part if alteration.event is None else b"".join(map(alteration.event, split(part)))
    await send({**message, "body": changed})


def split(part: bytes) -> list[bytes]:
    """Return the events in a part of a stream."""
    return [event + b"\n\n" for event in part.split(b"\n\n") if event] or [part]


def _is_stream(seen: Seen) -> bool:
    return ("content-type", "text/event-stream") in seen.headers


def _raw(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers]


async def _send(seen: Seen, send: Send) -> None:
    headers = [one for one in seen.headers if one[0].lower() != "content-length"] or [
        ("content-type", "application/json")
    ]
    await send({"type": "http.response.start", "status": seen.status, "headers": _raw(headers)})
    await send({"type": "http.response.body", "body": seen.answer})


# --- conditions -------------------------------------------------------------------------------------------------------


def when(path: str, change: Change, *, method: str = "", status: int | None = None) -> Change:
    """Return `change` for requests whose path ends so, and whose answer has this status."""

    def changed(seen: Seen) -> None:
        right = re.search(rf"({path})/?$", seen.path) and method in ("", seen.method)
        if right and status in (None, seen.status):
            change(seen)

    return changed


def field_set(place: str, value: object) -> Change:
    """Return the change that sets a field of a JSON answer, such as ``choices.0.finish_reason``."""

    def change(seen: Seen) -> None:
        body = seen.json
        if body == {}:
            return
        *way, last = place.split(".")
        inner = body
        for name in way:
            inner = inner[int(name) if isinstance(inner, list) else name]
        if value is REMOVED:
            inner.pop(last, None)
        else:
            inner[last] = value(inner.get(last)) if callable(value) else value
        seen.json = body

    return change


REMOVED = object()


def asked_set(**changes: Any) -> Change:
    """Return the change that sets fields of a request's JSON body; a function gets the old value, REMOVED removes."""

    def change(seen: Seen) -> None:
        body = seen.asked
        if changes.keys().isdisjoint(body):
            return
        for name, value in changes.items():
            if value is REMOVED:
                body.pop(name, None)
            elif name in body:
                body[name] = value(body[name]) if callable(value) else value
        seen.body = json.dumps(body).encode()

    return change


def on_chunk(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """Return the alteration of an event that changes its chunk in place."""

    def changed(event: bytes) -> bytes:
        data = event.removeprefix(b"data: ").strip()
        if data in (b"", b"[DONE]"):
            return event
        chunk = json.loads(data)
        change(chunk)
        return b"data: " + json.dumps(chunk).encode() + b"\n\n"

    return changed
