"""Processor time and memory of a process, from ``/proc``."""

import os
from pathlib import Path

from msgspec import Struct

_TICKS = os.sysconf("SC_CLK_TCK")


class Process(Struct):
    """A process on this machine, with all its threads."""

    pid: int

    def processor_seconds(self) -> float:
        """Return the processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_megabytes(self) -> float:
        return self._megabytes("status", "VmRSS:")

    def proportional_megabytes(self) -> float:
        """Return its own memory and its share of memory that it has in common with others (PSS)."""
        return self._megabytes("smaps_rollup", "Pss:")

    def _megabytes(self, file: str, field: str) -> float:
        text = Path(f"/proc/{self.pid}/{file}").read_text()
        return int(text.partition(field)[2].split()[0]) / 1024
