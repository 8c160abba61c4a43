"""``clevora-mock exec -- CMD``: a server for the duration of one command."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clevora_mock.settings import Settings
from tests.support.program import PROGRAM, environment, run_in_process, run_program
from tests.support.raw_client import TIMEOUT_SECONDS

# Each test starts processes.
pytestmark = pytest.mark.slow

SLOW = pytest.mark.slow
CHAT = """
import json, os, urllib.error, urllib.request
def ask(body=None, **headers):
    request = urllib.request.Request(os.environ["CLEVORA_BASE_URL"] + "/chat/completions",
        json.dumps(body or {"messages": [{"role": "user", "content": "Hello!"}]}).encode(),
        {"Authorization": "Bearer " + os.environ["CLEVORA_API_KEY"]} | headers)
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code
"""


def python(source: str, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program as the command."""
    return run_program("exec", *flags, "--", sys.executable, "-c", source, **variables)


def test_the_command_gets_the_variables_of_the_clients() -> None:
    ended = python("import os, json; print(json.dumps(dict(os.environ)))", GREETING="hello")
    assert ended.returncode == 0
    variables = json.loads(ended.stdout)
    url = variables["CLEVORA_MOCK_URL"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert variables["CLEVORA_BASE_URL"] == variables["OPENAI_BASE_URL"] == f"{url}/v1"
    assert variables["CLEVORA_API_KEY"] == variables["OPENAI_API_KEY"] == Settings().api_key
    assert variables["GREETING"] == "hello"


@pytest.mark.slow
def test_two_at_once_have_two_ports() -> None:
    ended = run_program("exec", "--", *PROGRAM, "exec", "--", sys.executable, "-c", CHAT + "print(ask())")
    assert (ended.returncode, ended.stdout) == (0, "200\n")


@pytest.mark.slow
def test_a_taken_port_is_status_3_and_the_command_does_not_run() -> None:
    source = f"import os, subprocess, sys; url = os.environ['CLEVORA_MOCK_URL']; print(subprocess.run([*{PROGRAM!r}, "
    source += "'exec', '--port', url.rpartition(':')[2], '--', 'echo', 'ran'], capture_output=True, text=True))"
    printed = python(source).stdout
    assert "returncode=3" in printed
    assert "stdout=''" in printed
    assert "is taken" in printed


def test_flags_and_variables_set_the_server_up() -> None:
    assert python(CHAT + "print(ask())", "--balance", "0").stdout == "402\n"
    assert python(CHAT + "print(ask(), ask(), ask())", CLEVORA_MOCK_SCENARIO="flaky").stdout == "500 500 200\n"


@pytest.mark.parametrize("flags", [("--scenario", "flakey"), ("--import", "/nowhere.json")])
def test_an_invalid_file_is_status_4_and_the_command_does_not_run(flags: tuple[str, ...]) -> None:
    ended = run_in_process("exec", *flags, "--", "echo", "ran")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (4, "", 1)


@pytest.mark.parametrize("status", [7, pytest.param(0, marks=SLOW), pytest.param(255, marks=SLOW)])
def test_the_status_is_the_commands(status: int) -> None:
    assert python(f"raise SystemExit({status})").returncode == status


def test_the_status_is_128_and_the_number_of_the_signal_that_ended_the_command() -> None:
    assert python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").returncode == 128 + 9


@pytest.mark.parametrize(("command", "status"), [("no-such-command", 127), (os.devnull, 126)])
def test_a_command_that_cannot_run_is_one_line_and_the_status_of_shells(command: str, status: int) -> None:
    ended = run_in_process("exec", "--", command)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert re.fullmatch(rf"clevora-mock: cannot run '{command}': .+\n", ended.stderr)


def test_a_guard_that_cannot_start_is_one_line_and_the_command_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    ended = run_in_process("exec", "--", "echo", "ran")
    reason = "the process that kills it with this one cannot start: No such file or directory"
    assert (ended.returncode, ended.stdout) == (126, "")
    assert ended.stderr == f"clevora-mock: cannot run 'echo': {reason}\n"


def test_a_guard_without_a_pipe_is_one_line_and_the_command_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("os.pipe", refuse)
    ended = run_in_process("exec", "--", "echo", "ran")
    assert (ended.returncode, ended.stdout) == (126, "")
    assert ended.stderr.endswith(" cannot start: Too many open files\n")


def test_a_missing_command_is_status_2() -> None:
    for arguments in (("exec",), ("exec", "--"), ("exec", "--seed", "1")):
        ended = run_in_process(*arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "-- CMD..." in ended.stderr


def test_standard_input_and_output_are_the_commands() -> None:
    ended = subprocess.run(
        [*PROGRAM, "exec", "--", sys.executable, "-c", "import sys; print(sys.stdin.read()[::-1])"],
        input="hello",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert ended.stdout == "olleh\n"


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(one, marks=SLOW) for one in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1))],
)
def test_signals_are_forwarded_and_the_server_stays_until_the_command_ends(number: signal.Signals) -> None:
    source = (
        CHAT + "import signal, sys\n"
        f"def received(number, frame): print(number, ask(), flush=True); sys.exit(3)\n"
        f"signal.signal({int(number)}, received); print('waiting', flush=True)\n"
        "while True: signal.pause()"
    )
    command = [*PROGRAM, "exec", "--", sys.executable, "-c", source]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, output) == (3, f"{int(number)} 200\n")
    assert "Traceback" not in errors


