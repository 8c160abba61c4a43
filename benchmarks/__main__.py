"""``python -m benchmarks``: measures the mock, bare servers and other mocks by turns in one run."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks import machine, peers, samples, tables
from benchmarks.figures import Figures, Section
from benchmarks.measures import (
    batch,
    chat,
    embeddings,
    flat,
    generator,
    growth,
    paced,
    plugin,
    proxy,
    sandboxes,
    search,
    start,
    streams,
)
from benchmarks.plan import Plan
from benchmarks.results import Results
from benchmarks.servers import pin_load

MEASURES: dict[str, Callable[[Plan, Section], None]] = {
    "generator": generator.measure,
    "start": start.measure,
    "chat": chat.measure,
    "streams": streams.measure,
    "paced": paced.measure,
    "embeddings": embeddings.measure,
    "batch": batch.measure,
    "search": search.measure,
    "sandboxes": sandboxes.measure,
    "proxy": proxy.measure,
    "plugin": plugin.measure,
    "growth": growth.measure,
    "flat": flat.measure,
}


def main() -> None:
    chosen = _arguments()
    pin_load()
    figures = Figures()
    here = machine.this(chosen.peers)
    with tempfile.TemporaryDirectory() as folder:
        taken = samples.take(Path(folder))
        if chosen.peers:
            peers.prepare(taken.chat_text())
        plan = Plan(chosen.rounds, chosen.seconds, chosen.requests, chosen.catalog_size, chosen.peers, taken)
        for name in chosen.only:
            began = time.perf_counter()
            MEASURES[name](plan, figures.section(name))
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
            # After each measurement, so that an interrupted run leaves its results.
            results = Results(here, chosen.rounds, chosen.seconds, figures.figures, figures.checks)
            if chosen.json:
                chosen.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    print(tables.markdown(results))
    if not all(check.held for check in results.checks):
        raise SystemExit("a check failed")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of each measurement, the servers by turns")
    parser.add_argument("--seconds", type=float, default=4.0, help="of load in each round")
    parser.add_argument("--only", type=_names, default=_all(), help=f"some of {','.join(MEASURES)}")
    parser.add_argument("--peers", action="store_true", help="measure other mocks as well")
    parser.add_argument("--requests", type=int, default=1_000_000, help="of the long run")
    parser.add_argument("--catalog-size", type=int, default=100_000, help="of the large search catalog")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results for python -m benchmarks.report")
    return parser.parse_args()


def _all() -> list[str]:
    """Return every measurement, without the one that needs nginx where nginx is missing."""
    return [name for name in MEASURES if name != "proxy" or shutil.which("nginx")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no measurement: {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    main()
