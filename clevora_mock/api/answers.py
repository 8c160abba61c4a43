"""Answers in one piece: JSON, and the contract's rendering of a refusal."""

import re
from typing import Any

import msgspec
from starlette.responses import Response

from clevora_mock import contract
from clevora_mock.core.accounts import mask
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError

_UNPRINTABLE = re.compile(r"[^ -~]")


class Json(Response):
    """A JSON answer; its content is anything msgspec encodes, or bytes that are JSON already."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200) -> None:
        # Starlette's own start serves every kind of response; this kind has two headers, always.
        self.status_code = status_code
        self.background = None
        self.body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        self.raw_headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(self.body)),
        ]


def printable(text: str) -> str:
    """`text` made fit for a header, whole keys in it masked."""
    return _UNPRINTABLE.sub("?", mask(text))


def success(data: Any) -> Json:
    """The dashboard's envelope around an answer (K3, U3)."""
    return Json({"status": "success", "data": data})


def refusal(error: ApiError, call: Call) -> Json:
    """`error` as the contract prints it; the dashboard's endpoints say ``"status":"error"`` beside it (B12).

    What it quotes of the request may hold a whole key, which no answer but one ever shows (K3).
    """
    failure, endpoint = error.failure, call.endpoint
    body: dict[str, Any] = {"error": {"message": mask(error.message), "type": failure.type, "code": failure.code}}
    if endpoint.enveloped if endpoint is not None else f"{call.path}/".startswith(contract.ENVELOPED_PATHS):
        body = {"status": "error"} | body
    return explained(Json(body, failure.status), error)


def explained(response: Json, error: ApiError) -> Json:
    """`response` with what `error` tells by headers, whatever its body looks like."""
    if error.retry_after is not None:
        response.headers["retry-after"] = str(error.retry_after)
    if error.allow is not None:
        response.headers["allow"] = error.allow
    if error.hint is not None:
        response.headers["x-clevora-mock-hint"] = printable(error.hint)
    return response
