"""Edge cases of requests and connections, sent to the application in process."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Meta, inspect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import Message

from clevora_mock import create_app
from clevora_mock.catalog.items import CatalogError
from clevora_mock.clock import SECOND, Clock
from clevora_mock.control.accounts import NewAccount
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import ANONYMOUS, RequestFacts
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.scenarios.problems import ScenarioError
from clevora_mock.scenarios.scenario_file import read_scenario
from clevora_mock.settings import DEMO_KEY, Settings
from clevora_mock.web.background import Background
from clevora_mock.web.context import RequestContext
from clevora_mock.web.disconnect import DisconnectWatcher
from clevora_mock.web.exchange_recorder import ExchangeRecorder, SharedState
from clevora_mock.web.memory_budget import MemoryBudget, MemoryShare
from clevora_mock.web.parsing import parse_body, parse_document
from clevora_mock.web.request_body import RequestBody, read_body, refuse
from clevora_mock.web.type_words import describe_type

HELLO = b'{"messages":[{"role":"user","content":"Hello"}],"stream":true}'


@pytest.fixture
def app() -> Starlette:
    return create_app(Settings(clock="frozen"))


@pytest.fixture
def client(app: Starlette) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://localhost", headers={"authorization": f"Bearer {DEMO_KEY}"}) as client:
        yield client


def scope(method: str, path: str, version: str = "1.1") -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": version,
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "server": ("localhost", 80),
        "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {DEMO_KEY}".encode())],
    }


def request(app: Starlette, incoming: list[Message], *args: str) -> list[Message]:
    """Return the messages that the application sends for one request; `incoming` are those that it receives."""
    sent: list[Message] = []

    async def run() -> None:
        async def send(message: Message) -> None:
            sent.append(message)

        await app(scope(*args), receiver(incoming), send)

    asyncio.run(run())
    return sent


def receiver(incoming: list[Message]) -> Callable[[], Awaitable[Message]]:
    left = iter(incoming)

    async def receive() -> Message:
        message = next(left, None)
        return await asyncio.get_running_loop().create_future() if message is None else message

    return receive


@pytest.mark.parametrize("target", [("POST", "/v1/nothing"), ("PUT", "/__mock/scenario"), ("POST", "/v1/search")])
def test_a_client_that_disconnects_within_its_body_gets_no_response(app: Starlette, target: tuple[str, str]) -> None:
    incoming: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = request(app, incoming, *target)
    assert [message for message in sent if message.get("body")] == []
    assert list(app.state.sandboxes.default.journal.entries) == []


def test_a_stream_to_an_http_1_0_client_has_a_length(app: Starlette) -> None:
    start, *rest = request(app, [{"type": "http.request", "body": HELLO}], "POST", "/v1/chat/completions", "1.0")
    body = b"".join(message["body"] for message in rest)
    assert body.endswith(b"data: [DONE]\n\n")
    assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()


def test_a_preflight_from_a_public_page_is_granted_the_private_network(client: TestClient) -> None:
    asked = {
        "origin": "https://example.com",
        "access-control-request-method": "POST",
        "access-control-request-private-network": "true",
    }
    answer = client.options("/v1/search", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-private-network"] == "true"


def test_an_impossible_host_name_is_forbidden(client: TestClient) -> None:
    answer = client.get("/__mock/clock", headers={"host": "[::1"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden_host"


def test_an_error_in_the_control_plane_is_a_500_and_one_line_on_stderr(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object, **more: object) -> None:
        raise ZeroDivisionError("no entries")

    monkeypatch.setattr("clevora_mock.control.conduct.findings", fail)
    answer = client.get("/__mock/conduct")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    error = capsys.readouterr().err
    assert error.startswith("clevora-mock: internal error in GET /__mock/conduct: ZeroDivisionError: no entries (")
    # The place where it was raised.
    assert "test_web_edges.py:" in error
    assert error.count("\n") == 1


def test_a_slow_reader_of_the_journal_misses_the_oldest_entries(app: Starlette, client: TestClient) -> None:
    client.post("/v1/search", json={"query": "drones"})
    sandbox: Sandbox = app.state.sandboxes.default
    entry: JournalEntry = sandbox.journal.entries[0]
    listeners = list(sandbox.journal.listeners)
    sent: list[bytes] = []

    async def run() -> None:
        begun, reading, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def send(message: Message) -> None:
            sent.append(message.get("body", b""))
            begun.set()
            # The head, the first comment, and the events.
            if len(sent) == 1002:
                done.set()
            await reading.wait()

        async def receive() -> Message:
            await done.wait()
            return {"type": "http.disconnect"}

        stream = asyncio.create_task(app(scope("GET", "/__mock/events"), receive, send))
        await begun.wait()
        for _ in range(1500):
            sandbox.journal.listeners[-1](entry)
        reading.set()
        await stream

    asyncio.run(asyncio.wait_for(run(), 30))
    assert len([body for body in sent if body.startswith(b"data: ")]) == 1000
    assert sandbox.journal.listeners == listeners


def test_an_endpoint_without_authentication_has_no_account() -> None:
    sandboxes = create_app().state.sandboxes
    sandbox: Sandbox = sandboxes.default
    facts = RequestFacts("req_1", 0, "GET", "/v1/anything")
    exchange = ExchangeRecorder(sandbox, scope("GET", "/v1/anything"), "", "/v1/anything", SharedState(sandboxes))
    with pytest.raises(RuntimeError, match="/v1/anything has no authenticated account"):
        _ = RequestContext(sandbox, facts, ANONYMOUS, {}, exchange, Background()).account


def test_only_a_disconnect_ends_a_watcher() -> None:
    async def run() -> None:
        watcher = DisconnectWatcher(receiver([{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]))
        await watcher.wait()
        assert watcher.disconnected
        clock = Clock()
        await watcher.wait_until(clock, clock.now() + 3600 * SECOND)

    asyncio.run(asyncio.wait_for(run(), 10))


def test_no_depth_of_nesting_is_more_than_a_bad_request() -> None:
    # Python 3.12 and later have higher limits than 3.11.
    depths = [*range(700, 1100), *range(2_000, 20_000, 500), 100_000]
    outcomes = [outcome(b'{"a":":","b":' + b"[" * depth + b"]" * depth + b"}") for depth in depths]
    assert set(outcomes) == {"read", "The request body is nested too deeply"}


def outcome(body: bytes) -> str:
    try:
        parse_document(body)
    except ApiError as error:
        return error.message
    return "read"


def test_a_refused_field_whose_name_looks_like_paths_takes_no_longer_than_another() -> None:
    """Quadratic work would take a second for 56 KB."""
    began = time.process_time()
    with pytest.raises(ApiError):
        parse_body(json.dumps({" - at `$" * 7_000 + "\n": 1}).encode(), NewAccount)
    assert time.process_time() - began < 0.3


def test_a_broken_scenario_of_one_long_line_does_not_take_long() -> None:
    """Quadratic work would take sixteen seconds for 80 KB."""
    began = time.process_time()
    with pytest.raises(ScenarioError):
        read_scenario("a", "rules: [{when: {header: {a" + ":/" * 40_000 + " [x, }}]\n")
    assert time.process_time() - began < 0.6


def test_the_first_key_that_occurs_twice_is_named() -> None:
    """A body is read up to there alone, and not decoded again as a whole."""
    for body, key in (
        (b'{"a": 1, "a" : 2, "b": {"c": 1, "c": 2}}', "a"),
        (b'{"x": [{"a": 1}, {"a": ":", "b\\"": {"a": "b:"}, "b\\u0022": 2}], "x": 1}', 'b\\"'),
    ):
        with pytest.raises(ApiError) as caught:
            parse_document(body)
        assert caught.value.message == f'The request body has the key "{key}" twice in one object'
    assert parse_document(b'{"a:": {"a:": ":"}, "b": [":", {"a:": 1}]}')["b"][0] == ":"


def test_an_unusable_catalog_is_an_error_at_the_start(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.json"
    catalog.write_text("{")
    with pytest.raises(CatalogError, match=r"catalog\.json"):
        create_app(Settings(catalog=str(catalog)))


def test_a_listener_that_fails_leaves_no_request_running() -> None:
    def fail(sandbox: str, entry: JournalEntry) -> None:
        raise RuntimeError(sandbox)

    app = create_app(on_request=fail)
    with TestClient(app) as client:
        for path in ("/v1/nowhere", "/sandbox/new/v1/nowhere"):
            with pytest.raises(RuntimeError):
                client.get(path)
    sandboxes = app.state.sandboxes
    assert (sandboxes.default.running, [sandbox.name for sandbox in sandboxes.all()]) == (0, ["default"])
    with sandboxes.resolve("/sandbox/new/") as (sandbox, _, _):
        # A new one.
        assert (sandbox.running, sandbox.journal.total) == (1, 0)


def test_a_listener_gets_each_request(tmp_path: Path) -> None:
    heard: list[tuple[str, str]] = []
    app = create_app(on_request=lambda sandbox, entry: heard.append((sandbox, entry.path)))
    TestClient(app).post("/sandbox/a/v1/search", content=b"{}")
    assert heard == [("a", "/v1/search")]


def test_a_watched_scenario_replaces_itself_where_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("name: before")
    app = create_app(Settings(scenario=str(file), watch=True))
    with TestClient(app, base_url="http://localhost") as client:
        client.put("/sandbox/other/__mock/scenario", json={"name": "flaky"})
        file.write_text("name: afterwards")
        for _ in range(500):
            if active(client, "") == "afterwards":
                break
            client.portal.call(asyncio.sleep, 0.02)  # type: ignore[union-attr]
        assert active(client, "") == "afterwards"
        assert active(client, "/sandbox/other") == "flaky"
        assert active(client, "/sandbox/new") == "afterwards"


def active(client: TestClient, prefix: str) -> str:
    return str(json.loads(client.get(f"{prefix}/__mock/scenario").content)["name"])


@pytest.mark.parametrize("length", [b"many", b"", b"-1", b"1.5"])
def test_a_length_that_is_no_number_says_nothing(length: bytes) -> None:
    """A server in front of the application may let it pass."""
    incoming: list[Message] = [{"type": "http.request", "body": b"{}"}]
    body = asyncio.run(
        read_body("POST", {b"content-length": length}, receiver(incoming), MemoryShare(MemoryBudget(0)), refuse)
    )
    assert body == RequestBody(b"{}", 2)


@pytest.mark.parametrize(
    ("type_", "described"),
    [
        (int, "a whole number"),
        (float, "a number"),
        (Annotated[int, Meta(ge=1)], "a whole number from 1"),
        (Annotated[float, Meta(ge=0, le=2)], "a number from 0 to 2"),
        (Annotated[int, Meta(gt=0)], "a whole number above 0"),
        (Annotated[float, Meta(gt=0, le=0.5)], "a number above 0 and up to 0.5"),
    ],
)
def test_a_number_is_described_with_its_bounds(type_: Any, described: str) -> None:
    assert describe_type(inspect.type_info(type_)) == described


def test_a_refused_body_without_a_length_that_waits_for_its_turn_is_not_asked_for() -> None:
    headers = {b"transfer-encoding": b"chunked", b"expect": b"100-continue"}
    incoming: list[Message] = [{"type": "http.request", "body": b"{}"}]
    body = asyncio.run(read_body("POST", headers, receiver(incoming), MemoryShare(MemoryBudget(0)), refuse))
    assert (body.content, body.fits) == (b"", False)


def test_a_length_of_thousands_of_digits_is_too_large() -> None:
    """Python refuses to convert it."""
    incoming: list[Message] = [{"type": "http.request", "body": b"{}"}]
    body = asyncio.run(
        read_body(
            "POST",
            {b"content-length": b"9" * 5_000, b"expect": b"100-continue"},
            receiver(incoming),
            MemoryShare(MemoryBudget(0)),
            refuse,
        )
    )
    assert not body.fits
