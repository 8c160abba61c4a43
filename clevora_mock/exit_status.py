"""The exit statuses of the command line."""

FAILURE = 1
USAGE = 2
# The live API differs from the mock, or refutes a clause of the contract.
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
