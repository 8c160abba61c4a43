"""The pytest plugin, in separate test runs."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from clevora_mock.testing import MockError, Server
from tests.support.program import environment, wait_until_stopped
from tests.support.world import World

ASK = """
import json, urllib.error, urllib.request
import pytest

def ask(clevora, content="Hello!", **more):
    body = {"messages": [{"role": "user", "content": content}]} | more
    headers = {"authorization": f"Bearer {clevora.api_key}"}
    request = urllib.request.Request(clevora.base_url + "/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
"""

NEEDED_UNUSED = {
    "clevora_mock",
    "clevora_mock.version",
    "clevora_mock.testing.mark",
    "clevora_mock.testing.plugin",
    "clevora_mock.testing",
}


class FinishedRun(NamedTuple):
    """A finished test run."""

    status: int
    output: str

    def counts(self, **expected: int) -> None:
        found = {name: int(count) for count, name in re.findall(r"(\d+) (\w+)", self.output.splitlines()[-1])}
        found.pop("in", None)
        assert {name.removesuffix("s"): n for name, n in found.items()} == expected, self.output


class Suite:
    """A directory with tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        # Concurrent runs must not remove each other's directories.
        apart = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", f"--basetemp={self.folder / 'temp'}")
        return [sys.executable, "-m", "pytest", *apart, *arguments]

    def run(self, source: str, *arguments: str, **variables: str) -> FinishedRun:
        """Run `source` as a test file."""
        self.write("test_it.py", ASK + source)
        ended = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=environment(**variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return FinishedRun(ended.returncode, ended.stdout.strip() + ended.stderr)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Provide a test suite without tests."""
    return Suite(tmp_path)


def test_each_test_has_a_fresh_sandbox_of_one_server(suite: Suite) -> None:
    suite.run(
        """
import os
servers = set()

@pytest.mark.parametrize("which", ["one", "two", "1/2", "é"])
def test_fresh(clevora, which):
    servers.add(clevora.url.partition("/sandbox/")[0])
    assert (len(servers), clevora.balance, clevora.requests()) == (1, 100, [])
    assert ask(clevora) == 200
    assert (clevora.balance, len(clevora.requests(status=200))) == (99.98, 1)

def test_environment(clevora_env):
    assert os.environ["OPENAI_BASE_URL"] == os.environ["CLEVORA_BASE_URL"] == clevora_env.base_url
    assert os.environ["CLEVORA_API_KEY"] == clevora_env.api_key

def test_it_is_undone():
    assert "CLEVORA_BASE_URL" not in os.environ

def test_server(clevora_server, clevora):
    assert clevora.url.startswith(clevora_server.url + "/sandbox/")
    assert clevora.balance == 100
    names = [sandbox["name"] for sandbox in clevora_server.call("GET", "/__mock/sandboxes")["sandboxes"]]
    assert names == ["default", clevora.url.rpartition("/")[2]], "those of other tests are gone"
""",
        "-n0",
    ).counts(passed=7)


def test_the_mark_closest_to_the_test_sets_the_sandbox_up(suite: Suite) -> None:
    suite.run(
        """
@pytest.mark.clevora(scenario="flaky", balance=20)
class TestMarked:
    def test_scenario(self, clevora):
        assert [ask(clevora) for _ in range(3)] == [500, 500, 200]
        assert clevora.balance == 19.98

    @pytest.mark.clevora(scenario="default", clock="frozen")
    def test_closest(self, clevora):
        assert (ask(clevora), clevora.balance) == (200, 19.98)
        assert clevora.clock.now.isoformat() == "2026-01-01T00:00:00+00:00"

@pytest.mark.clevora(rules=[{"then": {"error": 503}}], clock="frozen:2030-01-01T00:00:00Z")
def test_rules(clevora):
    assert (ask(clevora), clevora.clock.now.year) == (503, 2030)

@pytest.mark.clevora(clock="scaled:3600")
def test_scaled(clevora):
    assert clevora.call("GET", "/__mock/clock")["speed"] == 3600

@pytest.mark.clevora(clock="real")
def test_real(clevora):
    assert clevora.call("GET", "/__mock/clock")["mode"] == "real"
""",
        "-n0",
    ).counts(passed=5)


@pytest.mark.slow
def test_a_marks_file_is_found_from_a_subfolder(suite: Suite) -> None:
    suite.write("mine.yaml", "rules:\n  - then: {error: 503}\n")
    source = '@pytest.mark.clevora(scenario="mine.yaml")\ndef test_one(clevora): assert ask(clevora) == 503\n'
    suite.write("test_it.py", ASK + source)
    (suite.folder / "below").mkdir()
    command = suite.command("-n0", "--rootdir=..", "../test_it.py")
    assert subprocess.run(command, cwd=suite.folder / "below", env=environment(), check=False).returncode == 0


@pytest.mark.slow
def test_invalid_marks_are_errors_with_the_expectation(suite: Suite) -> None:
    ran = suite.run(
        """
@pytest.mark.clevora(scenaro="flaky")
def test_name(clevora): pass

@pytest.mark.clevora("flaky")
def test_position(clevora): pass

@pytest.mark.clevora(scenario="flakey")
def test_scenario(clevora): pass

@pytest.mark.clevora(clock="stopped")
def test_clock(clevora): pass
""",
        "-n0",
        "--strict-markers",
    )
    ran.counts(error=4)
    assert "expected clevora(scenario=None" in ran.output
    assert "got scenaro" in ran.output
    assert 'unknown scenario "flakey"; did you mean "flaky"?' in ran.output
    assert "expected real, frozen, frozen:2026-05-11T14:00:00Z or scaled:60" in ran.output


@pytest.mark.slow
def test_workers_share_one_server_that_ends_with_the_run(suite: Suite) -> None:
    ran = suite.run(
        """
@pytest.mark.parametrize("number", range(8))
def test_one(clevora, number, worker_id):
    assert (ask(clevora), clevora.balance) == (200, 99.98)
    with open(f"{worker_id}.txt", "a") as file:
        file.write(clevora.url.partition("/sandbox/")[0] + "\\n")
""",
        "-n2",
    )
    ran.counts(passed=8)
    seen = [path.read_text(encoding="utf-8") for path in suite.folder.glob("gw*.txt")]
    assert len(seen) > 1, "more than one worker took part"
    (url,) = set("".join(seen).split())
    with pytest.raises(MockError):
        _ = Server(url).balance


@pytest.mark.slow
def test_a_worker_that_crashes_leaves_the_server_to_the_others(suite: Suite) -> None:
    ran = suite.run(
        """
import os
@pytest.mark.parametrize("number", range(6))
def test_one(clevora, number):
    assert ask(clevora) == 200
    if number == 1:
        os._exit(1)
""",
        "-n2",
    )
    ran.counts(failed=1, passed=5)


@pytest.mark.slow
def test_with_dist_each_every_worker_has_its_sandbox(suite: Suite) -> None:
    suite.run(
        """
import time
def test_one(clevora):
    assert ask(clevora) == 200
    time.sleep(0.5)
    assert (len(clevora.requests()), clevora.balance) == (1, 99.98)
""",
        "--dist=each",
        "--tx=2*popen",
    ).counts(passed=2)


@pytest.mark.slow
def test_the_report_of_a_failed_test_shows_the_requests(suite: Suite) -> None:
    source = """
@pytest.mark.clevora(rules=[{"name": "third time", "when": {"calls": 3}, "then": {"error": 503}}])
def test_one(clevora):
    for content in ("first", "second", "third"):
        ask(clevora, content, frobnicate=1)
    assert FAILS is False
"""
    for workers in ("-n0", "-n1"):
        ran = suite.run("FAILS = True\n" + source, workers)
        ran.counts(failed=1)
        section = ran.output.partition("What clevora-mock saw")[2]
        assert re.search(r"3 requests to http\S+/sandbox/test-one-\w{8}; scenario of the test, balance \$\d", section)
        assert re.search(r"POST +chat\.completions +200 +\S+ m?s +\d+ tokens \$0\.\d+ +clevora-1\.0-turbo\n", section)
        assert re.search(r"turbo\n +\{.*\"first\"", section)
        assert re.search(r"POST +chat\.completions +503 +\S+ m?s Service unavailable \[third time\]", section)
        assert re.search(r"not by rule third time: calls: expected call 3, got call 2\n", section)
        assert "unknown_fields: " in section
        assert "sk_live_0123456789abcdef0123456789abcdef" not in section
    ran = suite.run("FAILS = False\n" + source, "-rA", "-n0")
    ran.counts(passed=1)
    assert "What clevora-mock saw" not in ran.output


@pytest.mark.slow
def test_the_report_has_answers_marks_moved_times_and_folds_requests_that_are_alike(suite: Suite) -> None:
    source = """
@pytest.mark.clevora(clock="frozen:2026-05-11T14:00:00Z", rules=[
    {"when": {"message": "refund"}, "then": {"reply": {"content": "Thirty days."}}},
])
def test_one(clevora):
    for content in ("refund", "poll", "poll", "poll"):
        ask(clevora, content)
        clevora.clock.advance(1)
    assert False
"""
    section = suite.run(source, "-n0").output.partition("What clevora-mock saw")[2]
    assert "14:00:00* POST    chat.completions       200" in section
    assert "\n         answered: Thirty days.\n" in section
    assert '\n         not by rule 1: message: expected "refund", got "poll"\n' in section
    assert section.count('"poll"}') == 1
    assert "\n         and 2 more like it, until 14:00:03*\n" in section


@pytest.mark.slow
def test_an_error_of_the_fixture_shows_the_tests_line_alone(suite: Suite) -> None:
    ran = suite.run('def test_one(clevora):\n    clevora.use("flakey")\n', "-n0")
    assert '>       clevora.use("flakey")' in ran.output or '>   clevora.use("flakey")' in ran.output
    assert 'MockError: PUT /__mock/scenario: unknown scenario "flakey"' in ran.output
    assert "testing/clevora.py" not in ran.output


@pytest.mark.slow
def test_a_mark_on_a_test_without_the_fixture_is_a_warning(suite: Suite) -> None:
    suite.write("pytest.ini", "[pytest]\n")
    source = """
@pytest.fixture
def indirect(clevora): pass

@pytest.mark.clevora(balance=5)
def test_without(): pass

@pytest.mark.clevora(balance=5)
def test_fails(): assert False

@pytest.mark.clevora(balance=5)
def test_with(indirect): pass

@pytest.mark.clevora(balance=5)
def test_late(request): request.getfixturevalue("clevora")

@pytest.mark.clevora(balance=5)
@pytest.mark.skip
def test_skipped(): pass

@pytest.mark.clevora(balance=5)
class TestAll:
    def test_none(self): pass
"""
    ran = suite.run(source, "-n0")
    ran.counts(passed=4, failed=1, skipped=1, warning=2)
    assert (
        ran.output.count("@pytest.mark.clevora sets nothing up, since the test does not take the fixture clevora") == 2
    )


@pytest.mark.slow
def test_a_proxy_in_the_environment_is_avoided_or_reported(suite: Suite) -> None:
    ran = suite.run(
        """
import os
def test_environment(clevora_env):
    assert ask(clevora_env) == 200
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "mine.test,127.0.0.1,localhost"

def test_without(clevora):
    ask(clevora)
""",
        "-n0",
        HTTP_PROXY="http://127.0.0.1:9",
        NO_PROXY="mine.test",
    )
    ran.counts(passed=1, failed=1)
    section = ran.output.partition("What clevora-mock saw")[2]
    advice = "set NO_PROXY=127.0.0.1,localhost, as the fixture clevora_env does"
    assert f"no request arrived, and HTTP_PROXY is set: {advice}" in section


@pytest.mark.slow
def test_the_report_shows_requests_to_the_sandbox_default_where_the_tests_own_had_none(suite: Suite) -> None:
    ran = suite.run(
        """
from urllib.parse import urljoin

class Dropped:
    def __init__(self, clevora):
        self.base_url, self.api_key = urljoin(clevora.base_url, "/v1"), clevora.api_key

def test_before(clevora, clevora_server):
    assert ask(clevora_server, "not of the next test") == 200

def test_dropped(clevora):
    assert ask(Dropped(clevora), "dropped") == 200
    assert clevora.requests(), "none"

def test_silent(clevora):
    assert clevora.requests(), "none"

def test_right(clevora, clevora_server):
    assert (ask(clevora), ask(clevora_server)) == (200, 200)
    assert False
""",
        "-n0",
    )
    ran.counts(failed=3, passed=1)
    dropped, silent, right = ran.output.split("What clevora-mock saw")[1:]
    assert re.search(
        r"0 requests to \S+/sandbox/test-dropped-\w{8}; .*\n1 request meanwhile to http://[^/]+, the", dropped
    )
    assert '"dropped"' in dropped
    assert "not of the next test" not in dropped
    assert "aiohttp and urljoin" in dropped
    assert "meanwhile" not in silent + right


class TestUnused:
    LOOK = """
import sys
def pytest_unconfigure(config):
    parts = {"clevora_mock", "msgspec", "uvicorn"}
    print("loaded:", *(name for name in sys.modules if name.partition(".")[0] in parts))
"""

    @pytest.mark.slow
    @pytest.mark.parametrize("arguments", [("--collect-only",), ("-n0",)])
    def test_a_run_without_it_imports_nothing(self, suite: Suite, arguments: tuple[str, ...]) -> None:
        suite.write("conftest.py", self.LOOK)
        ran = suite.run("def test_one(): pass\n", *arguments)
        assert ran.status == 0, ran.output
        loaded = re.search(r"^loaded: (.*)$", ran.output, re.MULTILINE)
        assert loaded is not None
        assert set(loaded[1].split()) <= NEEDED_UNUSED

    @pytest.mark.slow
    def test_collecting_tests_imports_nothing(self, suite: Suite) -> None:
        suite.write("conftest.py", self.LOOK)
        ran = suite.run("def test_one(clevora): pass\n", "--collect-only")
        loaded = re.search(r"^loaded: (.*)$", ran.output, re.MULTILINE)
        assert loaded is not None
        assert set(loaded[1].split()) <= NEEDED_UNUSED

    @pytest.mark.slow
    def test_the_section_can_be_switched_off(self, suite: Suite) -> None:
        ran = suite.run("def test_one(clevora): pass\n", "-p", "no:clevora_mock")
        assert "fixture 'clevora' not found" in ran.output


class TestServerOptions:
    @pytest.mark.slow
    def test_the_configuration_sets_the_server_up(self, suite: Suite) -> None:
        suite.write("pytest.ini", "[pytest]\nclevora_options = --seed 7 --scenarios 'my scenarios' --clock frozen\n")
        (suite.folder / "my scenarios").mkdir()
        suite.write("my scenarios/mine.yaml", "name: mine\nrules:\n  - then: {error: 503}\n")
        source = """
@pytest.mark.clevora(scenario="mine")
def test_one(clevora):
    health = clevora.call("GET", "/__mock/health")
    assert (health["seed"], health["clock"]["mode"], ask(clevora)) == (7, "frozen", 503)
"""
        for workers in ("-n0", "-n1"):
            suite.run(source, workers).counts(passed=1)

    @pytest.mark.slow
    def test_variables_set_the_server_up(self, suite: Suite) -> None:
        source = "def test_one(clevora): assert clevora.call('GET', '/__mock/health')['seed'] == 9\n"
        suite.run(source, "-n0", CLEVORA_MOCK_SEED="9").counts(passed=1)

    @pytest.mark.slow
    @pytest.mark.parametrize("workers", ["-n0", "-n1"])
    def test_a_server_that_does_not_start_reports_the_reason(self, suite: Suite, workers: str) -> None:
        suite.write("pytest.ini", "[pytest]\nclevora_options = --sed 7\n")
        ran = suite.run("def test_one(clevora): pass\n", workers)
        ran.counts(error=1)
        assert "No such option" in ran.output
        assert "--sed" in ran.output
        assert "Fatal Python error" not in ran.output

    @pytest.mark.slow
    @pytest.mark.parametrize("workers", ["-n0", "-n2"])
    def test_a_quote_that_is_not_closed_in_the_configuration_ends_the_run(self, suite: Suite, workers: str) -> None:
        suite.write("pytest.ini", "[pytest]\nclevora_options = --scenario 'a\n")
        ran = suite.run("def test_one(clevora): pass\n", workers)
        assert (ran.status, ran.output.strip()) == (4, "ERROR: clevora_options: No closing quotation")

    @pytest.mark.slow
    def test_a_running_server_is_used_and_unused_options_are_reported(self, suite: Suite, world: World) -> None:
        suite.write("pytest.ini", "[pytest]\nclevora_options = --seed 7\n")
        url = world.server.url
        source = f"def test_one(clevora): assert clevora.url.startswith('{url}/sandbox/test-one-')\n"
        said = f"clevora_options (--seed 7) had no effect, since CLEVORA_MOCK_URL names a server, {url}; under exec, "
        for workers in ("-n0", "-n1"):
            ran = suite.run(source, workers, "-q", CLEVORA_MOCK_URL=url)
            ran.counts(passed=1)
            assert ran.output.count(said) == 1

    @pytest.mark.slow
    def test_the_sandbox_of_an_earlier_run_is_replaced(self, suite: Suite, world: World) -> None:
        source = """
import os
def test_one(clevora):
    assert clevora.requests() == []
    ask(clevora)
    os._exit(3)
"""
        for _ in range(2):
            ran = suite.run(source, "-n0", CLEVORA_MOCK_URL=world.server.url)
            assert ran.status == 3, ran.output


@pytest.mark.slow
def test_the_same_tests_get_the_same_bytes(suite: Suite) -> None:
    """The name of a sandbox, and so its draws, depend only on the test's name."""
    source = """
def test_one(clevora):
    headers = {"authorization": f"Bearer {clevora.api_key}"}
    body = json.dumps({"messages": [{"role": "user", "content": "Tell me about the sea."}]}).encode()
    request = urllib.request.Request(clevora.base_url + "/chat/completions", body, headers)
    with urllib.request.urlopen(request) as answer:
        print("ANSWER", answer.read(), answer.headers["x-request-id"])
"""
    suite.write("pytest.ini", "[pytest]\nclevora_options = --clock frozen\n")
    answers = [re.search(r"ANSWER .*", suite.run(source, "-rP", workers).output) for workers in ("-n0", "-n1")]
    assert answers[0] is not None
    assert answers[1] is not None
    assert answers[0][0] == answers[1][0]


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n0", "-n1"])
@pytest.mark.parametrize("fork", ["", "    if os.fork() == 0: os.setsid(); time.sleep(20); os._exit(0)\n"])
def test_a_run_that_is_killed_leaves_no_server(suite: Suite, fork: str, workers: str) -> None:
    """Also while a process lives that a test forked, which has the run's open files."""
    suite.write(
        "test_it.py",
        ASK
        + "import os, time, pathlib\ndef test_one(clevora, clevora_server):\n"
        + fork
        + "    pathlib.Path('url.tmp').write_text(json.dumps(clevora_server.url))\n"
        "    pathlib.Path('url.tmp').rename('url.json')\n    time.sleep(60)\n",
    )
    file = suite.folder / "url.json"
    with subprocess.Popen(
        suite.command(workers), cwd=suite.folder, env=environment(), stdout=subprocess.DEVNULL
    ) as run:
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(run.pid, signal.SIGKILL)
    server = Server(json.loads(file.read_text(encoding="utf-8")))
    wait_until_stopped(server)


@pytest.mark.slow
def test_marks_fixtures_and_options_are_documented(suite: Suite) -> None:
    assert "@pytest.mark.clevora(scenario=None" in suite.run("", "--markers").output
    fixtures = suite.run("", "--fixtures").output
    assert re.search(r"^clevora .*\n +Provide a fresh sandbox", fixtures, re.MULTILINE)
    assert re.search(r"^clevora_server \[session scope\]", fixtures, re.MULTILINE)
    assert "clevora_options (args)" in suite.run("", "--help").output