def test_killing_exec_kills_the_command() -> None:
    source = "import time; print('waiting', flush=True); time.sleep(10); print('it lives on')"
    command = [*PROGRAM, "exec", "--", sys.executable, "-c", source]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.kill()
        # It ends once nobody holds the pipe.
        assert process.stdout.read() == ""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_processes_that_the_command_started_end_with_exec(number: signal.Signals) -> None:
    command = [*PROGRAM, "exec", "--", "sh", "-c", "sleep 300 & echo waiting; wait"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        # It ends once nobody holds the pipe.
        assert process.stdout.read() == ""


@pytest.mark.slow
def test_orphans_of_the_command_are_reaped() -> None:
    """As the first process of a container, `exec` inherits them; here, by asking the kernel for the same."""
    source = (
        "import os, pathlib, subprocess, sys, time\n"
        "said = subprocess.run(['sh', '-c', 'sleep 0.2 & echo $!'], stdout=subprocess.PIPE).stdout\n"
        "orphan = pathlib.Path('/proc') / said.decode().strip()\n"
        "end = time.monotonic() + 10\n"
        "while orphan.exists() and time.monotonic() < end: time.sleep(0.05)\n"
        "sys.exit(orphan.exists())"
    )
    # 36 is PR_SET_CHILD_SUBREAPER, which outlives exec.
    adopt = "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", adopt, *PROGRAM, "exec", "--", sys.executable, "-c", source]
    assert subprocess.run(command, env=environment(), timeout=TIMEOUT_SECONDS, check=False).returncode == 0


