"""``/__mock/clock``: read and set the sandbox's clock."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.clock import MAX_SPEED, MAX_TIMESTAMP, MIN_SPEED, Clock, iso, parse
from clevora_mock.control.endpoint import get_sandbox
from clevora_mock.control.schemas import ClockView
from clevora_mock.control.seconds import Seconds, to_micros
from clevora_mock.core.errors import invalid
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_body, value_text


class ClockChange(Struct, forbid_unknown_fields=True):
    """Changes to the clock, applied in this order: mode and speed, time, span to advance."""

    mode: Literal["real", "frozen", "scaled"] | None = None
    speed: Annotated[float, Meta(ge=MIN_SPEED, le=MAX_SPEED)] | None = None
    now: str | None = None
    advance: Seconds | None = None


async def show_clock(request: Request) -> Response:
    """Handle ``GET /__mock/clock``."""
    return json_response(render_clock(get_sandbox(request).clock))


async def change_clock(request: Request) -> Response:
    """Handle ``PATCH /__mock/clock``: apply all changes, or none when one is invalid."""
    body = parse_body(await request.body(), ClockChange)[0]
    sandbox = get_sandbox(request)
    clock = sandbox.clock
    moment = None if body.now is None else _parse_now(body.now)
    if body.mode == "scaled" and body.speed is None:
        raise invalid("speed", 'a number such as 60, since "mode" is "scaled"', "none")
    if body.mode != "scaled" and body.speed is not None:
        raise invalid("speed", 'none without "mode": "scaled"', value_text(body.speed))
    span = 0 if body.advance is None else to_micros("advance", body.advance)
    if span and (clock.now() if moment is None else moment) + span > MAX_TIMESTAMP:
        raise invalid("advance", f"a time of at most {iso(MAX_TIMESTAMP)}", value_text(body.advance))
    if body.mode is not None:
        clock.set_mode(body.mode, body.speed or 1.0)
    if moment is not None:
        clock.set(moment)
        sandbox.restart_future_scenarios()
    if span:
        clock.set(clock.now() + span)
    sandbox.announce("clock")
    return json_response(render_clock(clock))


def render_clock(clock: Clock) -> ClockView:
    """Return a clock as the control plane shows it."""
    return ClockView(iso(clock.now()), clock.mode, clock.speed if clock.mode == "scaled" else UNSET)


def _parse_now(text: str) -> int:
    try:
        moment = parse(text)
    except ValueError:
        moment = -1
    if not 0 <= moment <= MAX_TIMESTAMP:
        raise invalid("now", "a time such as 2026-05-11T14:00:00Z", value_text(text))
    return moment
