"""Answers in one piece: JSON, and the contract's rendering of a refusal."""

import re
from typing import Any, Protocol

import msgspec
from starlette.types import Receive, Scope, Send

from clevora_mock.contract.endpoints import ENVELOPED_PATHS
from clevora_mock.core.accounts import mask
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError

_UNPRINTABLE = r"[^ -~]"


class Answer(Protocol):
    """What an endpoint answers with: an ASGI application that sends itself, under headers that may be added to.

    Starlette's responses are such answers. They come with much that no request to the API needs, so only the mock's own
    pages use them.
    """

    status_code: int
    raw_headers: list[tuple[bytes, bytes]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""


class Whole:
    """An answer in one piece."""

    def __init__(self, body: bytes, headers: list[tuple[bytes, bytes]], status_code: int = 200) -> None:
        self.status_code = status_code
        self.raw_headers = headers
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})

    def add(self, name: bytes, value: str) -> None:
        """Put in a header."""
        self.raw_headers.append((name, value.encode("latin-1")))


class Json(Whole):
    """A JSON answer; its content is anything msgspec encodes, or bytes that are JSON already."""

    def __init__(self, content: Any, status_code: int = 200) -> None:
        body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        super().__init__(body, headers, status_code)


def printable(text: str) -> str:
    """`text` made fit for a header, whole keys in it masked."""
    return re.sub(_UNPRINTABLE, "?", mask(text))


def success(data: Any) -> Json:
    """The dashboard's envelope around an answer (K3, U3)."""
    return Json({"status": "success", "data": data})


def refusal(error: ApiError, call: Call) -> Json:
    """`error` as the contract prints it; the dashboard's endpoints say ``"status":"error"`` beside it (B12).

    What it quotes of the request may hold a whole key, which no answer but one ever shows (K3).
    """
    failure, endpoint = error.failure, call.endpoint
    body: dict[str, Any] = {"error": {"message": mask(error.message), "type": failure.type, "code": failure.code}}
    if endpoint.enveloped if endpoint is not None else f"{call.path}/".startswith(ENVELOPED_PATHS):
        body = {"status": "error"} | body
    return explained(Json(body, failure.status), error)


def explained(response: Json, error: ApiError) -> Json:
    """`response` with what `error` tells by headers, whatever its body looks like."""
    if error.retry_after is not None:
        response.add(b"retry-after", str(error.retry_after))
    if error.allow is not None:
        response.add(b"allow", error.allow)
    if error.hint is not None:
        response.add(b"x-clevora-mock-hint", printable(error.hint))
    return response
