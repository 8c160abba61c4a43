"""The banner, the line for each request, and colors."""

import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from clevora_mock.cli.banner import banner
from clevora_mock.cli.log import (
    change_of,
    combine,
    control_json_line,
    control_text_line,
    json_line,
    text_line,
)
from clevora_mock.cli.log_line import duration
from clevora_mock.cli.terminal import Styler
from clevora_mock.control.endpoint import ControlAction
from clevora_mock.core.journal import JournalEntry
from clevora_mock.settings import Settings, is_colorless
from tests.support.program import run_in_process, serve_process

PLAIN = Styler(io.StringIO())
# The wall's time at the end of the chat below, in microseconds.
NOW = 1_767_225_600_250_000
KEY = "sk_live_0123456789abcdef0123456789abcdef"
AUTHORIZED = {"authorization": f"Bearer {KEY}"}
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
    "response": "",
    "ignored": (),
    "logged": True,
}


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def colored(monkeypatch: pytest.MonkeyPatch) -> Styler:
    """Return the styler of a terminal with colors."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Styler(Terminal())


def entry(**changes: Any) -> JournalEntry:
    """Return the journal's entry of a chat, with `changes`."""
    return JournalEntry(**(CHAT | changes))


def without_colors(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


class TestColors:
    def test_only_a_terminal_has_colors(self, colored: Styler) -> None:
        assert colored("text", "bad") == "\x1b[31mtext\x1b[0m"
        assert PLAIN("text", "bad") == "text"

    @pytest.mark.parametrize(
        ("variables", "colorless"),
        [({}, False), ({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, False), ({"TERM": "dumb"}, True)],
    )
    def test_no_color_switches_colors_off(self, variables: dict[str, str], colorless: bool) -> None:
        assert is_colorless(variables) is colorless

    @pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("scenarios",), ("check", "/nowhere")])
    def test_output_that_is_no_terminal_has_none(self, arguments: tuple[str, ...]) -> None:
        ended = run_in_process(*arguments)
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
        assert re.search(r"Scenario +flaky\n.*Clock +frozen; .*\n.*Limits +off\n", text)

    def test_the_speed_of_a_scaled_clock_is_mentioned_with_the_mark_of_its_times(self) -> None:
        text = banner(Settings(clock="scaled:60"), "http://x", PLAIN)
        assert "scaled, 60 seconds a second; the log marks its times with *\n" in text

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "mock.test"])
    @pytest.mark.parametrize(
        ("control", "said"),
        [
            ("loopback", "only this machine can use the control plane (--control loopback)"),
            ("allowed", "all can use the control plane, without a key (--control allowed)"),
            ("off", "nobody can use the control plane (--control off)"),
        ],
    )
    def test_an_address_that_others_reach_says_what_is_open_to_whom(
        self, host: str, control: Any, said: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("socket.gethostname", lambda: "box")
        text = banner(Settings(host=host, control=control), "http://127.0.0.1:2538", PLAIN)
        assert f"  Network   {host}: every machine that can reach this one can use the API\n" in text
        assert f"  {said}\n" in text
        assert ("--allowed-host" in text) == (control == "allowed")
        assert max(map(len, text.splitlines())) <= 80

    @pytest.mark.parametrize(("host", "count"), [("0.0.0.0", 1), ("::", 1), ("192.168.1.5", 0), ("mock.test", 0)])
    def test_a_host_that_is_no_address_says_the_one_for_others(
        self, host: str, count: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("socket.gethostname", lambda: "box")
        text = banner(Settings(host=host), "http://[::1]:2539", PLAIN)
        assert text.count("others use http://box:2539/v1, or this machine's address\n") == count

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
    def test_loopback_addresses_are_open_to_nobody_else(self, host: str) -> None:
        assert "Network" not in banner(Settings(host=host), "http://127.0.0.1:2538", PLAIN)

    def test_no_address_of_a_console_is_given_where_nobody_may_open_it(self) -> None:
        text = banner(Settings(control="off"), "http://x", PLAIN)
        assert "Console" not in text
        assert re.search(r"Control +off\n", text)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, "only this server's, which anybody can forge: set --webhook-secret or --seed"),
            ({"seed": 7}, "only this server's"),
            ({"webhook_secret": "whsec_b3duLi4u"}, "only this server's"),
        ],
    )
    def test_strict_tokens_that_are_not_secret_are_told(self, changes: dict[str, Any], said: str) -> None:
        text = banner(Settings(strict_tokens=True, **changes), "http://x", PLAIN)
        assert re.search(rf"Tokens +{re.escape(said)}\n", text)

    def test_no_mark_is_mentioned_where_the_log_has_none(self) -> None:
        assert re.search(r"Clock +frozen\n", banner(Settings(clock="frozen", log_format="json"), "http://x", PLAIN))


