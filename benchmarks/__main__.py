"""Measures the mock, bare servers and other mocks by turns in one run, each request with a new body."""

import argparse
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks import answers, peers, tables
from benchmarks.bodies import Bodies
from benchmarks.measures import MEASURES, Plan
from benchmarks.results import Results, this_commit, this_machine
from benchmarks.servers import pin_load

# The mock, and what it and the bare servers are made of.
_OURS = ("clevora-mock", "uvicorn", "uvloop", "httptools", "starlette", "msgspec")


def main() -> None:
    chosen = _arguments()
    others = peers.installed() if chosen.peers else []
    if chosen.peers and (missing := [name for name in peers.NAMES if name not in others]):
        print(f"left out, since make bench-peers has not installed them: {', '.join(missing)}", file=sys.stderr)
    pin_load()
    versions = {name: version(name) for name in _OURS} | peers.versions(others)
    names = [*MEASURES] if "all" in chosen.only else chosen.only
    flags = f"--rounds {chosen.rounds} --seconds {chosen.seconds:g} --only {' '.join(names)}{' --peers' * chosen.peers}"
    found = Results(this_machine(), this_commit(), flags, versions, chosen.rounds, chosen.seconds)
    with tempfile.TemporaryDirectory() as folder:
        bodies = Bodies()
        plan = Plan(chosen.rounds, chosen.seconds, others, bodies, answers.take(Path(folder), bodies), found)
        for name in names:
            began = time.perf_counter()
            MEASURES[name](plan)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
            # After each measurement, so that an interrupted run leaves its results.
            if chosen.json:
                found.write(chosen.json)
    print(tables.report(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement, the servers by turns")
    parser.add_argument("--seconds", type=float, default=3.0, help="load in each round")
    usual = [name for name in MEASURES if name != "long"]
    names = f"{', '.join(MEASURES)}, or all; {' '.join(usual)} by default"
    parser.add_argument("--only", nargs="+", choices=[*MEASURES, "all"], default=usual, metavar="NAME", help=names)
    parser.add_argument("--peers", action="store_true", help="measure other mocks as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results after each measurement")
    return parser.parse_args()


if __name__ == "__main__":
    main()
