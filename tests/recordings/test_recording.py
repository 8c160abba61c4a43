"""Recording: the exchanges that are written, their form, and requests that are in no recording."""

import asyncio
import errno
import json
import os
import signal
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from clevora_mock.app import create_app
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.recordings.recorded_exchange import RecordedExchange
from clevora_mock.recordings.recording_file import append_exchange
from clevora_mock.settings import Settings
from tests.support.asgi import answering
from tests.support.live_api import CHAT, ask, journal, lines_of, serve_recorder, serve_replay, serve_upstream
from tests.support.program import run_in_process, run_program, serve_process
from tests.support.server import RunningServer, serve_settings
from tests.support.wait import wait_until
from tests.support.world import TLS

HEADER = '{"date":"2026-01-05T00:00:00.000Z","format":1,"host":"api.example","version":"0.1.0"}\n'
# A program that asks for a chat with each of its arguments, and fails if one is refused.
ASK = """
import json, os, sys, urllib.request as u
for content in sys.argv[1:]:
    body = json.dumps({"messages": [{"role": "user", "content": content}]}).encode()
    headers = {"authorization": "Bearer " + os.environ["CLEVORA_API_KEY"]}
    u.urlopen(u.Request(os.environ["CLEVORA_BASE_URL"] + "/chat/completions", body, headers)).read()
"""


@pytest.fixture(scope="module")
def live() -> Iterator[RunningServer]:
    """Provide the server that plays the live API."""
    with serve_settings(balance=1000, no_rate_limit=True) as server:
        yield server


