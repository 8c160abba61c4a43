"""Requests to the control plane."""

from typing import Any

import httpx

from tests.support.raw_client import TIMEOUT_SECONDS
from tests.support.world import TLS, World


def chat(world: World, text: str = "Hello!", headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    body = {"messages": [{"role": "user", "content": text}]} | more
    return world.http.post("/v1/chat/completions", headers=world.headers | (headers or {}), json=body)


def control(world: World, request: str, **more: Any) -> Any:
    """Return the 200 response of a route of the control plane: ``control(world, "POST reset", json={...})``."""
    method, place = request.split(" ")
    answer = world.http.request(method, f"/__mock/{place}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def start_scenario(world: World, source: str) -> Any:
    """Start the scenario in `source`."""
    return control(world, "PUT scenario", content=source.encode())


def response_parts(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body."""
    return answer.status_code, answer.headers.multi_items(), answer.content


def snapshot_of(world: World) -> dict[str, Any]:
    """Return the sandbox's snapshot, without the draws that reading it makes."""
    state: dict[str, Any] = control(world, "GET state")
    state["draws"].pop("own request", None)
    return state


def connect(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, verify=TLS)
