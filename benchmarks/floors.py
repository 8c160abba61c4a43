"""Bare servers to compare with: they do only HTTP, or HTTP and JSON.

``python -m benchmarks.floors bare 8000 /v1/chat/completions=FILE`` answers each path with a file's bytes. Kinds:

- ``bare``: an ASGI application that reads the request and sends the bytes at once;
- ``chunks``: the same, which sends a stream's events one by one, as fast as it can;
- ``paced``: the same, which sends each at its own time, as many a second as ``rate=50`` says;
- ``starlette``: a route that parses the request with msgspec, and encodes its answer anew each time;
- ``canned``: no HTTP at all, the same bytes for any input; it shows the limit of the load generator.

Nothing of the mock is imported, so that its imports do not count in a bare server's start.
"""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

Answers = dict[str, bytes]


def bare(answers: Answers, _rate: float) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await _read(receive)
        body = answers[scope["path"]]
        await send({"type": "http.response.start", "status": 200, "headers": _headers(body)})
        await send({"type": "http.response.body", "body": body})

    return application


def chunks(answers: Answers, _rate: float) -> Any:
    prepared = {path: events(body) for path, body in answers.items()}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await _read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": [_EVENT_STREAM]})
        for event in prepared[scope["path"]]:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return application


def paced(answers: Answers, rate: float) -> Any:
    prepared = {path: events(body) for path, body in answers.items()}
    step = 1 / rate

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await _read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": [_EVENT_STREAM]})
        clock = asyncio.get_running_loop().time
        start = clock()
        for index, event in enumerate(prepared[scope["path"]]):
            # The role and the first token are sent at once.
            left = start + max(0, index - 1) * step - clock()
            if left > 0:
                await asyncio.sleep(left)
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return application


def starlette(answers: Answers, _rate: float) -> Any:
    import msgspec
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    class Message(msgspec.Struct):
        role: str
        content: str

    class Asked(msgspec.Struct):
        messages: list[Message] = []
        input: str | list[str] = ""
        query: str = ""

    def route(path: str, body: bytes) -> Route:
        answer = msgspec.json.decode(body)

        async def endpoint(request: Request) -> Response:
            msgspec.json.decode(await request.body(), type=Asked)
            return Response(msgspec.json.encode(answer), media_type="application/json")

        return Route(path, endpoint, methods=["POST"])

    return Starlette(routes=[route(path, body) for path, body in answers.items()])


def events(stream: bytes) -> list[bytes]:
    """Split a stream into events, each with the empty line that ends it; ``[DONE]`` stays with the last one."""
    found = [event + b"\n\n" for event in stream.split(b"\n\n") if event]
    return [*found[:-2], found[-2] + found[-1]]


def canned(answers: Answers, listener: socket.socket) -> None:
    import uvloop

    body = next(iter(answers.values()))
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)

    class Canned(asyncio.Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(answer)

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Canned, sock=listener)
        await server.serve_forever()

    uvloop.run(serve())


KINDS = {"bare": bare, "chunks": chunks, "paced": paced, "starlette": starlette}

_EVENT_STREAM = (b"content-type", b"text/event-stream")


def _headers(body: bytes) -> list[tuple[bytes, bytes]]:
    if body.startswith(b"data: "):
        return [_EVENT_STREAM]
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]


async def _read(receive: Any) -> None:
    while (await receive()).get("more_body"):
        pass


def main(kind: str, port: int, *served: str) -> None:
    given = dict(pair.split("=", 1) for pair in served)
    rate = float(given.pop("rate", 0))
    answers = {path: Path(file).read_bytes() for path, file in given.items()}
    # Without the protocol, asyncio leaves Nagle's algorithm on.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    if kind == "canned":
        canned(answers, listener)
        return
    config = uvicorn.Config(
        KINDS[kind](answers, rate),
        http="httptools",
        loop="uvloop",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
