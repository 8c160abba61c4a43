"""Spans of time in the bodies of the control plane: seconds, or a duration such as ``60s``."""

from typing import Annotated

from msgspec import Meta

from clevora_mock.clock import DURATION, MAX_TIMESTAMP, SECOND, read_duration
from clevora_mock.core.errors import invalid
from clevora_mock.web.parsing import value_text

# Longer than any sensible span; the time that results has bounds of its own.
MAX_SECONDS = MAX_TIMESTAMP // SECOND

Seconds = Annotated[float, Meta(ge=0, le=MAX_SECONDS)] | Annotated[str, Meta(pattern=DURATION, max_length=20)]


def to_micros(name: str, seconds: float | str) -> int:
    """Return the microseconds of the field `name`. Raises a 400 for a duration beyond `MAX_SECONDS`."""
    try:
        return read_duration(seconds, MAX_TIMESTAMP) if isinstance(seconds, str) else round(seconds * SECOND)
    except ValueError:
        raise invalid(name, f"at most {MAX_SECONDS} seconds", value_text(seconds)) from None
