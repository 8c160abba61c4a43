"""Measured values: for each figure, one of each server in each round."""

from statistics import median
from typing import Literal

from msgspec import Struct


class Figure(Struct):
    """A quantity that is measured for several servers by turns; `charted` ones are in the chart."""

    section: str
    name: str
    unit: str
    values: dict[str, list[float]]
    better: Literal["less", "more", "neither"] = "less"
    charted: bool = False

    @property
    def title(self) -> str:
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def ratios(self, kind: str, other: str) -> list[float]:
        """Return, for each round, the value of `kind` divided by that of `other`."""
        pairs = zip(self.values[kind], self.values[other], strict=False)
        return [value / below for value, below in pairs if below]


class Spread(Struct):
    """Minimum, median and maximum of values."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(min(values), median(values), max(values))


class Check(Struct):
    """A condition that has to hold, and the value found."""

    section: str
    name: str
    held: bool
    found: str


class Figures(Struct):
    """All figures of a run, in order."""

    figures: list[Figure] = []
    checks: list[Check] = []

    def section(self, name: str) -> "Section":
        return Section(name, self)


class Section:
    """The figures of one measurement."""

    def __init__(self, name: str, figures: Figures) -> None:
        self._name = name
        self._all = figures
        self._mine: dict[str, Figure] = {}

    def add(
        self,
        name: str,
        unit: str,
        kind: str,
        value: float,
        *,
        better: Literal["less", "more", "neither"] = "less",
        charted: bool = False,
    ) -> None:
        """Add a value of the figure `name` for the server `kind`."""
        figure = self._mine.get(name)
        if figure is None:
            figure = self._mine[name] = Figure(self._name, name, unit, {}, better, charted)
            self._all.figures.append(figure)
        figure.values.setdefault(kind, []).append(value)

    def values(self, name: str) -> dict[str, list[float]]:
        return self._mine[name].values

    def check(self, name: str, held: bool, found: str) -> None:
        self._all.checks.append(Check(self._name, name, held, found))
