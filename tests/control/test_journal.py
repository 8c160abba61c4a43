"""The journal: an entry's fields, filters, the capacity, and the stream of new entries."""

import json
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from clevora_mock.core.journal import MAX_BODY_BYTES, Journal
from clevora_mock.settings import DEMO_KEY
from tests.support.control import chat, control, start_scenario
from tests.support.server import serve_settings
from tests.support.wait import wait_until
from tests.support.world import TLS, World

LONG_AGO = "2025-12-31T00:00:00Z"


def ids(world: World, query: str = "") -> list[str]:
    return [entry["id"] for entry in control(world, f"GET requests{query}")["requests"]]


@pytest.fixture
def request_ids(world: World) -> dict[str, str]:
    """Provide the ids of requests of every kind by name; ten seconds lie between them."""
    made = control(world, "POST accounts", json={"uid": "ann"})
    start_scenario(
        world,
        "rules:\n"
        "  - {name: never, when: {endpoint: search, message: nothing like it}, then: {error: 500}}\n"
        "  - {name: half, when: {endpoint: search, chance: 0.999999, message: fail}, then: {error: 503}}",
    )
    ann = {"authorization": f"Bearer {made['apiKey']}"}
    sent: dict[str, Callable[[], httpx.Response]] = {
        "chat": lambda: chat(world),
        "ann's": lambda: chat(world, headers=ann),
        "wrong": lambda: chat(world, temperature="hot"),
        "stranger": lambda: chat(world, headers={"authorization": "Bearer sk_live_x"}),
        "search": lambda: world.http.post("/v1/search", headers=world.headers, json={"query": "lamp"}),
        "failed": lambda: world.http.post("/v1/search", headers=world.headers, json={"query": "fail"}),
        "account": lambda: world.http.get("/api/developer/account?x=1", headers=world.signed_in("ann")),
        "nowhere": lambda: world.http.get("/nowhere"),
    }
    found = {}
    for name, send in sent.items():
        found[name] = send().headers["x-request-id"]
        control(world, "PATCH clock", json={"advance": 10})
    return found


