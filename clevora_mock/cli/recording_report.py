"""What recordings and the comparison with the live API came to, at the end of a server."""

import sys
from typing import TYPE_CHECKING

from clevora_mock.core.messages import printable
from clevora_mock.exit_status import DRIFT, FAILURE
from clevora_mock.server.service import Service

if TYPE_CHECKING:
    from clevora_mock.recordings.setup import LiveApi


def report_recordings(service: Service, *, has_passed: bool = True) -> int:
    """Print what was in no recording, what of them was not used, and where the live API differs.

    `has_passed` is false for a command that has failed. Return the exit status: 1 where nothing could be compared.
    """
    live_api: LiveApi | None = service.app.state.live_api
    if live_api is None:
        return 0
    lines = [] if live_api.recordings is None else live_api.recordings.report(has_passed=has_passed)
    lines += [] if live_api.drift is None else live_api.drift.lines()
    for line in lines:
        sys.stderr.write(f"clevora-mock: {printable(line)}\n")
    if live_api.drift is None:
        return 0
    return DRIFT if live_api.drift.has_drift else 0 if live_api.drift.has_compared else FAILURE
