"""The mock in a program of one's own: a Starlette application like any other."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clevora_mock import create_app
from clevora_mock.settings import DEMO_KEY

HEADERS = {"authorization": f"Bearer {DEMO_KEY}"}
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}


class Marking:
    """Middleware that puts its mark on every answer."""

    def __init__(self, app: ASGIApp, mark: bytes) -> None:
        self.app = app
        self.mark = mark

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-mark", self.mark)]}
            await send(message)

        await self.app(scope, receive, marked)


def ask(app: ASGIApp, path: str) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=HEADERS) as client:
            return await client.post(path, json=HELLO)

    return asyncio.run(run())


def test_it_answers_in_process() -> None:
    app = create_app()
    assert isinstance(app, Starlette)
    answer = ask(app, "/v1/chat/completions")
    assert answer.json()["object"] == "chat.completion"
    assert app.sandboxes.default.journal.total == 1


def test_middleware_that_is_added_runs_the_last_one_outermost() -> None:
    app = create_app()
    app.add_middleware(Marking, mark=b"inner")
    app.add_middleware(Marking, mark=b"outer")
    assert ask(app, "/v1/chat/completions").headers.get_list("x-mark") == ["inner", "outer"]
    assert ask(app, "/v1/nowhere").status_code == 404


def test_it_can_be_mounted() -> None:
    answer = ask(Starlette(routes=[Mount("/", app=create_app())]), "/sandbox/mine/v1/chat/completions")
    assert answer.json()["object"] == "chat.completion"


def test_it_starts_and_stops_as_servers_ask_applications_to() -> None:
    asked = iter(["lifespan.startup", "lifespan.shutdown"])
    said: list[str] = []

    async def receive() -> Message:
        return {"type": next(asked)}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    asyncio.run(create_app()({"type": "lifespan", "state": {}}, receive, send))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
