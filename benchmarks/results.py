"""The results of a run, as `results.json` holds them."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct, structs

FOLDER = Path(__file__).parent
MOCK = "clevora-mock"


class Figure(Struct):
    """A quantity, and for each server its value in each round; `charted` ones are in the chart."""

    section: str
    name: str
    unit: str
    charted: bool = False
    values: dict[str, list[float]] = {}

    @property
    def title(self) -> str:
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def ratios(self, above: str, below: str) -> list[float]:
        """Return, for each round, the value of the server `above` divided by that of `below`."""
        pairs = zip(self.values.get(above, []), self.values.get(below, []), strict=False)
        return [value / other for value, other in pairs if other]


class Results(Struct):
    """The machine, the commit, the flags, the plan and the figures of a run."""

    machine: str
    commit: str
    flags: str
    versions: dict[str, str]
    rounds: int
    seconds: float
    figures: list[Figure] = []

    def find(self, section: str, name: str) -> Figure | None:
        """Return a figure, or None where it was not measured."""
        return next((one for one in self.figures if (one.section, one.name) == (section, name)), None)

    def write(self, file: Path) -> None:
        """Write the results as JSON, a figure on each line."""
        figures = ",\n".join(msgspec.json.encode(figure).decode() for figure in self.figures)
        head = msgspec.json.encode(structs.replace(self, figures=[])).decode().removesuffix("[]}")
        file.write_text(f"{head}[\n{figures}\n]}}\n", encoding="utf-8")


def read() -> Results:
    """Return the committed results."""
    return msgspec.json.decode((FOLDER / "results.json").read_bytes(), type=Results)


def this_commit() -> str:
    """Return the hash of this commit, with ``-dirty`` if files have been changed since."""
    status, output = subprocess.getstatusoutput(f"git -C '{FOLDER}' describe --always --dirty --exclude='*'")
    return "unknown" if status else output


def this_machine() -> str:
    """Describe this machine in a line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    name = next(models, platform.machine())
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    state = f"{datetime.now(UTC).date()}, load average {os.getloadavg()[0]:.2f}"
    return f"{name}, {os.cpu_count()} cores, {system}, {state}"


def shown(values: list[float]) -> str:
    """Return the median of `values`, and the least and the most in brackets, with three significant digits."""
    spread = f" ({_number(min(values))} to {_number(max(values))})" if min(values) != max(values) else ""
    return _number(median(values)) + spread


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
