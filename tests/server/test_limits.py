"""Limits on heads, timeouts of connections, and refusals of invalid HTTP."""

import asyncio
import json
import re
import time
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from clevora_mock.server.limits import ConnectionLimits
from tests.support.asgi import answering, echo, serve_app
from tests.support.raw_client import TIMEOUT_SECONDS, Address, Response, connect, exchange, read_all, responses, send

HOST = b"host: x\r\n"
LAST = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with serve_app(echo) as served:
        yield served


def refusal(received: bytes, status: int) -> Response:
    """Return the one response in `received`, which must be an error in JSON that closes the connection."""
    (response,) = responses(received)
    assert response.status == status
    assert response.header("content-type") == "application/json"
    assert response.header("connection") == "close"
    assert response.json["error"].keys() == {"message", "type", "code"}
    return response


# --- heads ------------------------------------------------------------------------------------------------------------


def head(size: int, *, path: bool = False) -> bytes:
    """Return a request whose target, header names and header values have `size` bytes in total."""
    if path:
        return b"GET /" + b"a" * (size - 6) + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    rest = size - len(b"/") - len(b"hostx") - len(b"x-longconnectionclose") - 3 * len(b": \r\n")
    return b"GET / HTTP/1.1\r\n" + HOST + b"connection: close\r\nx-long: " + b"a" * rest + b"\r\n\r\n"


def test_a_head_of_64_kib_is_served(address: Address) -> None:
    (response,) = responses(exchange(address, head(64 * 1024)))
    assert response.status == 200


def test_a_head_of_more_than_64_kib_is_refused(address: Address) -> None:
    assert "large" in refusal(exchange(address, head(64 * 1024 + 1)), 431).json["error"]["message"]


def test_a_target_of_more_than_64_kib_is_refused(address: Address) -> None:
    refusal(exchange(address, head(64 * 1024 + 1, path=True)), 431)


def test_an_endless_head_is_refused(address: Address) -> None:
    """It is refused before its end, which bounds the memory."""
    refusal(exchange(address, b"GET / HTTP/1.1\r\nx-long: ", *[b"a" * 4096] * 16, b"a"), 431)


def test_many_small_headers_are_bounded_too(address: Address) -> None:
    request = b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: y\r\n" % number for number in range(10_000)) + b"\r\n"
    refusal(exchange(address, request), 431)


def test_the_limit_on_heads_does_not_apply_to_bodies(address: Address) -> None:
    body = b"x" * 300_000
    request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + body
    found = responses(exchange(address, request + request[:20], request[20:] + LAST))
    assert [len(response.json["body"]) for response in found] == [300_000, 300_000, 0]


# --- timeouts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def short_timeouts() -> Iterator[Address]:
    """Provide a server with timeouts of 0.1 s within a request, and of 0.2 s before one."""
    with serve_app(echo, ConnectionLimits(receive_seconds=0.1, idle_seconds=0.2)) as served:
        yield served


@pytest.mark.parametrize("part", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nhost: x\r\nx-long: a"])
def test_a_stopped_head_times_out(short_timeouts: Address, part: bytes) -> None:
    refusal(exchange(short_timeouts, part), 408)


@pytest.mark.parametrize(
    "part",
    [POST + b"abc", POST, POST.replace(b"content-length: 5", b"transfer-encoding: chunked") + b"3\r\nabc\r\n"],
    ids=["part of it", "none of it", "some chunks"],
)
def test_a_stopped_body_times_out(short_timeouts: Address, part: bytes) -> None:
    refusal(exchange(short_timeouts, part), 408)


def test_a_stopped_head_after_another_request_times_out(short_timeouts: Address) -> None:
    served, refused = responses(exchange(short_timeouts, POST + b"abcde", b"GET / HT"))
    assert (served.status, refused.status) == (200, 408)


def test_a_slow_request_does_not_time_out() -> None:
    """Each received part starts the timeout again; all together take longer than it."""
    parts = [*(POST[index : index + 1] for index in range(11)), POST[11:], b"ab", b"cd", b"e" + LAST]
    with serve_app(echo, ConnectionLimits(receive_seconds=0.5)) as served, connect(served) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.05)
        assert responses(read_all(connection))[0].json["body"] == "abcde"


