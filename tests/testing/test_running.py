"""``clevora_mock.running()``: a server in a process of its own, while a block runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import get_type_hints

import pytest

import clevora_mock
from clevora_mock.settings import OPTIONS, load
from clevora_mock.testing import MockError, running
from clevora_mock.testing.running import ServerSettings, flags
from tests.test_cli import GIVEN
from tests.testing.support import until_gone


def test_it_runs_while_the_block_does() -> None:
    """With the settings asked for, and not a moment longer."""
    with clevora_mock.running(seed=7, clock="frozen", scenario="flaky") as server:
        health = server.ask("GET", "/__mock/health")
        assert (health["seed"], health["scenario"], health["clock"]["mode"]) == (7, "flaky", "frozen")
        assert server.sandbox("other").balance == server.balance == 100
    with pytest.raises(MockError, match="no clevora-mock at"):
        _ = server.balance


def test_it_ends_with_a_block_that_fails() -> None:
    """The block's own error is what is seen."""
    with pytest.raises(ZeroDivisionError), running() as server:
        _ = 1 / 0
    with pytest.raises(MockError):
        _ = server.balance


def test_what_keeps_it_from_starting_is_told() -> None:
    """In the server's own words."""
    with pytest.raises(MockError, match=r"--clock: expected real, frozen.*got 'stopped'"), running(clock="stopped"):
        pass
    with pytest.raises(MockError, match='unknown scenario "flakey"; did you mean "flaky"'), running(scenario="flakey"):
        pass


def test_what_it_had_to_say_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    """Once it has ended."""
    with running(max_sandboxes=2) as server:
        for name in ("one", "two"):
            assert server.sandbox(name).balance == 100
    assert "sandbox one was used least recently and had to go" in capfd.readouterr().err


def test_time_that_a_test_bends_is_the_tests_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that freezes this process's time, or forbids its files, does nothing to the server."""
    with running() as server:
        monkeypatch.setattr(time, "time_ns", lambda: 0)
        assert server.clock.now.year > 2020


def test_it_does_not_outlive_its_parent() -> None:
    """Not even one that is killed on the spot."""
    source = "import clevora_mock, time\nwith clevora_mock.running() as it: print(it.url, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = clevora_mock.testing.Server(parent.stdout.readline().strip())
        assert server.balance == 100
        os.kill(parent.pid, signal.SIGKILL)
    until_gone(server)


def test_every_setting_can_be_given() -> None:
    """By its name, with a type; no name that is none."""
    assert get_type_hints(ServerSettings).keys() == {option.field for option in OPTIONS}


def test_settings_become_flags() -> None:
    """Those that the command line reads back as the same settings."""
    given = flags({"seed": 7, "no_rate_limit": True, "watch": False, "catalog": Path("a.json"), "import_": "b"})
    assert given == ["--seed", "7", "--no-rate-limit", "--catalog", "a.json", "--import", "b"]
    for option in OPTIONS:
        if not option.is_switch:
            text, value, *_ = GIVEN[option.name]
            assert getattr(load({option.name: flags({option.field: text})[1]}, {}), option.field) == value


def test_what_is_not_there_is_no_attribute() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="has no attribute 'runing'"):
        _ = clevora_mock.runing  # type: ignore[attr-defined]
