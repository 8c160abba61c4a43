"""Whatever clients send and however they leave, a quiet server says nothing about it and goes on."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from clevora_mock.settings import DEMO_KEY
from tests.support.control import connect as connect_http
from tests.support.program import StartedServer, serve_process
from tests.support.raw_client import connect, reset

# Each test has hundreds of connections, some with a pause.
pytestmark = pytest.mark.slow


def request(method: str, target: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "host: localhost", f"authorization: Bearer {DEMO_KEY}", *headers]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def chat(*headers: str, **more: object) -> bytes:
    body = {"messages": [{"role": "user", "content": "Tell me a long story."}]} | more
    return request("POST", "/v1/chat/completions", json.dumps(body).encode(), *headers)


SENT = [
    b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x99" * 500,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 3,
    b"\x00" * 1_000,
    b"GET /\r\n\r\n",
    b"POST /v1/chat",
    b"GET /" + b"a" * 100_000,
    b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    chat()[:-5],
    chat(),
    chat(stream=True),
    chat(stream=True) * 3 + b"GET",
    chat("expect: 100-continue"),
    request("GET", "/", b"", "connection: upgrade", "upgrade: websocket", "sec-websocket-key: a"),
    request("GET", "/__mock/events"),
    request("HEAD", "/__mock/events"),
    request("GET", "/__mock/state"),
    *(chat(f"x-clevora-mock-fault: {fault}", stream=True) for fault in ("reset", "close", "stall", "split_utf8")),
    *(chat(f"x-clevora-mock-fault: {fault}") for fault in ("truncate", "slow_body")),
    chat("x-clevora-mock-delay: 20ms"),
]


def half_close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    time.sleep(0.01)
    connection.close()


def read_some(connection: socket.socket) -> None:
    connection.settimeout(0.05)
    with suppress(TimeoutError):
        connection.recv(10)
    reset(connection)


WAYS: list[Callable[[socket.socket], None]] = [socket.socket.close, reset, half_close, read_some]
# Some end within what the server waits for, such as the 20 milliseconds before a reset.
PAUSES = [0, 0.001, 0.01, 0.019, 0.02, 0.021]

SCENARIOS = [
    {"stream": {"tokens_per_second": 200, "ttft": "10ms"}},
    {"fault": {"kind": "reset", "at": "headers"}},
    {"fault": {"kind": "reset", "after_tokens": 2}},
    {"fault": {"kind": "close", "after_tokens": 2}, "stream": {"tokens_per_second": 200}},
    {"fault": ["split_utf8", "truncate"]},
    {"fault": "reset", "delay": "20ms"},
]

UNSERVED = "400: The request cannot be served"


def send_and_leave(server: StartedServer, sent: bytes, pause: float, leave: Callable[[socket.socket], None]) -> None:
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    assert parts.port is not None
    # The server may have ended the connection first.
    with connect((parts.hostname, parts.port)) as connection, suppress(OSError):
        connection.sendall(sent)
        time.sleep(pause)
        leave(connection)


def check_and_stop(server: StartedServer) -> None:
    """Check that the server goes on, has answered nothing with an error of its own, and is silent."""
    with connect_http(server.url) as http:
        assert http.get("/__mock/health").status_code == 200
        assert http.get("/__mock/requests?status=500").json()["count"] == 0
    assert server.stop() == (0, "")


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        (SENT[1], f"{UNSERVED}: this is a TLS handshake, but the server speaks HTTP alone; use http://, not https://"),
        (b"GARBAGE\r\n\r\n", f"{UNSERVED}: Invalid method encountered"),
        (b"POST / HTTP/1.1\r\ncontent-length: 5x\r\n\r\n", f"{UNSERVED}: Invalid character in Content-Length"),
        (b"CONNECT a:443 HTTP/1.1\r\n\r\n", f"{UNSERVED}: CONNECT asks for a proxy, and this is a server"),
        (b"GET /" + b"a" * 100_000, "431: The request line and headers are too large"),
    ],
)
def test_a_refusal_before_the_application_is_a_line_unless_quiet(sent: bytes, line: str) -> None:
    with serve_process() as server:
        send_and_leave(server, sent, 0.1, reset)
        assert server.stop()[1].splitlines()[0] == f"clevora-mock: refused, {line}"


def test_no_message_is_about_a_client() -> None:
    with serve_process("serve", "--quiet", "--no-rate-limit", "--balance", "900000") as server:
        for leave in WAYS:
            for sent in SENT:
                for pause in PAUSES[::3]:
                    send_and_leave(server, sent, pause, leave)
        check_and_stop(server)


@pytest.mark.parametrize("then", SCENARIOS, ids=str)
def test_no_message_is_about_a_client_that_a_fault_meets(then: dict[str, object]) -> None:
    rules = [{"when": {"endpoint": "chat.completions"}, "then": then}]
    with serve_process("serve", "--quiet", "--no-rate-limit", "--balance", "900000") as server:
        with connect_http(server.url) as http:
            assert http.put("/__mock/scenario", json={"rules": rules}).status_code == 200
        for leave in WAYS:
            for sent in (chat(), chat(stream=True)):
                for pause in PAUSES:
                    send_and_leave(server, sent, pause, leave)
        check_and_stop(server)
