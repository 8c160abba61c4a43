"""``clevora-mock serve`` as a process."""

import json
import queue
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import IO
from urllib.parse import urlsplit

import httpx
import pytest

from clevora_mock.settings import SETTINGS, Settings
from tests.cli.test_settings import INVALID, KEYS
from tests.support.program import StartedServer, run_in_process, run_program, serve_process
from tests.support.raw_client import TIMEOUT_SECONDS, exchange

# Each test starts processes.
pytestmark = pytest.mark.slow

CHAT = {"messages": [{"role": "user", "content": "Hello!"}]}
AUTHORIZED = {"authorization": f"Bearer {Settings().api_key}"}

each_signal = pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)], ids=["SIGTERM", "SIGINT"]
)


@pytest.fixture(scope="class")
def server() -> Iterator[StartedServer]:
    """Provide a server without flags."""
    with serve_process() as started:
        yield started


class TestStart:
    def test_the_banner_shows_the_variables_to_copy(self, server: StartedServer) -> None:
        text = "\n".join(server.banner)
        assert f"export CLEVORA_BASE_URL={server.url}/v1" in text
        assert f"export CLEVORA_API_KEY={Settings().api_key}" in text
        assert f"{server.url}/" in text.replace(f"{server.url}/v1", "")
        assert max(map(len, server.banner)) <= 80

    def test_ready_is_one_line_of_json(self, server: StartedServer) -> None:
        assert server.ready.keys() == {"url", "sandbox", "seed", "pid"}
        assert (server.ready["sandbox"], server.ready["seed"]) == ("default", 0)
        assert server.ready["pid"] == server.process.pid
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)

    def test_the_server_answers_when_ready_is_printed(self) -> None:
        with serve_process() as server:
            assert httpx.get(f"{server.url}/__mock/health").json()["status"] == "ok"

    @pytest.mark.parametrize(("arguments", "seed"), [(("--quiet",), 0), (("serve", "--seed", "7", "--quiet"), 7)])
    def test_serve_is_the_default_command_and_quiet_prints_only_ready(
        self, arguments: tuple[str, ...], seed: int
    ) -> None:
        with serve_process(*arguments) as server:
            assert server.banner == []
            assert server.ready["seed"] == seed

    def test_a_random_seed_is_in_the_ready_line(self) -> None:
        with serve_process("--quiet", "--seed", "random") as server:
            assert server.ready["seed"] == httpx.get(f"{server.url}/__mock/health").json()["seed"] > 0

    def test_variables_set_a_server_up(self) -> None:
        with serve_process(CLEVORA_MOCK_QUIET="1", CLEVORA_MOCK_SEED="9", CLEVORA_MOCK_API_KEY=KEYS[0]) as server:
            headers = {"authorization": f"Bearer {KEYS[0]}"}
            assert httpx.post(f"{server.url}/v1/chat/completions", headers=headers, json=CHAT).status_code == 200
            assert (server.banner, server.ready["seed"]) == ([], 9)


