"""``python -m tests.exchanges record|compare``: record the server's responses, or compare them with the recording."""

import argparse
import sys
from pathlib import Path

from tests.exchanges import recording
from tests.exchanges.player import play
from tests.exchanges.script import script


def main() -> int:
    """Record or compare; return 1 for a difference."""
    options = _options()
    parts = [part for part in script() if not options.only or part.name in options.only]
    run = play(parts, lambda said: print(said, file=sys.stderr))
    for part, text in run.warnings.items():
        print(f"the server of {part} wrote: {text}", file=sys.stderr)
    for one in run.played:
        if one.seconds > 1:
            print(f"{one.step.name} took {one.seconds:.1f} s: {one.ending}", file=sys.stderr)
    if options.save is not None:
        recording.save(run.played, options.save)
    print(f"{len(run.played)} steps in {run.seconds:.1f} s", file=sys.stderr)
    if options.what == "record":
        recording.write(map(recording.line, run.played))
        return 0
    recorded = recording.read()
    if options.only:
        recorded = {name: line for name, line in recorded.items() if line["part"] in options.only}
    found = list(recording.differences(recorded, run.played, options.before))
    for difference in found:
        print(difference, end="\n\n")
    print(f"{len(found)} of {len(run.played)} steps differ")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.exchanges", description=__doc__)
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the answers of this run whole, a file for each")
    parser.add_argument("--before", type=Path, metavar="DIR", help="the recorded answers whole, to compare long ones")
    parser.add_argument("--only", action="append", metavar="PART", help="play one part of the script; may come again")
    options = parser.parse_args()
    if options.what == "record" and options.only:
        parser.error("a recording is of the whole script")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
