"""The live API is asked through the mock: what is sent, what is passed on, and what is not followed."""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from clevora_mock.settings import DEMO_KEY, Settings
from tests.support.asgi import answering
from tests.support.live_api import CHAT, ask, journal, lines_of, serve_recorder, serve_upstream
from tests.support.program import environment, run_in_process, run_program
from tests.support.raw_client import connect
from tests.support.server import RunningServer, serve_settings
from tests.support.wait import wait_until
from tests.support.world import TLS

EVENTS = [(b"content-type", b"text/event-stream")]
JSON = [(b"content-type", b"application/json")]
# Like none of the mock's.
LIVE_KEY = "live-Zq7-upstream-key-123"
# A program that asks for a chat, and prints what the mock then shows.
ASK_AND_SHOW = """
import os, urllib.error, urllib.request as u
request = u.Request(os.environ["CLEVORA_BASE_URL"] + "/chat/completions", b"{{}}", {{"authorization": "Bearer {key}"}})
try:
    u.urlopen(request).read()
except urllib.error.HTTPError as error:
    error.read()
for name in ("requests", "state", "metrics", "conduct"):
    print(u.urlopen(os.environ["CLEVORA_MOCK_URL"] + "/__mock/" + name).read().decode())
"""


class Recorder:
    """An API that keeps the requests, and answers with `headers` and `status`."""

    def __init__(self, status: int = 200, headers: list[tuple[bytes, bytes]] = JSON, body: bytes = b"{}") -> None:
        self.scopes: list[Scope] = []
        self._head = {"type": "http.response.start", "status": status, "headers": headers}
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await send(self._head)
        await send({"type": "http.response.body", "body": self._body})

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.scopes[-1]["headers"]}


class Endless:
    """An API whose streams never end; `sent` counts their parts, `left` is set when the client has left."""

    def __init__(self, size: int, pause: float) -> None:
        self.sent = 0
        self.left = False
        self._part = b": " + b"x" * size + b"\n\n"
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        leaving = asyncio.create_task(self._wait(receive))
        await send({"type": "http.response.start", "status": 200, "headers": EVENTS})
        while not self.left:
            await send({"type": "http.response.body", "body": self._part, "more_body": True})
            self.sent += 1
            await asyncio.sleep(self._pause)
        await leaving

    async def _wait(self, receive: Receive) -> None:
        message: Message = {"type": ""}
        while message["type"] != "http.disconnect":
            message = await receive()
        self.left = True


