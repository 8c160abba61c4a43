"""A scenario with typing mistakes is read or refused, and each problem's line is in the file."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from clevora_mock import resources
from clevora_mock.core.scenario import Scenario
from clevora_mock.scenarios import document
from clevora_mock.scenarios.problems import ScenarioError
from clevora_mock.scenarios.scenario_file import read_scenario

EVERYTHING = """\
name: everything
description: "One of each."
account: {balance: 25.00, activated: true, developer_access: false}
clock: {start: 2026-05-11T14:00:00Z, mode: scaled:60}
limits: {requests_per_minute: 60, tokens_per_day: null}
payments: {outcome: succeed, delay: 30s}
rules:
  - name: conditions
    when: &when
      endpoint: [chat.completions, search]
      calls: [1, 3-4, 6-, every 5]
      key: ci
      account: demo
      header: {user-agent: "/OpenAI/"}
      body: {stream: true, stop: [a, null], n: 1.5}
      message: /quantum/i
      between: [10s, 2m]
      chance: 0.33
    then: {error: {status: 429, code: rate_limit_exceeded, message: "Slow down", retry_after: 5}}
  - when: *when
    then:
      reply:
        content: |
          Hello
          there
        finish_reason: stop
        results: [{title: A, score: 0.5}]
      delay: {lognormal: {median: 800ms, p99: 4s}}
      stream: {ttft: 1s, tokens_per_second: 20, jitter: 0.1}
      fault: {kind: stall, after_tokens: 3, for: 30s}
      charge: true
  - {name: html, then: {fault: {kind: html_error, status: 503}, delay: {uniform: [1ms, 2h]}}}
"""
JSON = '{"name": "j", "rules": [{"when": {"calls": "1-2"}, "then": {"fault": {"kind": "reset", "at": "headers"}}}]}'

GOOD = [EVERYTHING, JSON, *(file.read_text() for file in sorted(resources.scenarios().glob("*.yaml")))]

SIGNS = [*"{}[]:,-#!|>'%?*/\\", '"', "&a ", "*a", "<<", "---", "...", "[]", "{}", "/(/", "/a/g"]
WORDS = ["yes", "no", "null", "~", "error", "fault", "then", "when", "chance", "kind", "30s", "4-", "2-1"]
NUMBERS = ["0", "-1", "30", "1e999", "010", "10:30", "1_000", ".5"]
SPACES = ["\n", "\t", " ", "  ", ": ", "- ", "\r", "\r\n", "\n---\n", "\x85", "\u2028", "\ufeff"]
ODD = ["\x00", "\x7f", "\ud800", "é", "😀", "9" * 50, "every 0", "a: &a [*a]", '"\\n"', '"\\ud83d"']
PIECES = st.one_of(st.sampled_from([*SIGNS, *WORDS, *NUMBERS, *SPACES, *ODD]), st.text(max_size=6))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Return a valid file with some pieces inserted, removed, duplicated or moved."""
    text = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["put in", "replace", "take out", "double", "move", "swap"])):
            case "put in":
                text = text[:start] + draw(PIECES) + text[start:]
            case "replace":
                text = text[:start] + draw(PIECES) + text[end:]
            case "take out":
                text = text[:start] + text[end:]
            case "double":
                text = text[:end] + text[start:end] + text[end:]
            case "move":
                rest = text[:start] + text[end:]
                to = draw(st.integers(0, len(rest)))
                text = rest[:to] + text[start:end] + rest[to:]
            case _:
                words = re.findall(r"[\w.-]+", text) or ["x"]
                text = text.replace(draw(st.sampled_from(words)), draw(st.sampled_from(words)), 1)
    return text


def stands_in(text: str, line: int, column: int) -> bool:
    """Tell whether a place is in the text, or directly after a line of it."""
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    return 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1


def refusal(text: str) -> ScenarioError | None:
    try:
        assert isinstance(read_scenario("mutated.yaml", text), Scenario)
    except ScenarioError as error:
        return error
    return None


def reads_or_refuses(text: str) -> None:
    error = refusal(text)
    if error is None:
        return
    assert error.problems
    assert len(str(error).splitlines()) == len(error.problems)
    assert error.problems == sorted(error.problems, key=lambda found: (found.line, found.column))
    for mistake in error.problems:
        assert stands_in(text, mistake.line, mistake.column), mistake
        assert str(mistake).isprintable(), mistake


@pytest.mark.parametrize("text", GOOD[:2])
def test_the_files_to_mutate_are_valid(text: str) -> None:
    assert isinstance(read_scenario("good.yaml", text), Scenario)


@examples(max_examples=400, deadline=None)
@given(mutated())
def test_a_mutated_file_is_read_or_refused(text: str) -> None:
    reads_or_refuses(text)


@examples(max_examples=100, deadline=None)
@given(mutated())
def test_without_the_c_parser_too(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_LOADER", yaml.SafeLoader)
        reads_or_refuses(text)


@examples(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    reads_or_refuses(text)


@pytest.mark.parametrize("good", GOOD)
def test_any_file_cut_short_is_read_or_refused(good: str) -> None:
    for end in range(0, len(good), 7):
        reads_or_refuses(good[:end])
