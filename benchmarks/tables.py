"""Results as Markdown: a table for each section, with the mock beside the other servers."""

from benchmarks.figures import Figure, Spread
from benchmarks.results import Results
from benchmarks.servers import MOCK


def markdown(results: Results) -> str:
    """Return the report."""
    lines = [f"Measured on {results.machine.line()}; load average at the start {results.machine.load:.2f}."]
    lines.append(
        f"Medians of {results.rounds} rounds of {results.seconds:g} s, the least and the most in brackets. The server "
        "has one processor, the load another. A ratio is taken round by round."
    )
    versions = ", ".join(f"{name} {number}" for name, number in results.machine.versions.items())
    lines.append(f"Versions: {versions}.")
    for section in dict.fromkeys(figure.section for figure in results.figures):
        lines.extend(["", f"### {section}", "", *_table([f for f in results.figures if f.section == section])])
    if results.checks:
        lines.extend(["", "### checks", "", "| What has to hold | Holds | Found |", "| --- | --- | --- |"])
        lines.extend(
            f"| {check.section}: {check.name} | {'yes' if check.held else '**no**'} | {check.found} |"
            for check in results.checks
        )
    return "\n".join(lines)


def _table(figures: list[Figure]) -> list[str]:
    rows = [row for figure in figures for row in _rows(figure)]
    return ["| What | Server | Found | clevora-mock / this |", "| --- | --- | --- | --- |", *rows]


def _rows(figure: Figure) -> list[str]:
    rows: list[str] = []
    for kind, values in figure.values.items():
        name = "" if rows else figure.title
        compared = kind != MOCK and MOCK in figure.values
        ratio = _spread(figure.ratios(MOCK, kind)) if compared else ""
        rows.append(f"| {name} | {kind} | {_spread(values)} | {ratio} |")
    return rows


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    spread = Spread.of(values)
    return number(spread.middle) if len(values) == 1 else shown(spread)


def shown(spread: Spread) -> str:
    return f"{number(spread.middle)} ({number(spread.least)} to {number(spread.most)})"


def number(value: float) -> str:
    """Format a number with three significant digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
