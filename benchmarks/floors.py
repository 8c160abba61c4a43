"""Bare servers to compare with: they do only HTTP, or HTTP and JSON, on uvicorn with uvloop and httptools.

``python -m benchmarks.floors bare 8000 /v1/chat/completions FILE 0`` answers the path with the file's bytes. Kinds:

- ``bare``: an ASGI application that reads the request and sends the bytes at once;
- ``starlette``: a route that parses the request with msgspec, and encodes its answer anew each time;
- ``chunks``: an ASGI application that sends a stream's events one by one, as fast as it can, or as many a second as the
  last argument says.

Nothing of the mock is imported, so that its imports do not count in a bare server's start.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn


def bare(_path: str, body: bytes, _rate: float) -> Any:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        await _read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


def starlette(path: str, body: bytes, _rate: float) -> Any:
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

    answer = msgspec.json.decode(body)

    async def endpoint(request: Request) -> Response:
        msgspec.json.decode(await request.body(), type=Asked)
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return Starlette(routes=[Route(path, endpoint, methods=["POST"])])


def chunks(_path: str, body: bytes, rate: float) -> Any:
    events = [event + b"\n\n" for event in body.split(b"\n\n") if event]
    # ``[DONE]`` goes with the last event, as the mock sends it.
    events[-2:] = [events[-2] + events[-1]]
    headers = [(b"content-type", b"text/event-stream")]

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        await _read(receive)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        clock = asyncio.get_running_loop().time
        start = clock()
        for index, event in enumerate(events):
            # The role and the first token are sent at once.
            if rate and (left := start + (index - 1) / rate - clock()) > 0:
                await asyncio.sleep(left)
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return application


async def _read(receive: Any) -> None:
    while (await receive()).get("more_body"):
        pass


def main(kind: str, port: str, path: str, file: str, rate: str) -> None:
    create = {"bare": bare, "starlette": starlette, "chunks": chunks}[kind]
    application = create(path, Path(file).read_bytes(), float(rate))
    parts: dict[str, Any] = {"http": "httptools", "loop": "uvloop", "lifespan": "off", "ws": "none"}
    uvicorn.run(application, port=int(port), log_config=None, access_log=False, **parts)


if __name__ == "__main__":
    main(*sys.argv[1:])