class TestHeaders:
    def test_only_known_headers_are_sent(self, tmp_path: Path) -> None:
        api = Recorder()
        with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
            headers = {
                "authorization": "Bearer live-key",
                "user-agent": "client/1",
                "accept": "text/event-stream",
                "idempotency-key": "k1",
                "cookie": "a=b",
                "x-secret": "c",
                "proxy-authorization": "d",
                "accept-encoding": "gzip",
            }
            httpx.post(f"{server.url}{CHAT}?b=1&a=2", json={"a": 1}, headers=headers, verify=TLS)
        assert api.headers | {"host": ""} == {
            "host": "",
            "connection": "keep-alive",
            "accept": "text/event-stream",
            "accept-encoding": "identity",
            "authorization": "Bearer live-key",
            "content-length": "7",
            "content-type": "application/json",
            "idempotency-key": "k1",
            "user-agent": "client/1",
        }
        assert (api.scopes[0]["path"], api.scopes[0]["query_string"]) == (CHAT, b"b=1&a=2")

    def test_the_key_of_the_live_api_takes_the_place_of_the_mocks_own(self, tmp_path: Path) -> None:
        api = Recorder()
        with serve_upstream(api) as url, serve_recorder(url, tmp_path, upstream_key="live-key") as server:
            ask(server)
            assert api.headers["authorization"] == "Bearer live-key"
            httpx.post(server.url + CHAT, json={}, headers={"authorization": "Bearer another-key"}, verify=TLS)
            assert api.headers["authorization"] == "Bearer another-key"
            httpx.get(f"{server.url}/v1/keys", headers={"authorization": f"Bearer {server.api_key}"}, verify=TLS)
            assert api.headers["authorization"] == f"Bearer {server.api_key}"

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:2538"])
    def test_a_page_cannot_spend_the_key_of_the_live_api(self, tmp_path: Path, origin: str) -> None:
        api = Recorder()
        with serve_upstream(api) as url, serve_recorder(url, tmp_path, upstream_key="live-key") as server:
            headers = {"authorization": f"Bearer {server.api_key}", "origin": origin}
            httpx.post(server.url + CHAT, json={}, headers=headers, verify=TLS)
        assert api.headers["authorization"] == f"Bearer {server.api_key}"

    def test_only_known_headers_are_passed_on(self, tmp_path: Path) -> None:
        headers = [
            *((b"content-type", b"application/json"), (b"retry-after", b"3"), (b"x-ratelimit-limit", b"60")),
            *((b"set-cookie", b"a=b"), (b"server", b"live"), (b"x-request-id", b"live-1"), (b"x-internal", b"c")),
        ]
        with (
            serve_upstream(
                Recorder(429, headers, b'{"error": {"code": "rate_limit_exceeded", "message": "Wait"}}')
            ) as url,
            serve_recorder(url, tmp_path) as server,
        ):
            answer = ask(server)
            (entry,) = journal(server)
        own = {"x-request-id", "date", "content-length", "transfer-encoding"}
        assert answer.headers.keys() - own == {
            *("content-type", "retry-after", "x-ratelimit-limit", "x-clevora-mock-source")
        }
        assert answer.headers["x-request-id"].startswith("req_")
        assert lines_of(tmp_path / "default.jsonl")[0]["headers"].keys() == {
            *("content-type", "retry-after", "x-ratelimit-limit")
        }
        assert (entry["status"], entry["code"], entry["message"], entry["cost"]) == (
            *(429, "rate_limit_exceeded", "Wait", 0),
        )

    def test_no_cookie_is_kept(self, tmp_path: Path) -> None:
        api = Recorder(headers=[(b"set-cookie", b"session=1; Path=/")])
        with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
            for content in ("One", "Two"):
                ask(server, content)
        assert "cookie" not in api.headers


