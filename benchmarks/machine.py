"""The machine and the versions of a run."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from benchmarks import peers


class Machine(Struct):
    """The machine and versions that figures depend on; `load` is the load average at the start."""

    processor: str
    cores: int
    system: str
    python: str
    date: str
    load: float
    versions: dict[str, str]

    def line(self) -> str:
        return f"{self.processor}, {self.cores} cores, {self.system}, Python {self.python}, {self.date}"


def this(against_peers: bool) -> Machine:
    versions = {
        name: version(name) for name in ("clevora-mock", "uvicorn", "uvloop", "httptools", "starlette", "msgspec")
    }
    if shutil.which("nginx"):
        versions["nginx"] = _nginx()
    if against_peers:
        versions |= peers.versions() | {"node": _node()}
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 0,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        date=datetime.now(UTC).date().isoformat(),
        load=os.getloadavg()[0],
        versions=versions,
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _nginx() -> str:
    said = subprocess.run(["nginx", "-v"], check=True, capture_output=True, text=True, timeout=10).stderr
    return said.strip().rpartition("/")[2]


def _node() -> str:
    return subprocess.run(["node", "--version"], check=True, capture_output=True, text=True, timeout=10).stdout.strip()
