"""JSON answers: replies for the pipeline, and responses of Starlette's own kind."""

from typing import Any

import msgspec
from starlette.responses import Response

from clevora_mock.core.reply import Reply, json_reply


def json_answer(content: Any, status: int = 200) -> Reply:
    """Return a reply of `content`, which is anything that msgspec encodes."""
    return json_reply(msgspec.json.encode(content), status)


def json_response(content: Any) -> Response:
    """Return a response of `content`, which is anything that msgspec encodes."""
    body = msgspec.json.encode(content)
    return Response(body, headers={"content-type": "application/json", "content-length": str(len(body))})
