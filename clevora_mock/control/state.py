"""``/__mock/state`` and ``/__mock/reset``: save a sandbox's state, restore it, reset it."""

from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import ControlHandler, get_sandbox
from clevora_mock.control.schemas import ResetPart, RestoredState
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core import snapshot
from clevora_mock.core.errors import ApiError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario_run import Displaced, ScenarioRun
from clevora_mock.core.snapshot import ScenarioState, State
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_optional_body


class ResetRequest(Struct, forbid_unknown_fields=True):
    """The part to reset; without `only`, everything is reset."""

    only: Literal["journal", "ledger", "scenario"] | None = None


class Versioned(Struct):
    """The field that all versions of a snapshot have."""

    version: int


async def show_state(request: Request) -> Response:
    """Handle ``GET /__mock/state``: return a snapshot of the sandbox, without keys and secrets."""
    return json_response(snapshot.dump(get_sandbox(request)))


def put_state(sender: WebhookSender) -> ControlHandler:
    """Handle ``PUT /__mock/state``: restore a snapshot, all or nothing."""

    async def put(request: Request) -> Response:
        sandbox = get_sandbox(request)
        try:
            restore_sandbox(sandbox, parse_state(await request.body()))
        except ValueError as error:
            raise ApiError("invalid_field", f"state: {error}") from None
        sender.resume(request.app, sandbox)
        sandbox.announce("reset", "state")
        return json_response(RestoredState(True))

    return put


async def reset_sandbox(request: Request) -> Response:
    """Handle ``POST /__mock/reset``: reset the sandbox, or a part of it, to its initial state."""
    body = parse_optional_body(await request.body(), ResetRequest)
    sandbox = get_sandbox(request)
    match body.only:
        case "journal":
            sandbox.journal.clear()
        case "ledger":
            sandbox.reset_money()
        case "scenario":
            sandbox.start_scenario(sandbox.startup.scenario)
        case _:
            sandbox.reset()
    part = body.only or "everything"
    sandbox.announce("reset", part)
    return json_response(ResetPart(part))


def parse_state(body: bytes) -> State:
    """Return the snapshot in `body`. Raises ValueError."""
    try:
        version = msgspec.json.decode(body, type=Versioned).version
        if version != snapshot.VERSION:
            raise ValueError(f"version: expected {snapshot.VERSION}, got {version}")
        return msgspec.json.decode(body, type=State)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def restore_sandbox(sandbox: Sandbox, state: State) -> None:
    """Restore `state`. Raises ValueError, and changes nothing, when it is inconsistent."""
    restored = snapshot.parse(state)
    run = _scenario_run(state.scenario)
    side_runs = {name: _scenario_run(saved) for name, saved in state.side_scenarios.items()}
    snapshot.restore(sandbox, state, restored)
    sandbox.scenario_run, sandbox.side_runs = run, side_runs


def _scenario_run(saved: ScenarioState) -> ScenarioRun:
    from clevora_mock.scenarios.scenario_file import read_scenario  # noqa: PLC0415 - imports YAML

    try:
        scenario = read_scenario("scenario", saved.source)
    except ValueError as error:
        raise ValueError("; ".join(str(error).splitlines())) from None
    displaced = msgspec.convert(saved.displaced, Displaced, from_attributes=True)
    named = replace(scenario, name=saved.name)
    return ScenarioRun(named, saved.began, saved.counts, saved.applied, saved.ends, displaced)
