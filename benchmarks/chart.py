"""Results as a chart: an SVG of horizontal bars, one group for each charted figure.

It has a background of its own and follows the reader's color scheme, since a page's colors do not apply to images.
"""

from xml.sax.saxutils import escape

from benchmarks.figures import Figure, Spread
from benchmarks.results import Results
from benchmarks.servers import MOCK
from benchmarks.tables import shown

_WIDTH = 760
_MARGIN = 16
_NAME = 210
_VALUE = 185
_ROW = 22
_GROUP = 34

_STYLE = """
  .ground { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e }
  .other { fill: #a9b4c0 } .mock { fill: #0969da } .span { stroke: #59636e }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } .text { fill: #e6edf3 } .faint { fill: #9198a1 }
    .other { fill: #4b5563 } .mock { fill: #4493f8 } .span { stroke: #9198a1 }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif }
  .title { font-weight: 600 }
"""


def svg(results: Results) -> str:
    """Return the chart as SVG."""
    y = _MARGIN
    parts: list[str] = []
    for figure in results.figures:
        if figure.charted:
            parts.extend(_group(figure, y))
            y += _GROUP + _ROW * len(figure.values)
    y += _ROW
    parts.append(_text(_MARGIN, y, results.machine.line(), "faint"))
    height = y + _MARGIN
    label = "clevora-mock beside bare servers and other mocks"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">',
            f"<style>{_STYLE}</style>",
            f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="6"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _group(figure: Figure, y: int) -> list[str]:
    """Return a figure's title and its bars, to one scale."""
    better = {"less": "less is better", "more": "more is better", "neither": ""}[figure.better]
    title = f"{figure.section}: {figure.title}"
    parts = [_text(_MARGIN, y + 18, title, "text title"), _text(_WIDTH - _MARGIN, y + 18, better, "faint", end=True)]
    spreads = {kind: Spread.of(values) for kind, values in figure.values.items()}
    longest = max(spread.most for spread in spreads.values()) or 1.0
    for row, (kind, spread) in enumerate(spreads.items()):
        parts.extend(_bar(kind, spread, longest, y + _GROUP - 8 + row * _ROW))
    return parts


def _bar(kind: str, spread: Spread, longest: float, y: int) -> list[str]:
    """Return a bar for the median, with a line from the minimum to the maximum."""
    left = _MARGIN + _NAME
    scale = (_WIDTH - left - _VALUE - _MARGIN) / longest
    name = "mock" if kind.startswith(MOCK) else "other"
    middle = y + _ROW / 2
    least, most = left + spread.least * scale, left + spread.most * scale
    width, height = max(1.0, spread.middle * scale), _ROW - 8
    return [
        _text(_MARGIN, y + 15, kind, "text"),
        f'<rect class="{name}" x="{left}" y="{y + 4}" width="{width:.1f}" height="{height}" rx="2"/>',
        f'<line class="span" x1="{least:.1f}" x2="{most:.1f}" y1="{middle}" y2="{middle}"/>',
        _text(round(most) + 8, y + 15, shown(spread), "faint"),
    ]


def _text(x: int, y: int, text: str, name: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="{name}" x="{x}" y="{y}"{anchor}>{escape(text)}</text>'
