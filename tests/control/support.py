"""Fixtures of the control plane's tests: short requests, and sandboxes."""

from itertools import count
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import httpx
from hypothesis import HealthCheck, settings

from tests.conftest import TLS, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server import Running

PATIENCE_SECONDS = 15
_numbers = count()
# One for each server; closed at the end of the run.
transports: dict[str, httpx.HTTPTransport] = {}


def examples(number: int, **more: Any) -> Any:
    """The same examples in every run."""
    return settings(
        max_examples=number,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        **more,
    )


def fresh(server: "Running") -> World:
    """A sandbox that no other example of the run has; its connections are everybody's."""
    world = World(server, f"c{next(_numbers)}")
    world.http.close()
    transport = transports.setdefault(server.url, httpx.HTTPTransport(verify=TLS))
    world.http = httpx.Client(base_url=world.url, timeout=PATIENCE_SECONDS, transport=transport)
    return world


def chat(world: World, text: str = "Hello!", headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    body = {"messages": [{"role": "user", "content": text}]} | more
    return world.http.post("/v1/chat/completions", headers=world.headers | (headers or {}), json=body)


def control(world: World, request: str, **more: Any) -> Any:
    """Return the 200 response of a route of the control plane: ``control(world, "POST reset", json={...})``."""
    method, place = request.split(" ")
    answer = world.http.request(method, f"/__mock/{place}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def use(world: World, source: str) -> Any:
    """Make the scenario in `source` the sandbox's."""
    return control(world, "PUT scenario", content=source.encode())


def whole(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """All that came over the wire."""
    return answer.status_code, answer.headers.multi_items(), answer.content


def kept(world: World) -> dict[str, Any]:
    """The sandbox's snapshot, but for what a look at it changes: how many looks there were."""
    state = control(world, "GET state")
    state["draws"].pop("own request", None)
    return state


def eventually(true: "Callable[[], bool]") -> None:
    """Return once `true` holds."""
    deadline = monotonic() + PATIENCE_SECONDS
    while not true():
        assert monotonic() < deadline, "it never came true"
        sleep(0.01)


def connect(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, verify=TLS)
