"""``/__mock/state`` and ``/__mock/reset``: save a sandbox's state, restore it, reset it."""

import gc
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import ResetPart, RestoredState
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core import documents, snapshot
from clevora_mock.core.errors import ApiError
from clevora_mock.core.messages import quoted
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandbox_size import size_of_records, size_of_scenario, size_of_state
from clevora_mock.core.sandboxes import MAX_KEPT_BYTES, Sandboxes
from clevora_mock.core.scenario_run import Displaced, ScenarioRun
from clevora_mock.core.snapshot import ScenarioState, State
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.long_json import encode_parts, long_response
from clevora_mock.web.long_json_decoding import decode_long
from clevora_mock.web.parsing import invalid_json, parse_document, parse_optional_body
from clevora_mock.web.type_words import reword

# The work that a record is, for `Background.run`.
_SIZE = 100
# The version of longer documents is read together with the rest.
_MAX_WHOLE_BYTES = 1024 * 1024
# Of a document: beyond these, what it makes is larger than a sandbox may be in any case, and decoding it would take
# twenty times the memory of its text.
_MAX_VALUES, _MAX_OBJECTS = 5_000_000, 500_000


class ResetRequest(Struct, forbid_unknown_fields=True):
    """The part to reset; without `only`, everything is reset."""

    only: Literal["journal", "ledger", "scenario"] | None = None


class Versioned(Struct):
    """The field that all versions of a snapshot have."""

    version: int


def show_state(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/state``: return a snapshot of the sandbox, without keys and secrets."""

    async def show(request: Request) -> Response:
        state = _dump(get_sandbox(request))
        times = sum(len(key.recent) for account in state.accounts for key in account.keys)
        size = _SIZE * (len(state.journal) + len(state.accounts) + len(state.checkouts) + state.ledger_entries) + times
        return await long_response(background, size, encode_parts(state))

    return show


def _dump(sandbox: Sandbox) -> State:
    """Return the state of `sandbox`; what the copy makes is not garbage, and to look for some takes twice as long."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return snapshot.dump(sandbox)
    finally:
        if is_collecting:
            gc.enable()


def put_state(sender: WebhookSender, background: Background, sandboxes: Sandboxes) -> ControlHandler:
    """Handle ``PUT /__mock/state``: restore a snapshot, all or nothing."""

    async def put(request: Request) -> Response:
        sandbox = get_sandbox(request)
        body = await request.body()
        try:
            restored = await background.run(LONG, lambda: PreparedState(parse_state(body), sandbox.config.journal_size))
        except ValueError as error:
            raise ApiError("invalid_field", f"state: {error}") from None
        if restored.size > MAX_KEPT_BYTES:
            most = f"{MAX_KEPT_BYTES // 1024**2} MiB beside the journal"
            raise ApiError("invalid_field", f"state: expected a sandbox of at most {most}; --import takes larger ones")
        replaced = sandbox.accounts
        restored.restore(sandbox)
        # Else the garbage collection frees all of them at once, while other requests wait.
        background.start(replaced.clear)
        sandboxes.count(sandbox)
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
    """Return the snapshot in `body`. Raises ApiError for what is no JSON object, ValueError for other mistakes."""
    try:
        if len(body) <= _MAX_WHOLE_BYTES:
            version = msgspec.convert(parse_document(body, schema=Versioned), Versioned).version
            if version != snapshot.VERSION:
                raise ValueError(f"version: expected {snapshot.VERSION}, got {version}")
        for mark, most, what in ((b",", _MAX_VALUES, "values"), (b"{", _MAX_OBJECTS, "objects")):
            if body.count(mark) > most and documents.count_outside_texts(body, mark) > most:
                raise ValueError(f"expected at most {most:,} {what}; --import takes larger ones")
        return decode_long(body, State)
    except msgspec.ValidationError as error:
        raise ValueError(reword(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid_json(body, str(error)) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


class PreparedState:
    """A snapshot with all that takes long and can fail done. Raises ValueError when it is inconsistent."""

    def __init__(self, state: State, journal_size: int) -> None:
        self._state = state
        self._restored = snapshot.parse(state, journal_size)
        self._run = _scenario_run(state.scenario)
        self._side_runs = {name: _scenario_run(saved) for name, saved in state.side_scenarios.items()}
        self._text_bytes = size_of_state(state)
        parts, runs = self._restored, (self._run, *self._side_runs.values())
        records = size_of_records(parts.accounts, parts.users, parts.checkouts, parts.rng)
        # The memory of what the sandbox will keep beside its journal, in bytes.
        self.size = records + sum(size_of_scenario(run.scenario) for run in runs) + self._text_bytes

    def restore(self, sandbox: Sandbox) -> None:
        """Replace the state of `sandbox`; only once, since the sandbox goes on to change what it gets."""
        snapshot.restore(sandbox, self._state, self._restored)
        sandbox.restored_bytes = self._text_bytes
        sandbox.scenario_run, sandbox.side_runs = self._run, self._side_runs


def _scenario_run(saved: ScenarioState) -> ScenarioRun:
    from clevora_mock.scenarios.scenario_file import read_scenario  # noqa: PLC0415 - imports YAML

    try:
        scenario = read_scenario("scenario", saved.source)
    except ValueError as error:
        raise ValueError("; ".join(str(error).splitlines())) from None
    unknown = sorted({*saved.switched_off} - {rule.name for rule in scenario.rules})
    if unknown:
        raise ValueError(f"switched_off: expected names of the scenario's rules, got {quoted(unknown[0])}")
    displaced = msgspec.convert(saved.displaced, Displaced, from_attributes=True)
    named = replace(scenario, name=saved.name)
    run = ScenarioRun(named, saved.began, saved.counts, saved.applied, saved.ends, displaced)
    run.switched_off = frozenset(saved.switched_off)
    return run