class TestStop:
    @each_signal
    def test_a_signal_stops_it_with_status_0(self, number: signal.Signals) -> None:
        with serve_process("--quiet") as server:
            httpx.get(f"{server.url}/docs/llms")
            assert server.stop(number) == (0, "")

    @each_signal
    def test_a_second_signal_changes_nothing(self, number: signal.Signals) -> None:
        with serve_process("--quiet") as server:
            server.process.send_signal(number)
            assert server.stop(number) == (0, "")

    def test_an_idle_connection_does_not_delay_it(self) -> None:
        with serve_process("--quiet") as server, httpx.Client() as client:
            client.get(f"{server.url}/docs/llms")
            start = time.monotonic()
            assert server.stop()[0] == 0
            assert time.monotonic() - start < TIMEOUT_SECONDS / 2

    @each_signal
    def test_a_running_stream_is_cut_long_before_its_next_token(self, number: signal.Signals) -> None:
        with serve_process("serve", "--quiet", "--tokens-per-second", str(1 / TIMEOUT_SECONDS)) as server:
            url, body = f"{server.url}/v1/chat/completions", CHAT | {"stream": True}
            with httpx.stream("POST", url, headers=AUTHORIZED, json=body) as response:
                received = response.iter_raw()
                assert next(received).startswith(b"data: ")
                start = time.monotonic()
                status, errors = server.stop(number)
                duration = time.monotonic() - start
                with pytest.raises(httpx.RemoteProtocolError):
                    list(received)
            assert (status, errors) == (0, "")
            assert duration < TIMEOUT_SECONDS / 2

    @pytest.mark.parametrize("header", ["x-clevora-mock-fault: stall", "x-clevora-mock-delay: 60s", "accept: */*"])
    def test_requests_in_any_state_end_without_a_message(self, header: str) -> None:
        """Each sends its response's beginning, waits with it, or waits for the request's body."""
        with serve_process("serve", "--quiet") as server:
            parts = urlsplit(server.url)
            body = json.dumps(CHAT).encode()
            sent = body[:5] if header.startswith("accept") else body
            head = (
                "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                f"authorization: {AUTHORIZED['authorization']}\r\n{header}\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            with socket.create_connection((str(parts.hostname), parts.port or 0)) as client:
                client.sendall(head.encode() + sent)
                httpx.get(f"{server.url}/docs/llms")
                assert server.stop() == (0, "")


class TestErrors:
    def test_a_taken_port_is_status_3(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            ended = run_program("serve", "--port", str(port))
        assert (ended.returncode, ended.stdout) == (3, "")
        assert re.fullmatch(rf"clevora-mock: port {port} .*taken.*--port.*\n", ended.stderr)

    def test_an_invalid_flag_is_one_line_and_status_2(self) -> None:
        """Uses `exec`, which ends by itself even if no flag is invalid."""
        for setting in SETTINGS:
            if not setting.is_switch:
                ended = run_in_process("exec", f"{setting.flag}={INVALID[setting.name][-1]}", "--", "true")
                assert (setting.flag, ended.returncode, ended.stdout) == (setting.flag, 2, "")
                assert ended.stderr.startswith(f"clevora-mock: {setting.flag}: expected ")
                assert ended.stderr.count("\n") == 1

    def test_an_invalid_variable_is_one_line_and_status_2(self) -> None:
        ended = run_program("serve", CLEVORA_MOCK_BALANCE="lots")
        assert (ended.returncode, ended.stdout) == (2, "")
        assert re.fullmatch(r"clevora-mock: CLEVORA_MOCK_BALANCE: expected .*, got 'lots'\n", ended.stderr)

    def test_an_address_of_another_machine_is_status_2(self) -> None:
        ended = run_program("serve", "--host", "203.0.113.7", "--port", "0")
        assert (ended.returncode, ended.stdout) == (2, "")
        assert re.fullmatch(r"clevora-mock: --host: .*203\.0\.113\.7.*\n", ended.stderr)

    def test_watch_without_a_scenario_is_status_2(self) -> None:
        ended = run_program("serve", "--port", "0", "--watch")
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == "clevora-mock: --watch: expected --scenario beside it, whose file is watched\n"

    def test_a_missing_catalog_is_status_4(self) -> None:
        ended = run_program("serve", "--port", "0", "--catalog", "/nowhere/catalog.jsonl")
        assert (ended.returncode, ended.stdout) == (4, "")
        assert re.fullmatch(r"clevora-mock: .*/nowhere/catalog\.jsonl.*\n", ended.stderr)

    def test_invalid_http_is_refused_in_json(self) -> None:
        with serve_process("--quiet") as server:
            parts = urlsplit(server.url)
            received = exchange((str(parts.hostname), parts.port or 0), b"hello there\r\n\r\n")
            head, _, body = received.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 400")
            assert json.loads(body)["error"].keys() == {"message", "type", "code"}
            assert httpx.get(f"{server.url}/docs/llms").status_code == 200
            status, errors = server.stop()
            assert (status, "Traceback" in errors) == (0, False)


class Log:
    """The log of a running server."""

    def __init__(self, server: StartedServer) -> None:
        self.url = server.url
        self._lines: queue.Queue[str] = queue.Queue()
        assert server.process.stderr is not None
        threading.Thread(target=self._collect, args=(server.process.stderr,), daemon=True).start()

    def _collect(self, file: IO[str]) -> None:
        for line in file:
            self._lines.put(line.rstrip("\n"))

    def lines(self) -> list[str]:
        """Return the lines since the last call."""
        httpx.get(f"{self.url}/the-end")
        found: list[str] = []
        while not found or "/the-end" not in found[-1]:
            found.append(self._lines.get(timeout=TIMEOUT_SECONDS))
        return found[:-1]


@pytest.fixture(scope="class")
def log() -> Iterator[Log]:
    """Provide the log of a server that all of these tests share."""
    with serve_process() as server:
        yield Log(server)


@pytest.fixture(scope="class")
def json_log() -> Iterator[Log]:
    """Provide the same in JSON."""
    with serve_process("serve", "--log-format", "json") as server:
        yield Log(server)


class TestLog:
    @pytest.mark.parametrize("log_format", ["text", "json"])
    def test_each_request_is_one_line_without_a_whole_key(self, log: Log, json_log: Log, log_format: str) -> None:
        used = json_log if log_format == "json" else log
        httpx.post(f"{used.url}/v1/chat/completions", headers=AUTHORIZED, json=CHAT)
        httpx.get(f"{used.url}/v1/{Settings().api_key}")
        lines = used.lines()
        assert len(lines) == 2
        assert "chat.completions" in lines[0]
        assert Settings().api_key not in "".join(lines)
        if log_format == "json":
            assert [json.loads(line)["status"] for line in lines] == [200, 404]

    def test_a_refused_request_shows_the_error_message(self, log: Log) -> None:
        httpx.get(f"{log.url}/v1/nothing")
        (line,) = log.lines()
        assert re.fullmatch(r"\S+  GET     /v1/nothing            404 .{6} No route GET /v1/nothing", line)

    def test_a_control_request_without_a_change_is_no_line(self, log: Log) -> None:
        control = f"{log.url}/__mock"
        httpx.get(f"{control}/clock")
        httpx.post(f"{control}/tokens", json={"uid": "demo"})
        httpx.post(f"{control}/webhooks/sign", json={"payload": {}})
        httpx.delete(f"{log.url}/favicon.ico")
        assert log.lines() == []

    def test_a_refused_change_by_the_control_plane_is_a_line_with_the_reason(self, log: Log) -> None:
        control = f"{log.url}/__mock"
        httpx.put(f"{control}/scenario", json={"name": "flakey"})
        httpx.post(f"{control}/reset", headers={"origin": "https://evil.example"})
        unknown, foreign = [line[9:] for line in log.lines()]
        assert unknown.startswith(" control PUT /__mock/scenario name refused: ")
        assert unknown.endswith('did you mean "flaky"?')
        assert foreign.startswith(" control POST /__mock/reset refused: ")
        assert httpx.get(f"{control}/scenario").json()["name"] == "default"

    def test_a_favicon_request_is_not_logged(self, log: Log) -> None:
        before = httpx.get(f"{log.url}/__mock/requests").json()["count"]
        assert httpx.get(f"{log.url}/favicon.ico").status_code == 404
        assert httpx.get(f"{log.url}/__mock/requests").json()["count"] == before
        assert log.lines() == []

    def test_a_change_by_the_control_plane_is_a_line(self, log: Log) -> None:
        control = f"{log.url}/__mock"
        httpx.put(f"{control}/scenario", json={"name": "flaky"})
        httpx.patch(f"{control}/clock", json={"mode": "frozen", "now": "2026-05-11T14:00:00Z"})
        lines = log.lines()
        httpx.post(f"{control}/reset")
        log.lines()
        assert [line[9:] for line in lines] == [
            " control PUT /__mock/scenario name=flaky",
            " control PATCH /__mock/clock mode=frozen now=2026-05-11T14:00:00Z",
        ]
        assert [line[8] for line in lines] == [" ", "*"]
        assert lines[1].startswith("14:00:00*")


class TestSummary:
    @each_signal
    def test_the_summary_comes_at_the_end(self, number: signal.Signals) -> None:
        with serve_process("--balance", "0") as server:
            httpx.post(f"{server.url}/v1/chat/completions", headers=AUTHORIZED, json=CHAT)
            status, errors = server.stop(number)
        assert status == 0
        assert errors.splitlines()[1:] == [
            "clevora-mock: 1 request, 1 error, 0 tokens, $0.00 spent",
            "  errors: 1 x 402 account_not_activated",
        ]

    def test_the_summary_counts_the_findings_of_removed_sandboxes_and_shows_ten(self) -> None:
        with serve_process("--log-format", "json") as server:
            for number in range(12):
                sandbox = f"{server.url}/sandbox/s{number}"
                body = CHAT | {"frobnicate": 1}
                httpx.post(f"{sandbox}/v1/chat/completions", headers=AUTHORIZED, json=body)
                if number < 11:
                    httpx.delete(sandbox)
            lines = [line for line in server.stop()[1].splitlines() if not line.startswith("{")]
        assert lines[0] == "clevora-mock: 12 requests, 0 errors, 480 tokens, $0.24 spent"
        assert [line.startswith("  warning unknown_fields: ") for line in lines[1:]] == [True] * 10 + [False]
        assert lines[-1] == "  and 2 more findings about the client's conduct"

    def test_there_is_no_summary_with_quiet(self) -> None:
        with serve_process("--quiet") as server:
            httpx.get(f"{server.url}/v1/nothing")
            assert server.stop() == (0, "")
