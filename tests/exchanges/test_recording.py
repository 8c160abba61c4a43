"""Every answer of the recording, byte for byte."""

import pytest

from tests.exchanges import recording
from tests.exchanges.player import play
from tests.exchanges.script import script


@pytest.mark.slow
def test_every_response_is_the_recorded_one() -> None:
    run = play(script())
    assert "\n".join(recording.differences(recording.read(), run.played)) == ""
    assert "Traceback" not in "".join(run.warnings.values())


def test_the_recording_is_small() -> None:
    assert len(recording.read()) <= 900
    assert recording.RECORDING.stat().st_size <= 800 * 1024