class Counter:
    """An API that numbers its answers."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.bodies.append((await receive())["body"])
        body = b'{"number":%d}' % next(self.numbers)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def counter() -> Iterator[str]:
    with serve_upstream(Counter()) as url:
        yield url


def number(server: RunningServer, content: str = "Hello!", **more: Any) -> Any:
    answer = ask(server, content, **more)
    return answer.json()["number"] if answer.status_code == 200 else answer.status_code


def at_once(server: RunningServer, bodies: list[dict[str, Any]]) -> list[bytes]:
    """Send all requests at the same time, and return the bodies of the answers."""

    async def send() -> list[bytes]:
        limits = httpx.Limits(max_connections=None)
        headers = {"authorization": f"Bearer {server.api_key}"}
        async with httpx.AsyncClient(limits=limits, headers=headers, timeout=60, verify=TLS) as client:
            answers = await asyncio.gather(*(client.post(server.url + CHAT, json=body) for body in bodies))
        assert {answer.status_code for answer in answers} == {200}
        return [answer.content for answer in answers]

    return asyncio.run(send())


class TestFile:
    def test_it_is_readable_by_its_owner_alone(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path / "new" / "folder") as server:
            ask(server)
        mode = (tmp_path / "new" / "folder" / "default.jsonl").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600

    def test_its_lines_are_sorted_json_below_a_header(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path, ignore="user") as server:
            ask(server, temperature=0.5)
            ask(server, "Bye!")
        header, *lines = (tmp_path / "default.jsonl").read_text(encoding="utf-8").splitlines()
        assert all(line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")) for line in lines)
        assert json.loads(header).keys() == {"date", "emails", "format", "host", "ignore", "version"}
        assert f"http://{json.loads(header)['host']}/v1" == counter
        assert json.loads(header)["ignore"] == ["user"]

    def test_each_sandbox_has_its_own(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            for name in ("one", "two"):
                httpx.post(f"{server.url}/sandbox/{name}{CHAT}", json={"messages": [name]}, verify=TLS)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jsonl", "two.jsonl"]

    def test_it_holds_no_credential(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path, upstream_key="live-key-of-another-form") as server:
            headers = {"authorization": "Bearer client-key-of-another-form", "cookie": "session=1234567890"}
            body = {"user": "client-key-of-another-form", "note": "live-key-of-another-form"}
            httpx.post(server.url + CHAT, json=body, headers=headers, verify=TLS)
        text = (tmp_path / "default.jsonl").read_text(encoding="utf-8")
        assert "another-form" not in text
        assert "1234567890" not in text
        assert json.loads(text.splitlines()[1])["request"]["body"] == {"user": "***", "note": "***"}

    @pytest.mark.slow
    def test_200_exchanges_at_once_are_all_there(self, tmp_path: Path) -> None:
        def bodies() -> list[dict[str, Any]]:
            messages = [[{"role": "user", "content": f"Number {index % 50}"}] for index in range(200)]
            return [{"messages": message, "stream": index % 4 != 0} for index, message in enumerate(messages)]

        # Each stream takes a third of a second, so that all of them run at the same time.
        with (
            serve_settings(balance=1000, no_rate_limit=True, latency="300ms") as live,
            serve_recorder(live.url, tmp_path) as server,
        ):
            recorded = at_once(server, bodies())
        assert len(lines_of(tmp_path / "default.jsonl")) == 200
        with serve_replay(tmp_path) as server:
            assert sorted(at_once(server, bodies())) == sorted(recorded)

    @pytest.mark.slow
    @pytest.mark.parametrize("stopped", [signal.SIGKILL, signal.SIGTERM])
    def test_a_recorder_that_is_killed_leaves_a_readable_file(
        self, live: RunningServer, tmp_path: Path, stopped: signal.Signals
    ) -> None:
        whole = []
        with (
            serve_process("serve", "--upstream", live.url, "--record", str(tmp_path)) as recorder,
            ThreadPoolExecutor(4) as pool,
        ):

            def chat(index: int) -> None:
                body = {"messages": [{"role": "user", "content": f"Number {index}"}], "stream": True}
                headers = {"authorization": f"Bearer {live.api_key}"}
                try:
                    answer = httpx.post(recorder.url + CHAT, json=body, headers=headers, verify=TLS)
                except httpx.HTTPError:
                    return
                if answer.content.endswith(b"[DONE]\n\n"):
                    whole.append(index)

            running = [pool.submit(chat, index) for index in range(400)]
            wait_until(lambda: len(whole) > 20)
            recorder.process.send_signal(stopped)
            for future in running:
                future.result()
            recorder.process.wait(10)
        # What a client has seen to its end is in the file, and it is replayed.
        said = {
            line["request"]["body"]["messages"][0]["content"] for line in complete_lines(tmp_path / "default.jsonl")
        }
        assert said >= {f"Number {index}" for index in whole}
        with serve_replay(tmp_path) as server:
            assert ask(server, f"Number {whole[0]}", stream=True).status_code == 200

    def test_a_part_of_a_line_at_the_end_is_passed_over(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            ask(server)
            ask(server, "Bye!")
        file = tmp_path / "default.jsonl"
        file.write_bytes(file.read_bytes()[:-40])
        with serve_replay(tmp_path) as server:
            assert [number(server), number(server, "Bye!")] == [1, 502]
        with serve_recorder(counter, tmp_path, record_mode="new") as server:
            assert [number(server), number(server, "Bye!")] == [1, 3]
        assert [line["answer"] for line in lines_of(file)] == ['{"number":1}', '{"number":3}']


class TestFiles:
    def test_a_disk_that_is_full_leaves_whole_lines(
        self, counter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An exchange that does not fit is left out, whatever part of it was written, and later ones are kept."""
        write = os.write
        left = [100_000]

        def limited(descriptor: int, content: bytes) -> int:
            if not left[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written = write(descriptor, content[: left[0]])
            left[0] -= written
            return written

        with serve_recorder(counter, tmp_path) as server:
            assert number(server, "One") == 1
            with monkeypatch.context() as patched:
                patched.setattr("clevora_mock.recordings.recording_file.os.write", limited)
                left[0] = 50
                assert number(server, "Two") == 2
            assert number(server, "Three") == 3
        assert [line["answer"] for line in lines_of(tmp_path / "default.jsonl")] == ['{"number":1}', '{"number":3}']
        assert "default.jsonl: cannot be written: No space left on device" in capsys.readouterr().err
        with serve_replay(tmp_path) as server:
            assert [number(server, "One"), number(server, "Two"), number(server, "Three")] == [1, 502, 3]

    @pytest.mark.slow
    def test_answers_that_could_not_be_written_fail_the_run(self, counter: str, tmp_path: Path) -> None:
        file = tmp_path / "default.jsonl"
        program = f"""
import os, sys, urllib.request
url = os.environ["CLEVORA_BASE_URL"] + "/chat/completions"
urllib.request.urlopen(url, b"1").read()
os.replace({str(file)!r}, {str(tmp_path / "first")!r})
os.mkdir({str(file)!r})
urllib.request.urlopen(url, b"2").read()
"""
        flags = ("--quiet", "--upstream", counter, "--record", str(tmp_path))
        ended = run_program("exec", *flags, "--", sys.executable, "-c", program)
        assert ended.stderr.splitlines()[1:] == [f"clevora-mock: {file} lacks answers: it could not be written"]
        assert ended.returncode == 1

    def test_a_place_that_cannot_be_written_is_refused_before_anything_is_asked(
        self, counter: str, tmp_path: Path
    ) -> None:
        taken = tmp_path / "taken"
        taken.touch()
        (tmp_path / "directory" / "default.jsonl").mkdir(parents=True)
        for place, more in ((taken, ()), (taken / "below", ()), (tmp_path / "directory", ("--record-mode", "all"))):
            flags = ("--upstream", counter, "--record", str(place), *more)
            ended = run_in_process("serve", "--port", "0", *flags)
            assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
            assert ended.stderr.startswith(f"clevora-mock: --record: cannot write '{place}': ")

    def test_a_sandboxs_file_that_cannot_be_written_is_told_before_its_request_is_sent(
        self, counter: str, tmp_path: Path
    ) -> None:
        with serve_recorder(counter, tmp_path, record_mode="all") as server:
            (tmp_path / "default.jsonl").mkdir()
            refused = ask(server)
            (tmp_path / "default.jsonl").rmdir()
            assert (refused.status_code, "cannot write" in refused.text) == (502, True)
            assert number(server) == 1

    def test_two_servers_add_to_one_file(self, counter: str, tmp_path: Path) -> None:
        """Also if neither has found a file when it began."""
        with (
            serve_recorder(counter, tmp_path, record_mode="new") as one,
            serve_recorder(counter, tmp_path, record_mode="new") as two,
        ):
            for server in (one, two):
                httpx.get(f"{server.url}/__mock/recording", verify=TLS)
            assert [number(one, "One"), number(two, "Two"), number(one, "Three"), number(two, "Four")] == [1, 2, 3, 4]
        with serve_replay(tmp_path) as server:
            assert [number(server, content) for content in ("Four", "Three", "Two", "One")] == [4, 3, 2, 1]

    def test_the_target_of_a_link_is_written(self, counter: str, tmp_path: Path) -> None:
        target, link = tmp_path / "target", tmp_path / "recordings" / "default.jsonl"
        link.parent.mkdir()
        link.symlink_to(target)
        with serve_recorder(counter, link.parent, record_mode="all") as server:
            ask(server)
        assert link.is_symlink()
        assert len(lines_of(target)) == 1
        assert stat.S_IMODE(target.stat().st_mode) == 0o600

    def test_a_header_without_its_end_is_gone_on_with(self, counter: str, tmp_path: Path) -> None:
        file = tmp_path / "default.jsonl"
        file.write_text('{"date":"2026-01-05T00:00:00.000Z","format":1,"host":"a","version":"0.1.0"}', encoding="utf-8")
        with serve_recorder(counter, tmp_path, record_mode="new") as server:
            ask(server)
        assert [line["answer"] for line in lines_of(file)] == ['{"number":1}']

    def test_of_two_exchanges_for_one_request_the_first_counts(self, counter: str, tmp_path: Path) -> None:
        """The second is what `recordings prune` removes."""
        with serve_recorder(counter, tmp_path) as server:
            ask(server)
        file = tmp_path / "default.jsonl"
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(lines_of(file)[0] | {"answer": '{"number":2}'}) + "\n")
        with serve_replay(tmp_path) as server:
            assert [number(server), number(server)] == [1, 502]

    def test_the_bounds_of_an_exchange_are_within_those_of_a_snapshot(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            ask(server)
        file = tmp_path / "default.jsonl"
        header, _ = file.read_text(encoding="utf-8").splitlines()
        usage = {"prompt_tokens": 10**9, "completion_tokens": 10**9}
        line = lines_of(file)[0] | {"usage": usage, "cost": 10**6, "milliseconds": 10**9}
        file.write_text(f"{header}\n{json.dumps(line)}\n", encoding="utf-8")
        with serve_replay(tmp_path, clock="frozen") as server:
            assert number(server) == 1
            state = httpx.get(f"{server.url}/__mock/state", verify=TLS).json()
            assert httpx.put(f"{server.url}/__mock/state", json=state, verify=TLS).status_code == 200
            (entry,) = journal(server)
        assert (entry["cost"], entry["latencyMs"], entry["promptTokens"]) == (10**6, 10**9, 10**9)


def complete_lines(file: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rindex("\n")].split("\n")[1:]]


