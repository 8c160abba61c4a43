"""What the mock is measured against: servers that do nothing but HTTP, or HTTP and JSON.

``python -m benchmarks.floors bare 8000`` serves a bare ASGI application, ``starlette`` a Starlette route that parses a
chat request with msgspec and answers one of the same size.
"""

import sys

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from benchmarks.requests import ANSWER
from clevora_mock.server import listen


class Message(msgspec.Struct):
    role: str
    content: str


class ChatRequest(msgspec.Struct):
    messages: list[Message]


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    body = msgspec.json.encode(ANSWER)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def chat(request: Request) -> Response:
    msgspec.json.decode(await request.body(), type=ChatRequest)
    return Response(msgspec.json.encode(ANSWER), media_type="application/json")


def main(kind: str, port: int) -> None:
    app = bare if kind == "bare" else Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listen("127.0.0.1", port)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
