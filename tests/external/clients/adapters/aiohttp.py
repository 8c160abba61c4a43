"""aiohttp, with its own exceptions for statuses."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from adapters import plain


def versions() -> dict[str, Any]:
    return {"versions": [aiohttp.__version__]}


def connect(api_key: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers=plain.headers(api_key), raise_for_status=True)


async def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    async with connect(api_key) as session, session.post(f"{base_url}/chat/completions", json=request) as answer:
        return plain.answer(await answer.json())


async def stream(base_url: str, api_key: str, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    asked = request | {"stream": True}
    async with connect(api_key) as session, session.post(f"{base_url}/chat/completions", json=asked) as answer:
        async for line in answer.content:
            for piece in plain.pieces(line.decode().strip()):
                yield piece


async def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    async with connect(api_key) as session, session.post(f"{base_url}/embeddings", json={"input": texts}) as answer:
        return plain.vectors(await answer.json())


def described(error: Exception) -> dict[str, Any]:
    # At the exception the response's body, and so the code, is no longer available.
    headers = getattr(error, "headers", None) or {}
    return {"status": getattr(error, "status", None), "retry_after": headers.get("retry-after")}