def line(style: Styler = PLAIN, sandbox: str = "default", now: int = NOW, **changes: Any) -> str:
    """Return the text of a chat's line, with `changes` to its entry."""
    return text_line(sandbox, entry(**changes), style, now)


FREE: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0, "cost": 0}


class TestTextLines:
    def test_a_line_has_time_method_endpoint_status_latency_tokens_cost_and_model(self) -> None:
        assert line(body=b'{"model": "clevora-1.0-turbo"}') == (
            "00:00:00  POST    chat.completions       200 250 ms    40 tokens $0.02   clevora-1.0-turbo"
        )

    def test_a_stream_is_named_in_place_of_the_model(self) -> None:
        assert line(body=b'{"model": "clevora-1.0-turbo", "stream": true}').endswith("$0.02   stream")

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"model": 5, "stream": "yes"}', b'{"model": "clevora-1.0', b"\xff"])
    def test_a_body_without_stream_or_model_shows_the_default_model(self, body: bytes) -> None:
        assert line(body=body).endswith("40 tokens $0.02   clevora-1.0-turbo")

    def test_an_endpoint_without_models_shows_none(self) -> None:
        assert line(endpoint="keys.list").endswith("40 tokens $0.02")

    def test_a_refused_request_shows_the_error_message(self) -> None:
        text = line(status=400, code="invalid_field", message="temperature: expected a number", **FREE)
        assert text == "00:00:00  POST    chat.completions       400 250 ms temperature: expected a number"

    def test_an_error_without_a_message_is_named_by_its_code(self) -> None:
        assert line(status=404, code="not_found", **FREE).endswith("404 250 ms not_found")

    @pytest.mark.parametrize(
        ("changes", "end"),
        [
            ({"status": 429, "message": "Too many", "rule": "a"}, "429 250 ms Too many [a]"),
            ({"status": 0, "fault": "reset", "rule": "drops"}, "--- 250 ms reset [drops]"),
            ({"status": 503, "rule": "a", "endpoint": None}, "503 250 ms [a]"),
        ],
    )
    def test_the_rule_comes_last(self, changes: dict[str, Any], end: str) -> None:
        assert line(**FREE, **changes).endswith(end)

    def test_a_fault_takes_the_place_of_stream_and_model(self) -> None:
        text = line(fault="truncate", rule="cut", body=b'{"stream": true}')
        assert text.endswith("40 tokens $0.02   truncate [cut]")

    @pytest.mark.parametrize(
        ("changes", "end"),
        [
            ({"fault": "f" * 200, **FREE}, "fff…"),
            ({"fault": "f" * 200, "rule": "a" * 10, **FREE}, "f… [aaaaaaaaaa]"),
        ],
    )
    def test_faults_are_shortened_to_100_columns(self, changes: dict[str, Any], end: str) -> None:
        text = line(**changes)
        assert text.endswith(end)
        assert len(text) == 100

    def test_a_rule_is_whole_whatever_the_width(self) -> None:
        text = line(status=500, message="Internal server error", rule="r" * 90, **FREE)
        assert text.endswith(f"Internal server error [{'r' * 90}]")
        assert line(rule="r" * 90, body=b'{"stream": true}').endswith(f"stream [{'r' * 90}]")

    def test_a_client_that_left_is_named(self) -> None:
        assert line(abandoned=True, body=b'{"stream": true}').endswith("40 tokens $0.02   stream client left")
        text = line(status=0, fault="stall", rule="silent", abandoned=True, **FREE)
        assert text.endswith("--- 250 ms stall client left [silent]")

    def test_a_refusals_field_expectation_and_value_are_all_in_the_line(self) -> None:
        message = f"{'a.' * 20}b: expected one of {'c, ' * 20}d, got {'e' * 60}"
        assert message in line(status=400, message=message, rule="a rule", **FREE)
        assert line(status=400, message="m" * 300, rule="a", **FREE).endswith(f" {'m' * 239}… [a]")

    def test_the_hint_follows_whole_and_escaped(self) -> None:
        text = line(status=404, message="m" * 300, rule="a", hint="h" * 100 + "\x1b", **FREE)
        assert text.endswith(f"mmm… [a] ({'h' * 100}\\x1b)")

    def test_a_sandbox_other_than_default_is_named(self) -> None:
        assert " mine: chat.completions 200 " in line(sandbox="mine")

    @pytest.mark.parametrize(
        ("ahead", "time"),
        [(0, "00:00:00 "), (900_000, "00:00:00 "), (2_000_000, "00:00:00*"), (-2_000_000, "00:00:00*")],
    )
    def test_a_time_that_is_not_the_walls_is_marked(self, ahead: int, time: str) -> None:
        assert line(now=NOW + ahead).startswith(f"{time} POST")

    def test_control_characters_are_escaped(self) -> None:
        assert r"/v1/\x1b[2J\n" in line(endpoint=None, path="/v1/\x1b[2J\n")
        assert line(body=b'{"model": "\\u001b[2J"}').endswith(r"\x1b[2J")
        assert line(status=400, message="a\n\x9bb", rule="r\u2028s", **FREE).endswith(r"a\n\x9bb [r\u2028s]")

    @pytest.mark.parametrize(("status", "color"), [(200, "32"), (404, "33"), (500, "31"), (0, "31")])
    def test_the_status_decides_the_color(self, status: int, color: str, colored: Styler) -> None:
        text = line(colored, status=status, message="m", rule="r")
        assert f"\x1b[{color}m{status or '---'}\x1b[0m" in text
        assert without_colors(text) == line(status=status, message="m", rule="r")

    @pytest.mark.parametrize(
        ("micros", "text"),
        [
            (0, "<1 ms"),
            (999, "<1 ms"),
            (1000, "1 ms"),
            (999_999, "999 ms"),
            (1_000_000, "1.0 s"),
            (98_900_000, "98.9 s"),
            (99_990_000, "99 s"),
            (3_600_000_000, "3600 s"),
        ],
    )
    def test_a_latency_has_six_characters_or_less(self, micros: int, text: str) -> None:
        assert duration(micros) == text


class TestControlLines:
    def test_a_line_has_time_method_path_and_a_summary_of_the_body(self) -> None:
        action = ControlAction(NOW, "PUT", "/__mock/scenario", b'{"name": "flaky"}')
        text = control_text_line("default", action, PLAIN, NOW)
        assert text == "00:00:00  control PUT /__mock/scenario name=flaky"

    def test_another_sandbox_and_another_time_are_marked(self) -> None:
        action = ControlAction(0, "DELETE", "/", b"")
        assert control_text_line("mine", action, PLAIN, NOW) == "00:00:00* control DELETE mine: /"

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            (b"", ""),
            (b'{"mode": "scaled", "speed": 60}', "mode=scaled speed=60"),
            (
                b'{"balance": 0.5, "activated": false, "email": null, "more": {"a": 1}}',
                "balance=0.5 activated=false email=null more={…}",
            ),
            (b'name: "quoted"\r\nrules: []\r\n', "name=quoted"),
            (b'{"deliveries": [1, 2]}', "deliveries=[…]"),
            (b"# a comment\nname: outage\nrules: []\n", "name=outage"),
            (b"rules: []\nlimits: {}", "rules: []"),
            (b"outcome=failed", "outcome=failed"),
            (b'{"password": "s3cret"}', "password=***"),
            (f"name: {KEY}".encode(), "name=sk_live_0123456789ab...ef"),
            (b'{"name": "\\u001b[2J"}', r"name=\x1b[2J"),
            (b'{"name": "%b"}' % (b"x" * 200), "name=" + "x" * 94 + "…"),
            (b"x" * 20_000, "20,000 bytes"),
        ],
    )
    def test_a_body_is_summarized_without_secrets(self, body: bytes, text: str) -> None:
        assert change_of(body) == text

    def test_it_fits_into_100_columns(self) -> None:
        action = ControlAction(NOW, "PATCH", f"/__mock/accounts/{'u' * 60}", b'{"email": "%b"}' % (b"e" * 60))
        assert len(control_text_line("default", action, PLAIN, NOW)) == 100

    def test_a_json_line_has_the_same_facts(self) -> None:
        action = ControlAction(NOW, "PUT", f"/__mock/accounts/{KEY}", b'{"balance": 5}')
        assert json.loads(control_json_line("mine", action)) == {
            "time": "2026-01-01T00:00:00.250Z",
            "sandbox": "mine",
            "method": "PUT",
            "path": "/__mock/accounts/sk_live_0123456789ab...ef",
            "control": "balance=5",
            "message": None,
        }

    @pytest.mark.parametrize("reason", ["pasword: expected one of uid, got an unknown field", "pasword: not known"])
    def test_a_refused_change_is_shown_without_values(self, reason: str) -> None:
        action = ControlAction(NOW, "POST", "/__mock/accounts", b'{"uid": "a", "pasword": "hunter2"}', reason)
        assert control_text_line("default", action, PLAIN, NOW) == (
            f"00:00:00  control POST /__mock/accounts uid pasword refused: {reason}"
        )

    def test_the_reason_of_a_refused_change_follows_whole_masked_and_on_one_line(self) -> None:
        action = ControlAction(NOW, "PUT", "/__mock/scenario", b'{"name": "x"}', f"a\n{KEY} " + "b" * 200)
        reason = r"a\n" + "sk_live_0123456789ab...ef " + "b" * 200
        text = control_text_line("default", action, PLAIN, NOW)
        assert text == f"00:00:00  control PUT /__mock/scenario name refused: {reason}"
        assert json.loads(control_json_line("default", action))["message"] == reason


