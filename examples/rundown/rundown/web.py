"""Rundown's web application: a page, and the two endpoints that it calls.

``uvicorn --factory rundown.web:from_environment`` serves them.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from rundown.desk import Desk, TroubleError

_PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
_STYLES = ("youtube", "podcast", "tiktok")


def from_environment() -> Starlette:
    """Create the application for the API that CLEVORA_BASE_URL and CLEVORA_API_KEY name."""
    return create(Desk(os.environ["CLEVORA_BASE_URL"], os.environ["CLEVORA_API_KEY"]))


def create(desk: Desk) -> Starlette:
    """Create the application; `desk` calls the API."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await desk.close()

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def outline(request: Request) -> Response:
        body = await request.json()
        topic, style = _text(body, "topic"), body.get("style", "podcast")
        if style not in _STYLES:
            raise HTTPException(400, f"style: expected one of {', '.join(_STYLES)}")
        # In sequence, so that no search is paid for without an outline.
        script = await desk.outline(topic, style)
        return JSONResponse({"topic": topic, "script": script, "sources": await desk.sources(topic)})

    async def answer(request: Request) -> Response:
        body = await request.json()
        lines = _lines(desk.answer(_text(body, "topic"), _text(body, "question")))
        return StreamingResponse(lines, media_type="application/x-ndjson")

    say: dict[Any, Any] = {TroubleError: _say_trouble, HTTPException: _say_mistake}
    return Starlette(
        routes=[
            Route("/", page),
            Route("/health", health),
            Route("/outline", outline, methods=["POST"]),
            Route("/answer", answer, methods=["POST"]),
        ],
        exception_handlers=say,
        lifespan=lifespan,
    )


async def _lines(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield a stream as JSON lines: ``text`` for each piece, at the end ``done``, or ``trouble`` with a message."""
    try:
        async for piece in pieces:
            yield json.dumps({"text": piece}) + "\n"
        yield json.dumps({"done": True}) + "\n"
    except TroubleError as trouble:
        yield json.dumps({"trouble": trouble.message, "retryAfter": trouble.retry_after}) + "\n"


def _text(body: dict[str, object], field: str) -> str:
    text = body.get(field)
    if not isinstance(text, str) or not text.strip():
        raise HTTPException(400, f"{field}: expected some text")
    return text.strip()


def _say_trouble(_: Request, trouble: TroubleError) -> Response:
    headers = {} if trouble.retry_after is None else {"retry-after": str(trouble.retry_after)}
    return JSONResponse({"trouble": trouble.message, "retryAfter": trouble.retry_after}, 503, headers)


def _say_mistake(_: Request, mistake: HTTPException) -> Response:
    return JSONResponse({"trouble": mistake.detail, "retryAfter": None}, mistake.status_code)
