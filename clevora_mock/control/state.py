"""``/__mock/state`` and ``/__mock/reset``: save a sandbox's state, restore it, reset it."""

from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import ControlHandler, sandbox_of
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core import snapshot
from clevora_mock.core.errors import ApiError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.core.snapshot import ScenarioState, State
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_optional_body


class ResetRequest(Struct, forbid_unknown_fields=True):
    """The part to reset; everything without one."""

    only: Literal["journal", "ledger", "scenario"] | None = None


class Versioned(Struct):
    """The field that every version of a snapshot has."""

    version: int


async def show(request: Request) -> Response:
    """``GET /__mock/state``: a snapshot of the whole sandbox; no key or secret is in it."""
    return json_response(snapshot.dump(sandbox_of(request)))


def restore_state(sender: WebhookSender) -> ControlHandler:
    """Handle ``PUT /__mock/state``: restore a snapshot, all or nothing."""

    async def restore_sandbox(request: Request) -> Response:
        sandbox = sandbox_of(request)
        try:
            restore(sandbox, read_state(await request.body()))
        except ValueError as error:
            raise ApiError("invalid_field", f"state: {error}") from None
        sender.resume(request.app, sandbox)
        return json_response({"restored": True})

    return restore_sandbox


async def reset(request: Request) -> Response:
    """Handle ``POST /__mock/reset``: back to the sandbox's start, or a part of it."""
    asked = parse_optional_body(await request.body(), ResetRequest)
    sandbox = sandbox_of(request)
    match asked.only:
        case "journal":
            sandbox.journal.clear()
        case "ledger":
            sandbox.reset_money()
        case "scenario":
            sandbox.start_scenario(sandbox.startup.scenario)
        case None:
            sandbox.reset()
    return json_response({"reset": asked.only or "everything"})


def read_state(body: bytes) -> State:
    """Return the state in a document. Raises ValueError."""
    try:
        version = msgspec.json.decode(body, type=Versioned).version
        if version != snapshot.VERSION:
            raise ValueError(f"version: expected {snapshot.VERSION}, got {version}")
        return msgspec.json.decode(body, type=State)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def restore(sandbox: Sandbox, state: State) -> None:
    """Make `state` the sandbox's. Raises ValueError, and changes nothing, when it cannot be."""
    restored = snapshot.parse(state)
    run = _scenario_run(state.scenario)
    side_runs = {name: _scenario_run(saved) for name, saved in state.side_scenarios.items()}
    snapshot.restore(sandbox, state, restored)
    sandbox.scenario_run, sandbox.side_runs = run, side_runs


def _scenario_run(saved: ScenarioState) -> ScenarioRun:
    from clevora_mock.scenarios.scenario_file import read_scenario  # noqa: PLC0415 - YAML, once it is needed

    try:
        scenario = read_scenario("scenario", saved.source)
    except ValueError as error:
        raise ValueError("; ".join(str(error).splitlines())) from None
    return ScenarioRun(replace(scenario, name=saved.name), saved.began, saved.counts)