def test_ctrl_c_in_a_terminal_reaches_the_command_once() -> None:
    """The terminal sends it to every process in the foreground; forwarding it as well would deliver it twice."""
    source = (
        "import signal, time\ncount = 0\n"
        "def received(*_):\n global count; count += 1\n"
        "signal.signal(signal.SIGINT, received); print('waiting', flush=True)\n"
        "end = time.monotonic() + 1\n"
        "while time.monotonic() < end: time.sleep(0.05)\n"
        "print('count', count, flush=True)"
    )
    ours, theirs = os.openpty()
    # The session leader makes the terminal its controlling one, as a login shell does.
    login = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", login, *PROGRAM, "exec", "--", sys.executable, "-c", source]
    with subprocess.Popen(
        command,
        env=environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        output = b""
        while b"waiting" not in output:
            output += os.read(ours, 1024)
        os.write(ours, b"\x03")
        # A line may arrive in pieces.
        while not (count := re.search(rb"count (\d)", output)):
            output += os.read(ours, 1024)
        assert process.wait(TIMEOUT_SECONDS) == 0
    os.close(ours)
    assert count[1] == b"1"


class TestSummary:
    def test_it_counts_requests_errors_tokens_and_money(self) -> None:
        ended = python(CHAT + "ask(); ask({'messages': 1}); ask({'messages': 1})")
        assert ended.returncode == 0
        head, errors, *findings = ended.stderr.splitlines()
        assert head == "clevora-mock: 3 requests, 2 errors, 40 tokens, $0.02 spent"
        assert errors == "  errors: 2 x 400 invalid_field"
        assert findings == [
            "  error retried_final: sk_live_0123456789ab...ef repeated a request unchanged after 400 (1 request)"
        ]

    def test_removed_sandboxes_count_with_their_findings(self) -> None:
        ended = python(
            "import os, urllib.request as u\n"
            "os.environ['CLEVORA_BASE_URL'] = (box := os.environ['CLEVORA_MOCK_URL'] + '/sandbox/one') + '/v1'\n"
            + CHAT
            + "ask({'messages': [{'role': 'user', 'content': 'Hello!'}], 'frobnicate': 1})\n"
            "u.urlopen(u.Request(box, method='DELETE'))"
        )
        head, *findings = ended.stderr.splitlines()
        assert head == "clevora-mock: 1 request, 0 errors, 40 tokens, $0.02 spent"
        assert len(findings) == 1
        assert "frobnicate" in findings[0]

    @pytest.mark.parametrize("source", ["ask()", "pass"])
    def test_there_is_none_with_quiet(self, source: str) -> None:
        assert python(CHAT + source, "--quiet").stderr == ""

    def test_without_requests_it_asks_for_the_base_url(self) -> None:
        ended = python("import os; print(os.environ['CLEVORA_BASE_URL'])")
        said = f"0 requests; did the program use CLEVORA_BASE_URL, {ended.stdout.strip()}?"
        assert ended.stderr == f"clevora-mock: {said}\n"

    def test_a_random_seed_is_printed_at_the_end(self) -> None:
        read_seed = "json.load(urllib.request.urlopen(os.environ['CLEVORA_MOCK_URL'] + '/__mock/health'))['seed']"
        ended = python(CHAT + f"ask(); print({read_seed})", "--seed", "random")
        assert ended.stderr.endswith(f", seed {ended.stdout}")

    def test_with_a_log_format_each_request_is_a_line(self) -> None:
        line, _summary = python(CHAT + "ask()", "--log-format", "json").stderr.splitlines()
        assert json.loads(line)["endpoint"] == "chat.completions"


class TestProxies:
    """The proxy is a port where nobody listens."""

    PROXY = "http://user:pw@127.0.0.1:9"

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_the_command_uses_none_for_the_server(self, name: str) -> None:
        ended = run_program("exec", "--", sys.executable, "-c", CHAT + "print(ask())", **{name: self.PROXY})
        assert ended.stdout == "200\n"
        assert "no request arrived" not in ended.stderr

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
    def test_the_summary_says_that_nothing_arrived_although_one_is_set(self, name: str) -> None:
        ended = run_program("exec", "--", sys.executable, "-c", "pass", **{name: self.PROXY})
        said = f"no request arrived, and {name} is set: does the client heed NO_PROXY=127.0.0.1,localhost?"
        assert (ended.returncode, ended.stderr) == (0, f"clevora-mock: {said}\n")

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
    def test_clients_heed_the_exceptions_that_the_summary_names(self, host: str) -> None:
        source = (
            "import os, subprocess, httpx, requests\n"
            "url = os.environ['CLEVORA_MOCK_URL'] + '/__mock/health'\n"
            "curl = ['curl', '--globoff', '--silent', '--output', os.devnull, '--write-out', '%{http_code}', url]\n"
            "print(httpx.get(url).status_code, requests.get(url).status_code,\n"
            "      subprocess.run(curl, capture_output=True, text=True).stdout, os.environ['NO_PROXY'])\n"
        )
        ended = python(source, "--host", host, HTTP_PROXY=self.PROXY, http_proxy=self.PROXY, NO_PROXY="", no_proxy="")
        *statuses, exceptions = ended.stdout.split()
        assert statuses == ["200"] * 3
        assert host in exceptions.split(",")
        assert ended.stderr.endswith(f"does the client heed NO_PROXY={exceptions}?\n")

    def test_nothing_is_said_under_quiet(self) -> None:
        assert run_program("exec", "--quiet", "--", sys.executable, "-c", "pass", HTTP_PROXY=self.PROXY).stderr == ""


@pytest.mark.parametrize(("flags", "count"), [((), 1), (("--quiet",), 0)])
def test_an_address_that_others_reach_is_said_once(flags: tuple[str, ...], count: int) -> None:
    assert python("pass", "--host", "0.0.0.0", *flags).stderr.count("every machine that can reach this one") == count


def test_scenarios_that_replace_shipped_ones_are_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: flaky\n")
    ended = run_in_process("exec", "--scenarios", str(tmp_path), "--", "true")
    assert "clevora-mock: warning: --scenarios: it replaces the shipped flaky\n" in ended.stderr


def test_the_state_is_exported_when_the_command_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    assert python(CHAT + "ask()", "--export-on-exit", str(file)).returncode == 0
    ended = run_program("exec", "--import", str(file), "--", sys.executable, "-c", "pass")
    assert (ended.returncode, ended.stderr.count("\n")) == (0, 1)
    assert json.loads(file.read_text(encoding="utf-8"))["sandboxes"]["default"]
