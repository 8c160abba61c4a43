"""``clevora_mock.running()``: a server in a separate process, for the duration of a block."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import clevora_mock
from clevora_mock import MockError, create_app, running
from clevora_mock.settings import Settings, SettingsError
from clevora_mock.testing import Server
from tests.support.program import wait_until_stopped

# Each test starts processes.
pytestmark = pytest.mark.slow


def test_the_server_has_the_settings_and_ends_with_the_block() -> None:
    with running(seed=7, clock="frozen", scenario="flaky") as server:
        health = server.call("GET", "/__mock/health")
        assert (health["seed"], health["scenario"], health["clock"]["mode"]) == (7, "flaky", "frozen")
        assert server.sandbox("other").balance == server.balance == 100
    with pytest.raises(MockError, match="no clevora-mock at"):
        _ = server.balance


def test_settings_are_python_values(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nrules: []\n", encoding="utf-8")
    with running(balance=25.5, latency="1ms", scenario=file) as server:
        assert server.balance == 25.5
        assert server.call("GET", "/__mock/health")["scenario"] == "mine"


def test_a_setting_beats_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEVORA_MOCK_SEED", "9")
    monkeypatch.setenv("CLEVORA_MOCK_NO_RATE_LIMIT", "1")
    with running(no_rate_limit=False) as server:
        assert server.call("GET", "/__mock/health")["seed"] == 9
        assert server.call("GET", "/__mock/state")["limits"]["requests_per_minute"] == 60


def test_the_banner_may_be_printed() -> None:
    with running(quiet=False) as server:
        assert server.balance == 100


def test_the_server_ends_with_a_block_that_fails() -> None:
    with pytest.raises(ZeroDivisionError), running() as server:
        _ = 1 / 0
    with pytest.raises(MockError):
        _ = server.balance


def test_an_unknown_setting_is_a_type_error_that_names_it() -> None:
    for value in (7, 0, None, False):
        with pytest.raises(TypeError, match="'sede'"), running(sede=value):  # type: ignore[call-arg]
            pass


def test_an_invalid_value_is_named_with_the_setting() -> None:
    with (
        pytest.raises(SettingsError, match=r"^clock: expected real, frozen.*, got 'stopped'$"),
        running(clock="stopped"),
    ):
        pass


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"upstream": "https://api.example/v1"}, "--upstream: expected --record or --diff beside it"),
        ({"upstream_key": "a-live-key"}, "--upstream-key: expected --upstream beside it"),
        ({"record_mode": "new"}, "--record-mode: expected --record beside it"),
        ({"watch": True}, "--watch: expected --scenario beside it, whose file is watched"),
    ],
)
def test_a_setting_that_nothing_would_use_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=f"^{message}$"), running(**given):
        pass
    with pytest.raises(SettingsError, match=f"^{message}$"):
        create_app(Settings(**given))


def test_a_server_that_does_not_start_reports_the_reason() -> None:
    """Nothing follows the reason, such as an interpreter's that dies of the thread that waits for the parent."""
    for _ in range(3):
        with pytest.raises(MockError) as error, running(scenario="flakey"):
            pass
        assert str(error.value) == 'clevora-mock: unknown scenario "flakey"; did you mean "flaky"?'


def test_messages_of_the_server_are_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with running(max_sandboxes=2, quiet=False) as server:
        for name in ("one", "two"):
            server.sandbox(name).reset()
    assert "sandbox one" in capfd.readouterr().err


def test_monkeypatching_does_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as server:
        monkeypatch.setattr(time, "time_ns", lambda: 0)
        assert server.clock.now.year > 2020


def test_the_server_ends_with_a_parent_that_is_killed() -> None:
    source = "import clevora_mock, time\nwith clevora_mock.running() as it: print(it.url, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = Server(parent.stdout.readline().strip())
        assert server.balance == 100
        os.kill(parent.pid, signal.SIGKILL)
    wait_until_stopped(server)


def test_the_server_ends_with_the_block_although_a_forked_process_lives() -> None:
    source = (
        "import clevora_mock, os, time\n"
        "with clevora_mock.running() as it:\n"
        "    child = os.fork()\n"
        "    if child == 0: time.sleep(60); os._exit(0)\n"
        "    start = time.monotonic()\n"
        "print(time.monotonic() - start < 4)\n"
        "os.kill(child, 9)"
    )
    assert subprocess.run([sys.executable, "-c", source], capture_output=True, check=True).stdout == b"True\n"


@pytest.mark.parametrize("module", [clevora_mock, clevora_mock.testing])
def test_every_exported_name_can_be_imported(module: object) -> None:
    for name in module.__all__:  # type: ignore[attr-defined]
        assert getattr(module, name) is not None


@pytest.mark.parametrize("module", [clevora_mock, clevora_mock.testing])
def test_an_unknown_name_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'runing'"):
        _ = module.runing  # type: ignore[attr-defined]
