"""The exit statuses of the command line."""

from collections.abc import Iterable

FAILURE = 1
USAGE = 2
# The live API differs from the mock, or refutes a clause of the contract. The number is that of `USAGE`, of which
# nothing is served or asked.
DRIFT = 2
PORT_TAKEN = 3
FILE_INVALID = 4
# Of `exec`: findings about the client, by --fail-on.
VERDICT = 5
# Of `exec`: more was spent than --budget or --spend-tolerance allows.
OVER_BUDGET = 6
# Of `exec`, as in shells.
NOT_EXECUTABLE = 126
NOT_FOUND = 127
SIGNALED = 128
INTERRUPTED = 130

# Of a command that succeeded, at the end of its run; the first one counts.
_PRECEDENCE = (VERDICT, OVER_BUDGET, DRIFT, FAILURE)


def of_run(command: int, others: Iterable[int]) -> int:
    """Return the exit status of a run: its command's or, if that succeeded, the first of `others` by precedence."""
    return command or min(filter(None, others), key=_PRECEDENCE.index, default=0)
