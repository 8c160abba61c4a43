"""Results as Markdown: the goals, and for each section a table with the mock beside the other servers.

``python -m benchmarks.tables`` writes `results.md` and the chart `results.svg` from `results.json`.
"""

from benchmarks import chart, goals
from benchmarks.results import FOLDER, MOCK, Figure, Results, read, shown

# The figures of the short table.
_SHORT = {
    "a chat": ("chat", goals.A_CHAT),
    "an event of a stream": ("streams", goals.AN_EVENT),
    "first chat after": ("start", goals.COLD_START),
    "memory": ("start", goals.MEMORY),
}


def report(results: Results) -> str:
    """Return the whole report."""
    versions = ", ".join(f"{name} {number}" for name, number in results.versions.items())
    lines = [
        "# Results",
        "",
        f"Measured on {results.machine} at the start, at commit {results.commit}, by",
        f"`python -m benchmarks {results.flags}`. Versions: {versions}.",
        "",
        f"Each request has a new body. Medians of {results.rounds} rounds of {results.seconds:g} s, least and most in",
        "brackets. The server has one processor, the load another. A ratio is taken round by round; A / B is the",
        "processor time of A divided by that of B, and for the cold start its duration.",
        "",
        "![The mock beside bare servers and other mocks](results.svg)",
        "",
        *markdown(goals.table(results)),
    ]
    for section in dict.fromkeys(figure.section for figure in results.figures):
        figures = [figure for figure in results.figures if figure.section == section]
        rows = [row for figure in figures for row in _rows(figure)]
        head = ["What", "Server", "Found", "this / clevora-mock"]
        lines += ["", f"## {section.capitalize()}", "", *markdown([head, *rows])]
    return "\n".join(lines) + "\n"


def short(results: Results) -> list[list[str]]:
    """Return the rows of a table of all servers with what they take for the usual tasks, the heading first."""
    figures = {title: figure for title, key in _SHORT.items() if (figure := results.find(*key))}
    servers = dict.fromkeys(name for figure in figures.values() for name in figure.values if name != goals.REPEATED)
    rows = [["Server", *(f"{title}, {figure.unit}" for title, figure in figures.items())]]
    for server in servers:
        values = [figure.values.get(server) for figure in figures.values()]
        rows.append([server, *(shown(found) if found else "" for found in values)])
    return rows


def markdown(rows: list[list[str]]) -> list[str]:
    """Return the lines of a table."""
    head, *rest = rows
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rest)]


def _rows(figure: Figure) -> list[list[str]]:
    rows: list[list[str]] = []
    for server, values in figure.values.items():
        ratios = figure.ratios(server, MOCK) if server != MOCK and figure.unit != "%" else []
        rows.append(["" if rows else figure.title, server, shown(values), shown(ratios) if ratios else ""])
    return rows


if __name__ == "__main__":
    committed = read()
    (FOLDER / "results.md").write_text(report(committed), encoding="utf-8")
    (FOLDER / "results.svg").write_text(chart.svg(committed), encoding="utf-8")
