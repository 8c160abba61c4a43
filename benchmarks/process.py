"""What the system knows about a process: its processor time and its memory."""

import os
from pathlib import Path

from msgspec import Struct

_TICKS = os.sysconf("SC_CLK_TCK")


class Process(Struct):
    """A process of this machine, all its threads together."""

    pid: int

    def processor_seconds(self) -> float:
        """What it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_megabytes(self) -> float:
        return self._megabytes("status", "VmRSS:")

    def proportional_megabytes(self) -> float:
        """Its own memory and its share of what it has in common with others."""
        return self._megabytes("smaps_rollup", "Pss:")

    def _megabytes(self, file: str, field: str) -> float:
        text = Path(f"/proc/{self.pid}/{file}").read_text()
        return int(text.partition(field)[2].split()[0]) / 1024
