"""Kills in the middle of exports, imports and restores, full disks and read-only directories: no file is lost."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest

from clevora_mock.control.export_file import try_export
from tests.external.seed import SEED
from tests.external.soak.victim import Ended, Task
from tests.support.program import PROGRAM, environment
from tests.support.world import TLS

KILLS = 200
SERVERS = 24
NOBODY = 65534

Work = Callable[[Task], Ended]


@pytest.fixture(scope="module")
def work() -> Iterator[Work]:
    """Provide a function that lets a child of the victim do a task."""
    command = [sys.executable, "-m", "tests.external.soak.victim"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as victim:
        given, said = victim.stdin, victim.stdout
        assert given is not None
        assert said is not None

        def do(task: Task) -> Ended:
            given.write(msgspec.json.encode(task) + b"\n")
            given.flush()
            return msgspec.json.decode(said.readline(), type=Ended)

        yield do
        given.close()


def exported(work: Work, file: Path) -> list[bytes]:
    """Return the two contents that the victim exports, and leave the second one in `file`."""
    contents = []
    for variant in (0, 1):
        assert work(Task("export", str(file), variant)) == Ended(0, "")
        contents.append(file.read_bytes())
    assert contents[0] != contents[1]
    return contents


def test_kills_leave_the_old_file_or_the_new_one(work: Work, tmp_path: Path) -> None:
    random, file = Random(SEED), tmp_path / "state.json"
    contents = exported(work, file)
    seconds = {}
    for kind in ("export", "import", "both"):
        began = time.monotonic()
        work(Task(kind, str(file), 1))
        seconds[kind] = time.monotonic() - began
    killed, half, before = 0, 0, file.read_bytes()
    for number in count():
        if killed == KILLS:
            break
        kind, variant = random.choice(list(seconds)), random.randrange(2)
        ended = work(Task(kind, str(file), variant, after=random.random() * seconds[kind]))
        killed += ended.signal == signal.SIGKILL
        half += len(list(tmp_path.iterdir())) > 1
        found = file.read_bytes()
        assert found in ([before] if kind == "import" else [before, contents[variant]]), f"seed {SEED}, kill {number}"
        before = found
        # As the next server does when it starts.
        try_export(file)
        assert list(tmp_path.iterdir()) == [file], f"seed {SEED}, kill {number}"
    sys.stdout.write(f"{killed} kills, {half} of them within the writing of a file\n")
    assert half, "no kill was within the writing of a file"


@pytest.mark.parametrize("size", [0, 1, 5000, 20_000])
def test_a_full_disk_leaves_the_old_file(work: Work, tmp_path: Path, size: int) -> None:
    file = tmp_path / "state.json"
    contents = exported(work, file)
    assert work(Task("export", str(file), 0, file_bytes=size)).error == "OSError 27"
    assert file.read_bytes() == contents[1]
    assert list(tmp_path.iterdir()) == [file]


def test_a_read_only_directory_gets_the_new_content_into_the_old_file(work: Work, tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    file = folder / "state.json"
    contents = exported(work, file)
    file.chmod(0o666)
    _read_only(folder)
    assert work(Task("export", str(file), 0, user=NOBODY)) == Ended(0, "")
    assert file.read_bytes() == contents[0]
    assert list(folder.iterdir()) == [file]


def test_a_read_only_file_is_an_error(work: Work, tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    file = folder / "state.json"
    contents = exported(work, file)
    file.chmod(0o444)
    _read_only(folder)
    assert work(Task("export", str(file), 0, user=NOBODY)).error.startswith("PermissionError")
    assert file.read_bytes() == contents[1]


def _read_only(folder: Path) -> None:
    """Make a folder that a child without privileges can reach, and not write to."""
    folder.chmod(0o555)
    for parent in folder.parents:
        with suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | 0o111)


class Server:
    """A server with a state file, which is killed sooner or later."""

    def __init__(self, file: Path) -> None:
        command = [*PROGRAM, "serve", "--port", "0", "--quiet", "--state", str(file)]
        self.process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def url(self) -> str:
        assert self.process.stdout is not None
        return str(json.loads(self.process.stdout.readline().removeprefix("READY "))["url"])

    def kill(self) -> str:
        """Kill the server, and return what it has written to stderr."""
        self.process.kill()
        return self.process.communicate()[1]


def test_killed_servers_leave_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """Kills while a server starts, restores a snapshot, or stops."""
    random, file = Random(SEED), tmp_path / "state.json"
    first = Server(file)
    url = first.url()
    with httpx.Client(base_url=url, verify=TLS, timeout=20) as http:
        for number in range(60):
            http.put(f"/sandbox/s-{number}/__mock/scenario", json={"name": "flaky"})
        state = http.get("/__mock/state").json()
    first.process.terminate()
    assert first.process.communicate() == ("", "")
    for number in range(SERVERS):
        before = file.read_bytes()
        server = Server(file)
        phase = random.choice(("start", "restore", "stop"))
        if phase == "start":
            time.sleep(random.random())
        else:
            _attack(server, phase, state | {"ledger_entries": number}, random)
        assert server.kill() == "", f"seed {SEED}, server {number}"
        after = file.read_bytes()
        assert phase == "stop" or after == before, f"seed {SEED}, server {number}"
        assert len(json.loads(after)["sandboxes"]) == 61, f"seed {SEED}, server {number}"
    last = Server(file)
    last.url()
    assert list(tmp_path.iterdir()) == [file]
    last.kill()


def _attack(server: Server, phase: str, state: object, random: Random) -> None:
    """Let a server restore a snapshot or stop, and return within it."""
    with httpx.Client(base_url=server.url(), verify=TLS, timeout=20) as http:
        if phase == "restore":
            with suppress(httpx.TimeoutException):
                http.put("/__mock/state", json=state, timeout=0.001 + random.random() * 0.02)
        else:
            http.put("/__mock/state", json=state)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(random.random() * 0.2)
