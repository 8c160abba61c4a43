"""What the mock is measured against: servers that do nothing but HTTP, or HTTP and JSON.

``python -m benchmarks.floors bare 8000`` serves a bare ASGI application, ``starlette`` a Starlette route that parses a
chat request with msgspec and answers one of the same size. Nothing of the mock is imported, so that a floor's start is
its own.
"""

import socket
import sys
from typing import Any

import uvicorn

from benchmarks.answer import ANSWER, BODY


async def bare(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def starlette() -> Any:
    import msgspec
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    class Message(msgspec.Struct):
        role: str
        content: str

    class ChatRequest(msgspec.Struct):
        messages: list[Message]

    async def chat(request: Request) -> Response:
        msgspec.json.decode(await request.body(), type=ChatRequest)
        return Response(msgspec.json.encode(ANSWER), media_type="application/json")

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def main(kind: str, port: int) -> None:
    # With the protocol named, since asyncio leaves Nagle's algorithm on otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        bare if kind == "bare" else starlette(),
        http="httptools",
        loop="uvloop",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
