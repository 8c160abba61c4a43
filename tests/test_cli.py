"""The command line: settings by flag, variable and default, and the program as a process."""

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from clevora_mock import __version__
from clevora_mock.app import create_app
from clevora_mock.settings import OPTIONS, ClockSetting, Option, Settings, SettingsError, load, unknown_variables

# --- settings ---------------------------------------------------------------------------------------------------------

KEYS = ("sk_live_" + "a" * 32, "sk_live_" + "b" * 32)
SECRETS = ("whsec_Zmlyc3Q=", "whsec_c2Vjb25k")

# For each setting: a flag's text and what it means, a variable's text and what that means.
GIVEN: dict[str, tuple[str, Any, str, Any]] = {
    "host": ("0.0.0.0", "0.0.0.0", "::1", "::1"),
    "port": ("0", 0, "65535", 65535),
    "seed": ("-7", -7, "42", 42),
    "scenario": ("flaky", "flaky", "outage", "outage"),
    "scenarios": ("mine", "mine", "yours", "yours"),
    "catalog": ("a.jsonl", "a.jsonl", "b.json", "b.json"),
    "clock": (
        "frozen:2026-05-11T14:00:00Z",
        ClockSetting("frozen", 1_778_508_000_000_000, 0.0),
        "scaled:60",
        ClockSetting("scaled", None, 60.0),
    ),
    "real_delays": ("1", True, "off", False),
    "watch": ("1", True, "no", False),
    "import": ("state.json", "state.json", "other.json", "other.json"),
    "export_on_exit": ("state.json", "state.json", "other.json", "other.json"),
    "max_sandboxes": ("10", 10, "1", 1),
    "journal_size": ("50", 50, "1", 1),
    "api_key": (KEYS[0], KEYS[0], KEYS[1], KEYS[1]),
    "balance": ("25.50", 25_500_000, "0", 0),
    "firebase_project": ("my-app", "my-app", "other-app", "other-app"),
    "webhook_secret": (SECRETS[0], SECRETS[0], SECRETS[1], SECRETS[1]),
    "no_rate_limit": ("1", True, "no", False),
    "latency": ("250ms", 250_000, "1.5s", 1_500_000),
    "tokens_per_second": ("50", 50.0, "0.5", 0.5),
    "allowed_host": ("mock.test", ("mock.test",), "A.test, b.test", ("a.test", "b.test")),
    "server_name": ("mock-1", "mock-1", "Mock.b_2", "Mock.b_2"),
    "idle_timeout": ("5s", 5_000_000, "1.5m", 90_000_000),
    "log_format": ("json", "json", "text", "text"),
    "quiet": ("true", True, "0", False),
}

# For each setting: texts that make no sense.
SENSELESS: dict[str, tuple[str, ...]] = {
    "host": ("",),
    "port": ("", "abc", "-1", "65536", "1.5", "٣", "0x10", "9" * 5000),
    "seed": ("", "1.5", "one", "--1", "9" * 19, "1e3"),
    "scenario": ("",),
    "scenarios": ("",),
    "catalog": ("",),
    "clock": (
        "",
        "Real",
        "frozen:soon",
        "frozen:2026-13-01",
        "frozen:1969-12-31T23:59:59Z",
        "scaled",
        "scaled:0",
        "scaled:-1",
        "scaled:nan",
        "real:1",
        "scaled:inf",
    ),
    "real_delays": ("perhaps",),
    "watch": ("sometimes",),
    "import": ("",),
    "export_on_exit": ("",),
    "journal_size": ("", "0", "-1", "many", "1000001"),
    "max_sandboxes": ("", "0", "-1", "1.5", "many", "1000001"),
    "api_key": ("", "sk_live_abc", "sk_test_" + "a" * 32, "sk_live_" + "A" * 32, KEYS[0] + "\n"),
    "balance": ("", "ten", "-1", "nan", "inf", "1e12", "0.0000001", "$5"),
    "firebase_project": ("", "ab", "My-App", "1app", "a_b_c", "a" * 64),
    "webhook_secret": ("", "whsec_", "whsec_%%%", "c2VjcmV0", "secret"),
    "no_rate_limit": ("maybe", "2"),
    "latency": ("", "250", "-1s", "1 s", "1d", "s", "1e3s", "9" * 30 + "s"),
    "tokens_per_second": ("", "0", "-5", "nan", "inf", "fast", "1e7"),
    "allowed_host": ("", "a b", "mock.test:80", "a,,b", "http://mock.test"),
    "server_name": ("", "-a", "a b", "mock:1", "mock-1\n", "m\u00f6ck", "\u017fock", "a" * 64),
    "idle_timeout": ("", "75", "0s", "-1s", "never"),
    "log_format": ("", "JSON", "xml"),
    "quiet": ("loud",),
}