def test_a_json_line_has_the_same_facts() -> None:
    changes: dict[str, Any] = {"status": 0, "fault": "reset", "rule": "drops", "abandoned": True}
    changes |= {"message": "m", "hint": "h"}
    assert json.loads(json_line("mine", entry(**changes))) == {
        "time": "2026-01-01T00:00:00.250Z",
        "sandbox": "mine",
        "id": "req_1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "endpoint": "chat.completions",
        "status": None,
        "code": None,
        "message": "m",
        "hint": "h",
        "latencyMs": 250,
        "tokens": 40,
        "cost": 0.02,
        "rule": "drops",
        "fault": "reset",
        "source": "mock",
        "abandoned": True,
    }


EVIL = "\x1b[2J\r\n\x7f\x85\x9b\u2028\u202e"


def test_a_json_line_has_no_control_character_and_no_line_break() -> None:
    """JSON itself allows some of them in texts, such as the C1 control characters and U+2028."""
    text = json_line("default", entry(path=EVIL, message=EVIL, rule=EVIL))
    assert text.isprintable()
    assert [json.loads(text)[name] for name in ("path", "message", "rule")] == [EVIL] * 3
    changed = control_json_line("default", ControlAction(NOW, "PUT", EVIL, EVIL.encode()))
    assert changed.isprintable()
    assert json.loads(changed)["path"] == EVIL