FILTERS = [
    ("", ["nowhere", "account", "failed", "search", "stranger", "wrong", "ann's", "chat"]),
    ("?endpoint=search", ["failed", "search"]),
    ("?endpoint=embeddings", []),
    ("?endpoint=firebase.token", []),
    ("?status=200", ["account", "search", "ann's", "chat"]),
    ("?status=404", ["nowhere"]),
    ("?code=invalid_api_key", ["stranger"]),
    ("?account=ann", ["account", "ann's"]),
    ("?rule=half", ["failed"]),
    ("?since=2026-01-01T00:00:50Z", ["nowhere", "account", "failed"]),
    (f"?since={LONG_AGO}&limit=1", ["nowhere"]),
    ("?since=2027-01-01", []),
    ("?limit=3", ["nowhere", "account", "failed"]),
    ("?endpoint=chat.completions&status=200&account=demo", ["chat"]),
    ("?endpoint=chat.completions&limit=2", ["stranger", "wrong"]),
    (f"?key={quote('sk_live_0123456789ab...ef')}&status=400", ["wrong"]),
    ("?key=nobody", []),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters_select_entries(world: World, request_ids: dict[str, str], query: str, expected: list[str]) -> None:
    assert ids(world, query) == [request_ids[name] for name in expected]
    unlimited = query.partition("limit=")[0].rstrip("&?")
    assert control(world, f"GET requests{query}")["count"] == len(ids(world, unlimited))


@pytest.mark.parametrize("name", ["endpoint", "status", "code", "key", "account", "since", "rule"])
@pytest.mark.parametrize("value", ["", "a&{}=a"])
def test_a_filter_that_is_empty_or_comes_twice_is_named(world: World, name: str, value: str) -> None:
    answer = world.http.get(f"/__mock/requests?{name}={value.format(name)}")
    got = "a, a" if value else ""
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f'{name}: expected one value, not empty, got "{got}"'


def test_a_plus_that_became_a_blank_is_explained(world: World) -> None:
    answer = world.http.get("/__mock/requests?since=2026-01-01T00:00:00+02:00")
    assert answer.json()["error"]["message"].endswith("; a + in a query means a blank: write %2B")


def test_no_entries_are_removed_by_a_filter(world: World, request_ids: dict[str, str]) -> None:
    assert world.http.delete("/__mock/requests?endpoint=search").status_code == 400
    assert len(ids(world)) == len(request_ids)


def test_a_key_is_found_by_its_id(world: World, request_ids: dict[str, str]) -> None:
    key = control(world, "GET accounts/ann")["keys"][0]
    assert ids(world, f"?key={key['id']}") == ids(world, f"?key={key['preview']}") == [request_ids["ann's"]]


def test_a_searchs_response_is_shown_by_its_first_five_titles(world: World) -> None:
    key = {"authorization": f"Bearer {DEMO_KEY}"}
    results = world.http.post("/v1/search", headers=key, json={"query": "drones", "limit": 8}).json()["results"]
    (entry,) = control(world, "GET requests")["requests"]
    assert entry["response"] == "; ".join(result["title"] for result in results[:5])


def test_an_entry_has_every_field(world: World, request_ids: dict[str, str]) -> None:
    failed, search = control(world, "GET requests?endpoint=search")["requests"]
    assert failed["rule"] == "half"
    assert 0 <= failed["draw"] < 1
    described = {"field": "message", "expected": '"nothing like it"', "got": '"fail"'}
    assert failed["nearMisses"] == [{"rule": "never", "failed": "message", "draw": None} | described]
    assert [miss["failed"] for miss in search["nearMisses"]] == ["message", "message"]
    assert search | {"balanceAfter": 0, "cost": 0, "promptTokens": 0, "response": ""} == {
        "id": request_ids["search"],
        "time": "2026-01-01T00:00:40.000Z",
        "endpoint": "search",
        "method": "POST",
        "path": "/v1/search",
        "query": "",
        "key": "sk_live_0123456789ab...ef",
        "account": "demo",
        "status": 200,
        "code": None,
        "message": None,
        "hint": None,
        "latencyMs": 0,
        "promptTokens": 0,
        "completionTokens": search["completionTokens"],
        "cost": 0,
        "balanceAfter": 0,
        "client": search["client"],
        "body": {"query": "lamp"},
        "bodyBytes": 15 + 1,
        "response": "",
        "ignored": [],
        "abandoned": False,
        "rule": None,
        "draw": None,
        "fault": None,
        "source": "mock",
        "nearMisses": search["nearMisses"],
    }
    assert search["cost"] > 0
    assert control(world, "GET requests?account=ann&limit=1")["requests"][0]["query"] == "x=1"


def test_an_errors_message_and_hint_are_kept(world: World) -> None:
    answer = world.http.get("/v1/models")
    (entry,) = control(world, "GET requests")["requests"]
    assert entry["message"] == answer.json()["error"]["message"] == "No route GET /v1/models"
    assert entry["hint"] == answer.headers["x-clevora-mock-hint"]


def test_secrets_in_an_errors_message_are_masked(world: World) -> None:
    world.http.get("/v1/whsec_c2VjcmV0c2VjcmV0")
    (entry,) = control(world, "GET requests")["requests"]
    assert entry["message"] == "No route GET /v1/whsec_***"


def test_an_unsent_error_has_no_message(world: World) -> None:
    start_scenario(world, "rules: [{when: {}, then: {error: 500, fault: close}}]")
    with pytest.raises(httpx.RemoteProtocolError):
        chat(world)
    (entry,) = control(world, "GET requests")["requests"]
    assert (entry["status"], entry["code"], entry["message"], entry["hint"]) == (None, None, None, None)


def test_control_requests_are_not_journaled(world: World) -> None:
    control(world, "GET health")
    world.http.post("/__mock/reset", json={"only": "x"})
    world.http.get("/__mock/none")
    assert control(world, "GET requests")["count"] == 0


def test_the_oldest_entry_is_evicted_and_counted(world: World) -> None:

    def shrink(sandbox: Any) -> None:
        sandbox.journal.entries = deque(sandbox.journal.entries, Journal(3).entries.maxlen)

    world.run_in_server(shrink)
    sent = [chat(world).headers["x-request-id"] for _ in range(8)]
    shown = control(world, "GET requests")
    assert (shown["count"], shown["evicted"]) == (3, 5)
    assert [entry["id"] for entry in shown["requests"]] == sent[:-4:-1]
    assert control(world, "DELETE requests") == control(world, "GET requests")
    assert ids(world) == []


def test_a_body_is_kept_up_to_16_kib(world: World) -> None:
    for size in (10, 30_000):
        chat(world, "x" * size)
    cut, whole = control(world, "GET requests")["requests"]
    assert whole["body"]["messages"][0]["content"] == "x" * 10
    assert len(cut["body"]) == MAX_BODY_BYTES
    assert cut["bodyBytes"] > 30_000


@pytest.mark.parametrize("shift", range(0, 45, 4))
def test_a_secret_at_the_truncation_is_masked(world: World, shift: int) -> None:
    """Bodies and messages are masked before they are truncated."""
    start_scenario(world, f"rules: [{{when: {{}}, then: {{reply: {{content: {'y' * (1_960 + shift)} {DEMO_KEY}}}}}}}]")
    prefix = "x" * (MAX_BODY_BYTES - len('{"messages":[{"role":"user","content":"') - shift)
    chat(world, f"{prefix}{DEMO_KEY}")
    entry = control(world, "GET requests")["requests"][0]
    assert DEMO_KEY[:22] not in json.dumps(entry)


def test_new_entries_are_streamed(world: World) -> None:

    def readers() -> int:
        return world.run_in_server(lambda sandbox: len(sandbox.journal.listeners))

    before = readers()
    told: queue.Queue[dict[str, Any]] = queue.Queue()
    leave = threading.Event()

    def listen() -> None:
        with world.http.stream("GET", "/__mock/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            name = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line
                elif not line:
                    name = ""
                elif not name and line.startswith("data: "):
                    told.put(json.loads(line.removeprefix("data: ")))
                if leave.is_set():
                    return

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    wait_until(lambda: readers() == before + 1)
    for _ in range(3):
        chat(world)
        entry = told.get(timeout=15)
        assert entry == control(world, "GET requests")["requests"][0]
    leave.set()
    chat(world)
    reader.join(15)
    wait_until(lambda: readers() == before)
    assert world.http.head("/__mock/events").status_code == 200
    wait_until(lambda: readers() == before)


def test_the_setting_is_the_capacity() -> None:
    with serve_settings(journal_size=3) as server:
        for number in range(5):
            httpx.get(f"{server.url}/v1/nowhere/{number}", verify=TLS)
        told = httpx.get(f"{server.url}/__mock/requests", verify=TLS).json()
    assert (told["count"], told["evicted"]) == (3, 2)
    assert [entry["path"] for entry in told["requests"]] == [f"/v1/nowhere/{number}" for number in (4, 3, 2)]