each_option = pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)


@each_option
def test_a_flag_beats_the_variable_beats_the_default(option: Option) -> None:
    """All four ways to give or not to give a setting."""
    flag, from_flag, text, from_variable = GIVEN[option.name]
    default = getattr(Settings(), option.field)
    found = [
        getattr(load(flags, variables), option.field)
        for flags in ({option.name: flag}, {option.name: None}, {})
        for variables in ({option.variable: text}, {})
    ]
    assert found == [from_flag, from_flag, from_variable, default, from_variable, default]


@each_option
def test_a_setting_changes_nothing_else(option: Option) -> None:
    """Whatever is set, the other settings keep their defaults."""
    changed = load({option.name: GIVEN[option.name][0]}, {})
    others = [other.field for other in OPTIONS if other is not option]
    assert [getattr(changed, name) for name in others] == [getattr(Settings(), name) for name in others]


@pytest.mark.parametrize(
    ("option", "text"),
    [(option, text) for option in OPTIONS for text in SENSELESS.get(option.name, ())],
    ids=lambda value: value.name if isinstance(value, Option) else repr(value)[:24],
)
@pytest.mark.parametrize("by_flag", [True, False], ids=["flag", "variable"])
def test_a_setting_that_makes_no_sense_is_named(option: Option, text: str, by_flag: bool) -> None:
    """The error begins with the flag or the variable, as it was given, and says what was expected, on one line."""
    flags, variables = ({option.name: text}, {}) if by_flag else ({}, {option.variable: text})
    with pytest.raises(SettingsError) as refused:
        load(flags, variables)
    message = str(refused.value)
    assert message.startswith(f"{option.flag if by_flag else option.variable}: expected ")
    assert "\n" not in message


def test_every_setting_is_a_field_and_has_its_rows_here() -> None:
    """No option without a field, no field without an option, none untested."""
    names = [option.name for option in OPTIONS]
    assert sorted(option.field for option in OPTIONS) == sorted(Settings.__struct_fields__)
    assert set(names) <= GIVEN.keys() == SENSELESS.keys()


def test_a_good_flag_hides_a_bad_variable() -> None:
    """What is not used is not read."""
    assert load({"port": "1"}, {"CLEVORA_MOCK_PORT": "none"}).port == 1


def test_an_unknown_variable_is_found() -> None:
    """Only those with the prefix, in order, and not the one that clients read."""
    variables = {
        "CLEVORA_MOCK_PROT": "1",
        "CLEVORA_MOCK_A": "",
        "CLEVORA_MOCK_URL": "x",
        "CLEVORA_API_KEY": "y",
        "PATH": "",
    }
    assert unknown_variables(variables) == ["CLEVORA_MOCK_A", "CLEVORA_MOCK_PROT"]


@pytest.mark.parametrize(("dollars", "activated"), [("15", True), ("14.99", False), ("0", False), ("100", True)])
def test_the_opening_balance_activates_from_fifteen_dollars_on(dollars: str, activated: bool) -> None:
    """As any other credit does."""
    demo = create_app(load({"balance": dollars}, {})).sandboxes.default.accounts.by_uid["demo"]
    assert demo.activated is activated
    assert demo.book.balance == round(float(dollars) * 1_000_000)


