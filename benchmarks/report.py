"""``python -m benchmarks.report results.json``: prints the results as Markdown and draws them as an SVG chart."""

import argparse
from pathlib import Path

import msgspec

from benchmarks import chart, tables
from benchmarks.results import Results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("results", type=Path, help="what python -m benchmarks --json wrote")
    parser.add_argument("--svg", type=Path, default=Path(__file__).parent / "results.svg", help="where the chart goes")
    chosen = parser.parse_args()
    results = msgspec.json.decode(chosen.results.read_bytes(), type=Results)
    chosen.svg.write_text(chart.svg(results), encoding="utf-8")
    print(tables.markdown(results))


if __name__ == "__main__":
    main()
