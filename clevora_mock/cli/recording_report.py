"""What recordings and the comparison with the live API came to, at the end of a server."""

import sys
from typing import TYPE_CHECKING

from clevora_mock.cli.run_problem import RunProblem
from clevora_mock.core.messages import printable
from clevora_mock.exit_status import DRIFT
from clevora_mock.server.service import Service

if TYPE_CHECKING:
    from clevora_mock.recordings.setup import LiveApi


def report_recordings(service: Service) -> list[RunProblem]:
    """Print which recordings were not used, and where the live API differs; that it does is the problem."""
    live_api: LiveApi | None = service.app.state.live_api
    if live_api is None:
        return []
    lines = [] if live_api.recordings is None else live_api.recordings.report()
    lines += [] if live_api.drift is None else live_api.drift.lines()
    for line in lines:
        sys.stderr.write(f"clevora-mock: {printable(line)}\n")
    has_drift = live_api.drift is not None and live_api.drift.has_drift
    return [RunProblem(DRIFT, "the live API differs from the mock")] if has_drift else []
