"""The banner, the line for each request, and colors."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from clevora_mock.cli.banner import banner
from clevora_mock.cli.log import combine, json_line, text_line
from clevora_mock.cli.terminal import Styler
from clevora_mock.core.journal import JournalEntry
from clevora_mock.settings import Settings, is_colorless
from tests.support.program import invoke

PLAIN = Styler(io.StringIO())
CHAT: dict[str, Any] = {
    "serial": 0,
    "id": "req_1",
    "at": 1_767_225_600_000_000,
    "completed": 1_767_225_600_250_000,
    "endpoint": "chat.completions",
    "method": "POST",
    "path": "/v1/chat/completions",
    "key": "sk_live_0123456789ab...ef",
    "key_id": "key_1",
    "account": "demo",
    "status": 200,
    "code": None,
    "latency": 250_000,
    "prompt_tokens": 10,
    "completion_tokens": 30,
    "cost": 20_000,
    "balance_after": 99_980_000,
    "client": "test",
    "body": b"{}",
    "body_bytes": 2,
    "produced": "",
    "ignored": (),
    "logged": True,
}


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def colored(monkeypatch: pytest.MonkeyPatch) -> Styler:
    """The styler of a terminal with colors."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Styler(Terminal())


def entry(**changes: Any) -> JournalEntry:
    """The journal's entry of a chat, with `changes`."""
    return JournalEntry(**(CHAT | changes))


def without_colors(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


class TestColors:
    def test_only_a_terminal_has_them(self, colored: Styler) -> None:
        assert colored("text", "bad") == "\x1b[31mtext\x1b[0m"
        assert PLAIN("text", "bad") == "text"

    @pytest.mark.parametrize(
        ("variables", "colorless"),
        [({}, False), ({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, False), ({"TERM": "dumb"}, True)],
    )
    def test_no_color_switches_them_off(self, variables: dict[str, str], colorless: bool) -> None:
        assert is_colorless(variables) is colorless

    @pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("scenarios",), ("check", "/nowhere")])
    def test_output_that_is_no_terminal_has_none(self, arguments: tuple[str, ...]) -> None:
        ended = invoke(*arguments)
        assert "\x1b" not in ended.stdout + ended.stderr


class TestBanner:
    @pytest.mark.parametrize(
        "settings",
        [
            Settings(),
            Settings(scenario="charged-but-lost", watch=True, no_rate_limit=True),
            Settings(clock="scaled:60", scenario="flaky"),
        ],
    )
    def test_it_fits_into_80_columns_with_and_without_colors(self, settings: Settings, colored: Styler) -> None:
        text = banner(settings, "http://127.0.0.1:65535", PLAIN)
        assert max(map(len, text.splitlines())) <= 80
        assert without_colors(banner(settings, "http://127.0.0.1:65535", colored)) == text

    def test_defaults_are_not_mentioned(self) -> None:
        assert not re.search("Scenario|Clock|Limits", banner(Settings(), "http://x", PLAIN))

    def test_notable_settings_are_mentioned(self) -> None:
        text = banner(Settings(scenario="flaky", no_rate_limit=True, clock="frozen"), "http://x", PLAIN)
        assert re.search(r"Scenario +flaky\n.*Clock +frozen\n.*Limits +off\n", text)

    def test_the_speed_of_a_scaled_clock_is_mentioned(self) -> None:
        assert "scaled, 60 seconds a second\n" in banner(Settings(clock="scaled:60"), "http://x", PLAIN)


class TestTextLines:
    def test_a_line_has_time_method_endpoint_status_tokens_and_cost(self) -> None:
        line = text_line("default", entry(), PLAIN)
        assert line == "00:00:00 POST   chat.completions       200     40 tokens $0.02"

    @pytest.mark.parametrize(
        ("changes", "end"),
        [
            ({"status": 429, "code": "rate_limit_exceeded", "rule": "a"}, "429 rate_limit_exceeded  [a]"),
            ({"status": 0, "fault": "reset", "rule": "drops"}, "--- reset  [drops]"),
        ],
    )
    def test_an_error_is_named_with_its_rule(self, changes: dict[str, Any], end: str) -> None:
        assert text_line("default", entry(prompt_tokens=0, completion_tokens=0, **changes), PLAIN).endswith(end)

    def test_a_fault_follows_the_cost(self) -> None:
        line = text_line("default", entry(fault="truncate", rule="cut"), PLAIN)
        assert line.endswith("200     40 tokens $0.02 truncate  [cut]")

    def test_a_sandbox_other_than_default_is_named(self) -> None:
        assert " mine: chat.completions 200 " in text_line("mine", entry(), PLAIN)

    @pytest.mark.parametrize(("status", "color"), [(200, "32"), (404, "33"), (500, "31"), (0, "31")])
    def test_the_status_decides_the_color(self, status: int, color: str, colored: Styler) -> None:
        line = text_line("default", entry(status=status), colored)
        assert f"\x1b[{color}m{status or '---'}\x1b[0m" in line
        assert without_colors(line) == text_line("default", entry(status=status), PLAIN)


def test_a_json_line_has_the_same_facts() -> None:
    assert json.loads(json_line("mine", entry(status=0, fault="reset", rule="drops", abandoned=True))) == {
        "time": "2026-01-01T00:00:00.250Z",
        "sandbox": "mine",
        "id": "req_1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "endpoint": "chat.completions",
        "status": None,
        "code": None,
        "latencyMs": 250,
        "tokens": 40,
        "cost": 0.02,
        "rule": "drops",
        "fault": "reset",
        "abandoned": True,
    }


def test_combined_listeners_are_called_in_order() -> None:
    calls: list[tuple[str, str]] = []

    def listener(name: str) -> Callable[[str, JournalEntry], None]:
        return lambda sandbox, _: calls.append((name, sandbox))

    combine(listener("first"), listener("second"))("mine", entry())
    assert calls == [("first", "mine"), ("second", "mine")]
