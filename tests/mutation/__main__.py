"""``python -m tests.mutation``: mutate the package, and name the mutants that no test notices."""

import argparse
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.mutation.mutants import Mutant, find_mutants
from tests.mutation.reach import record
from tests.mutation.runner import Mutating

ROOT = Path(__file__).parents[2]
PARTS = ("core", "web", "api", "scenarios", "clock.py")
# Those that run the package in this process.
FOLDERS = ("units", "scenarios", "faults", "api", "control", "firebase", "server", "exchanges", "properties")
ACCEPTED = Path(__file__).with_name("survivors.txt")
# The share of mutants that have to be noticed.
REQUIRED = {"core": 0.95}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", nargs="+", default=PARTS, help="parts or files of the package: core, web/parsing.py")
    parser.add_argument("--sample", type=int, help="so many mutants of each file at most, always the same")
    parser.add_argument("--match", default="", help="only mutants whose names contain this text")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--kept", type=Path, help="a file for what the tests reach, to measure it once for several runs"
    )
    options = parser.parse_args()
    chosen: list[Mutant] = []
    for file in _files(options.only):
        found = [mutant for mutant in find_mutants(ROOT, file) if options.match in mutant.key]
        size = len(found) if options.sample is None else min(options.sample, len(found))
        chosen += random.Random(file.name).sample(found, size)
    reached = record(_files(PARTS))
    arguments = ["-q", "-p", "no:xdist", "--no-header", "--capture=no", "--assert=plain"]
    arguments += [f"tests/{folder}" for folder in FOLDERS]
    with TemporaryDirectory() as folder:
        kept = options.kept or Path(folder) / "reached.json"
        plugin = Mutating(ROOT, chosen, reached, options.workers, kept)
        pytest.main(arguments, plugins=[plugin])
    return summarize(plugin.outcomes)


def _files(parts: list[str] | tuple[str, ...]) -> list[Path]:
    paths = [ROOT / "clevora_mock" / part for part in parts]
    return sorted(file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path]))


def summarize(outcomes: dict[str, str]) -> int:
    """Print the figures; return 1 if too few mutants were noticed, or one survived that is not accepted."""
    accepted = {line for line in ACCEPTED.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"}
    by_part: dict[str, Counter[str]] = defaultdict(Counter)
    for key, outcome in outcomes.items():
        is_accepted = outcome != "killed" and key in accepted
        by_part[key.split("/")[1].split(" ")[0]]["accepted" if is_accepted else outcome] += 1
    failed = not outcomes
    for part, counts in by_part.items():
        valid = counts.total() - counts["invalid"]
        share = counts["killed"] / valid if valid else 1.0
        told = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())
        print(f"{part}: {share:.1%} of {valid} noticed ({told})")
        failed |= share < REQUIRED.get(part, 0) or bool(counts["survived"] + counts["unreached"])
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
