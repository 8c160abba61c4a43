"""``clevora-mock exec -- CMD``: a command with a server beside it, and nothing else changed for it."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clevora_mock.settings import Settings
from tests.test_cli import PATIENCE_SECONDS, PROGRAM, environment, run

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
    """A Python program as the command."""
    return run("exec", *flags, "--", sys.executable, "-c", source, **variables)


def test_the_command_finds_the_server_by_the_names_that_clients_read() -> None:
    """Five variables, one server, one key; it is ready when the command starts."""
    ended = python("import os, json; print(json.dumps(dict(os.environ)))", GREETING="hello")
    assert (ended.returncode, ended.stderr) == (0, "")
    variables = json.loads(ended.stdout)
    url = variables["CLEVORA_MOCK_URL"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert variables["CLEVORA_BASE_URL"] == variables["OPENAI_BASE_URL"] == f"{url}/v1"
    assert variables["CLEVORA_API_KEY"] == variables["OPENAI_API_KEY"] == Settings().api_key
    assert variables["GREETING"] == "hello"


def test_two_at_once_do_not_meet() -> None:
    """Each has a port of its own."""
    ended = run("exec", "--", *PROGRAM, "exec", "--", sys.executable, "-c", CHAT + "print(ask())")
    assert (ended.returncode, ended.stdout) == (0, "200\n")


def test_a_port_may_be_chosen_and_be_taken() -> None:
    """Status 3, as when serving, and the command does not run."""
    source = f"import os, subprocess, sys; url = os.environ['CLEVORA_MOCK_URL']; print(subprocess.run([*{PROGRAM!r}, "
    source += "'exec', '--port', url.rpartition(':')[2], '--', 'echo', 'ran'], capture_output=True, text=True))"
    said = python(source).stdout
    assert "returncode=3" in said
    assert "stdout=''" in said
    assert "is taken" in said


def test_flags_and_variables_set_the_server_up() -> None:
    """All that serve takes."""
    assert python(CHAT + "print(ask())", "--balance", "0").stdout == "402\n"
    assert python(CHAT + "print(ask(), ask(), ask())", CLEVORA_MOCK_SCENARIO="flaky").stdout == "500 500 200\n"


@pytest.mark.parametrize("flags", [("--scenario", "flakey"), ("--import", "/nowhere.json")])
def test_files_that_cannot_be_used_end_it_before_it_begins(flags: tuple[str, ...]) -> None:
    """Status 4 and one line, as when serving."""
    ended = run("exec", *flags, "--", "echo", "ran")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (4, "", 1)


@pytest.mark.parametrize("status", [0, 1, 7, 255])
def test_its_status_is_the_commands(status: int) -> None:
    """Whatever it is, pytest's 5 and all."""
    assert python(f"raise SystemExit({status})").returncode == status


def test_a_command_that_a_signal_ended_says_so_as_in_a_shell() -> None:
    """128 and the signal's number."""
    assert python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").returncode == 128 + 9


@pytest.mark.parametrize(("command", "status"), [("no-such-command", 127), (os.devnull, 126)])
def test_a_command_that_cannot_run_is_told_in_one_line(command: str, status: int) -> None:
    """With the statuses that shells have for it."""
    ended = run("exec", "--", command)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert re.fullmatch(rf"clevora-mock: cannot run '{command}': .+\n", ended.stderr)


def test_without_a_command_it_says_what_is_missing() -> None:
    """Status 2."""
    for arguments in (("exec",), ("exec", "--"), ("exec", "--seed", "1")):
        ended = run(*arguments)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "-- CMD..." in ended.stderr


def test_streams_are_the_commands_own() -> None:
    """What it reads and writes passes through untouched, and nothing is added to its output."""
    ended = subprocess.run(
        [*PROGRAM, "exec", "--", sys.executable, "-c", "import sys; print(sys.stdin.read()[::-1])"],
        input="hello",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("olleh\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(number: signal.Signals) -> None:
    """The command gets them and decides; the server stays until it has ended."""
    source = (
        CHAT + "import signal, sys\n"
        f"def received(number, frame): print(number, ask(), flush=True); sys.exit(3)\n"
        f"signal.signal({int(number)}, received); print('waiting', flush=True)\n"
        "while True: signal.pause()"
    )
    command = [*PROGRAM, "exec", "--", sys.executable, "-c", source]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdout.readline() == "waiting\n"
        it.send_signal(number)
        said, errors = it.communicate(timeout=PATIENCE_SECONDS)
    assert (it.returncode, said) == (3, f"{int(number)} 200\n")
    assert "Traceback" not in errors


def test_what_is_typed_reaches_the_command_once() -> None:
    """A terminal sends Ctrl-C to everyone in the foreground; passed on as well, it would interrupt a test run twice."""
    source = (
        "import signal, time\ncount = 0\n"
        "def received(*_):\n global count; count += 1\n"
        "signal.signal(signal.SIGINT, received); print('waiting', flush=True)\n"
        "end = time.monotonic() + 1\n"
        "while time.monotonic() < end: time.sleep(0.05)\n"
        "print('count', count, flush=True)"
    )
    ours, theirs = os.openpty()
    # The session's terminal is taken by the one who leads the session, as a login does.
    login = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", login, *PROGRAM, "exec", "--", sys.executable, "-c", source]
    with subprocess.Popen(
        command,
        env=environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as it:
        os.close(theirs)
        said = b""
        while b"waiting" not in said:
            said += os.read(ours, 1024)
        os.write(ours, b"\x03")
        # A terminal may give a line in pieces.
        while not (count := re.search(rb"count (\d)", said)):
            said += os.read(ours, 1024)
        assert it.wait(PATIENCE_SECONDS) == 0
    os.close(ours)
    assert count[1] == b"1"


class TestSummary:
    def test_it_counts_requests_errors_tokens_and_money(self) -> None:
        """On stderr, and the ledger's figures."""
        ended = python(CHAT + "ask(); ask({}); ask({}); ask(**{'x-clevora-mock-fault': 'reset'}) ")
        assert ended.returncode == 1, "the reset is the program's to cope with"
        ended = python(CHAT + "ask(); ask({'messages': 1}); ask({'messages': 1})")
        assert ended.returncode == 0
        head, errors, *findings = ended.stderr.splitlines()
        assert head == "clevora-mock: 3 requests, 2 errors, 40 tokens, $0.02 spent"
        assert errors == "  errors: 2 x 400 invalid_field"
        assert findings == [
            "  retried_final: sk_live_0123456789ab...ef repeated a request unchanged after 400 (1 request)"
        ]

    def test_sandboxes_that_are_gone_count(self) -> None:
        """With their findings: a test's sandbox lives no longer than the test."""
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
    def test_there_is_none_where_nobody_asked_or_nobody_wants_it(self, source: str) -> None:
        """--quiet, or no requests."""
        flags = ("--quiet",) if source == "ask()" else ()
        assert python(CHAT + source, *flags).stderr == ""

    def test_each_request_has_its_line_where_that_is_asked_for(self) -> None:
        """--log-format is not there to be ignored."""
        line, _summary = python(CHAT + "ask()", "--log-format", "json").stderr.splitlines()
        assert json.loads(line)["endpoint"] == "chat.completions"


def test_the_state_is_exported_when_the_command_has_ended(tmp_path: Path) -> None:
    """As serve's flags promise."""
    file = tmp_path / "state.json"
    assert python(CHAT + "ask()", "--export-on-exit", str(file)).returncode == 0
    ended = run("exec", "--import", str(file), "--", sys.executable, "-c", "pass")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(file.read_text(encoding="utf-8"))["sandboxes"]["default"]
