"""Long answers and recordings: their work is done in the thread, and no client waits for what it does not need."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clevora_mock.recordings import drift, forwarded_response, recorded_endpoint, recordings
from clevora_mock.recordings.recorder import record
from clevora_mock.recordings.sandbox_recording import RecordingFile
from clevora_mock.recordings.setup import LiveApi
from tests.recordings.test_drift import lines
from tests.support.asgi import answering
from tests.support.live_api import ask, journal, lines_of, serve_recorder, serve_replay, serve_upstream
from tests.support.server import RunningServer, serve_settings
from tests.support.world import TLS

JSON = [(b"content-type", b"application/json")]
LONG_ANSWER = json.dumps({"data": [{"embedding": "QUJD" * 100_000}]}).encode()
OF_THE_THREAD = "clevora-mock-work"


@pytest.fixture
def live() -> Iterator[str]:
    with serve_upstream(answering(JSON, LONG_ANSWER)) as url:
        yield url


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str], set[str]]:
    """Provide a function that returns the names of the threads in which another one is called from now on."""

    def watch(owner: object, name: str) -> set[str]:
        threads: set[str] = set()
        function = getattr(owner, name)

        def watched(*args: Any, **more: Any) -> Any:
            threads.add(threading.current_thread().name)
            return function(*args, **more)

        monkeypatch.setattr(owner, name, watched)
        return threads

    return watch


class TestThread:
    def test_a_long_answer_is_read_there_for_the_journal(
        self, live: str, tmp_path: Path, seen: Callable[[object, str], set[str]]
    ) -> None:
        threads = seen(forwarded_response, "usage_of"), seen(forwarded_response, "completion_text")
        with serve_recorder(live, tmp_path) as server:
            assert ask(server).content == LONG_ANSWER
        assert threads == ({OF_THE_THREAD}, {OF_THE_THREAD})

    def test_a_recording_is_read_searched_and_rendered_there(
        self, live: str, tmp_path: Path, seen: Callable[[object, str], set[str]]
    ) -> None:
        with serve_recorder(live, tmp_path) as server:
            ask(server)
        with serve_replay(tmp_path) as server:
            threads = [
                seen(recordings, "RecordingFile"),
                seen(recorded_endpoint, "reply_of"),
                seen(RecordingFile, "explain_miss"),
            ]
            assert ask(server).content == LONG_ANSWER
            assert ask(server, "Something else").status_code == 502
        assert threads == [{OF_THE_THREAD}] * 3

    def test_a_recording_that_a_sandbox_asks_for_is_read_there(
        self, tmp_path: Path, seen: Callable[[object, str], set[str]]
    ) -> None:
        with serve_replay(tmp_path, on_miss="mock", recordings_on_request=True) as server:
            (tmp_path / "one.jsonl").write_text('{"date":"2026-01-05T00:00:00.000Z","host":"a","version":"1"}\n')
            threads = seen(recordings, "RecordingFile")
            assert httpx.put(f"{server.url}/__mock/recording", json={"name": "one"}, verify=TLS).status_code == 200
        assert threads == {OF_THE_THREAD}

    def test_long_answers_are_compared_there(self, live: str, seen: Callable[[object, str], set[str]]) -> None:
        with serve_settings(upstream=live, diff=True) as server:
            threads = seen(drift, "shape_of")
            httpx.get(f"{server.url}/llms.json", verify=TLS)
            lines(server)
        assert threads == {OF_THE_THREAD}


class TestPendingLines:
    @pytest.fixture
    def masking(self, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
        """Provide an event without which no line is masked."""
        event = threading.Event()

        def waiting(*args: Any) -> Any:
            assert event.wait(10)
            return record(*args)

        monkeypatch.setattr(recorded_endpoint, "record", waiting)
        return event

    def test_a_client_does_not_wait_for_the_masking_of_a_long_answer(
        self, live: str, tmp_path: Path, masking: threading.Event
    ) -> None:
        with serve_recorder(live, tmp_path) as server:
            assert ask(server).content == LONG_ANSWER
            assert [entry["status"] for entry in journal(server)] == [200]
            assert not (tmp_path / "default.jsonl").exists()
            masking.set()
        # The end of the server waits.
        assert [line["answer"] for line in lines_of(tmp_path / "default.jsonl")] == [LONG_ANSWER.decode()]

    def test_a_server_that_stops_waits_for_lines(self, live: str, tmp_path: Path, masking: threading.Event) -> None:
        with serve_recorder(live, tmp_path) as server:
            for content in ("One", "Two"):
                ask(server, content)
            # Later than all that the end of a server waits for else.
            threading.Timer(2, masking.set).start()
        assert len(lines_of(tmp_path / "default.jsonl")) == 2


class TestBounds:
    def test_requests_that_wait_for_the_live_api_have_a_bound(self, live: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drift, "_MAX_WAITING_BYTES", 1_000)
        with serve_settings(upstream=live, diff=True) as server:
            ask(server)
            assert lines(server)[1:] == ["could not be asked: requests while too many others waited (1 x)"]

    def test_a_report_of_differences_has_a_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(drift, "_MAX_TEXTS", 3)
        names = ["a\x1b" + "x" * 100_000, *(f"field{number}" for number in range(20))]
        api = answering(JSON, json.dumps(dict.fromkeys(names, 1)).encode())
        with serve_upstream(api) as url, serve_settings(upstream=url, diff=True) as server:
            ask(server)
            found = [line for line in lines(server) if line.startswith("drift")]
        assert len(found) == 4
        assert found[-1].startswith("drift: others (")
        assert max(map(len, found)) < 1_000
        assert all(line.isprintable() for line in found)

    def test_a_sandbox_listens_for_one_recording(self, tmp_path: Path) -> None:
        with serve_replay(tmp_path, on_miss="mock", recordings_on_request=True) as server:
            for name in ("one", "two", "one"):
                httpx.put(f"{server.url}/__mock/recording", json={"name": name}, verify=TLS)
            assert len(server.sandbox().change_listeners) == 1

    def test_requests_that_are_not_recorded_are_not_counted(self, live: str, tmp_path: Path) -> None:
        with serve_recorder(live, tmp_path) as server:
            ask(server)
        with serve_replay(tmp_path, on_miss="mock") as server:
            for number in range(5):
                ask(server, f"Number {number}")
            ask(server)
            assert len(counts_of(server)) == 1


def counts_of(server: RunningServer) -> dict[bytes, int]:
    live_api: LiveApi = server.app.state.live_api
    assert live_api.recordings is not None
    recording = live_api.recordings.of(server.sandbox())
    assert recording is not None
    return recording._counts
