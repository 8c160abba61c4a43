"""Clients get the same from a recording as from the API that was recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.external.clients.matrix import CLIENTS, Client
from tests.external.clients.worker import Worker
from tests.support.live_api import journal, serve_recorder, serve_replay
from tests.support.server import RunningServer, serve_settings

REQUEST = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": "Tell me about the sea."}]}
TEXTS = ["the cat sat", "on the mat"]
# The SDKs that most others are made of.
FAMILIES = ("openai", "langchain", "ai")

chosen = pytest.mark.parametrize(
    "client",
    [
        pytest.param(client, id=client.id, marks=pytest.mark.xdist_group(client.id))
        for client in CLIENTS
        if client.adapter.partition(".")[0].partition("-")[0] in FAMILIES and client.runtime != "chromium"
    ],
)


@pytest.fixture(scope="module")
def live() -> Iterator[RunningServer]:
    """Provide the server that plays the live API."""
    with serve_settings(tokens_per_second=200.0, balance=1000, no_rate_limit=True) as server:
        yield server


def use(worker: Worker, client: Client, server: RunningServer) -> list[Any]:
    address = {"base_url": server.base_url, "api_key": server.api_key}
    answers = [worker.call("chat", request=REQUEST, **address), worker.call("stream", request=REQUEST, **address)]
    if client.embeds:
        answers.append(worker.call("embed", texts=TEXTS, **address))
    return answers


@chosen
def test_what_is_replayed_is_what_was_recorded(client: Client, live: RunningServer, tmp_path: Path) -> None:
    with Worker(client) as worker:
        with serve_recorder(live.url, tmp_path) as server:
            recorded = use(worker, client, server)
            assert {entry["source"] for entry in journal(server)} == {"upstream"}
        with serve_replay(tmp_path) as server:
            assert use(worker, client, server) == recorded
            assert {(entry["source"], entry["status"]) for entry in journal(server)} == {("recording", 200)}
