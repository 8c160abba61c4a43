"""A run's results, as they are written to a file."""

from msgspec import Struct

from benchmarks.figures import Check, Figure
from benchmarks.machine import Machine


class Results(Struct):
    """All there is to report."""

    machine: Machine
    rounds: int
    seconds: float
    figures: list[Figure]
    checks: list[Check]
