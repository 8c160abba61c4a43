"""Standard streams that are closed, full or never read."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from clevora_mock.cli.streams import BackgroundStream
from tests.support.program import PROGRAM, environment, run_program, serve_process
from tests.support.raw_client import TIMEOUT_SECONDS
from tests.support.wait import wait_until

# Each test starts processes.
pytestmark = pytest.mark.slow


@pytest.fixture
def unused_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/__mock/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_server_without_standard_streams_serves(closed: str, unused_port: int) -> None:
    url = f"http://127.0.0.1:{unused_port}"
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *PROGRAM, "--port", str(unused_port)]
    with subprocess.Popen(shell, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        wait_until(lambda: is_up(url))
        assert httpx.get(f"{url}/v1/nothing").status_code == 404
        process.terminate()
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, b"Traceback" in errors) == (0, False)


def test_a_server_whose_output_has_lost_its_reader_serves(unused_port: int) -> None:
    url = f"http://127.0.0.1:{unused_port}"
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [*PROGRAM, "--port", str(unused_port)], env=environment(), stdout=writing, stderr=writing
    ) as process:
        os.close(writing)
        wait_until(lambda: is_up(url))
        assert [httpx.get(f"{url}/v1/nothing").status_code for _ in range(2)] == [404, 404]
        process.terminate()
        assert process.wait(TIMEOUT_SECONDS) == 0


@pytest.mark.slow
def test_a_log_that_nobody_reads_does_not_stop_the_server() -> None:
    """A pipe takes 64 KiB."""
    with serve_process() as server, httpx.Client(base_url=server.url) as http:
        statuses = {http.get(f"/v1/{'x' * 100}").status_code for _ in range(800)}
        assert statuses == {404}
        server.process.terminate()
        assert server.process.wait(TIMEOUT_SECONDS) == 0


def test_a_log_that_is_read_late_is_whole() -> None:
    with serve_process() as server, httpx.Client(base_url=server.url) as http:
        for number in range(800):
            http.get(f"/v1/{'x' * 100}{number}")
        status, errors = server.stop()
    lines = errors.splitlines()
    assert status == 0
    assert [line for line in lines if "lines dropped" in line] == []
    assert len([line for line in lines if "GET" in line]) == 800


def test_an_empty_text_does_not_end_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as file:
        stream = BackgroundStream(file)
        for text in ("one", "", "two"):
            stream.write(text)
        stream.finish()
    assert path.read_text(encoding="utf-8") == "onetwo"


def test_a_command_without_standard_output_ends_well() -> None:
    shell = ["sh", "-c", 'exec "$@" 1>&-', "sh", *PROGRAM, "scenarios"]
    ended = subprocess.run(shell, env=environment(), stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_disk_is_an_error_of_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*PROGRAM, "scenarios"], env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, b"clevora-mock: cannot write the output: No space left on device\n")


@pytest.mark.parametrize(
    ("arguments", "full", "status"), [(("bogus",), "stderr", 2), (("check", "nope.yaml"), "stdout", 4)]
)
def test_a_full_disk_does_not_hide_the_status(arguments: tuple[str, ...], full: str, status: int) -> None:
    with Path("/dev/full").open("w") as device:
        streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, full: device}
        ended = subprocess.run([*PROGRAM, *arguments], env=environment(), check=False, **streams)
    assert ended.returncode == status


def test_an_error_without_standard_error_has_its_status() -> None:
    shell = ["sh", "-c", 'exec "$@" 2>&-', "sh", *PROGRAM, "serve", "--sed", "7"]
    assert subprocess.run(shell, env=environment(), timeout=TIMEOUT_SECONDS, check=False).returncode == 2


def test_the_output_of_a_command_under_exec_stays_whole() -> None:
    ended = run_program(
        "exec", "--quiet", "--", sys.executable, "-c", "import sys; print('o'); print('e', file=sys.stderr)"
    )
    assert (ended.stdout, ended.stderr) == ("o\n", "e\n")
