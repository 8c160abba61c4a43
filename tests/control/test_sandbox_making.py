"""Requests that make a sandbox: those with a valid credential, sign-ups and changes; none evicts one in use."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from clevora_mock.settings import DEMO_KEY, Settings
from tests.support.control import connect
from tests.support.server import RunningServer, serve_settings
from tests.support.wait import wait_until

KEY = {"authorization": f"Bearer {DEMO_KEY}"}
HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
PAGE = {"origin": "https://evil.example"}
IMAGE = {"sec-fetch-site": "cross-site"}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """Provide a server with room for three sandboxes, whose streams are slow."""
    with serve_settings(Settings(max_sandboxes=3, quiet=True, tokens_per_second=5.0)) as served:
        yield served


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    with connect(server.url) as client:
        yield client


def names(http: httpx.Client) -> set[str]:
    return {sandbox["name"] for sandbox in http.get("/__mock/sandboxes").json()["sandboxes"]} - {"default"}


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/v1/nowhere", {}, 404),
        ("PUT", "/v1/chat/completions", {"headers": KEY, "json": HELLO}, 405),
        ("POST", "/v1/chat/completions", {"json": HELLO}, 401),
        ("POST", "/v1/chat/completions", {"json": HELLO, "headers": {"authorization": "Bearer no"}}, 401),
        ("GET", "/api/developer/account", {}, 401),
        ("POST", "/api/dodo/webhook", {"content": b"{}"}, 401),
        ("GET", "/docs/llms", {}, 200),
        ("GET", "/__mock/requests", {}, 200),
        ("GET", "/__mock/health", {}, 200),
        ("DELETE", "/", {}, 200),
        ("DELETE", "/__mock/requests", {}, 200),
        ("PUT", "/__mock/scenario", {"json": {"name": "none"}}, 400),
        ("PATCH", "/__mock/clock", {"json": {"mode": "none"}}, 400),
        ("POST", "/checkout/cks_none", {"content": b"outcome=succeeded"}, 404),
        ("POST", "/__mock/tokens", {"json": {"uid": "ann"}}, 200),
        ("POST", "/__mock/reset", {"json": {}, "headers": PAGE}, 403),
        ("POST", "/__mock/reset", {"json": {}, "headers": {"host": "evil.example"}}, 403),
        ("POST", "/v1/chat/completions", {"headers": KEY | PAGE, "json": HELLO}, 404),
        ("POST", "/v1/chat/completions", {"headers": KEY | IMAGE, "json": HELLO}, 404),
        ("OPTIONS", "/v1/chat/completions", {"headers": PAGE | {"access-control-request-method": "POST"}}, 204),
        (
            "POST",
            "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=a",
            {"headers": PAGE | {"content-type": "text/plain"}, "content": b"{}"},
            404,
        ),
    ],
)
def test_a_request_that_makes_none(
    http: httpx.Client, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    assert http.request(method, f"/sandbox/new{path}", **options).status_code == status
    assert names(http) == set()


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "/v1/chat/completions", {"headers": KEY, "json": HELLO}),
        ("POST", "/v1/chat/completions", {"headers": KEY, "json": {}}),
        ("POST", "/v1/chat/completions", {"headers": KEY | {"origin": "http://localhost:3000"}, "json": HELLO}),
        ("POST", "/v1/chat/completions", {"headers": KEY | {"origin": "http://127.0.0.1:3000"} | IMAGE, "json": HELLO}),
        ("POST", "/__mock/reset", {"json": {"only": "journal"}}),
        ("PATCH", "/__mock/clock", {"json": {"advance": 1}}),
        ("POST", "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=a", {"json": {}}),
    ],
)
def test_a_request_that_makes_one(http: httpx.Client, method: str, path: str, options: dict[str, Any]) -> None:
    http.request(method, f"/sandbox/new{path}", **options)
    assert names(http) == {"new"}


def test_what_a_page_of_another_site_asks_changes_no_journal(http: httpx.Client) -> None:
    for headers in (PAGE, IMAGE):
        for path in ("/v1/chat/completions", "/v1/nowhere", "/docs/llms"):
            http.get(path, headers=headers)
        http.post("/v1/chat/completions", headers=headers | {"content-type": "text/plain"}, content=b"{}")
    assert http.get("/__mock/requests").json()["count"] == 0


def test_a_page_of_another_site_costs_no_sandbox_its_state(http: httpx.Client) -> None:
    http.post("/sandbox/mine/v1/chat/completions", headers=KEY, json=HELLO)
    http.put("/sandbox/mine/__mock/scenario", json={"name": "flaky"})
    for number in range(20):
        http.get(f"/sandbox/n{number}/docs/llms", headers=IMAGE)
        http.post(f"/sandbox/n{number}/v1/chat/completions", headers=KEY | PAGE, json=HELLO)
    assert http.get("/sandbox/mine/__mock/requests").json()["count"] == 1
    assert http.get("/sandbox/mine/__mock/scenario").json()["name"] == "flaky"


def test_one_with_a_running_stream_is_not_evicted(server: RunningServer, http: httpx.Client) -> None:
    with connect(server.url) as reader:
        with reader.stream(
            "POST", "/sandbox/mine/v1/chat/completions", headers=KEY, json=HELLO | {"stream": True}
        ) as answer:
            lines = answer.iter_lines()
            next(lines)
            for number in range(5):
                http.post(f"/sandbox/n{number}/__mock/reset", json={})
            assert names(http) == {"mine", "n4"}
        wait_until(lambda: http.get("/sandbox/mine/__mock/requests").json()["count"] == 1)


def test_beside_sandboxes_that_are_all_in_use_there_is_always_room(server: RunningServer, http: httpx.Client) -> None:
    done = threading.Event()
    listening = threading.Semaphore(0)

    def listen(name: str) -> None:
        with connect(server.url) as reader, reader.stream("GET", f"/sandbox/{name}/__mock/events") as answer:
            lines = answer.iter_lines()
            next(lines)
            listening.release()
            done.wait(20)

    for name in ("a", "b", "c"):
        http.post(f"/sandbox/{name}/__mock/reset", json={})
        threading.Thread(target=listen, args=(name,), daemon=True).start()
        assert listening.acquire(timeout=20)
    assert names(http) == {"a", "b", "c"}
    done.set()
    wait_until(lambda: not any(server.run_in_server(lambda: [one.running for one in server.app.state.sandboxes.all()])))
    http.post("/sandbox/d/__mock/reset", json={})
    assert names(http) == {"c", "d"}


def test_a_removed_sandbox_whose_stream_goes_on_holds_no_other_journals_memory(
    server: RunningServer, http: httpx.Client
) -> None:
    with connect(server.url) as reader:
        with reader.stream(
            "POST", "/sandbox/mine/v1/chat/completions", headers=KEY, json=HELLO | {"stream": True}
        ) as answer:
            lines = answer.iter_lines()
            next(lines)
            removed = server.run_in_server(lambda: server.app.state.sandboxes.get("mine"))
            http.delete("/sandbox/mine/")
        wait_until(lambda: removed.journal.total == 1)
    assert names(http) == set()
    http.post("/sandbox/mine/__mock/reset", json={})
    assert http.get("/sandbox/mine/__mock/requests").json()["count"] == 0


def test_at_most_64_clients_read_events(server: RunningServer, http: httpx.Client) -> None:
    with ExitStack() as opened:
        for number in range(64):
            reader = opened.enter_context(connect(server.url))
            answer = opened.enter_context(reader.stream("GET", f"/sandbox/n{number % 3}/__mock/events"))
            assert answer.status_code == 200
        refused = http.get("/__mock/events")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "service_unavailable")

    def is_read() -> bool:
        with http.stream("GET", "/__mock/events") as answer:
            return answer.status_code == 200

    wait_until(is_read)


def test_simultaneous_first_requests_share_a_sandbox(server: RunningServer, http: httpx.Client) -> None:
    """Events of a sandbox can be read before it is made."""
    with connect(server.url) as reader, reader.stream("GET", "/sandbox/new/__mock/events") as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": listening"
        assert names(http) == set()
        http.post("/sandbox/new/v1/chat/completions", headers=KEY, json={})
        assert names(http) == {"new"}
        assert any("missing_field" in line for line in (next(lines), next(lines)))
    assert http.get("/sandbox/new/__mock/requests").json()["count"] == 1


def test_requests_that_make_no_sandbox_have_ids_of_their_own_and_so_has_the_one_that_does(http: httpx.Client) -> None:
    places: list[tuple[str, str, dict[str, str]]] = [
        ("GET", "/v1/nowhere", {}),
        ("GET", "/v1/keys", {}),
        ("GET", "/v1/nowhere", {}),
    ]
    answers = [http.request(method, f"/sandbox/new{path}", headers=headers) for method, path, headers in places]
    assert "new" not in names(http)
    answers.append(http.post("/sandbox/new/v1/embeddings", headers=KEY, json={"input": "a"}))
    assert "new" in names(http)
    assert len({answer.headers["x-request-id"] for answer in answers}) == 4
