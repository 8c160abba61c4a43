"""The worst requests and answers of a server that records or replays: other requests go on meanwhile."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from clevora_mock.settings import DEMO_KEY
from tests.support.asgi import answering
from tests.support.health import HealthCheck, health_checks
from tests.support.live_api import CHAT, serve_upstream
from tests.support.program import StartedServer, serve_process

# Each test computes for a second or more.
pytestmark = pytest.mark.slow

# In processor time of the server; what is tested here took from 0.2 to 1.5 seconds, and now less than 0.06.
LONGEST_WAIT_SECONDS = 0.15

KEY = {"authorization": f"Bearer {DEMO_KEY}"}
SECRET = " password=abcdefgh "


def saying(text: str) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text}]}).encode()


REQUESTS = {
    "words": saying("hello world " * 300_000 + SECRET),
    "one word": saying("a" * 3_900_000 + " secret"),
    "quotes": saying('"a": 1, ' * 300_000 + SECRET),
    "base64": saying(("QUJD" * 20 + " ") * 45_000),
    "numbers": b'{"messages":[' + b"1," * 2_000_000 + b"1]}",
    "numbers near the bounds": b'{"messages":[' + b"1234567890123e-320," * 190_000 + b"1]}",
    "objects": b'{"messages":[' + b'{"a":"b"},' * 400_000 + b"1]}",
}
ANSWERS = {
    "words": ("application/json", saying("hello world " * 340_000 + SECRET)),
    "one word": ("application/json", saying("a" * 4_100_000 + SECRET)),
    "secrets at both ends": ("application/json", saying(SECRET + "hello world " * 340_000 + SECRET)),
    "many words": ("application/json", saying("hello world " * 1_000_000 + SECRET)),
    "numbers": ("application/json", b'{"x":[' + b"1," * 2_000_000 + b"1]}"),
    "many numbers": ("application/json", b'{"x":[' + b"1," * 6_000_000 + b"1]}"),
    "numbers near the bounds": ("application/json", b'{"x":[' + b"1234567890123e-320," * 190_000 + b"1]}"),
    "objects": ("application/json", b'{"x":[' + b'{"a":"b"},' * 95_000 + b"1]}"),
    "many objects": ("application/json", b'{"x":[' + b'{"a":"b"},' * 1_100_000 + b"1]}"),
    "empty lines": ("text/event-stream", b"\n" * 4_000_000 + b"data: [DONE]\n\n"),
    "a long line": ("text/event-stream", b"data: " + b"a" * 4_000_000 + b"\n\ndata: [DONE]\n\n"),
}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Provide a folder with a recording of no exchange."""
    (tmp_path / "default.jsonl").write_text('{"date":"2026-01-05T00:00:00.000Z","host":"a","version":"1"}\n')
    return tmp_path


@pytest.fixture
def replaying(recording: Path) -> Iterator[StartedServer]:
    with serve_process("serve", "--quiet", "--replay", str(recording), "--on-miss", "fail") as server:
        yield server


@pytest.mark.parametrize("name", REQUESTS)
def test_other_requests_go_on_while_a_request_is_compared(replaying: StartedServer, name: str) -> None:
    health, answer = ask(replaying, REQUESTS[name])
    assert answer.status_code == 502
    assert health.longest < LONGEST_WAIT_SECONDS, f"a health check waited for {health.longest:.3f} s"


@pytest.mark.parametrize("name", ANSWERS)
def test_other_requests_go_on_while_an_answer_is_recorded(tmp_path: Path, name: str) -> None:
    kind, body = ANSWERS[name]
    with (
        serve_upstream(answering([(b"content-type", kind.encode())], body)) as live,
        serve_process("serve", "--quiet", "--upstream", live, "--record", str(tmp_path)) as server,
    ):
        health, answer = ask(server, saying("Hi"))
    assert answer.content == body
    assert health.longest < LONGEST_WAIT_SECONDS, f"a health check waited for {health.longest:.3f} s"


def ask(server: StartedServer, body: bytes) -> tuple[HealthCheck, httpx.Response]:
    """Send a chat while the server is asked for its health, until it has nothing more to do."""
    parts = urlsplit(server.url)
    assert parts.hostname is not None
    assert parts.port is not None
    with health_checks((parts.hostname, parts.port), server.process.pid) as health:
        answer = httpx.post(server.url + CHAT, content=body, headers=KEY, timeout=120)
        # The line of a long answer is written after its end.
        time.sleep(2)
    return health, answer
