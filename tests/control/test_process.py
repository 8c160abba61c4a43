"""The server as a process: export, import, and a scenario file that changes."""

import errno
import json
import os
import queue
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from clevora_mock.app import create_app
from clevora_mock.control.export_file import ExportFileError, export_sandboxes, import_sandboxes, try_export
from clevora_mock.core.snapshot import dump
from clevora_mock.settings import Settings
from tests.support.control import connect
from tests.support.program import StartedServer, run_in_process, run_program, serve_process
from tests.support.raw_client import TIMEOUT_SECONDS
from tests.support.wait import wait_until

# Each test starts processes.
pytestmark = pytest.mark.slow

MESSAGE = {"messages": [{"role": "user", "content": "Hello!"}]}
KEY = {"authorization": f"Bearer {Settings().api_key}"}
FROZEN = ("serve", "--quiet", "--clock", "frozen")


def change_two_sandboxes(server: StartedServer) -> None:
    """Change the state of two sandboxes."""
    with connect(server.url) as http:
        for place in ("", "/sandbox/one"):
            assert http.post(f"{place}/v1/chat/completions", headers=KEY, json=MESSAGE).status_code == 200
        http.put("/sandbox/one/__mock/scenario", json={"name": "flaky"})


def states_of(server: StartedServer) -> list[Any]:
    with connect(server.url) as http:
        looks = [http.get(f"{place}/__mock/state").json() for place in ("", "/sandbox/one")]
    for look in looks:
        look["draws"].pop("own request")
    return looks


@pytest.mark.parametrize(
    "wishes",
    [
        [signal.SIGTERM],
        *(
            pytest.param(wishes, marks=pytest.mark.slow)
            for wishes in ([signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGTERM] * 3)
        ),
    ],
)
def test_an_export_can_be_imported(tmp_path: Path, wishes: list[signal.Signals]) -> None:
    file = tmp_path / "state.json"
    with serve_process(*FROZEN, "--export-on-exit", str(file)) as server:
        change_two_sandboxes(server)
        before = states_of(server)
        for wish in wishes[1:]:
            server.process.send_signal(wish)
        assert server.stop(wishes[0])[0] == 0
    assert json.loads(file.read_bytes())["sandboxes"].keys() == {"default", "one"}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    with serve_process(*FROZEN, "--import", str(file)) as server:
        assert states_of(server) == before


@pytest.mark.slow
def test_an_export_replaces_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    for expected in (1, 2):
        more = ("--import", str(file)) if file.exists() else ()
        with serve_process(*FROZEN, *more, "--export-on-exit", str(file)) as server:
            httpx.post(f"{server.url}/v1/chat/completions", headers=KEY, json=MESSAGE)
            assert server.stop()[0] == 0
        assert json.loads(file.read_bytes())["sandboxes"]["default"]["journal_total"] == expected


@pytest.mark.parametrize("flag", ["--export-on-exit", "--state"])
@pytest.mark.parametrize("place", ["none/state.json", ".", "/", "state.json/below"])
def test_an_unwritable_export_file_is_an_error_of_one_line_at_the_start(tmp_path: Path, flag: str, place: str) -> None:
    older = tmp_path / "state.json"
    older.write_text("older")
    ended = run_in_process("exec", flag, str(tmp_path / place), "--", "touch", str(tmp_path / "ran"))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert ended.stderr.startswith(f"clevora-mock: {flag}: cannot write ")
    assert older.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(("status", "expected"), [(7, 7), (0, 1)])
def test_a_failed_export_does_not_hide_the_commands_status(tmp_path: Path, status: int, expected: int) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    command = ("sh", "-c", f"rmdir {folder}; exit {status}")
    ended = run_program("exec", "--quiet", "--export-on-exit", str(folder / "state.json"), "--", *command)
    assert (ended.returncode, ended.stderr.count("\n")) == (expected, 1)
    assert ended.stderr.startswith("clevora-mock: --export-on-exit: cannot write ")


def export_to(path: Path) -> None:
    try_export(path)
    export_sandboxes(create_app(Settings()).state.sandboxes, path)