@pytest.mark.parametrize("asked", [b"", POST + b"abcde", b"\r\n\r\n"], ids=["never used", "used", "empty lines"])
def test_an_idle_connection_is_closed(short_timeouts: Address, asked: bytes) -> None:
    began = time.monotonic()
    assert len(responses(exchange(short_timeouts, asked))) == (1 if asked.startswith(b"POST") else 0)
    assert 0.15 < time.monotonic() - began < TIMEOUT_SECONDS / 2


def test_a_connection_in_use_is_kept() -> None:
    """Each request starts the timeout again; all together take longer than it."""
    with serve_app(echo, ConnectionLimits(idle_seconds=0.5)) as served, connect(served) as connection:
        for _ in range(11):
            connection.sendall(POST + b"abcde")
            time.sleep(0.05)
        connection.sendall(LAST)
        assert len(responses(read_all(connection))) == 12


def test_a_slow_response_does_not_time_out(address: Address) -> None:
    """The timeouts apply only to requests."""
    limits = ConnectionLimits(receive_seconds=0.05, idle_seconds=0.05)
    with serve_app(answering([], b"one", b"two", delay=0.2, pause=0.2), limits) as served:
        (response,) = responses(exchange(served, LAST))
    assert response.body == b"onetwo"


def test_a_body_that_the_application_does_not_read_causes_no_timeout() -> None:
    """The server itself stops reading it."""
    body = b"x" * 2_000_000

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3)
        await echo(scope, receive, send)

    request = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2000000\r\n\r\n" + body
    with serve_app(late, ConnectionLimits(receive_seconds=0.1)) as served:
        (response,) = responses(exchange(served, request))
    assert len(response.json["body"]) == 2_000_000


@pytest.mark.parametrize(("delay", "pause"), [(0.0, 0.2), (0.2, 0.0)], ids=["begun", "not begun"])
def test_a_stopped_request_times_out_after_the_running_response(delay: float, pause: float) -> None:
    """The connection is closed after the response, which is complete."""
    limits = ConnectionLimits(receive_seconds=0.05)
    with serve_app(answering([], b"one", b"two", delay=delay, pause=pause), limits) as served:
        first, second = responses(exchange(served, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"GET / HT"))
    assert (first.body, second.status) == (b"onetwo", 408)


def test_a_body_that_stops_does_not_cut_a_response_that_has_begun() -> None:
    limits = ConnectionLimits(receive_seconds=0.05)
    with serve_app(answering([], b"one", b"two", pause=0.2), limits) as served:
        (response,) = responses(exchange(served, POST + b"ab"))
    assert response.body == b"onetwo"


def test_the_rest_of_an_early_refused_body_times_out() -> None:
    limits = ConnectionLimits(receive_seconds=0.05)
    with serve_app(answering([(b"content-length", b"2")], b"no"), limits) as served:
        (response,) = responses(exchange(served, POST + b"ab"))
    assert response.body == b"no"


# --- invalid HTTP -----------------------------------------------------------------------------------------------------


def test_invalid_http_is_refused_in_json(address: Address) -> None:
    message = "The request cannot be served: Invalid method encountered"
    body = {"error": {"message": message, "type": "invalid_request_error", "code": "invalid_request"}}
    response = refusal(exchange(address, b"hello\r\n\r\n"), 400)
    assert response.body == json.dumps(body, separators=(",", ":")).encode()
    assert [name for name, _ in response.headers] == ["content-type", "x-request-id", "content-length", "connection"]


def test_refusals_have_ids_that_differ_and_repeat_in_the_next_run() -> None:
    def ids() -> list[str | None]:
        with serve_app(echo) as served:
            return [refusal(exchange(served, b"\x16\x03\x01"), 400).header("x-request-id") for _ in range(3)]

    first = ids()
    assert len(set(first)) == 3
    assert all(re.fullmatch("req_[0-9a-f]{24}", found or "") for found in first)
    assert ids() == first


def test_invalid_bytes_do_not_interrupt_a_response() -> None:
    with serve_app(answering([], b"one", b"two", pause=0.2)) as served, connect(served) as connection:
        send(connection, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"hello\r\n\r\n")
        received = read_all(connection)
    assert received.count(b"HTTP/1.1") == 1
    assert b"one" in received


def test_clients_errors_are_not_logged(short_timeouts: Address, capfd: pytest.CaptureFixture[str]) -> None:
    exchange(short_timeouts, b"hello\r\n\r\n")
    exchange(short_timeouts, head(70_000))
    exchange(short_timeouts, b"GET / HT")
    exchange(short_timeouts, POST + b"ab")
    exchange(short_timeouts, b"")
    assert capfd.readouterr().err == ""
