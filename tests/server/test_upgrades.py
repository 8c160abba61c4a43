"""A request for an upgrade to another protocol is served as HTTP/1.1, body included (W9)."""

from collections.abc import Iterator

import pytest

from tests.support.asgi import echo, serve_app
from tests.support.raw_client import Address, Response, exchange, responses

BODY = b'{"messages":[{"role":"user","content":"Hello!"}]}'
LENGTH = b"content-length: %d\r\n" % len(BODY)
CHUNKED = b"transfer-encoding: chunked\r\n"
CHUNKS = b"9\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (BODY[:9], len(BODY) - 9, BODY[9:])

UPGRADES = {
    "h2c": b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
    "websocket": b"connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"sec-websocket-version: 13\r\n",
    "something": b"Upgrade: IRC/6.9, RTA/x11\r\nConnection: upgrade\r\n",
    "twice": b"upgrade: h2c\r\nupgrade: websocket\r\nconnection: upgrade\r\n",
}
LAST = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"

every_upgrade = pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES.keys())
every_framing = pytest.mark.parametrize(
    ("framing", "body"), [(LENGTH, BODY), (CHUNKED, CHUNKS)], ids=["length", "chunks"]
)


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with serve_app(echo) as served:
        yield served


def post(headers: bytes, body: bytes) -> bytes:
    return b"POST /v1/chat HTTP/1.1\r\nhost: x\r\n" + headers + b"\r\n" + body


def seen(address: Address, *segments: bytes) -> Response:
    """Return the response to `segments`, followed by a last request on the connection."""
    first, last = responses(exchange(address, *segments, LAST))
    assert last.json["path"] == "/last"
    return first


@pytest.mark.clause("W9")
@every_upgrade
@every_framing
def test_a_body_in_the_same_segment_is_read(address: Address, upgrade: bytes, framing: bytes, body: bytes) -> None:
    response = seen(address, post(upgrade + framing, body))
    assert (response.status, response.json["method"], response.json["body"]) == (200, "POST", BODY.decode())


@pytest.mark.clause("W9")
@every_upgrade
@every_framing
def test_a_body_in_later_segments_is_read(address: Address, upgrade: bytes, framing: bytes, body: bytes) -> None:
    response = seen(address, post(upgrade + framing, b""), body[:5], body[5:20], body[20:])
    assert (response.status, response.json["body"]) == (200, BODY.decode())


@pytest.mark.clause("W9")
def test_a_request_may_be_cut_anywhere(address: Address) -> None:
    request = post(UPGRADES["h2c"] + LENGTH, BODY)
    for cut in range(1, len(request), 3):
        assert seen(address, request[:cut], request[cut:]).json["body"] == BODY.decode(), f"cut after {cut} bytes"


@pytest.mark.clause("W9")
def test_a_request_may_come_byte_by_byte(address: Address) -> None:
    request = post(b"connection: upgrade\r\nupgrade: h2c\r\n" + CHUNKED, CHUNKS)
    assert seen(address, *(request[at : at + 1] for at in range(len(request)))).json["body"] == BODY.decode()


@pytest.mark.clause("W9")
@every_upgrade
def test_a_request_without_a_body_is_served(address: Address, upgrade: bytes) -> None:
    response = seen(address, b"GET /docs HTTP/1.1\r\nhost: x\r\n" + upgrade + b"\r\n")
    assert (response.status, response.json["path"], response.json["body"]) == (200, "/docs", "")


@pytest.mark.clause("W9")
def test_the_headers_beside_an_upgrade_arrive(address: Address) -> None:
    headers = seen(address, post(UPGRADES["h2c"] + b"Authorization: Bearer  k\r\n" + LENGTH, BODY)).json["headers"]
    assert headers == {
        "host": "x",
        "connection": "Upgrade, HTTP2-Settings",
        "http2-settings": "AAEAAEAAAAIAAAAB",
        "authorization": "Bearer  k",
        "content-length": str(len(BODY)),
    }


@pytest.mark.clause("W9")
def test_pipelined_requests_are_all_served(address: Address) -> None:
    """Thousands in one write, each with an upgrade."""
    request = b"POST /%d HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nok"
    found = responses(exchange(address, b"".join(request % number for number in range(2000)) + LAST))
    assert [response.json["path"] for response in found] == [*(f"/{number}" for number in range(2000)), "/last"]
    assert {response.json["body"] for response in found[:-1]} == {"ok"}


@pytest.mark.clause("W9")
def test_connection_close_beside_an_upgrade_closes(address: Address) -> None:
    (response,) = responses(exchange(address, post(b"connection: upgrade, close\r\nupgrade: h2c\r\n" + LENGTH, BODY)))
    assert (response.status, response.json["body"]) == (200, BODY.decode())


@pytest.mark.clause("W9")
def test_a_client_that_expects_100_continue_gets_it(address: Address) -> None:
    received = exchange(address, post(UPGRADES["h2c"] + b"expect: 100-continue\r\n" + LENGTH, b""), BODY, LAST)
    interim, _, rest = received.partition(b"\r\n\r\n")
    assert interim == b"HTTP/1.1 100 Continue"
    assert responses(rest)[0].json["body"] == BODY.decode()


@pytest.mark.clause("W9")
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["tunnel", "tunnel with upgrade", "HTTP/2 preface"],
)
def test_a_protocol_that_is_no_choice_is_refused(address: Address, request_bytes: bytes) -> None:
    (response,) = responses(exchange(address, request_bytes))
    assert (response.status, response.json["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.clause("W9")
def test_upgrades_are_not_logged(address: Address, capfd: pytest.CaptureFixture[str]) -> None:
    seen(address, post(UPGRADES["websocket"] + LENGTH, BODY))
    seen(address, post(UPGRADES["h2c"] + LENGTH, BODY))
    assert capfd.readouterr().err == ""
