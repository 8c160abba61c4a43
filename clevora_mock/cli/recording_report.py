"""The report on recordings, and on the comparison with the live API, at the end of a server."""

import sys
from typing import TYPE_CHECKING

from clevora_mock.cli.run_problem import RunProblem, print_problem
from clevora_mock.core.messages import printable
from clevora_mock.exit_status import DRIFT, FAILURE
from clevora_mock.server.service import Service

if TYPE_CHECKING:
    from clevora_mock.recordings.setup import LiveApi


def report_recordings(service: Service, *, has_passed: bool) -> list[RunProblem]:
    """Print what was in no recording, which ones were not used, and where the live API differs; return the problems.

    `has_passed` is false for a command that has failed.
    """
    live_api: LiveApi | None = service.app.state.live_api
    if live_api is None:
        return []
    lines = [] if live_api.recordings is None else live_api.recordings.report(has_passed=has_passed)
    lines += [] if live_api.drift is None else live_api.drift.lines()
    for line in lines:
        sys.stderr.write(f"clevora-mock: {printable(line)}\n")
    unwritten = [] if live_api.recordings is None else sorted(live_api.recordings.unwritten)
    problems = [print_problem(FAILURE, f"{path} lacks answers: it could not be written") for path in unwritten]
    if live_api.drift is None:
        return problems
    if live_api.drift.has_drift:
        return [RunProblem(DRIFT, "the live API differs from the mock")]
    return [] if live_api.drift.has_compared else [RunProblem(FAILURE, "nothing could be compared with the live API")]
