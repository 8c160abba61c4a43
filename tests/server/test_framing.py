"""The ends of requests and responses: HTTP/1.0, trailers, lengths, and closed connections (W9)."""

from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.support.asgi import answering, echo, serve_app
from tests.support.raw_client import Address, connect, exchange, read_all, responses, send

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
OLD_GET = b"GET / HTTP/1.0\r\n\r\n"
CLOSING_GET = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with serve_app(echo) as served:
        yield served


def raw(request: bytes, headers: list[tuple[bytes, bytes]], *parts: bytes, pause: float = 0.0) -> tuple[bytes, bytes]:
    """Return the raw head and body of an application's response to `request`."""
    with serve_app(answering(headers, *parts, pause=pause)) as served:
        head, _, body = exchange(served, request).partition(b"\r\n\r\n")
    return head, body


# --- HTTP/1.0 ---------------------------------------------------------------------------------------------------------


@pytest.mark.clause("W9")
def test_a_response_without_a_length_ends_with_the_connection_for_http_1_0() -> None:
    head, body = raw(OLD_GET, [], b"one", b"", b"three")
    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert body == b"onethree"


@pytest.mark.clause("W9")
def test_a_length_reaches_an_http_1_0_client() -> None:
    head, body = raw(OLD_GET, [(b"Content-Length", b"8")], b"one", b"three")
    assert b"content-length: 8" in head
    assert b"transfer-encoding" not in head
    assert body == b"onethree"


@pytest.mark.clause("W9")
def test_chunks_that_an_application_asks_for_do_not_reach_http_1_0() -> None:
    head, body = raw(OLD_GET, [(b"transfer-encoding", b"chunked")], b"one", b"three")
    assert b"transfer-encoding" not in head
    assert body == b"onethree"


@pytest.mark.clause("W9")
def test_a_paced_response_is_paced_for_http_1_0_too() -> None:
    with serve_app(answering([], b"one", b"two", pause=0.1)) as served, connect(served) as connection:
        send(connection, OLD_GET)
        received = b""
        while not received.endswith(b"one"):
            received += connection.recv(65_536)
        assert read_all(connection) == b"two"


@pytest.mark.clause("W9")
def test_head_has_no_body_for_http_1_0() -> None:
    assert raw(b"HEAD / HTTP/1.0\r\n\r\n", [], b"12345")[1] == b""


@pytest.mark.clause("W9")
def test_a_body_longer_than_its_length_is_cut_for_http_1_0(capfd: pytest.CaptureFixture[str]) -> None:
    assert raw(OLD_GET, [(b"content-length", b"4")], b"too", b" long")[1] == b"too"
    assert "Content-Length" in capfd.readouterr().err


@pytest.mark.clause("W9")
def test_an_upgrade_of_http_1_0_is_ignored(address: Address) -> None:
    request = b"POST / HTTP/1.0\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nok"
    (response,) = responses(exchange(address, request))
    assert response.json["body"] == "ok"


# --- lengths and chunks -----------------------------------------------------------------------------------------------


def test_a_response_without_a_length_is_chunked() -> None:
    head, body = raw(CLOSING_GET, [], b"one", b"", b"three")
    assert b"transfer-encoding: chunked" in head
    assert body == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"5")]], ids=["no length", "a length"])
def test_a_response_to_head_has_no_body(headers: list[tuple[bytes, bytes]]) -> None:
    assert raw(CLOSING_GET.replace(b"GET", b"HEAD"), headers, b"12345")[1] == b""


@pytest.mark.parametrize("parts", [[b"too", b" long"], [b"s"]], ids=["too long", "too short"])
def test_a_body_that_is_not_as_long_as_said_ends_the_connection(
    parts: list[bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    head, body = raw(GET, [(b"content-length", b"4")], *parts)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(body) < 4
    (line,) = capfd.readouterr().err.splitlines()
    assert "Content-Length" in line


@pytest.mark.parametrize("broken", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb"])
def test_a_header_with_a_line_break_is_not_sent(broken: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    head, _ = raw(GET, [(b"x-echo", broken)], b"")
    assert b"a\n" not in head
    assert b"a\r" not in head
    (line,) = capfd.readouterr().err.splitlines()
    assert "Invalid HTTP header value" in line


# --- trailers ---------------------------------------------------------------------------------------------------------


@pytest.mark.clause("W9")
@pytest.mark.parametrize("cuts", [(), (100,), (100, 118, 130)], ids=["one segment", "two", "four"])
def test_trailers_are_not_headers(cuts: tuple[int, ...]) -> None:
    request = (
        b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\ntrailer: host\r\n\r\n"
        b"2\r\nok\r\n0\r\nHost: evil\r\nAuthorization: Bearer stolen\r\nExpect: 100-continue\r\n\r\n"
    )
    segments = [request[start:end] for start, end in zip((0, *cuts), (*cuts, len(request)), strict=True)]
    with serve_app(echo) as served:
        (response,) = responses(exchange(served, *segments))
    assert response.json["body"] == "ok"
    assert response.json["headers"]["host"] == "x"
    assert response.json["headers"].keys().isdisjoint({"authorization", "expect"})


def test_the_connection_closes_after_the_response_to_a_request_with_trailers() -> None:
    """Some trailers affect httptools' later parsing, so the bytes after them cannot be trusted."""
    request = (
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nconnection: close\r\n\r\n"
    )
    with serve_app(echo) as served:
        (response,) = responses(exchange(served, request))
    assert response.json["body"] == "ok"


def test_trailers_without_an_end_are_refused() -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: "
    with serve_app(echo) as served:
        (response,) = responses(exchange(served, head, *[b"a" * 16_384] * 6))
    assert response.status == 431


def test_invalid_bytes_behind_a_request_do_not_affect_its_response() -> None:
    with serve_app(echo) as served:
        (response,) = responses(exchange(served, GET + b"GARBAGE\r\n\r\n"))
    assert (response.status, response.json["method"]) == (200, "GET")


# --- connection: close ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [b"close", b"Close"])
def test_a_response_that_says_close_closes(value: bytes) -> None:
    head, body = raw(GET, [(b"content-length", b"2"), (b"connection", value)], b"ok")
    assert head.lower().count(b"connection: close") == 1
    assert body == b"ok"


def test_the_servers_own_500_closes(capfd: pytest.CaptureFixture[str]) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("a mistake\nof two lines")

    with serve_app(broken) as served:
        (response,) = responses(exchange(served, GET))
    assert (response.status, response.header("connection")) == (500, "close")
    (line,) = capfd.readouterr().err.splitlines()
    assert "ValueError" in line


def test_requests_after_a_response_that_closes_are_not_served() -> None:
    served_paths: list[str] = []

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        served_paths.append(scope["path"])
        await answering([(b"content-length", b"2"), (b"connection", b"close")], b"ok")(scope, receive, send)

    with serve_app(closing) as served:
        assert len(responses(exchange(served, GET + GET.replace(b"/", b"/second", 1)))) == 1
    assert served_paths == ["/"]
