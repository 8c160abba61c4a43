"""Results as a chart: an SVG of horizontal bars, one group for each charted figure; less is better in all.

It has a background of its own and follows the reader's color scheme, since a page's colors do not apply to images.
"""

from statistics import median
from xml.sax.saxutils import escape

from benchmarks.results import MOCK, Figure, Results, shown

_WIDTH, _MARGIN, _NAME, _VALUE, _ROW, _GROUP = 760, 16, 210, 185, 22, 34

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
    for figure in (figure for figure in results.figures if figure.charted):
        parts += _group(figure, y)
        y += _GROUP + _ROW * len(figure.values)
    parts.append(_text(_MARGIN, y + _ROW, results.machine, "faint"))
    height = y + _ROW + _MARGIN
    label = "clevora-mock beside bare servers and other mocks; less is better"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
    ground = f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="6"/>'
    return "\n".join([head, f"<style>{_STYLE}</style>", ground, *parts, "</svg>", ""])


def _group(figure: Figure, y: int) -> list[str]:
    """Return a figure's title and its bars, to one scale: the median, with a line from the minimum to the maximum."""
    parts = [_text(_MARGIN, y + 18, f"{figure.section}: {figure.title}", "text title")]
    left = _MARGIN + _NAME
    scale = (_WIDTH - left - _VALUE - _MARGIN) / (max(map(max, figure.values.values())) or 1.0)
    for row, (server, values) in enumerate(figure.values.items()):
        top = y + _GROUP - 8 + row * _ROW
        least, most, middle = left + min(values) * scale, left + max(values) * scale, top + _ROW / 2
        size = f'width="{max(1.0, median(values) * scale):.1f}" height="{_ROW - 8}"'
        name = "mock" if server.startswith(MOCK) else "other"
        parts += [
            _text(_MARGIN, top + 15, server, "text"),
            f'<rect class="{name}" x="{left}" y="{top + 4}" {size} rx="2"/>',
            f'<line class="span" x1="{least:.1f}" x2="{most:.1f}" y1="{middle}" y2="{middle}"/>',
            _text(round(most) + 8, top + 15, shown(values), "faint"),
        ]
    return parts


def _text(x: int, y: int, text: str, name: str) -> str:
    return f'<text class="{name}" x="{x}" y="{y}">{escape(text)}</text>'
