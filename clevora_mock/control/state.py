"""``/__mock/state`` and ``/__mock/reset``: keep a sandbox's state, bring it back, begin anew."""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.core import snapshot
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.snapshot import CourseState, State
from clevora_mock.scenarios.course import Course


class ResetRequest(Struct, forbid_unknown_fields=True):
    """What to reset; everything when nothing is said."""

    only: Literal["journal", "ledger", "scenario"] | None = None


class Versioned(Struct):
    """What every version of a snapshot has."""

    version: int


async def show(call: Call) -> Answer:
    """``GET /__mock/state``: a snapshot of the whole sandbox; no key or secret is in it."""
    return Json(snapshot.take(call.sandbox))


class Restore:
    """``PUT /__mock/state``; `resume` takes up what a restored sandbox was waiting for."""

    def __init__(self, resume: Callable[[Sandbox], None]) -> None:
        self._resume = resume

    async def __call__(self, call: Call) -> Answer:
        """Restore a snapshot, all or nothing."""
        try:
            restore(call.sandbox, read_state(call.body))
        except ValueError as error:
            raise ApiError("invalid_field", f"state: {error}") from None
        self._resume(call.sandbox)
        return Json({"restored": True})


class Reset:
    """``POST /__mock/reset``; `begin` starts the scenario that the server was started with."""

    def __init__(self, begin: Callable[[Sandbox], None]) -> None:
        self._begin = begin

    async def __call__(self, call: Call) -> Answer:
        """Back to the sandbox's start, or a part of it."""
        asked = parsing.optional(call, ResetRequest)
        match asked.only:
            case "journal":
                call.sandbox.journal.clear()
            case "ledger":
                call.sandbox.reset_money()
            case "scenario":
                self._begin(call.sandbox)
            case None:
                call.sandbox.reset()
        return Json({"reset": asked.only or "everything"})


def read_state(body: bytes) -> State:
    """The state in a document. Raises ValueError."""
    try:
        version = msgspec.json.decode(body, type=Versioned).version
        if version != snapshot.VERSION:
            raise ValueError(f"version: expected {snapshot.VERSION}, got {version}")
        return msgspec.json.decode(body, type=State)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def restore(sandbox: Sandbox, state: State) -> None:
    """Make `state` the sandbox's. Raises ValueError, and changes nothing, when it cannot be."""
    parts = snapshot.build(state)
    course = _course(state.scenario)
    side_courses = {name: _course(saved) for name, saved in state.side_scenarios.items()}
    snapshot.put(sandbox, state, parts)
    sandbox.course, sandbox.side_courses = course, side_courses


def _course(saved: CourseState) -> Course:
    from clevora_mock.scenarios.reading import read  # noqa: PLC0415 - YAML, only once it is needed

    try:
        scenario = read("scenario", saved.source)
    except ValueError as error:
        raise ValueError("; ".join(str(error).splitlines())) from None
    return Course(replace(scenario, name=saved.name), saved.began, saved.counts)