def test_a_json_line_keeps_letters_of_every_language() -> None:
    assert '"message":"Grüße, 世界"' in json_line("default", entry(message="Grüße, 世界"))


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_request_writes_a_control_character_to_the_log(log_format: str) -> None:
    with (
        serve_process("--log-format", log_format) as server,
        httpx.Client(base_url=server.url, headers=AUTHORIZED) as http,
    ):
        http.get(f"/v1/{quote(EVIL)}")
        http.get(f"/v1/keys/{quote(EVIL)}", headers={b"user-agent": b"\x9b"})
        http.post("/v1/chat/completions", json={"messages": [{"role": EVIL, "content": EVIL}], "model": EVIL})
        http.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": EVIL}], EVIL: 1})
        http.post("/v1/chat/completions", json={}, headers={b"x-clevora-mock-error": b"\x85\x9b"})
        http.post("/__mock/accounts", json={"uid": EVIL, "email": EVIL})
        http.put("/__mock/scenario", content=f"# {EVIL}\nname: a".encode())
        _, said = server.stop()
    lines = said.split("\n")
    assert len(lines) > 6
    assert [text for text in lines if not text.isprintable()] == []


def test_combined_listeners_are_called_in_order() -> None:
    calls: list[tuple[str, str]] = []

    def listener(name: str) -> Callable[[str, JournalEntry], None]:
        return lambda sandbox, _: calls.append((name, sandbox))

    combine(listener("first"), listener("second"))("mine", entry())
    assert calls == [("first", "mine"), ("second", "mine")]
