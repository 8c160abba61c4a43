"""A sandbox of the mock for each test, and the application that calls it."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from rundown.desk import Desk
from rundown.web import create

# Sends a question; returns the pieces of the answer and the last line.
Ask = Callable[[str], tuple[list[str], dict[str, Any]]]

SCENARIOS = Path(__file__).parent.parent / "scenarios"


class Sandbox:
    """A sandbox of a running mock, used by one test only."""

    def __init__(self, mock: str) -> None:
        self.url = f"{mock}/sandbox/rundown-{uuid4().hex[:12]}"
        self.base_url = f"{self.url}/v1"
        self._control = httpx.Client(base_url=self.url, timeout=10)
        # The clock is frozen, and advances when the application waits.
        self._send("PATCH", "/__mock/clock", {"mode": "frozen"})

    def use(self, scenario: str) -> None:
        """Start a scenario: one of this directory's, or a shipped one."""
        own = SCENARIOS / f"{scenario}.yaml"
        self._send("PUT", "/__mock/scenario", own.read_text("utf-8") if own.exists() else {"name": scenario})

    def advance(self, seconds: float) -> None:
        self._send("PATCH", "/__mock/clock", {"advance": seconds})

    async def sleep(self, seconds: float) -> None:
        """Advance the clock instead of waiting."""
        self.advance(seconds)

    def statuses(self, endpoint: str) -> list[int]:
        """Return the statuses of an endpoint's requests, oldest first."""
        journal = self._send("GET", f"/__mock/requests?endpoint={endpoint}")
        return [entry["status"] for entry in reversed(journal["requests"])]

    def findings(self) -> list[str]:
        """Return the mock's findings about the application's conduct."""
        return [finding["message"] for finding in self._send("GET", "/__mock/conduct")["findings"]]

    def remove(self) -> None:
        self._control.delete("/").raise_for_status()
        self._control.close()

    def _send(self, method: str, path: str, body: dict[str, Any] | str | None = None) -> Any:
        content = {"content": body} if isinstance(body, str) else {"json": body} if body is not None else {}
        answer = self._control.request(method, path, **content)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="session")
def mock() -> str:
    """Provide the address of the mock, from CLEVORA_BASE_URL."""
    base_url = os.environ.get("CLEVORA_BASE_URL", "http://127.0.0.1:2538/v1")
    return base_url.rstrip("/").removesuffix("/v1").partition("/sandbox/")[0]


@pytest.fixture
def sandbox(mock: str) -> Iterator[Sandbox]:
    fresh = Sandbox(mock)
    yield fresh
    # Every test also checks that the application respects Retry-After and makes no useless retries.
    findings = fresh.findings()
    fresh.remove()
    assert findings == []


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[TestClient]:
    key = os.environ.get("CLEVORA_API_KEY", "sk_live_0123456789abcdef0123456789abcdef")
    with TestClient(create(Desk(sandbox.base_url, key, sandbox.sleep))) as client:
        yield client


@pytest.fixture
def ask(app: TestClient) -> Ask:
    def send(question: str) -> tuple[list[str], dict[str, Any]]:
        answer = app.post("/answer", json={"topic": "black holes", "question": question})
        *pieces, end = [json.loads(line) for line in answer.text.splitlines()]
        return [piece["text"] for piece in pieces], end

    return send
