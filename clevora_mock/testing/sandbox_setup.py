"""A test's sandbox, set up as the test's mark says."""

from os import PathLike
from pathlib import Path

from clevora_mock.clock import iso_micros
from clevora_mock.scenarios.store import is_file
from clevora_mock.settings import Settings
from clevora_mock.testing.clevora import Clevora, read_budget
from clevora_mock.testing.mark import Mark


def set_up(sandbox: Clevora, mark: Mark, root: Path, own_recording: str) -> int | None:
    """Set up `sandbox`, and return the test's budget in micro-dollars; None without one.

    A scenario's file is also looked for in `root`, as files in `clevora_options` are, wherever pytest was started.
    `own_recording` is the name of the test's own recording. Raises TypeError or ValueError for a wrong value.
    """
    scenario = mark.scenario
    if isinstance(scenario, str | PathLike) and is_file(scenario) and not Path(scenario).exists():
        scenario = root / scenario
    if scenario is not None or mark.rules is not None:
        sandbox.use(scenario, rules=mark.rules)
    if mark.balance is not None:
        sandbox.balance = mark.balance
    if mark.clock is not None:
        _set_clock(sandbox, mark.clock)
    budget = None if mark.budget is None else read_budget(mark.budget, "budget")
    if mark.recording not in (None, False):
        sandbox.use_recording(own_recording if mark.recording is True else mark.recording)
    return budget


def _set_clock(sandbox: Clevora, text: str) -> None:
    """Set the clock as ``--clock`` does: ``real``, ``frozen``, ``frozen:TIME`` or ``scaled:N``."""
    clock = Settings(clock=text).make_clock()
    if clock.mode == "frozen":
        sandbox.clock.freeze(iso_micros(clock.now()))
    elif clock.mode == "scaled":
        sandbox.clock.scale(clock.speed)
    else:
        sandbox.clock.run()
