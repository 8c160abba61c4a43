"""JSON responses: replies for the pipeline, and Starlette responses for the control plane."""

from typing import Any

import msgspec
from starlette.responses import Response

from clevora_mock.core.reply import Reply, json_reply


def encode_reply(content: Any, status: int = 200) -> Reply:
    """Encode `content`, anything that msgspec takes, as a reply."""
    return json_reply(msgspec.json.encode(content), status)


def json_response(content: Any) -> Response:
    """Encode `content`, anything that msgspec takes, as a Starlette response."""
    body = msgspec.json.encode(content)
    return Response(body, headers=json_headers(body))


def json_headers(body: bytes) -> dict[str, str]:
    """Return the headers of a JSON body in one piece."""
    return {"content-type": "application/json", "content-length": str(len(body))}
