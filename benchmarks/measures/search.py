"""Search in the shipped catalog and in a large one, over one connection, with a new query each time."""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, ROOT, Serving, environment, serving

_SHIPPED = ROOT / "fixtures/catalog.jsonl"
_TITLES = 5000
_WORDS = 3


def measure(plan: Plan, section: Section) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        large = Path(folder) / "catalog.jsonl"
        _make(large, plan.catalog)
        queries = _queries(large)
        flags = {
            "starlette": [plan.samples.serve(requests.SEARCH, "search")],
            f"{MOCK}, shipped catalog": [],
            MOCK: ["--catalog", str(large)],
        }
        servers = {
            shown: stack.enter_context(serving(shown.partition(",")[0], flag, first=next(queries)))
            for shown, flag in flags.items()
        }
        for shown, server in servers.items():
            section.add(
                f"{plan.catalog:,} items: start to the first search", "ms", shown, 1000 * server.seconds_to_first_answer
            )
            load(server.port, queries, 1, plan.seconds / 4)
        for _ in range(plan.rounds):
            for shown, server in servers.items():
                _measure(plan, section, shown, server, queries)
        for shown, server in servers.items():
            section.add(f"{plan.catalog:,} items: resident memory", "MB", shown, server.process.resident_megabytes())


def _measure(plan: Plan, section: Section, shown: str, server: Serving, queries: Iterator[bytes]) -> None:
    result = load(server.port, queries, 1, plan.seconds)
    section.add(f"{plan.catalog:,} items: p50", "ms", shown, 1000 * result.quantile(0.5))
    section.add(f"{plan.catalog:,} items: p99", "ms", shown, 1000 * result.quantile(0.99), charted=True)


def _make(file: Path, size: int) -> None:
    command = [sys.executable, "-m", "clevora_mock", "catalog", "--size", str(size), "-o", str(file)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, timeout=600)


def _queries(large: Path) -> Iterator[bytes]:
    """Yield queries without end: a few words of a title of either catalog, shuffled."""
    draw = random.Random(0)
    titles = [_title(line) for file in (large, _SHIPPED) for line in file.open()]
    titles = draw.sample(titles, min(_TITLES, len(titles)))
    while True:
        words = draw.choice(titles).split()
        yield requests.search(" ".join(draw.sample(words, min(_WORDS, len(words)))))


def _title(line: str) -> str:
    title: str = json.loads(line)["title"]
    return title
