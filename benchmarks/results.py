"""The results of a run, as a file holds them."""

from msgspec import Struct

from benchmarks.figures import Check, Figure
from benchmarks.machine import Machine


class Results(Struct):
    """The machine and the figures of a run."""

    machine: Machine
    rounds: int
    seconds: float
    figures: list[Figure]
    checks: list[Check]
