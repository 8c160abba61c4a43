"""A named server: every response has the server's name and its start time."""

import re
from collections.abc import Iterator

import httpx
import pytest

from clevora_mock.settings import DEMO_KEY, Settings
from tests.support.control import connect
from tests.support.server import RunningServer, serve_settings

HEADER = "x-clevora-mock-server"
KEY = {"authorization": f"Bearer {DEMO_KEY}"}
CHAT = {"messages": [{"role": "user", "content": "Hello!"}]}
ORIGIN = {"origin": "https://app.example"}

# Responses of every kind: bodies, streams, refusals of each check, faults, every API, and HTML.
ASKED: list[tuple[str, str, dict[str, str], object]] = [
    ("POST", "/v1/chat/completions", KEY, CHAT),
    ("POST", "/v1/chat/completions", KEY, CHAT | {"stream": True}),
    ("POST", "/v1/chat/completions", {}, CHAT),
    ("POST", "/v1/chat/completions", KEY, {}),
    ("POST", "/v1/chat/completions", KEY | {"x-clevora-mock-error": "429"}, CHAT),
    ("POST", "/v1/chat/completions", KEY | {"x-clevora-mock-fault": "garbage"}, CHAT),
    ("POST", "/v1/chat/completions", KEY | {"x-clevora-mock-fault": "html_error"}, CHAT),
    ("GET", "/v1/nothing", {}, None),
    ("GET", "/v1/chat/completions", {}, None),
    ("HEAD", "/llms.txt", {}, None),
    ("OPTIONS", "/v1/chat/completions", ORIGIN | {"access-control-request-method": "POST"}, None),
    ("GET", "/", {"accept": "text/html"}, None),
    ("GET", "/__mock/health", {}, None),
    ("GET", "/__mock/health", {"host": "evil.example"}, None),
    ("GET", "/__mock/nothing", {}, None),
    ("POST", "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=local", {}, {}),
    ("GET", "/sandbox/one/v1/nothing", {}, None),
    ("GET", "/sandbox/NONE/v1/nothing", {}, None),
]


@pytest.fixture(scope="module")
def named() -> Iterator[RunningServer]:
    """Provide a server with the name mock-1."""
    with serve_settings(Settings(server_name="mock-1")) as server:
        yield server


@pytest.fixture(scope="module")
def http(named: RunningServer) -> Iterator[httpx.Client]:
    with connect(named.url) as client:
        yield client


def start(server: RunningServer) -> str:
    """Return the server's name in its responses."""
    with connect(server.url) as http:
        said: str = http.get("/__mock/health").json()["server"]
        return said


def test_every_response_has_the_name_once(http: httpx.Client, named: RunningServer) -> None:
    assert re.fullmatch(r"mock-1-[0-9a-f]{11}", start(named))
    for method, path, headers, body in ASKED:
        answer = http.request(method, path, headers=headers, json=body)
        assert (method, path, answer.headers.get_list(HEADER)) == (method, path, [start(named)])


def test_the_event_stream_has_the_name(http: httpx.Client, named: RunningServer) -> None:
    with http.stream("GET", "/__mock/events") as answer:
        assert answer.headers[HEADER] == start(named)


def test_a_page_of_another_origin_may_read_it(http: httpx.Client) -> None:
    answer = http.get("/v1/nothing", headers=ORIGIN)
    assert HEADER in answer.headers["access-control-expose-headers"].split(", ")


def test_another_start_has_another_value(named: RunningServer) -> None:
    with serve_settings(Settings(server_name="mock-1")) as again:
        assert start(again).startswith("mock-1-")
        assert start(again) != start(named)


def test_a_server_without_a_name_sends_no_header(frozen_server: RunningServer) -> None:
    with connect(frozen_server.url) as http:
        for method, path, headers, body in ASKED:
            answer = http.request(method, path, headers=headers, json=body)
            assert (method, path, HEADER in answer.headers) == (method, path, False)
        assert "server" not in http.get("/__mock/health").json()