# --- processes --------------------------------------------------------------------------------------------------------

PROGRAM = [sys.executable, "-m", "clevora_mock"]
PATIENCE_SECONDS = 20


def environment(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLEVORA_")}
    return clean | more


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The program with a command that ends by itself."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@dataclass
class Served:
    """A server process that has said READY."""

    process: subprocess.Popen[str]
    banner: list[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        return self.ready["url"]

    def stop(self, wish: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its status and what it said on stderr."""
        self.process.send_signal(wish)
        _, said = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, said


@contextmanager
def serving(*arguments: str, **variables: str) -> Iterator[Served]:
    """The program, serving on a free port, ended when the test is over."""
    command = [*PROGRAM, *(arguments or ("serve",)), "--port", "0"]
    with subprocess.Popen(
        command, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            banner: list[str] = []
            for line in process.stdout:
                if line.startswith("READY "):
                    yield Served(process, banner, json.loads(line.removeprefix("READY ")))
                    return
                banner.append(line.rstrip("\n"))
            raise AssertionError(f"it never was ready: {process.communicate()}")
        finally:
            process.kill()


def test_it_says_what_to_copy_and_then_that_it_is_ready() -> None:
    """At most 80 columns, the key and the base URL, then READY and JSON; and it answers at once."""
    with serving() as server:
        answer = httpx.get(f"{server.url}/__mock/health")
        assert answer.json()["status"] == "ok"
        assert server.ready.keys() == {"url", "sandbox", "seed", "pid"}
        assert (server.ready["sandbox"], server.ready["seed"]) == ("default", 0)
        assert server.ready["pid"] == server.process.pid
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        text = "\n".join(server.banner)
        assert f"export CLEVORA_BASE_URL={server.url}/v1" in text
        assert f"export CLEVORA_API_KEY={Settings().api_key}" in text
        assert f"{server.url}/" in text.replace(f"{server.url}/v1", "")
        assert max(map(len, server.banner)) <= 80


@pytest.mark.parametrize("arguments", [("--quiet",), ("serve", "--quiet"), ("serve", "--seed", "7", "--quiet")])
def test_serve_may_be_left_out_and_quiet_leaves_only_ready(arguments: tuple[str, ...]) -> None:
    """Bare flags are serve's."""
    with serving(*arguments) as server:
        assert server.banner == []
        assert server.ready["seed"] == (7 if "--seed" in arguments else 0)


def test_variables_set_a_server_up() -> None:
    """As flags do."""
    with serving(CLEVORA_MOCK_QUIET="1", CLEVORA_MOCK_SEED="9", CLEVORA_MOCK_API_KEY=KEYS[0]) as server:
        headers = {"authorization": f"Bearer {KEYS[0]}"}
        body = {"messages": [{"role": "user", "content": "Hello!"}]}
        assert httpx.post(f"{server.url}/v1/chat/completions", headers=headers, json=body).status_code == 200
        assert (server.banner, server.ready["seed"]) == ([], 9)


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(wish: signal.Signals) -> None:
    """Exit status 0, and no traceback."""
    with serving("--quiet") as server:
        httpx.get(f"{server.url}/docs/llms")
        assert server.stop(wish) == (0, "")


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_changes_nothing(wish: signal.Signals) -> None:
    """Impatience is no reason to fail."""
    with serving("--quiet") as server:
        server.process.send_signal(wish)
        assert server.stop(wish) == (0, "")


def test_an_idle_connection_does_not_hold_it_up() -> None:
    """A client that keeps its connection open has nothing to say about the end."""
    with serving("--quiet") as server, httpx.Client() as client:
        client.get(f"{server.url}/docs/llms")
        began = time.monotonic()
        assert server.stop()[0] == 0
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_a_running_stream_does_not_hold_it_up(wish: signal.Signals) -> None:
    """Within 2 s, with status 0, in the middle of a stream that would go on for minutes."""
    with serving("serve", "--quiet", "--tokens-per-second", "0.05") as server:
        body = {"messages": [{"role": "user", "content": "Hello!"}], "stream": True}
        headers = {"authorization": f"Bearer {Settings().api_key}"}
        with httpx.stream("POST", f"{server.url}/v1/chat/completions", headers=headers, json=body) as answer:
            received = answer.iter_raw()
            assert next(received).startswith(b"data: ")
            began = time.monotonic()
            status, said = server.stop(wish)
            took = time.monotonic() - began
            with pytest.raises(httpx.RemoteProtocolError):
                list(received)
        assert status == 0
        assert took < 2
        assert "Traceback" not in said


def test_a_taken_port_is_told_in_one_line() -> None:
    """Exit status 3, and what to do about it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("serve", "--port", str(port))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert re.fullmatch(rf"clevora-mock: port {port} .*taken.*--port.*\n", ended.stderr)


@pytest.mark.parametrize(
    "option", [option for option in OPTIONS if not option.is_switch], ids=lambda option: option.name
)
def test_a_bad_value_is_told_in_one_line(option: Option) -> None:
    """Exit status 2, naming the flag, and no traceback."""
    ended = run("serve", f"{option.flag}={SENSELESS[option.name][-1]}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"clevora-mock: {option.flag}: expected ")
    assert ended.stderr.count("\n") == 1


def test_a_bad_variable_is_told_in_one_line() -> None:
    """Exit status 2, naming the variable."""
    ended = run("serve", CLEVORA_MOCK_BALANCE="lots")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(r"clevora-mock: CLEVORA_MOCK_BALANCE: expected .*, got 'lots'\n", ended.stderr)


@pytest.mark.parametrize(
    "arguments", [("serve", "--prot", "1"), ("frobnicate",), ("serve", "--port"), ("token", "--uid", "")]
)
def test_wrong_usage_is_told_without_a_traceback(arguments: tuple[str, ...]) -> None:
    """Exit status 2."""
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_of_another_machine_is_told_in_one_line() -> None:
    """Exit status 2, naming the flag."""
    ended = run("serve", "--host", "203.0.113.7", "--port", "0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(r"clevora-mock: --host: .*203\.0\.113\.7.*\n", ended.stderr)


def test_watching_needs_something_to_watch() -> None:
    """An option that would do nothing is a mistake."""
    done = run("serve", "--port", "0", "--watch")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "clevora-mock: --watch: expected --scenario beside it, whose file is watched\n"


def test_a_catalog_that_is_not_there_is_told_in_one_line() -> None:
    """Exit status 4, naming the file."""
    ended = run("serve", "--port", "0", "--catalog", "/nowhere/catalog.jsonl")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert re.fullmatch(r"clevora-mock: .*/nowhere/catalog\.jsonl.*\n", ended.stderr)


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("CLEVORA_MOCK_PROT", "CLEVORA_MOCK_PROT sets nothing; did you mean CLEVORA_MOCK_PORT?"),
        ("CLEVORA_MOCK_API_KEYS", "CLEVORA_MOCK_API_KEYS sets nothing; did you mean CLEVORA_MOCK_API_KEY?"),
        ("CLEVORA_MOCK_ZZZ", "CLEVORA_MOCK_ZZZ sets nothing"),
    ],
)
def test_an_unknown_variable_is_warned_of(name: str, warning: str) -> None:
    """With what was probably meant, if anything is near; the command goes on."""
    ended = run("token", **{name: "1"})
    assert ended.returncode == 0
    assert ended.stderr == f"clevora-mock: warning: {warning}\n"


def test_no_warning_without_a_cause() -> None:
    """CLEVORA_MOCK_URL is for clients, and known settings are known."""
    assert run("token", CLEVORA_MOCK_URL="http://x", CLEVORA_MOCK_SEED="1", CLEVORA_API_KEY="y").stderr == ""


def test_a_token_is_good_at_the_server() -> None:
    """Printed by one process, taken by another; with a uid, a project and a lifetime of one's choice."""
    with serving("serve", "--quiet", "--firebase-project", "my-app") as server:

        def account(*arguments: str) -> httpx.Response:
            token = run("token", "--firebase-project", "my-app", *arguments).stdout.strip()
            return httpx.get(f"{server.url}/api/developer/account", headers={"authorization": f"Bearer {token}"})

        assert account().json()["data"]["uid"] == "demo"
        assert account("--expires-in", "60").status_code == 200
        assert account("--uid", "stranger").status_code == 403
        assert account("--firebase-project", "other-app").status_code == 401


def test_a_token_knows_a_frozen_clock() -> None:
    """Made for the time that the server has."""
    with serving("serve", "--quiet", "--clock", "frozen:2020-01-01T00:00:00Z") as server:
        statuses = [
            httpx.get(
                f"{server.url}/api/developer/account",
                headers={"authorization": f"Bearer {run('token', '--clock', clock).stdout.strip()}"},
            ).status_code
            for clock in ("frozen:2020-01-01T00:00:00Z", "frozen:2019-12-31T23:00:00Z")
        ]
        assert statuses == [200, 401]


def test_openapi_is_printed() -> None:
    """Valid, and ready for a pipe."""
    ended = run("openapi")
    assert (ended.returncode, ended.stderr) == (0, "")
    OpenAPIV31SpecValidator(json.loads(ended.stdout)).validate()


def test_healthcheck_tells_by_its_status() -> None:
    """0 where a server is ready, 1 and one line where none is; the port may come from the environment."""
    with serving("--quiet") as server:
        port = server.url.rpartition(":")[2]
        assert run("healthcheck", CLEVORA_MOCK_PORT=port).returncode == 0
        assert run("healthcheck", "--port", port).returncode == 0
        assert run("healthcheck", "--port", port, CLEVORA_MOCK_PORT="1").returncode == 0
        server.stop()
        down = run("healthcheck", CLEVORA_MOCK_PORT=port)
    assert (down.returncode, down.stderr.count("\n")) == (1, 1)
    assert port in down.stderr


def test_healthcheck_takes_another_server_for_none() -> None:
    """Something that answers, but not as the mock does, is not ready."""

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        assert run("healthcheck", "--port", str(other.server_port)).returncode == 1
        other.shutdown()


def test_each_request_is_one_line_in_the_log() -> None:
    """Text for people or JSON for machines, on stderr, with no whole key in it."""
    for log_format in ("text", "json"):
        with serving("serve", "--log-format", log_format) as server:
            headers = {"authorization": f"Bearer {Settings().api_key}"}
            body = {"messages": [{"role": "user", "content": "Hello!"}]}
            httpx.post(f"{server.url}/v1/chat/completions", headers=headers, json=body)
            httpx.get(f"{server.url}/v1/{Settings().api_key}")
            said = server.stop()[1].splitlines()
        assert len(said) == 2
        assert "chat.completions" in said[0]
        assert Settings().api_key not in "".join(said)
        if log_format == "json":
            assert [json.loads(line)["status"] for line in said] == [200, 404]


def test_what_is_not_http_is_refused_in_json() -> None:
    """By the process as by the server in a thread, and it goes on serving."""
    with serving("--quiet") as server:
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), PATIENCE_SECONDS) as connection:
            connection.sendall(b"hello there\r\n\r\n")
            received = b"".join(iter(lambda: connection.recv(4096), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        assert json.loads(body)["error"].keys() == {"message", "type", "code"}
        assert httpx.get(f"{server.url}/docs/llms").status_code == 200
        status, said = server.stop()
        assert (status, "Traceback" in said) == (0, False)


def test_the_version_is_the_packages() -> None:
    """--version."""
    assert __version__ in run("--version").stdout
