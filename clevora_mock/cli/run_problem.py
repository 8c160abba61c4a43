"""A problem that fails a command's run."""

import sys
from typing import NamedTuple

from clevora_mock.core.messages import printable


class RunProblem(NamedTuple):
    """A problem, and the exit status of the run if its command succeeded and nothing worse happened."""

    status: int
    message: str


def print_problem(status: int, message: str) -> RunProblem:
    """Print a problem to standard error, and return it."""
    sys.stderr.write(f"clevora-mock: {printable(message)}\n")
    return RunProblem(status, message)
