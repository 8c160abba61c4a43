"""Requests to the servers, and their records."""

from collections.abc import Mapping
from typing import Any

import httpx

from clevora_mock.settings import DEMO_KEY

KEY = {"authorization": f"Bearer {DEMO_KEY}"}
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello!"}]}
CHATS = "/v1/chat/completions"


def chat(http: httpx.Client, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
    return http.post(CHATS, headers=KEY | dict(headers or {}), json=CHAT | more)


def ledger(http: httpx.Client) -> dict[str, Any]:
    """Return the demo account's ledger."""
    found: dict[str, Any] = http.get("/__mock/ledger?uid=demo").json()
    return found


def entries(http: httpx.Client) -> list[dict[str, Any]]:
    """Return the journal, newest first."""
    found: list[dict[str, Any]] = http.get("/__mock/requests").json()["requests"]
    return found
