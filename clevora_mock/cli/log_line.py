"""The line of text for one request, in columns."""

from typing import NamedTuple

from clevora_mock.cli.terminal import Style, Styler
from clevora_mock.clock import SECOND, iso
from clevora_mock.contract.endpoints import MODELS_BY_ENDPOINT
from clevora_mock.core.messages import printable

# The columns of a line with names of ordinary length. The outcome is shortened to fit, an error's message only to
# `_ERROR_CHARACTERS`, so that field, expectation and value are there.
WIDTH = 100
_MIN_OUTCOME_CHARACTERS = 24
_ERROR_CHARACTERS = 240

# A sandbox's clock with a larger offset from wall time counts as moved; its times get a mark.
_TOLERANCE = SECOND


class LogLine(NamedTuple):
    """A request as text: `target` is its endpoint or path, `latency` is in microseconds.

    `outcome` is an error's message, a fault, or else ``stream`` or the model; `hint` explains an error. `abandoned` is
    True where the client left before the end.
    """

    time: str
    method: str
    target: str
    status: int | None
    latency: int
    tokens: int
    cost: str
    outcome: str
    rule: str | None
    hint: str | None = None
    abandoned: bool = False

    def text(self, style: Styler, error_characters: int = _ERROR_CHARACTERS) -> str:
        """Return ``14:21:08  POST    chat.completions       200  12 ms    40 tokens $0.02   stream``.

        An error's message is truncated to `error_characters`.
        """
        color = _color(self.status or 0)
        columns: list[tuple[str, Style | None]] = [
            (f"{self.time:<9}", "dim"),
            (f"{self.method:<7}", None),
            (f"{printable(self.target):<22}", None),
            (str(self.status or "---"), color),
            (f"{duration(self.latency):>6}", "dim"),
        ]
        if self.tokens:
            noun = "token" if self.tokens == 1 else "tokens"
            columns.append((f"{self.tokens:>5} {noun:<6} {self.cost:<7}", None))
        least = error_characters if (self.status or 0) >= 400 else _MIN_OUTCOME_CHARACTERS
        left = "client left" if self.abandoned else ""
        # Whole, whatever the width: it is looked for in the scenario.
        rule = f"[{printable(self.rule)}]" if self.rule is not None else ""
        taken = sum(len(text) + 1 for text in (*(text for text, _ in columns), left, rule) if text)
        outcome = shortened(printable(self.outcome), max(WIDTH - taken, least))
        columns += [(outcome, None if color == "good" else color), (left, "warning"), (rule, "mark")]
        # Whole as well: it says what to change.
        columns.append((f"({printable(self.hint)})" if self.hint else "", "dim"))
        # Without the padding between columns.
        shown = [(text, name) for text, name in columns if text]
        last, name = shown.pop()
        return " ".join(style(text, name) for text, name in [*shown, (last.rstrip(), name)])


def outcome_of(error: str | None, fault: str | None, body: object, endpoint: str | None) -> str:
    """Return a request's fault and error; without either, ``stream`` or the model, which may be the endpoint's default.

    `body` is the request's JSON.
    """
    problem = " ".join(part for part in (fault, error) if part)
    default_model = next(iter(MODELS_BY_ENDPOINT.get(endpoint or "", ())), "")
    if problem or not isinstance(body, dict):
        return problem or default_model
    if body.get("stream") is True:
        return "stream"
    model = body.get("model")
    return model if isinstance(model, str) else default_model


def time_of_day(moment: int, now: int) -> str:
    """Return a sandbox's time as ``14:21:08``, with a ``*`` where it is not the wall's, `now`."""
    return iso(moment)[11:19] + ("*" if is_moved(moment, now) else "")


def is_moved(moment: float, now: int) -> bool:
    """Tell whether a sandbox's time is not the wall's, `now`."""
    return abs(now - moment) > _TOLERANCE


def duration(micros: int) -> str:
    """Return a duration in six characters or less: ``<1 ms``, ``250 ms``, ``12.3 s``, ``300 s``."""
    if micros < SECOND:
        return f"{micros // 1000} ms" if micros >= 1000 else "<1 ms"
    return f"{micros / SECOND:.1f} s" if micros < 99 * SECOND else f"{micros // SECOND} s"


def shortened(text: str, most: int) -> str:
    """Truncate `text` to `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _color(status: int) -> Style:
    if 200 <= status < 400:
        return "good"
    return "warning" if 400 <= status < 500 else "bad"
