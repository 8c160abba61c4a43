"""The answers of the recording, byte for byte."""

from dataclasses import replace

import pytest

from tests.exchanges import recording
from tests.exchanges.player import play
from tests.exchanges.script import script
from tests.exchanges.steps import Part


def check(parts: list[Part]) -> None:
    """Play the parts, and compare each response with the recorded one."""
    names = {step.name for part in parts for step in part.steps}
    recorded = {name: line for name, line in recording.read().items() if name in names}
    run = play(parts)
    assert "\n".join(recording.differences(recorded, run.played)) == ""
    assert "Traceback" not in "".join(run.warnings.values())


def test_the_first_responses_are_the_recorded_ones() -> None:
    first = script()[0]
    steps = tuple(step for step in first.steps if step.name.startswith("default sandbox: "))
    assert first.steps[: len(steps)] == steps
    check([replace(first, steps=steps)])


@pytest.mark.slow
def test_every_response_is_the_recorded_one() -> None:
    parts = script()
    assert recording.read().keys() == {step.name for part in parts for step in part.steps}
    check(parts)


def test_the_recording_is_small() -> None:
    assert len(recording.read()) <= 900
    assert recording.RECORDING.stat().st_size <= 800 * 1024
