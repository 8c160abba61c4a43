"""``pytest --clevora-fail-on`` and ``assert_clean``: tests that fail for their client's conduct."""

from pathlib import Path

import pytest

from clevora_mock.testing import Clevora
from tests.plugin.test_plugin import Suite
from tests.support.world import World

SUITE = """
def test_pays_twice(clevora):
    assert [ask(clevora), ask(clevora)] == [200, 200]

def test_repeats_a_400(clevora):
    assert [ask(clevora, temperature="hot"), ask(clevora, temperature="hot")] == [400, 400]

def test_is_clean(clevora):
    assert ask(clevora) == 200

def test_fails_anyway(clevora):
    assert ask(clevora, temperature="hot") == ask(clevora, temperature="hot") == 200

def test_has_no_sandbox():
    pass
"""
CLEAN = """
def test_pays_twice(clevora):
    ask(clevora), ask(clevora)
    clevora.assert_clean()
    said = "warning asked_twice: .*, [$]0.02\\n  Keep the answer.*\\n  requests: req_"
    with pytest.raises(AssertionError, match=said):
        clevora.assert_clean(at="warning")
    with pytest.raises(ValueError, match="at: expected 'error' or 'warning', got 'never'"):
        clevora.assert_clean(at="never")

def test_repeats_a_400(clevora):
    ask(clevora, temperature="hot"), ask(clevora, temperature="hot")
    clevora.assert_clean()
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "failed"),
    [
        ([], 1),
        (["--clevora-fail-on=error"], 2),
        (["--clevora-fail-on=warning"], 3),
        (["--clevora-fail-on=warning", "-n2"], 3),
    ],
)
def test_the_tests_that_show_findings_fail(suite: Suite, flags: list[str], failed: int) -> None:
    ended = suite.run(SUITE, *flags)
    ended.counts(failed=failed, passed=5 - failed)
    assert ended.output.count("--clevora-fail-on=") == 2 * (failed - 1)


@pytest.mark.slow
def test_a_clean_client_is_asserted(suite: Suite) -> None:
    ended = suite.run(CLEAN)
    ended.counts(failed=1, passed=1)
    assert "AssertionError: findings about the client's conduct:" in ended.output
    assert "Do not retry 400, 401 and 402" in ended.output


def test_findings_have_severity_advice_and_dollars(world: World) -> None:
    clevora = Clevora(world.url, world.api_key)
    body = {"input": "the cat sat"}
    for _ in range(2):
        world.http.post("/v1/embeddings", headers=world.headers, json=body)
    (finding,) = clevora.conduct()
    assert (finding.kind, finding.severity, finding.count, finding.dollars) == ("embedded_twice", "warning", 1, 0.0003)
    assert finding.advice == "Keep vectors by their text, which is always embedded alike."
