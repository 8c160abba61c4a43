"""Two servers: one that plays the live API, and one that records it, replays it or compares itself with it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from clevora_mock.settings import Settings
from tests.support.asgi import serve_app
from tests.support.raw_client import TIMEOUT_SECONDS
from tests.support.server import RunningServer, serve_settings
from tests.support.world import TLS, World

CHAT = "/v1/chat/completions"


@contextmanager
def serve_recorder(live: str, directory: Path, **more: Any) -> Iterator[RunningServer]:
    """Serve a mock that records the API at `live`."""
    with serve_settings(Settings(upstream=live, record=directory, **more)) as server:
        yield server


@contextmanager
def serve_replay(directory: Path, **more: Any) -> Iterator[RunningServer]:
    """Serve a mock that replays, and refuses what is in no recording."""
    with serve_settings(Settings(replay=directory, **({"on_miss": "fail"} | more))) as server:
        yield server


@contextmanager
def serve_upstream(app: ASGIApp) -> Iterator[str]:
    """Serve an application as the live API; yield its URL."""
    with serve_app(app) as (host, port):
        yield f"http://{host}:{port}/v1"


def ask(server: RunningServer, content: str = "Hello!", **more: Any) -> httpx.Response:
    """Ask for a chat; `more` are fields of its body."""
    body = {"messages": [{"role": "user", "content": content}]} | more
    headers = {"authorization": f"Bearer {server.api_key}"}
    return httpx.post(server.url + CHAT, json=body, headers=headers, timeout=TIMEOUT_SECONDS, verify=TLS)


def lines_of(file: Path) -> list[dict[str, Any]]:
    """Return the exchanges in a file, without its header."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def journal(server: RunningServer) -> Sequence[dict[str, Any]]:
    """Return a server's journal, oldest first."""
    answer = httpx.get(f"{server.url}/__mock/requests", verify=TLS)
    entries: list[dict[str, Any]] = answer.json()["requests"]
    return entries[::-1]


def world_of(server: RunningServer) -> World:
    """Return the sandbox `default`."""
    world = World(server, "default")
    world.url, world.base_url = server.url, server.base_url
    world.http.close()
    world.http = httpx.Client(base_url=server.url, timeout=TIMEOUT_SECONDS, verify=TLS)
    return world
