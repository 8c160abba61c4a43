"""ANSI colors when a stream is a terminal and ``NO_COLOR`` is unset."""

from typing import Literal, TextIO

from clevora_mock.settings import is_colorless

Style = Literal["dim", "bold", "good", "warning", "bad", "mark"]

_CODES: dict[Style, str] = {"dim": "2", "bold": "1", "good": "32", "warning": "33", "bad": "31", "mark": "36"}


class Styler:
    """Styler of texts with ANSI colors, if `stream` is a terminal that shows them; never without a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.colored = stream is not None and stream.isatty() and not is_colorless()

    def __call__(self, text: str, style: Style | None) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colored and text and style else text
