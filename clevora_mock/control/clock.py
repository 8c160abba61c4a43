"""``/__mock/clock``: look at the sandbox's time, and move it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.clock import LAST, MAX_SPEED, SECOND, Clock, iso, parse
from clevora_mock.control.endpoint import sandbox_of
from clevora_mock.core.errors import invalid
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_body, quoted


class ClockChange(Struct, forbid_unknown_fields=True):
    """What to change: another mode first, then the time, then how far to move on."""

    mode: Literal["real", "frozen", "scaled"] | None = None
    speed: Annotated[float, Meta(gt=0, le=MAX_SPEED)] | None = None
    now: str | None = None
    advance: Annotated[float, Meta(ge=0, le=LAST // SECOND)] | None = None


async def show(request: Request) -> Response:
    """Handle ``GET /__mock/clock``."""
    return json_response(view(sandbox_of(request).clock))


async def change(request: Request) -> Response:
    """Handle ``PATCH /__mock/clock``: all of what is asked for, or, when any of it is wrong, nothing."""
    asked = parse_body(await request.body(), ClockChange)[0]
    clock = sandbox_of(request).clock
    moment = None if asked.now is None else _moment(asked.now)
    if (asked.mode == "scaled") != (asked.speed is not None):
        raise invalid("speed", 'a number beside "mode": "scaled"', quoted(asked.speed))
    if asked.advance is not None and (clock.now() if moment is None else moment) + asked.advance * SECOND > LAST:
        raise invalid("advance", f"to get no further than {iso(LAST)}", quoted(asked.advance))
    if asked.mode is not None:
        clock.run(asked.mode, asked.speed or 1.0)
    if moment is not None:
        clock.set(moment)
    if asked.advance is not None:
        clock.advance(asked.advance)
    return json_response(view(clock))


def view(clock: Clock) -> dict[str, object]:
    """A clock as it is shown."""
    shown: dict[str, object] = {"now": iso(clock.now()), "mode": clock.mode}
    return shown | {"speed": clock.speed} if clock.mode == "scaled" else shown


def _moment(text: str) -> int:
    try:
        moment = parse(text)
    except ValueError:
        moment = -1
    if not 0 <= moment <= LAST:
        raise invalid("now", "a time such as 2026-05-11T14:00:00Z", quoted(text))
    return moment
