"""The plugin's recordings: a file for a test, replayed, or recorded by a flag."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin.test_plugin import Suite
from tests.support.live_api import lines_of
from tests.support.server import RunningServer, serve_settings

MARKED = """
def say(clevora, content="Hello!", **more):
    body = {{"messages": [{{"role": "user", "content": content}}]}} | more
    headers = {{"authorization": f"Bearer {{clevora.api_key}}"}}
    request = urllib.request.Request(clevora.base_url + "/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return len(answer.read()) > 100

@pytest.mark.clevora(recording="greeting")
def test_named(clevora):
    assert say(clevora)
    assert [request.source for request in clevora.requests()] == ["{source}"]

@pytest.mark.clevora(recording=True)
def test_own_name(clevora):
    assert say(clevora, "Bye!", stream=True)
    assert [request.source for request in clevora.requests()] == ["{source}"]

def test_unmarked(clevora):
    assert say(clevora)
    assert [request.source for request in clevora.requests()] == ["mock"]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


@pytest.fixture(scope="module")
def live() -> Iterator[RunningServer]:
    """Provide the server that plays the live API."""
    with serve_settings() as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_marked_tests_are_recorded_by_a_flag_and_replayed_without(
    suite: Suite, live: RunningServer, workers: str
) -> None:
    recorded = suite.run(
        MARKED.format(source="upstream"), workers, "--clevora-record", CLEVORA_MOCK_UPSTREAM=f"{live.url}/v1"
    )
    recorded.counts(passed=3)
    greeting, own = sorted((suite.folder / "recordings").iterdir())
    assert greeting.name == "greeting.jsonl"
    assert own.name.startswith("test-own-name-")
    assert [len(lines_of(file)) for file in (greeting, own)] == [1, 1]
    # The developer's variables need not be unset.
    replayed = suite.run(
        MARKED.format(source="recording"), workers, CI="true", CLEVORA_MOCK_UPSTREAM="https://api.invalid/v1"
    )
    replayed.counts(passed=3)


@pytest.mark.slow
@pytest.mark.parametrize("ci", ["true", ""])
def test_a_missing_recording_is_an_error_everywhere(suite: Suite, ci: str) -> None:
    ran = suite.run(MARKED.format(source="recording"), "-n0", CI=ci)
    ran.counts(passed=1, error=2)
    for file, test in (("greeting", "test_named"), ("test-own-name-", "test_own_name")):
        assert f"there is no recordings/{file}" in ran.output
        assert f".jsonl; record it: pytest --clevora-record=all -k {test}\n" in ran.output


@pytest.mark.slow
def test_a_server_without_recordings_says_how_it_gets_them(suite: Suite, live: RunningServer) -> None:
    ran = suite.run(MARKED.format(source="recording"), "-n0", "-k", "named", CLEVORA_MOCK_URL=live.url)
    ran.counts(error=1, deselected=2)
    assert "clevora-mock exec --replay recordings --recordings-on-request -- pytest" in ran.output


@pytest.mark.slow
def test_a_flag_without_an_api_says_what_is_missing(suite: Suite) -> None:
    ran = suite.run(MARKED.format(source="upstream"), "-n0", "--clevora-record")
    said = "ERROR: --clevora-record: expected CLEVORA_MOCK_UPSTREAM, the address of the API that answers"
    assert (ran.status, ran.output.strip()) == (4, said)


@pytest.mark.slow
def test_a_file_after_the_flag_is_told_to_be_no_mode(suite: Suite) -> None:
    ran = suite.run("", "-n0", "--clevora-record", "test_it.py")
    said = "expected once, new or all, got 'test_it.py'; before a file, write --clevora-record=all test_it.py"
    assert (ran.status, said in ran.output) == (4, True), ran.output


@pytest.mark.slow
def test_the_flag_has_no_effect_on_a_server_that_runs_already(suite: Suite, live: RunningServer) -> None:
    ran = suite.run("def test_one(clevora): pass\n", "-n0", "--clevora-record", CLEVORA_MOCK_URL=live.url)
    said = f"--clevora-record=all had no effect, since CLEVORA_MOCK_URL names a server, {live.url}; under exec, "
    assert ran.output.count(said) == 1, ran.output


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_what_was_in_no_recording_is_said_at_the_end(suite: Suite, live: RunningServer, workers: str) -> None:
    named = ("-k", "named", "-q")
    suite.run(
        MARKED.format(source="upstream"), "-n0", *named, "--clevora-record", CLEVORA_MOCK_UPSTREAM=f"{live.url}/v1"
    )
    other = MARKED.replace("Hello!", "Hi!").format(source="mock")
    ran = suite.run(other, workers, *named, CI="")
    assert ran.output.count("1 request was in no recording and answered by the mock; ") == 1, ran.output


@pytest.mark.slow
def test_another_directory_and_mode_can_be_chosen(suite: Suite, live: RunningServer) -> None:
    suite.write("pytest.ini", "[pytest]\nclevora_recordings = tapes\n")
    for source in ("upstream", "recording"):
        ran = suite.run(
            MARKED.format(source=source), "-n0", "-k", "named", "--clevora-record=new", CLEVORA_MOCK_UPSTREAM=live.url
        )
        ran.counts(passed=1, deselected=2)
    assert len(lines_of(suite.folder / "tapes" / "greeting.jsonl")) == 1
