"""A run of ``verify`` against an application in this process, in virtual time."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from clevora_mock.app import create_app
from clevora_mock.clock import Clock
from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.settings import Settings
from clevora_mock.verify.client import Answer, Request, Transport, UnansweredError
from clevora_mock.verify.pace import Pace
from clevora_mock.verify.plan import make_plan
from clevora_mock.verify.probes import HOMES
from clevora_mock.verify.run import Ran, run
from clevora_mock.verify.session import Credentials, Session
from clevora_mock.web.background import Background
from tests.support.in_process import InlineLoop
from tests.support.tokens import jwt, valid_claims

Wrapper = Callable[[ASGIApp], ASGIApp]

# 2026-01-01T12:00:00Z: no run comes near midnight.
START = 1_767_268_800 * 1_000_000
SECRET = "whsec_" + "c2VjcmV0" * 4
KEY = "sk_live_" + "0a1b2c3d" * 4
TIMEOUT_SECONDS = 120.0

# A token a twentieth of a second, so that a client can leave before a stream has been sent.
TOKENS_PER_SECOND = 20


class VirtualSettings(Settings, frozen=True):
    """Settings of a server whose wall time is that of a loop."""

    loop: Any = None

    def make_clock(self) -> Clock:
        return Clock("real", start=START, read=self.loop.micros)


class InProcessTransport:
    """Transport to an application on a loop with virtual time."""

    def __init__(self, app: ASGIApp, loop: InlineLoop, prefix: str = "") -> None:
        self._app = app
        self._loop = loop
        self._prefix = prefix

    def __call__(self, request: Request) -> Answer:
        return self._loop.run_until_complete(asyncio.wait_for(self._exchange(request), TIMEOUT_SECONDS))

    async def _exchange(self, request: Request) -> Answer:
        path, _, query = f"{self._prefix}{request.target}".partition("?")
        length = (("content-length", str(len(request.body))),) if request.body else ()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": request.version.partition("/")[2],
            "method": request.method,
            "scheme": "http",
            "server": ("127.0.0.1", 2538),
            "client": ("127.0.0.1", 50_000),
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in (("host", "127.0.0.1:2538"), *length, *request.headers)
            ],
        }
        start, left = self._loop.micros(), asyncio.Event()
        waiting: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
        head: dict[str, Any] = {}
        body, arrivals, ended = bytearray(), [], False

        async def receive() -> Message:
            if waiting:
                return waiting.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal ended
            if left.is_set():
                return
            if message["type"] == "http.response.start":
                head.update(message)
                return
            part = message.get("body", b"")
            body.extend(part)
            if part:
                arrivals.append((self._loop.micros() - start, len(part)))
            ended = not message.get("more_body", False)
            if request.leave_after is not None and body.count(b"\n\n") >= request.leave_after:
                left.set()

        await self._app(scope, receive, send)
        if not head or not (ended or left.is_set()):
            raise UnansweredError("connection lost")
        headers = tuple((name.decode(), value.decode("latin-1")) for name, value in head["headers"])
        return Answer(head["status"], headers, bytes(body), tuple(arrivals))


@dataclass
class Asked:
    """An application that can be asked, its loop, and the credentials for it."""

    app: Starlette
    loop: InlineLoop
    credentials: Credentials

    def transport(self) -> Transport:
        """Return a transport to the application's default sandbox."""
        return InProcessTransport(self.app, self.loop)

    def session(
        self, app: ASGIApp | None = None, max_spend: int = 20_000_000, sandbox: str = "", **credentials: Any
    ) -> Session:
        """Return a session with a sandbox of `app`, by default the application itself."""
        prefix = f"/sandbox/{sandbox}" if sandbox else ""
        transport: Transport = InProcessTransport(app or self.app, self.loop, prefix)
        given = Credentials(**credentials) if credentials else self.credentials
        pace = Pace(self.loop.micros, lambda seconds: self.loop.run_until_complete(asyncio.sleep(seconds)))
        return Session(transport, given, pace, max_spend, HOMES, START)

    def verify(self, wrap: Wrapper = lambda app: app, clauses: tuple[str, ...] = (), **options: Any) -> Ran:
        """Ask the wrapped application for all clauses, limits among them, or for `clauses`."""
        session = self.session(wrap(self.app), **options)
        return run(session, make_plan(session.credentials, clauses or ALL_CLAUSES, destructive=True))


ALL_CLAUSES = tuple(clause.id for clause in CLAUSES)


@contextmanager
def in_process(**options: Any) -> Iterator[Asked]:
    """Provide an application on a loop with virtual time, and credentials of its demo account."""
    loop = InlineLoop()
    settings = VirtualSettings(
        api_key=KEY,
        webhook_secret=SECRET,
        **({"tokens_per_second": TOKENS_PER_SECOND, "quiet": True} | options),
        loop=loop,
    )
    seconds = START // 1_000_000
    email = "demo@clevora.example"
    known = jwt(valid_claims(seconds, sub="demo", user_id="demo", email=email, exp=seconds + 86_400))
    other = jwt(valid_claims(seconds, sub="other", user_id="other", exp=seconds + 86_400))
    with patch.object(Background, "start", lambda self, work: work()):
        yield Asked(create_app(settings), loop, Credentials(KEY, known, other, SECRET))
    loop.close()


def refuted(ran: Ran) -> set[str]:
    """Return the refuted clauses."""
    return {clause.id for clause in ran.clauses if clause.verdict == "refuted"}