class TestSharedRecording:
    def test_sandboxes_of_one_recording_see_the_same_answers(self, counter: str, tmp_path: Path) -> None:
        """Two tests with the same mark; later runs replay the one answer to both."""

        def say(server: RunningServer, sandbox: str) -> Any:
            url = f"{server.url}/sandbox/{sandbox}"
            httpx.put(f"{url}/__mock/recording", json={"name": "shared"}, verify=TLS)
            return httpx.post(url + CHAT, json={"messages": []}, verify=TLS).json()["number"]

        with serve_recorder(counter, tmp_path, record_mode="all", recordings_on_request=True) as server:
            assert [say(server, "one"), say(server, "two"), say(server, "one")] == [1, 1, 1]
        assert len(lines_of(tmp_path / "shared.jsonl")) == 1


class TestModes:
    def test_once_records_where_there_is_no_file_and_refuses_else(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            assert [number(server), number(server, "Bye!")] == [1, 2]
        with serve_recorder(counter, tmp_path) as server:
            assert [number(server, "Bye!"), number(server), number(server, "Again!")] == [2, 1, 502]

    def test_once_has_the_mock_answer_where_asked_to(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            assert number(server) == 1
        with serve_recorder(counter, tmp_path, on_miss="mock") as server:
            assert number(server) == 1
            assert ask(server, "Again!").json()["object"] == "chat.completion"
        assert len(lines_of(tmp_path / "default.jsonl")) == 1

    def test_what_once_refuses_is_told_how_it_would_be_recorded(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            ask(server)
        with serve_recorder(counter, tmp_path) as server:
            hint = ask(server, "Again!").headers["x-clevora-mock-hint"]
        assert hint.endswith("which differs in messages[0].content; --record-mode new records it")

    def test_new_records_what_is_not_there(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path, record_mode="new") as server:
            assert [number(server), number(server, "Bye!")] == [1, 2]
        with serve_recorder(counter, tmp_path, record_mode="new") as server:
            assert [number(server, "Bye!"), number(server), number(server), number(server, "Again!")] == [2, 1, 3, 4]
        with serve_replay(tmp_path) as server:
            assert [number(server), number(server), number(server, "Again!")] == [1, 3, 4]

    def test_all_replaces_the_file(self, counter: str, tmp_path: Path) -> None:
        for expected in (1, 2):
            with serve_recorder(counter, tmp_path, record_mode="all") as server:
                assert number(server) == expected
        assert [line["answer"] for line in lines_of(tmp_path / "default.jsonl")] == ['{"number":2}']

    def test_a_file_stays_until_all_has_an_exchange_for_it(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            ask(server)
        with serve_recorder("http://127.0.0.1:9/v1", tmp_path, record_mode="all") as server:
            assert ask(server).status_code == 502
        assert len(lines_of(tmp_path / "default.jsonl")) == 1


class TestMatching:
    def test_the_nth_identical_request_gets_the_nth_answer(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            assert [number(server), number(server, "Bye!"), number(server)] == [1, 2, 3]
        with serve_replay(tmp_path) as server:
            assert [number(server), number(server), number(server, "Bye!"), number(server)] == [1, 3, 2, 502]
            httpx.post(f"{server.url}/__mock/reset", verify=TLS)
            assert [number(server), number(server)] == [1, 3]

    def test_the_order_of_fields_and_whole_numbers_do_not_count(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            httpx.post(server.url + CHAT, content='{"a": 1, "b": 2.0}', verify=TLS)
        with serve_replay(tmp_path) as server:
            assert httpx.post(server.url + CHAT, content='{"b":2,"a":1.0}', verify=TLS).status_code == 200
            assert httpx.post(server.url + CHAT, content='{"b":2,"a":1.5}', verify=TLS).status_code == 502

    @pytest.mark.parametrize("said", ["at the recording", "at the replay"])
    def test_ignored_fields_do_not_count(self, counter: str, tmp_path: Path, said: str) -> None:
        ignore = {"ignore": "user,metadata.run"}
        with serve_recorder(counter, tmp_path, **(ignore if said == "at the recording" else {})) as server:
            assert number(server, user="ann", metadata={"run": 1, "kind": "a"}) == 1
        with serve_replay(tmp_path, **(ignore if said == "at the replay" else {})) as server:
            assert number(server, user="bob", metadata={"run": 2, "kind": "b"}) == 502
            assert number(server, user="bob", metadata={"run": 2, "kind": "a"}) == 1

    def test_what_differs_only_in_what_is_ignored_since_is_replayed_in_order(
        self, counter: str, tmp_path: Path
    ) -> None:
        with serve_recorder(counter, tmp_path) as server:
            assert [number(server, user=user) for user in ("ann", "ann", "bob", "ann")] == [1, 2, 3, 4]
        with serve_replay(tmp_path, ignore="user") as server:
            assert [number(server, user="eve") for _ in range(5)] == [1, 2, 3, 4, 502]

    def test_what_is_no_json_is_compared_as_text(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            httpx.post(server.url + CHAT, content=b"\xff{not json", verify=TLS)
        with serve_replay(tmp_path) as server:
            assert httpx.post(server.url + CHAT, content=b"\xff{not json", verify=TLS).json() == {"number": 1}
            assert httpx.post(server.url + CHAT, content=b"{not json", verify=TLS).status_code == 502

    @pytest.mark.parametrize("depth", [500, 900, 5000])
    def test_deep_documents_are_no_problem(self, counter: str, tmp_path: Path, depth: int) -> None:
        body = b'{"a":' * depth + b"1" + b"}" * depth
        with serve_recorder(counter, tmp_path) as server:
            assert httpx.post(server.url + CHAT, content=body, verify=TLS).json() == {"number": 1}
        with serve_replay(tmp_path) as server:
            assert httpx.post(server.url + CHAT, content=body[:-1], verify=TLS).status_code == 502
            assert httpx.post(server.url + CHAT, content=body, verify=TLS).json() == {"number": 1}


class TestMisses:
    def test_a_miss_names_the_nearest_recording_and_what_differs(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            ask(server, temperature=1)
            ask(server, "A long story?", stream=True, max_tokens=5)
        with serve_replay(tmp_path) as server:
            answer = ask(server, "A long story!", stream=True)
        assert answer.status_code == 502
        assert answer.json()["error"]["code"] == "bad_gateway"
        nearest = f"the nearest is {tmp_path / 'default.jsonl'}:3, which differs in max_tokens, messages[0].content"
        assert answer.headers["x-clevora-mock-hint"] == nearest
        # OpenAI's SDKs heed it.
        assert answer.headers["x-should-retry"] == "false"

    def test_a_request_that_came_too_often_is_told_so(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            ask(server)
        with serve_replay(tmp_path) as server:
            hints = [ask(server).headers.get("x-clevora-mock-hint") for _ in range(2)]
        assert hints == [None, f"{tmp_path / 'default.jsonl'} has this request once, and it came 2 times"]

    def test_the_mock_can_answer_instead(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            ask(server)
        with serve_replay(tmp_path, on_miss="mock") as server:
            answer = ask(server, "Something else")
            stranger = httpx.post(server.url + CHAT, json={"messages": []}, verify=TLS)
            sources = [entry["source"] for entry in journal(server)]
        assert answer.json()["object"] == "chat.completion"
        assert "x-clevora-mock-source" not in answer.headers
        assert stranger.status_code == 401
        assert sources == ["mock", "mock"]

    @pytest.mark.parametrize(("variables", "status"), [({"CI": "true"}, 502), ({"CI": ""}, 200), ({}, 200)])
    def test_misses_fail_where_ci_is_set(
        self, tmp_path: Path, variables: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("CI", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "other.jsonl").write_text(HEADER, encoding="utf-8")
        with serve_settings(replay=tmp_path) as server:
            assert ask(server).status_code == status


class TestAge:
    def old(self, directory: Path) -> Path:
        file = directory / "default.jsonl"
        file.write_text(HEADER, encoding="utf-8")
        return file

    def test_a_recording_that_is_too_old_is_refused_with_its_age(self, tmp_path: Path) -> None:
        file = self.old(tmp_path)
        with pytest.raises(UnusableFileError, match=rf"{file}: recorded \d+ days ago, expected 30 days at most"):
            create_app(Settings(replay=tmp_path, max_age="30d"))
        create_app(Settings(replay=tmp_path, max_age="99999d"))
        create_app(Settings(replay=tmp_path))

    def test_a_file_that_is_no_recording_is_named_with_the_line(self, tmp_path: Path) -> None:
        file = self.old(tmp_path)
        file.write_text(file.read_text(encoding="utf-8") + '{"endpoint": 1}\n', encoding="utf-8")
        with pytest.raises(UnusableFileError, match=f"{file}:2: expected an exchange: endpoint: "):
            create_app(Settings(replay=tmp_path))

    def test_a_directory_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(UnusableFileError, match="no such directory; record one with --upstream"):
            create_app(Settings(replay=tmp_path / "none"))

    def test_a_file_in_place_of_a_directory_is_told_to_be_one(self, tmp_path: Path) -> None:
        file = self.old(tmp_path)
        with pytest.raises(UnusableFileError, match=f"{file}: that is a file; give its directory"):
            create_app(Settings(replay=file))

    def test_a_directory_without_recordings_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").touch()
        with pytest.raises(UnusableFileError, match=rf"{tmp_path}: no recording \(NAME.jsonl\) in it; record one"):
            create_app(Settings(replay=tmp_path))
        create_app(Settings(replay=tmp_path, recordings_on_request=True))


class Refusing:
    """An API that answers each request with the next of `statuses`, and with 200 after that."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = self._statuses.pop(0) if self._statuses else 200
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


class TestRefusedKey:
    @pytest.mark.parametrize("status", [401, 402, 403])
    @pytest.mark.parametrize("key", [None, "sk_live_00000000000000000000000000000001"])
    def test_a_refusal_of_the_settings_key_is_not_recorded(
        self, tmp_path: Path, status: int, key: str | None, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with serve_upstream(Refusing(status)) as url, serve_recorder(url, tmp_path, upstream_key=key) as server:
            assert ask(server).status_code == status
            assert not (tmp_path / "default.jsonl").exists()
            assert ask(server).status_code == 200
        (line,) = lines_of(tmp_path / "default.jsonl")
        # As if the refused request had not come.
        assert (line["status"], line["n"]) == (200, 1)
        said = f"/v1/chat/completions is not recorded: {urlsplit(url).netloc} answered {status}; check CLEVORA_MOCK_UP"
        assert said in capfd.readouterr().err

    def test_a_refusal_of_the_clients_own_key_is_recorded(self, tmp_path: Path) -> None:
        with serve_upstream(Refusing(401)) as url, serve_recorder(url, tmp_path) as server:
            headers = {"authorization": "Bearer sk_live_00000000000000000000000000000002"}
            httpx.post(server.url + CHAT, json={"messages": []}, headers=headers, verify=TLS)
        assert [line["status"] for line in lines_of(tmp_path / "default.jsonl")] == [401]


def test_a_page_is_passed_on_and_not_recorded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    api = answering([(b"content-type", b"Text/HTML; charset=utf-8")], b"<p>Hello</p>")
    with serve_upstream(api) as url, serve_recorder(url, tmp_path) as server:
        assert ask(server).text == "<p>Hello</p>"
    assert list(tmp_path.iterdir()) == []
    said = f"is not recorded: {urlsplit(url).netloc} answered 200 with a page in HTML; is it the API?"
    assert said in capfd.readouterr().err


class FailingOnce:
    """An API that answers its first request in the given way, and each later one with 200."""

    def __init__(self, failure: str) -> None:
        self._failure = failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        failure, self._failure = self._failure, ""
        await receive()
        if failure == "silence":
            await receive()
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"9" if failure == "cut" else b"2")]
        status = 302 if failure == "redirect" else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


class TestFailures:
    @pytest.mark.parametrize("failure", ["cut", "redirect", "silence"])
    def test_a_request_that_is_repeated_after_a_failure_is_the_first(self, tmp_path: Path, failure: str) -> None:
        with serve_upstream(FailingOnce(failure)) as url, serve_recorder(url, tmp_path) as server:
            with suppress(httpx.HTTPError):
                body = {"messages": [{"role": "user", "content": "Hello!"}]}
                headers = {"authorization": f"Bearer {server.api_key}"}
                httpx.post(server.url + CHAT, json=body, headers=headers, timeout=0.5, verify=TLS)
            wait_until(lambda: len(journal(server)) == 1)
            assert ask(server).status_code == 200
        (line,) = lines_of(tmp_path / "default.jsonl")
        assert line["n"] == 1
        with serve_replay(tmp_path) as server:
            assert ask(server).status_code == 200

    def test_a_request_that_is_repeated_after_a_full_disk_is_the_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failures = [OSError(errno.ENOSPC, "No space left on device")]

        def append_later(path: Path, exchange: RecordedExchange) -> None:
            if failures:
                raise failures.pop()
            append_exchange(path, exchange)

        monkeypatch.setattr("clevora_mock.recordings.sandbox_recording.append_exchange", append_later)
        with serve_upstream(Refusing()) as url, serve_recorder(url, tmp_path) as server:
            assert [ask(server).status_code for _ in range(2)] == [200, 200]
        assert [line["n"] for line in lines_of(tmp_path / "default.jsonl")] == [1]


class TestUse:
    @pytest.fixture
    def recorded(self, counter: str, tmp_path: Path) -> Path:
        with serve_recorder(counter, tmp_path) as server:
            ask(server, "One")
            ask(server, "Two")
        return tmp_path

    def run(self, directory: Path, on_miss: str, source: str, *contents: str) -> tuple[int, str]:
        flags = ("--replay", str(directory), "--on-miss", on_miss)
        ended = run_program("exec", *flags, "--", sys.executable, "-c", source, *contents)
        return ended.returncode, ended.stderr

    def test_a_command_that_asks_nothing_gets_no_advice(self, recorded: Path) -> None:
        status, said = self.run(recorded, "mock", "")
        assert (status, "not used" in said) == (0, False)

    def test_a_command_that_fails_gets_no_advice(self, recorded: Path) -> None:
        status, said = self.run(recorded, "fail", ASK, "One", "Three", "Two")
        assert (status, "not used" in said) == (1, False)

    def test_a_command_that_passes_is_told_what_it_did_not_use(self, recorded: Path) -> None:
        status, said = self.run(recorded, "fail", ASK, "One")
        assert (
            status,
            f"1 recording was not used; remove what is no longer asked: clevora-mock recordings prune "
            f"{recorded / 'default.jsonl'}:3\n" in said,
        ) == (0, True)

    @pytest.mark.parametrize(
        ("on_miss", "contents", "start"),
        [
            ("mock", ("One", "Three"), "1 request was in no recording and answered by the mock; "),
            ("mock", ("Three", "4"), "2 requests were in no recording and answered by the mock; the first is "),
            ("fail", ("One", "Three"), "1 request was in no recording and refused; "),
        ],
    )
    def test_requests_in_no_recording_are_counted_at_the_end(
        self, recorded: Path, on_miss: str, contents: tuple[str, ...], start: str
    ) -> None:
        _, said = self.run(recorded, on_miss, ASK, *contents)
        first = f"POST /v1/chat/completions: the nearest is {recorded / 'default.jsonl'}:2, which differs in messages"
        assert f"clevora-mock: {start}{first}[0].content\n" in said

    def test_recordings_that_nobody_used_are_named_at_the_end(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path) as server:
            for content in ("One", "Two", "Three"):
                ask(server, content)
            httpx.post(f"{server.url}/sandbox/other{CHAT}", json={"messages": []}, verify=TLS)
        with serve_process("serve", "--replay", str(tmp_path)) as replay:
            body = {"messages": [{"role": "user", "content": "Two"}]}
            httpx.post(replay.url + CHAT, json=body, verify=TLS)
            view = httpx.get(f"{replay.url}/__mock/recording", verify=TLS).json()
            status, said = replay.stop()
        file = tmp_path / "default.jsonl"
        assert view == {"file": str(file), "mode": "replay", "exchanges": 3, "unused": [2, 4]}
        assert status == 0
        unused = f"{file}:2 {file}:4 {tmp_path / 'other.jsonl'}:2"
        assert (
            f"3 recordings were not used; remove what is no longer asked: clevora-mock recordings prune {unused}\n"
            in said
        )

    def test_a_sandbox_can_take_another_recording(self, counter: str, tmp_path: Path) -> None:
        with serve_recorder(counter, tmp_path, recordings_on_request=True) as server:
            assert ask(server).json()["object"] == "chat.completion"
            put = httpx.put(f"{server.url}/__mock/recording", json={"name": "greeting"}, verify=TLS)
            assert put.json() == {
                "file": str(tmp_path / "greeting.jsonl"),
                "mode": "once",
                "exchanges": 0,
                "unused": [],
            }
            assert number(server) == 1
        with serve_replay(tmp_path, recordings_on_request=True) as server:
            assert httpx.get(f"{server.url}/__mock/recording", verify=TLS).json()["mode"] == "off"
            for _ in range(2):
                httpx.put(f"{server.url}/__mock/recording", json={"name": "greeting"}, verify=TLS)
                assert number(server) == 1
            missing = httpx.put(f"{server.url}/__mock/recording", json={"name": "parting"}, verify=TLS)
            assert missing.status_code == 400
            assert missing.json()["error"]["message"] == f"there is no {tmp_path / 'parting.jsonl'}"
