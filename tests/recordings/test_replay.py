"""Recordings are replayed byte for byte, at their pace, and billed as recorded."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from openai import OpenAI

from clevora_mock.contract.endpoints import ENDPOINTS
from tests.support.live_api import ask, journal, lines_of, serve_recorder, serve_replay
from tests.support.server import RunningServer, serve_settings
from tests.support.world import TLS

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}
SEA = {"messages": [{"role": "user", "content": "Tell me about the sea, and why people sail on it."}]}
# Each endpoint, its request, and whether it is signed in by an ID token.
REQUESTS: list[tuple[str, str, str, Any]] = [
    ("chat.completions", "POST", "/v1/chat/completions", HELLO),
    ("chat.completions", "POST", "/v1/chat/completions", SEA | {"stream": True}),
    ("chat.completions", "POST", "/v1/chat/completions", {"messages": "none"}),
    ("embeddings", "POST", "/v1/embeddings", {"input": ["the cat sat", "on the mat"]}),
    ("search", "POST", "/v1/search", {"query": "drones", "limit": 2}),
    ("scripts.generate", "POST", "/v1/scripts/generate", {"topic": "AI in 2026", "length": "short"}),
    ("keys.list", "GET", "/v1/keys", None),
    ("keys.revoke", "DELETE", "/v1/keys/key_unknown", None),
    ("developer.activate", "POST", "/api/developer/activate", {}),
    ("developer.account", "GET", "/api/developer/account", None),
    ("developer.topup", "POST", "/api/developer/topup", {"amount": 50}),
    ("developer.transactions", "GET", "/api/developer/transactions?limit=2", None),
    ("developer.usage", "GET", "/v1/usage?range=7", None),
    ("dodo.webhook", "POST", "/api/dodo/webhook", {"type": "payment.succeeded"}),
    ("docs.llms", "GET", "/llms.json", None),
]
API_KEY_ENDPOINTS = {endpoint.name for endpoint in ENDPOINTS if endpoint.credential == "api_key"}
# Of a wait on a busy machine, in seconds.
TOLERANCE = 0.25


@pytest.fixture(scope="module")
def live() -> Iterator[RunningServer]:
    """Provide the server that plays the live API."""
    with serve_settings(tokens_per_second=100.0, balance=1000, no_rate_limit=True) as server:
        yield server


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def recorded(live: RunningServer, directory: Path) -> list[httpx.Response]:
    """Record every request, and return the answers."""
    with serve_recorder(f"{live.url}/v1", directory) as server:
        return [send(server, *request) for request in REQUESTS]


def send(server: RunningServer, endpoint: str, method: str, path: str, body: Any) -> httpx.Response:
    token = server.api_key
    if endpoint not in API_KEY_ENDPOINTS:
        token = httpx.post(f"{server.url}/__mock/tokens", json={"uid": "demo"}, verify=TLS).json()["idToken"]
    return httpx.request(
        method, server.url + path, json=body, headers={"authorization": f"Bearer {token}"}, timeout=30, verify=TLS
    )


def outline(answer: httpx.Response) -> tuple[int, str | None, bytes]:
    return answer.status_code, answer.headers.get("content-type"), answer.content


class TestBytes:
    def test_every_endpoint_but_new_keys_is_asked(self) -> None:
        """The answer with a new key has a secret, and is masked."""
        assert {name for name, *_ in REQUESTS} == {endpoint.name for endpoint in ENDPOINTS} - {"keys.create"}

    @pytest.mark.parametrize("clock", ["real", "frozen", "scaled:60"])
    def test_the_same_bytes_are_replayed(self, recorded: list[httpx.Response], directory: Path, clock: str) -> None:
        with serve_replay(directory, clock=clock) as server:
            replayed = [send(server, *request) for request in REQUESTS]
        assert [outline(answer) for answer in replayed] == [outline(answer) for answer in recorded]
        assert {answer.headers["x-clevora-mock-source"] for answer in replayed} == {"recording"}
        assert {answer.headers["x-clevora-mock-source"] for answer in recorded} == {"upstream"}

    def test_a_new_key_is_replayed_masked(self, live: RunningServer, tmp_path: Path) -> None:
        request = ("keys.create", "POST", "/v1/keys", {"name": "of a test"})
        with serve_recorder(live.url, tmp_path) as server:
            made = send(server, *request).json()["data"]
        with serve_replay(tmp_path) as server:
            replayed = send(server, *request).json()["data"]
        assert replayed == made | {"key": f"{made['key'][:20]}...{made['key'][-2:]}"}
        assert made["key"][20:-2] not in (tmp_path / "default.jsonl").read_text(encoding="utf-8")

    def test_openais_sdk_gets_the_same(self, live: RunningServer, tmp_path: Path) -> None:
        def use(server: RunningServer) -> list[Any]:
            with OpenAI(base_url=server.base_url, api_key=server.api_key) as client:
                whole = client.chat.completions.create(model="clevora-1.0-turbo", messages=[user("Hello!")])
                stream = client.chat.completions.create(
                    model="clevora-1.0-turbo", messages=[user("The sea?")], stream=True
                )
                vectors = client.embeddings.create(model="clevora-embed-1", input=["the cat"])
                return [whole, [*stream], vectors]

        def user(content: str) -> Any:
            return {"role": "user", "content": content}

        with serve_recorder(live.url, tmp_path) as server:
            recorded = use(server)
        with serve_replay(tmp_path) as server:
            assert use(server) == recorded


class TestPace:
    def test_a_stream_is_as_fast_as_it_was(self, recorded: list[httpx.Response], directory: Path) -> None:
        times = [time for line in lines_of(directory / "default.jsonl") for time, _ in line.get("stream", [])]
        assert len(times) > 10
        seen = []
        with serve_replay(directory) as server:
            begun = monotonic()
            with httpx.stream(
                "POST", f"{server.url}/v1/chat/completions", json=SEA | {"stream": True}, verify=TLS
            ) as answer:
                seen = [monotonic() - begun for _ in answer.iter_raw()]
        assert times[-1] / 1000 - 0.01 <= seen[-1] <= times[-1] / 1000 + TOLERANCE
        assert len(seen) > len(times) / 2

    def test_a_frozen_clock_records_the_wait(self, recorded: list[httpx.Response], directory: Path) -> None:
        with serve_replay(directory, clock="frozen") as server:
            begun = monotonic()
            for request in REQUESTS:
                send(server, *request)
            waited = monotonic() - begun
            latencies = [entry["latencyMs"] for entry in journal(server)]
        lines = lines_of(directory / "default.jsonl")
        expected = [line["stream"][-1][0] if "stream" in line else line["milliseconds"] for line in lines]
        assert latencies == expected
        assert waited < sum(expected) / 1000 + 2

    def test_without_pace_nothing_waits(self, recorded: list[httpx.Response], directory: Path) -> None:
        with serve_replay(directory, pace="none") as server:
            for request in REQUESTS:
                send(server, *request)
            latencies = [entry["latencyMs"] for entry in journal(server)]
        assert max(latencies) < 200


class TestMoney:
    def test_it_is_billed_as_recorded(self, recorded: list[httpx.Response], directory: Path) -> None:
        with serve_replay(directory, pace="none") as server:
            for request in REQUESTS:
                send(server, *request)
            entries = journal(server)
            balance = httpx.get(f"{server.url}/__mock/accounts/demo", verify=TLS).json()["balance"]
        costs = [line["cost"] for line in lines_of(directory / "default.jsonl")]
        assert [entry["cost"] for entry in entries] == costs
        assert balance == pytest.approx(100 - sum(costs))
        assert {entry["source"] for entry in entries} == {"recording"}

    def test_a_recorded_cost_counts_whatever_the_prices_are(self, live: RunningServer, tmp_path: Path) -> None:
        with serve_recorder(live.url, tmp_path) as server:
            ask(server)
        file = tmp_path / "default.jsonl"
        file.write_text(file.read_text(encoding="utf-8").replace('"cost":0.02', '"cost":0.4'), encoding="utf-8")
        with serve_replay(tmp_path) as server:
            ask(server)
            assert [entry["cost"] for entry in journal(server)] == [0.4]

    def test_a_stream_that_is_left_is_billed_for_what_was_sent(self, live: RunningServer, tmp_path: Path) -> None:
        with serve_recorder(live.url, tmp_path) as server:
            whole = ask(server, "The sea?", stream=True).content
        total = json.loads(whole.decode().split("\n\n")[-3][6:])["usage"]["total_tokens"]
        with serve_replay(tmp_path, clock="scaled:0.1") as server:
            body = {"messages": [{"role": "user", "content": "The sea?"}], "stream": True}
            with httpx.stream("POST", f"{server.url}/v1/chat/completions", json=body, verify=TLS) as answer:
                next(answer.iter_raw())
            entries: list[dict[str, Any]] = []
            while not entries:
                entries = [*journal(server)]
        assert entries[0]["abandoned"]
        assert 0 < entries[0]["promptTokens"] + entries[0]["completionTokens"] < total


class TestScenario:
    def test_faults_befall_replayed_answers(self, recorded: list[httpx.Response], directory: Path) -> None:
        with serve_replay(directory) as server:
            answer = httpx.post(
                f"{server.url}/v1/chat/completions", json=HELLO, headers={"x-clevora-mock-fault": "empty_body"}
            )
        assert (answer.status_code, answer.content) == (200, b"")

    def test_an_injected_error_uses_up_no_recording(self, recorded: list[httpx.Response], directory: Path) -> None:
        with serve_replay(directory, scenario="flaky") as server:
            answers = [ask(server) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [500, 500, 200]
        assert answers[2].content == recorded[0].content


def test_any_key_will_do(recorded: list[httpx.Response], directory: Path) -> None:
    with serve_replay(directory) as server:
        answer = httpx.post(
            f"{server.url}/v1/chat/completions", json=HELLO, headers={"authorization": "Bearer dummy"}, verify=TLS
        )
        assert answer.status_code == 200
        assert journal(server)[0]["account"] == "demo"


def test_a_page_of_another_site_needs_a_key_of_this_server(recorded: list[httpx.Response], directory: Path) -> None:
    with serve_replay(directory) as server:
        headers = {"authorization": "Bearer dummy", "origin": "https://evil.example"}
        answer = httpx.post(f"{server.url}/v1/chat/completions", json=HELLO, headers=headers, verify=TLS)
    assert answer.status_code == 401


@pytest.mark.parametrize("left", [{"accounts": []}, {"keys": []}])
def test_an_unknown_key_is_refused_where_a_snapshot_left_no_demo_key(
    recorded: list[httpx.Response], directory: Path, left: dict[str, Any]
) -> None:
    with serve_replay(directory) as server:
        state = httpx.get(f"{server.url}/__mock/state").json()
        if "keys" in left:
            state["accounts"][0] |= left
        else:
            state |= left
        assert httpx.put(f"{server.url}/__mock/state", json=state).status_code == 200
        headers = {"authorization": "Bearer dummy"}
        answer = httpx.post(f"{server.url}/v1/chat/completions", json=HELLO, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