class TestStreams:
    PARTS = (
        b'data: {"choices":[{"delta":{"content":"caf\xc3',
        b'\xa9"}}]}\r\n\r\n: a comment\r\n\r',
        b'\ndata:{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}\r\n\r\n',
        b"data: [DONE]\r\n\r\n",
    )

    def test_a_stream_passes_byte_for_byte_as_it_comes(self, tmp_path: Path) -> None:
        with (
            serve_upstream(answering(EVENTS, *self.PARTS, pause=0.1)) as url,
            serve_recorder(url, tmp_path) as server,
            httpx.stream("POST", server.url + CHAT, json={"stream": True}, verify=TLS) as answer,
        ):
            assert tuple(answer.iter_raw()) == self.PARTS
            wait_until(lambda: journal(server))
            (entry,) = journal(server)
        assert (entry["promptTokens"], entry["completionTokens"], entry["response"]) == (3, 4, "café")
        (line,) = lines_of(tmp_path / "default.jsonl")
        assert "".join(text for _, text in line["stream"]).encode() == b"".join(self.PARTS)
        times = [time for time, _ in line["stream"]]
        assert times == sorted(times)
        # Not all at once at the end.
        assert times[-1] - times[0] > 200

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_a_stream_without_an_end_is_passed_on_and_not_recorded(self, tmp_path: Path, count: int) -> None:
        with (
            serve_upstream(answering(EVENTS, *self.PARTS[:count])) as url,
            serve_recorder(url, tmp_path) as server,
        ):
            answer = ask(server, stream=True)
        assert answer.content == b"".join(self.PARTS[:count])
        assert list(tmp_path.iterdir()) == []

    def test_a_client_that_leaves_ends_the_request_to_the_live_api(self, tmp_path: Path) -> None:
        api = Endless(10, 0.01)
        with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
            with httpx.stream("POST", server.url + CHAT, json={"stream": True}, verify=TLS) as answer:
                next(answer.iter_raw())
            wait_until(lambda: api.left)
            wait_until(lambda: journal(server))
            assert journal(server)[0]["abandoned"]
        assert list(tmp_path.iterdir()) == []

    def test_a_client_that_leaves_before_the_head_ends_it_as_well(self, tmp_path: Path) -> None:
        left: list[bool] = []

        async def silent(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            left.append((await receive())["type"] == "http.disconnect")

        with serve_upstream(silent) as url, serve_recorder(url, tmp_path) as server:
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(server.url + CHAT, json={}, timeout=0.2, verify=TLS)
            wait_until(lambda: left == [True])

    def test_a_client_that_leaves_after_the_sentinel_has_its_stream_recorded(self, tmp_path: Path) -> None:
        """As OpenAI's SDKs do, however long the live API leaves the connection open."""
        with (
            serve_upstream(answering(EVENTS, *self.PARTS, b": bye\n\n", pause=0.05)) as url,
            serve_recorder(url, tmp_path) as server,
        ):
            with httpx.stream("POST", server.url + CHAT, json={"stream": True}, verify=TLS) as answer:
                for part in answer.iter_raw():
                    if b"[DONE]" in part:
                        break
            wait_until(lambda: journal(server))
        assert len(lines_of(tmp_path / "default.jsonl")) == 1

    def test_a_slow_client_slows_the_live_api_down(self, tmp_path: Path) -> None:
        api = Endless(64 * 1024, 0)
        with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
            host, port = server.url.removeprefix("http://").split(":")
            with connect((host, int(port))) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
                connection.sendall(f"POST {CHAT} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{{}}".encode())
                seen = -1
                while seen != api.sent:
                    seen = api.sent
                    sleep(0.3)
                # Some megabytes fit into the buffers of five sockets.
                assert 0 < api.sent * 64 * 1024 < 64 * 1024 * 1024


class TestRefusals:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, tmp_path: Path, status: int) -> None:
        api = Recorder(status, [(b"location", b"/elsewhere")])
        with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
            answer = ask(server)
        assert answer.status_code == 502
        assert f"answered {status}; redirects are not followed" in answer.json()["error"]["message"]
        assert len(api.scopes) == 1
        assert list(tmp_path.iterdir()) == []

    def test_an_api_that_is_not_there_is_a_502_that_says_so(self, tmp_path: Path) -> None:
        with serve_recorder("http://127.0.0.1:9/v1", tmp_path) as server:
            answer = ask(server)
        assert answer.status_code == 502
        assert answer.json()["error"]["message"].startswith("127.0.0.1:9 does not answer: ")

    def test_an_answer_that_breaks_off_breaks_off(self, tmp_path: Path) -> None:
        """The client sees that it is cut, and it is not recorded."""
        api = answering([(b"content-length", b"100"), *JSON], b"{", delay=0.0)
        with (
            serve_upstream(api) as url,
            serve_recorder(url, tmp_path) as server,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            ask(server)
        assert list(tmp_path.iterdir()) == []

    def test_a_compressed_answer_is_passed_on_and_recorded_plain(self, tmp_path: Path) -> None:
        api = Recorder(200, [(b"content-encoding", b"gzip"), *JSON], gzip.compress(b'{"a": 1}'))
        with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
            answer = ask(server)
        assert answer.json() == {"a": 1}
        assert "content-encoding" not in answer.headers
        assert lines_of(tmp_path / "default.jsonl")[0]["answer"] == '{"a": 1}'

    def test_paths_of_the_mocks_own_are_not_forwarded(self, tmp_path: Path) -> None:
        api = Recorder()
        with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
            statuses = [
                httpx.get(server.url + path, verify=TLS).status_code for path in ("/", "/__mock/health", "/v1/x")
            ]
        assert statuses == [200, 200, 404]
        assert api.scopes == []

    def test_what_a_rule_touches_is_not_forwarded(self, tmp_path: Path) -> None:
        api = Recorder()
        with serve_upstream(api) as url, serve_recorder(url, tmp_path, scenario="flaky") as server:
            statuses = [ask(server).status_code for _ in range(3)]
        assert (statuses, len(api.scopes)) == ([500, 500, 200], 1)


CONFLICTS: list[tuple[dict[str, Any], str]] = [
    ({"record": "a"}, "--record: expected --upstream (CLEVORA_MOCK_UPSTREAM) beside it, which answers"),
    ({"diff": True}, "--diff: expected --upstream (CLEVORA_MOCK_UPSTREAM) beside it, which answers"),
    ({"upstream": "https://api.example"}, "--upstream: expected --record or --diff beside it"),
    ({"upstream": "https://api.example", "record": "a", "replay": "b"}, "--replay: expected no --record beside it"),
    ({"upstream": "https://api.example", "record": "a", "diff": True}, "--diff: expected no --record beside it"),
    ({"record_mode": "all"}, "--record-mode: expected --record beside it"),
    ({"replay": "a", "record_mode": "new"}, "--record-mode: expected --record beside it"),
    ({"upstream_key": "a-live-key"}, "--upstream-key: expected --upstream beside it"),
    ({"on_miss": "fail"}, "--on-miss: expected --record or --replay beside it"),
    ({"pace": "none"}, "--pace: expected --record or --replay beside it"),
    ({"ignore": "user"}, "--ignore: expected --record or --replay beside it"),
    ({"mask_emails": True}, "--mask-emails: expected --record or --replay beside it"),
    ({"max_age": "3d"}, "--max-age: expected --record or --replay beside it"),
    ({"recordings_on_request": True}, "--recordings-on-request: expected --record or --replay beside it"),
]


class TestSettings:
    @pytest.mark.parametrize(("given", "message"), CONFLICTS, ids=[message for _, message in CONFLICTS])
    def test_settings_that_do_not_go_together_are_named(self, given: dict[str, Any], message: str) -> None:
        assert Settings(**given).conflict == message

    def test_settings_of_the_live_api_may_stay_for_a_replay(self) -> None:
        """They are variables that are set for all runs."""
        given = Settings(replay="a", upstream="https://api.example", upstream_key="a-live-key", max_age="3d")
        assert given.conflict is None

    def test_a_conflict_is_a_usage_error(self, tmp_path: Path) -> None:
        ended = run_program("serve", "--record", str(tmp_path))
        assert (ended.returncode, ended.stderr) == (2, f"clevora-mock: {CONFLICTS[0][1]}\n")

    @pytest.mark.parametrize(
        ("host", "asked"),
        [
            ("127.0.0.1", "127.0.0.1:2538/v1"),
            ("127.0.0.1", "localhost:2538"),
            ("0.0.0.0", "127.0.0.2:2538/sandbox/a/v1"),
            ("::1", "[::1]:2538/v1"),
        ],
    )
    def test_a_server_does_not_ask_itself(self, host: str, asked: str) -> None:
        ended = run_in_process("serve", "--host", host, "--port", "2538", "--upstream", f"http://{asked}", "--diff")
        said = f"--upstream: expected another server than this one, which listens on {host}, port 2538; "
        assert (ended.returncode, ended.stderr) == (2, f"clevora-mock: {said}choose another with --port\n")

    @pytest.mark.parametrize(
        "asked", ["http://127.0.0.1:1/v1", "http://127.0.0.2:{port}/v1", "https://localhost:{port}"]
    )
    def test_another_server_of_this_machine_may_be_asked(self, asked: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            flags = ("--port", str(port), "--upstream", asked.format(port=port), "--diff")
            assert run_in_process("serve", *flags).returncode == 3

    def test_only_the_flag_needs_a_use_of_the_live_api(self) -> None:
        """The variable is for a shell, in which not every command asks it."""
        command = ("--", sys.executable, "-c", "")
        assert run_program("exec", *command, CLEVORA_MOCK_UPSTREAM="https://api.example/v1").returncode == 0
        ended = run_program("exec", "--upstream", "https://api.example/v1", *command)
        assert (ended.returncode, ended.stderr) == (2, f"clevora-mock: {CONFLICTS[2][1]}\n")

    @pytest.mark.parametrize(
        ("variable", "value", "shown"),
        [
            ("UPSTREAM_KEY", "cle-live 7HqZt93xwKd\n", "one of 21 characters with a space or the like"),
            ("UPSTREAM_KEY", "short7H", "one of 7 characters"),
            ("UPSTREAM", "https://me:7HqZt93xwKd@api.example/v1", "'https://***@api.example/v1'"),
        ],
    )
    def test_a_credential_is_not_quoted(self, tmp_path: Path, variable: str, value: str, shown: str) -> None:
        ended = run_program("serve", "--record", str(tmp_path), **{f"CLEVORA_MOCK_{variable}": value})
        assert ended.returncode == 2
        assert ended.stderr.endswith(f", got {shown}\n")
        assert "7H" not in ended.stderr

    def test_a_missing_httpx_is_named_in_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "httpx.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
        command = [sys.executable, "-m", "clevora_mock", "--port", "0", "--upstream", "https://api.example", "--diff"]
        search = f"{tmp_path}:{environment().get('PYTHONPATH', '.')}"
        ended = subprocess.run(command, env=environment(PYTHONPATH=search), capture_output=True, text=True, check=False)
        message = "--upstream needs httpx, which is not installed: pip install 'PATH/TO/CHECKOUT[upstream]'"
        assert (ended.returncode, ended.stderr) == (2, f"clevora-mock: {message}\n")


@pytest.fixture
def plain() -> Iterator[RunningServer]:
    with serve_settings() as server:
        yield server


REPEATED = f"Incorrect API key provided: {LIVE_KEY} ({quote(LIVE_KEY, safe='').replace('-', '%2D')})"
REPETITIONS: dict[str, tuple[int, list[tuple[bytes, bytes]], list[bytes]]] = {
    "in an error": (400, JSON, [json.dumps({"error": {"message": REPEATED, "code": LIVE_KEY}}).encode()]),
    "in a chat": (200, JSON, [json.dumps({"choices": [{"message": {"content": REPEATED}}]}).encode()]),
    "often in a chat": (200, JSON, [json.dumps({"choices": [{"message": {"content": LIVE_KEY * 500}}]}).encode()]),
    "over a stream's events": (
        200,
        EVENTS,
        [
            *(b'data: {"choices":[{"delta":{"content":"%c"}}]}\n\n' % character for character in LIVE_KEY.encode()),
            b"data: [DONE]\n\n",
        ],
    ),
}


@pytest.mark.parametrize("is_own", [True, False], ids=["of the settings", "of the client"])
@pytest.mark.parametrize(("status", "headers", "parts"), REPETITIONS.values(), ids=REPETITIONS)
def test_a_key_that_the_live_api_repeats_is_nowhere_in_the_mock(
    tmp_path: Path, status: int, headers: list[tuple[bytes, bytes]], parts: list[bytes], is_own: bool
) -> None:
    report = tmp_path / "report.html"
    api = Recorder(status, headers, b"".join(parts))
    key = {"CLEVORA_MOCK_UPSTREAM_KEY": LIVE_KEY} if is_own else {}
    program = ASK_AND_SHOW.format(key=DEMO_KEY if is_own else LIVE_KEY)
    with serve_upstream(api) as url:
        command = ("exec", "--upstream", url, "--record", str(tmp_path / "recordings"), "--report", str(report))
        ended = run_program(*command, "--log-format", "json", "--", sys.executable, "-c", program, **key)
    shown = ended.stdout + ended.stderr + report.read_text(encoding="utf-8")
    assert api.headers["authorization"] == f"Bearer {LIVE_KEY}"
    assert '"source":"upstream"' in ended.stdout
    assert "***" in ended.stdout
    assert LIVE_KEY[:12] not in shown


def test_a_server_without_recordings_answers_itself(plain: RunningServer) -> None:
    assert "x-clevora-mock-source" not in ask(plain).headers
    assert journal(plain)[0]["source"] == "mock"
