"""Answers that the end of the server cuts: the client, the journal and the ledger say the same."""

import json
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.settings import DEMO_KEY
from tests.support.program import serve_process
from tests.support.raw_client import RawResponse, connect, read, read_until

# Each test starts a process.
pytestmark = pytest.mark.slow

MESSAGES = {"messages": [{"role": "user", "content": "Tell me about the sea."}]}


def stopped(
    path: Path, body: dict[str, Any], headers: str = "", *, begun: bool = False
) -> tuple[RawResponse, dict[str, Any]]:
    """Ask for an answer, stop the server meanwhile, and return what came of it and the state that was exported."""
    content = json.dumps(body).encode()
    head = f"authorization: Bearer {DEMO_KEY}\r\ncontent-length: {len(content)}\r\n{headers}\r\n".encode()
    arguments = ("serve", "--quiet", "--tokens-per-second", "5", "--export-on-exit", str(path))
    with serve_process(*arguments) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        with connect((host, int(port))) as connection:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n" + head + content)
            seen = RawResponse()
            if begun:
                read_until(connection, seen, lambda seen: len(seen.events) >= 3)
            else:
                # A second connection is answered after the first one's request has been taken.
                with connect((host, int(port))) as other:
                    other.sendall(b"GET /__mock/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
                    read(other, RawResponse())
            server.process.send_signal(signal.SIGTERM)
            read(connection, seen)
        _, errors = server.process.communicate(timeout=20)
        assert (server.process.returncode, errors) == (0, "")
    return seen, json.loads(path.read_text())["sandboxes"]["default"]


def charges(state: dict[str, Any]) -> int:
    return sum(entry["amount"] for entry in state["accounts"][0]["entries"] if entry["type"] == "charge")


@pytest.mark.parametrize("headers", ["x-clevora-mock-delay: 60s\r\n", "x-clevora-mock-fault: stall\r\n"])
def test_an_answer_that_has_not_begun_becomes_an_error_that_costs_nothing(tmp_path: Path, headers: str) -> None:
    seen, state = stopped(tmp_path / "state.json", MESSAGES, headers)
    assert (seen.status, seen.is_whole, seen.json["error"]["code"]) == (503, True, "service_unavailable")
    (entry,) = state["journal"]
    assert (entry["status"], entry["code"], entry["cost"], entry["fault"]) == (503, "service_unavailable", 0, "stopped")
    assert charges(state) == 0


def test_a_cut_stream_costs_what_was_sent(tmp_path: Path) -> None:
    seen, state = stopped(tmp_path / "state.json", MESSAGES | {"stream": True}, begun=True)
    assert (seen.status, seen.is_whole) == (200, False)
    (entry,) = state["journal"]
    assert (entry["status"], entry["fault"], entry["abandoned"]) == (200, "stopped", False)
    # The first event has the role.
    assert entry["completion_tokens"] == len(seen.events) - 1
    assert charges(state) == entry["cost"] == (entry["prompt_tokens"] + entry["completion_tokens"]) * 500


def test_an_answer_behind_others_that_nobody_reads_costs_nothing(tmp_path: Path) -> None:
    """The client sends requests until the connection takes no more of their answers."""
    path = tmp_path / "state.json"
    messages = [{"role": "user", "content": f'Reply with exactly: "{"a b " * 2_000}"'}]
    content = json.dumps({"messages": messages}).encode()
    head = f"host: localhost\r\nauthorization: Bearer {DEMO_KEY}\r\ncontent-length: {len(content)}\r\n\r\n".encode()
    request = b"POST /v1/chat/completions HTTP/1.1\r\n" + head + content
    arguments = ("serve", "--quiet", "--no-rate-limit", "--balance", "100000", "--export-on-exit", str(path))
    with serve_process(*arguments) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((host, int(port)))
            connection.settimeout(1)
            with suppress(TimeoutError):
                while True:
                    connection.sendall(request)
            server.process.send_signal(signal.SIGTERM)
            _, errors = server.process.communicate(timeout=20)
        assert (server.process.returncode, errors) == (0, "")
    state = json.loads(path.read_text())["sandboxes"]["default"]
    *earlier, last = state["journal"]
    assert {entry["status"] for entry in earlier} == {200}
    assert (last["status"], last["fault"], last["cost"]) == (0, "stopped", 0)
    assert charges(state) == sum(entry["cost"] for entry in earlier)