class TestExportFiles:
    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
    def test_the_mode_of_an_existing_file_is_kept(self, tmp_path: Path, mode: int) -> None:
        file = tmp_path / "state.json"
        file.write_text("older")
        file.chmod(mode)
        export_to(file)
        assert (file.stat().st_mode & 0o777, json.loads(file.read_bytes())["version"]) == (mode, 1)

    @pytest.mark.parametrize("exists", [True, False])
    def test_a_symbolic_link_is_followed(self, tmp_path: Path, exists: bool) -> None:
        target, link = tmp_path / "state.json", tmp_path / "link.json"
        if exists:
            target.write_text("older")
        link.symlink_to(target.name)
        export_to(link)
        assert link.is_symlink()
        assert json.loads(target.read_bytes())["version"] == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "state.json"]

    def test_what_a_killed_server_left_is_removed_at_the_next_start(self, tmp_path: Path) -> None:
        """But not what the export of another file has left, which may still be running."""
        file, other = tmp_path / "state.json", tmp_path / ".other.json.clevora-mock.7"
        for left in (tmp_path / ".state.json.clevora-mock.7", tmp_path / ".state.json.clevora-mock.123", other):
            left.write_text("half")
        try_export(file)
        assert list(tmp_path.iterdir()) == [other]

    def test_a_pipe_is_written_in_place(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        export_to(pipe)
        assert pipe.is_fifo()
        assert json.loads(os.read(reader, 1 << 16))["version"] == 1
        os.close(reader)

    def test_a_pipe_without_a_reader_is_an_error_and_the_status_the_commands(self, tmp_path: Path) -> None:
        os.mkfifo(pipe := tmp_path / "pipe")
        ended = run_program("exec", "--quiet", "--export-on-exit", str(pipe), "--", "sh", "-c", "exit 7")
        expected = f"clevora-mock: --export-on-exit: cannot write {str(pipe)!r}: No such device or address\n"
        assert (ended.returncode, ended.stderr) == (7, expected)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_an_export_to_a_pipe_whose_reader_does_not_read(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        os.mkfifo(pipe := tmp_path / "pipe")
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        long = {"messages": [{"role": "user", "content": "word " * 3_000}]}
        with serve_process(*FROZEN, "--export-on-exit", str(pipe)) as server:
            for _ in range(8):
                assert httpx.post(f"{server.url}/v1/chat/completions", headers=KEY, json=long).status_code == 200
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: select.select([reader], [], [], 0)[0] != [])
            assert server.stop(number)[0] == -number
        os.close(reader)

    @pytest.mark.parametrize("flag", ["--export-on-exit", "--state"])
    def test_a_loop_of_symbolic_links_is_an_error_at_the_start(self, tmp_path: Path, flag: str) -> None:
        first, second = tmp_path / "1.json", tmp_path / "2.json"
        first.symlink_to(second)
        second.symlink_to(first)
        ended = run_in_process("exec", flag, str(first), "--", "true")
        expected = f"clevora-mock: {flag}: cannot write {str(first)!r}: Too many levels of symbolic links\n"
        assert (ended.returncode, ended.stderr) == (2, expected)

    def test_standard_output_can_be_the_file(self) -> None:
        ended = run_program("exec", "--quiet", "--export-on-exit", "/dev/stdout", "--", "true")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert json.loads(ended.stdout)["version"] == 1

    def test_a_mount_point_is_written_in_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As a file that is mounted into a container, which no other can replace."""
        file = tmp_path / "state.json"
        file.write_text("older")
        inode = file.stat().st_ino

        def busy(self: Path, target: Path) -> Path:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

        monkeypatch.setattr(Path, "replace", busy)
        export_to(file)
        assert (file.stat().st_ino, json.loads(file.read_bytes())["version"]) == (inode, 1)
        assert [path.name for path in tmp_path.iterdir()] == ["state.json"]

    def test_trying_changes_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "state.json"
        file.write_text("older")
        before = file.stat()
        try_export(file)
        try_export(tmp_path / "new.json")
        assert (file.read_text(), file.stat().st_mtime_ns) == ("older", before.st_mtime_ns)
        assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


class TestState:
    @pytest.mark.parametrize("mounted", [False, True])
    def test_one_file_keeps_the_state_from_run_to_run(self, tmp_path: Path, mounted: bool) -> None:
        """An empty file counts as none, since what is mounted into a container has to exist."""
        file = tmp_path / "state.json"
        if mounted:
            file.touch()
        for expected in (1, 2):
            with serve_process(*FROZEN, CLEVORA_MOCK_STATE=str(file)) as server:
                httpx.post(f"{server.url}/v1/chat/completions", headers=KEY, json=MESSAGE)
                assert server.stop() == (0, "")
            assert json.loads(file.read_bytes())["sandboxes"]["default"]["journal_total"] == expected

    def test_an_empty_file_is_told_at_the_start(self, tmp_path: Path) -> None:
        (file := tmp_path / "state.json").touch()
        said = f"clevora-mock: warning: --state: {str(file)!r} is empty; no sandboxes are loaded"
        assert said in run_in_process("exec", "--state", str(file), "--", "true").stderr.splitlines()

    @pytest.mark.parametrize("flag", ["--export-on-exit", "--state"])
    def test_a_pipe_is_told_at_the_start(self, tmp_path: Path, flag: str) -> None:
        os.mkfifo(pipe := tmp_path / "pipe")
        said = f"clevora-mock: warning: {flag}: {str(pipe)!r} is a pipe; the export fails unless it is being read"
        assert run_in_process("exec", flag, str(pipe), "--", "true").stderr.startswith(said)

    @pytest.mark.parametrize("flag", ["--import", "--state"])
    def test_flags_that_its_sandboxes_do_not_heed_are_warned_of(self, tmp_path: Path, flag: str) -> None:
        file = tmp_path / "state.json"
        flags = ("--scenario", "flaky", "--balance", "50")

        def warnings(*given: str) -> list[str]:
            lines = run_in_process("exec", *given, "--", "true").stderr.splitlines()
            return [line for line in lines if "warning" in line]

        assert warnings("--state", str(file), *flags) == []
        said = f"--scenario and --balance: for new sandboxes alone, since those in {str(file)!r} are as they were"
        assert warnings(flag, str(file), *flags) == [f"clevora-mock: warning: {said}"]
        assert warnings(flag, str(file), "--balance", "100") == []
        said = f"--seed and --api-key: for new sandboxes alone, since those in {str(file)!r} are as they were"
        key = ("--api-key", "sk_live_" + "1" * 32)
        assert warnings(flag, str(file), "--seed", "7", *key) == [f"clevora-mock: warning: {said}"]
        assert warnings("--quiet", flag, str(file), *flags) == []

    @pytest.mark.parametrize("flag", ["--import", "--export-on-exit"])
    def test_it_excludes_the_flags_for_one_of_both(self, tmp_path: Path, flag: str) -> None:
        file = str(tmp_path / "state.json")
        ended = run_in_process("exec", "--state", file, flag, file, "--", "true")
        said = "clevora-mock: --state: expected neither --import nor --export-on-exit beside it\n"
        assert (ended.returncode, ended.stderr) == (2, said)

    def test_a_broken_file_is_an_error_and_stays(self, tmp_path: Path) -> None:
        file = tmp_path / "state.json"
        file.write_text("{")
        ended = run_in_process("exec", "--state", str(file), "--", "true")
        assert (ended.returncode, file.read_text()) == (4, "{")


def test_an_import_of_more_sandboxes_than_fit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    full = create_app(Settings()).state.sandboxes
    for name in ("one", "two", "three"):
        full.get(name)
    export_sandboxes(full, file)
    small = create_app(Settings(max_sandboxes=3)).state.sandboxes
    with pytest.raises(ExportFileError, match=r"it has 4 sandboxes; set --max-sandboxes to 4 or more$"):
        import_sandboxes(small, file)
    assert [sandbox.name for sandbox in small.all()] == ["default"]
    large = create_app(Settings(max_sandboxes=4)).state.sandboxes
    import_sandboxes(large, file)
    assert len(large.all()) == 4


def test_a_failed_export_keeps_the_existing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.json"
    app = create_app(Settings())
    export_sandboxes(app.state.sandboxes, file)
    older = file.read_bytes()

    def full(number: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    app.state.sandboxes.get("another")
    with pytest.raises(OSError, match="No space"):
        export_sandboxes(app.state.sandboxes, file)
    assert file.read_bytes() == older
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def _exported() -> dict[str, Any]:
    default = create_app(Settings(clock="frozen")).state.sandboxes.default
    return {"version": 1, "sandboxes": {"default": json.loads(msgspec.json.encode(dump(default)))}}


def _invalid_files() -> dict[str, bytes]:
    good = _exported()
    state = good["sandboxes"]["default"]
    documents = {
        "another version": good | {"version": 2},
        "a sandbox of another version": good | {"sandboxes": {"default": state | {"version": 2}}},
        "no name": good | {"sandboxes": {"../x": state}},
        "no sandboxes": {"version": 1},
        "a sandbox without accounts": good | {"sandboxes": {"a": {"version": 1}}},
        "an unknown part": good | {"sandboxes": {"a": state | {"more": 1}}},
        "a list": [],
        "a broken scenario": good
        | {"sandboxes": {"a": state | {"scenario": state["scenario"] | {"source": "rulez: 1\nnome: x"}}}},
        "money that does not sum up": good
        | {"sandboxes": {"a": state | {"accounts": [state["accounts"][0] | {"balance": 1}]}}},
    }
    return {name: json.dumps(document).encode() for name, document in documents.items()} | {
        "nothing": b"",
        "cut": json.dumps(good).encode()[:-10],
        "no text": b"\xff\xfe",
        "deep": b'{"version":1,"sandboxes":{"a":' + b"[" * 100_000,
    }


INVALID_FILES = _invalid_files()


@pytest.mark.parametrize("name", INVALID_FILES)
def test_an_invalid_import_file_is_an_error_of_one_line(tmp_path: Path, name: str) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(INVALID_FILES[name])
    with pytest.raises(ExportFileError) as error:
        import_sandboxes(create_app(Settings()).state.sandboxes, file)
    assert str(error.value).startswith(f"{file}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name", [None, *(pytest.param(name, marks=pytest.mark.slow) for name in ("cut", "a broken scenario"))]
)
def test_a_server_does_not_start_with_a_broken_import(tmp_path: Path, name: str | None) -> None:
    """Status 4 and one line; also for a missing file."""
    file = tmp_path / "state.json"
    if name is not None:
        file.write_bytes(INVALID_FILES[name])
    ended = run_program("serve", "--port", "0", "--import", str(file))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (4, "", 1)
    assert ended.stderr.startswith(f"clevora-mock: {file}: ")


@pytest.mark.slow
def test_an_imported_payment_is_still_delivered(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with serve_process(*FROZEN, "--export-on-exit", str(file)) as server, connect(server.url) as http:
        http.put("/__mock/scenario", json={"name": "late-payment"})
        token = http.post("/__mock/tokens", json={"uid": "demo", "expiresIn": 100_000}).json()["idToken"]
        user = {"authorization": f"Bearer {token}"}
        link = http.post("/api/developer/topup", headers=user, json={"amount": 50}).json()["data"]["checkoutUrl"]
        assert http.post(f"/__mock/checkouts/{link.rpartition('/')[2]}/pay").json()["webhookStatus"] is None
        server.stop()
    with serve_process(*FROZEN, "--import", str(file)) as server, connect(server.url) as http:
        http.patch("/__mock/clock", json={"advance": 301})
        wait_until(lambda: bool(http.get("/__mock/accounts/demo").json()["balance"] == 50))


@contextmanager
def watching_server(file: Path) -> Iterator[tuple[httpx.Client, "queue.Queue[str]"]]:
    """Serve with `--watch` of `file`; yield the server and its stderr."""
    with serve_process(*FROZEN, "--scenario", str(file), "--watch") as server, connect(server.url) as http:
        said: queue.Queue[str] = queue.Queue()

        def listen() -> None:
            assert server.process.stderr is not None
            for line in server.process.stderr:
                said.put(line)

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        yield http, said
        server.process.terminate()
        listener.join(TIMEOUT_SECONDS)


def test_an_edited_scenario_takes_effect_at_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("rules: [{when: {endpoint: embeddings}, then: {error: 500}}]\n")
    with watching_server(file) as (http, said):

        def status(place: str = "") -> int:
            return http.post(f"{place}/v1/embeddings", headers=KEY, json={"input": "a"}).status_code

        http.put("/sandbox/other/__mock/scenario", json={"name": "default"})
        http.get("/sandbox/restored/__mock/health")
        http.put("/sandbox/restored/__mock/state", content=http.get("/sandbox/restored/__mock/state").content)
        assert [status(), status("/sandbox/other"), status("/sandbox/restored")] == [500, 200, 500]
        file.write_text("rules: [{when: {endpoint: embeddings}, then: {error: 503}}]\n# longer\n")
        assert "scenario mine reloaded" in said.get(timeout=TIMEOUT_SECONDS)
        assert [status(), status("/sandbox/other"), status("/sandbox/restored")] == [503, 200, 503]
        assert status("/sandbox/new") == 503
        file.write_text("rules:\n  - when: {endpoint: embedings}\n    then: {error: 502}\n")
        told = said.get(timeout=TIMEOUT_SECONDS)
        assert f"{file}:2:" in told
        assert "embeddings" in told
        assert [status(), status("/sandbox/newer")] == [503, 503]
        file.unlink()
        assert "cannot be read" in said.get(timeout=TIMEOUT_SECONDS)
        assert status() == 503
        file.write_text("rules: [{when: {endpoint: embeddings}, then: {error: 502}}]\n")
        wait_until(lambda: status() == 502)


def test_an_open_event_stream_does_not_delay_the_shutdown(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with serve_process(*FROZEN, "--export-on-exit", str(file)) as server, connect(server.url) as http:
        with http.stream("GET", "/__mock/events") as answer:
            assert next(answer.iter_raw()).startswith(b": listening")
            status, said = server.stop()
        assert (status, "Traceback" in said) == (0, False)
    assert json.loads(file.read_bytes())["version"] == 1
