"""The received side of a random conversation: responses that are whole and in the contract's shape, or a close."""

import json
import socket
from time import monotonic

from tests.external.fuzz.http_grammar import Conversation
from tests.support.raw_client import Address, Response, connect, first_response, reset, send

# In seconds, for each step of a conversation; an answer takes milliseconds.
PATIENCE = 10
_PLAIN = {"text/html", "text/event-stream", "text/plain"}


def converse(address: Address, conversation: Conversation) -> list[Response]:
    """Send a conversation over a new connection, and return the responses; fails if they are not as they must be."""
    with connect(address) as connection:
        connection.settimeout(PATIENCE)
        try:
            send(connection, *conversation.segments)
            if conversation.leaving == "reset":
                reset(connection)
                return []
            received = _receive(connection, conversation) if conversation.is_valid else b""
            connection.shutdown(socket.SHUT_WR)
            received += _receive(connection)
        except TimeoutError:
            raise AssertionError("neither a response nor a close") from None
        except OSError:
            # The server closed before it had read everything.
            assert not conversation.is_valid, "a valid request was reset"
            return []
    found = _split(received, conversation.methods, conversation.is_valid)
    assert found is not None, f"no whole responses: {received[-2000:]!r}"
    if conversation.is_valid:
        assert len(found) == len(conversation.methods), f"{len(found)} responses: {received[-2000:]!r}"
    for response in found:
        _check(response)
    return found


def _receive(connection: socket.socket, wanted: Conversation | None = None) -> bytes:
    """Receive until the server closes, or until all of the `wanted` responses have arrived."""
    received, deadline = b"", monotonic() + PATIENCE
    while part := connection.recv(65_536):
        received += part
        if wanted and len(_split(received, wanted.methods, is_valid=True) or ()) == len(wanted.methods):
            return received
        assert monotonic() < deadline, f"no end: {received[-2000:]!r}"
    return received


def _split(received: bytes, methods: tuple[bytes, ...], is_valid: bool) -> list[Response] | None:
    """Split bytes into responses; None if they are anything else.

    Where the requests are not valid, any of the responses may be to HEAD, without its body.
    """
    if not received:
        return []
    if not received.startswith(b"HTTP/1.1 "):
        return None
    for to_head in (methods[:1] == (b"HEAD",),) if is_valid else (False, True):
        first = first_response(received, to_head=to_head)
        if first is None:
            continue
        response, rest = first
        is_interim = response.status < 200
        others = _split(rest, methods if is_interim else methods[1:], is_valid)
        if others is not None:
            return others if is_interim else [response, *others]
    return None


def _check(response: Response) -> None:
    """Check that it is no failure of the server, and in the contract's shape."""
    assert 200 <= response.status < 500, response
    assert response.header("x-request-id") or response.status < 400, response
    kind = (response.header("content-type") or "").partition(";")[0]
    if not response.body:
        return
    if kind == "application/json":
        content = json.loads(response.body)
        # Firebase's emulator has its own shape, with both.
        assert response.status < 400 or content["error"].keys() >= {"message", "code"}, response
    else:
        assert kind in _PLAIN, response
