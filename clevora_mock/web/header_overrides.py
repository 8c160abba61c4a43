"""Plans for single requests: ``x-clevora-mock-*`` headers override the sandbox's scenario."""

import re
from collections.abc import Callable
from typing import Any

from msgspec import structs

from clevora_mock.clock import DURATION, read_duration
from clevora_mock.contract.errors import INJECTABLE_ERRORS, STATUS_BY_CODE
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.messages import did_you_mean, duration_hint, one_of, quoted
from clevora_mock.core.rules import is_subset
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Delay, InjectedError, Plan
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.faults import FAULTS
from clevora_mock.faults.base import ANOTHER_ANSWER, Fault
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.web.background import LONG, Background

_PREFIX = b"x-clevora-mock-"
SCENARIO = b"x-clevora-mock-scenario"
ERROR = b"x-clevora-mock-error"
FAULT = b"x-clevora-mock-fault"
DELAY = b"x-clevora-mock-delay"


class PlanResolver:
    """Source of plans; `store` has the scenarios by name.

    Reading a user's scenario, and a long body for a rule's conditions, is work for `background`.
    """

    def __init__(self, store: ScenarioStore, background: Background) -> None:
        self._store = store
        self._background = background

    async def __call__(self, sandbox: Sandbox, facts: RequestFacts, principal: Principal) -> Plan:
        """Return the plan for a request.

        Raises a 400 for an unknown header, one with an unknown value, and a fault that the answer cannot have.
        """
        asked = [name for name in facts.headers if name.startswith(_PREFIX)]
        if not asked and not sandbox.scenario_run.scenario.rules:
            return NO_PLAN
        await self._background.run(len(facts.body), facts.read_for_rules)
        if not asked:
            return sandbox.scenario_run.plan(facts, principal, sandbox.rng)
        # Read first, since a request that fails here must not count as a rule's call.
        _require_known(asked)
        overrides = {name: read(facts.header(name)) for name, read in _OVERRIDES.items() if name in facts.headers}
        if FAULT in overrides:
            _require_possible(FAULTS[facts.header(FAULT)], facts)
        side = facts.header(SCENARIO)
        run = sandbox.scenario_run if SCENARIO not in facts.headers else await self._side_run(sandbox, side)
        plan = run.plan(facts, principal, sandbox.rng)
        if not overrides:
            return plan
        then = plan.then
        for changes in overrides.values():
            then = structs.replace(then, **changes)
        return structs.replace(plan, then=then, rule=plan.rule or ", ".join(name.decode() for name in overrides))

    async def _side_run(self, sandbox: Sandbox, name: str) -> ScenarioRun:
        run = sandbox.side_runs.get(name)
        if run is not None:
            return run
        try:
            scenario = await self._background.run(LONG if self._store.has_own else 0, lambda: self._store.named(name))
        except ValueError as error:
            raise ApiError("invalid_field", f"{SCENARIO.decode()}: {error}") from None
        # Another request may have started it meanwhile.
        return sandbox.side_runs.get(name) or sandbox.start_side_run(name, scenario)


def _require_known(names: list[bytes]) -> None:
    """Raise a 400 for a header of the mock's that does not exist."""
    for name in names:
        if name not in _CONTROL_HEADERS:
            written = name.decode("latin-1")
            hint = did_you_mean(written, _NAMES) or f"; expected {one_of(_NAMES)}"
            raise ApiError("invalid_field", f"unknown header {quoted(written)}{hint}")


def _require_possible(fault: type[Fault], facts: RequestFacts) -> None:
    """Raise a 400 for a fault that the answer to the request cannot have."""
    required, endpoint = fault.requires, facts.endpoint
    if required is None:
        if endpoint is not None and endpoint.rate is None and "fields" in fault.__struct_fields__:
            raise _impossible(fault, "an answer with usage", f"this is {endpoint.name}")
        if ERROR in facts.headers and fault.stage == ANOTHER_ANSWER:
            raise ApiError(
                "invalid_field", f"{FAULT.decode()}: {fault.kind} has an answer of its own, without the error"
            )
        return
    if ERROR in facts.headers:
        raise _impossible(fault, required.answer, f"{ERROR.decode()} asks for an error")
    if endpoint is not None and endpoint.name != required.endpoint:
        raise _impossible(fault, required.answer, f"this is {endpoint.name}")
    if not is_subset({required.field: required.value}, facts.document):
        raise _impossible(fault, required.answer, f"the body has no {required.field}: {str(required.value).lower()}")


def _impossible(fault: type[Fault], needed: str, found: str) -> ApiError:
    return ApiError("invalid_field", f"{FAULT.decode()}: {fault.kind} needs {needed}, but {found}")


def _read_error(text: str) -> dict[str, Any]:
    if text in STATUS_BY_CODE:
        return {"error": InjectedError(STATUS_BY_CODE[text], text)}
    if text.isascii() and text.isdigit() and len(text) == 3 and int(text) in INJECTABLE_ERRORS:
        return {"error": InjectedError(int(text))}
    expected = "one of " + ", ".join(map(str, INJECTABLE_ERRORS)) + ", or an error's code"
    raise invalid(ERROR.decode(), expected, f'"{text}"')


def _read_fault(text: str) -> dict[str, Any]:
    if text not in FAULTS:
        raise invalid(FAULT.decode(), one_of(FAULTS), f'"{text}"')
    return {"faults": (FAULTS[text](),)}


def _read_delay(text: str) -> dict[str, Any]:
    try:
        wait = read_duration(text)
    except ValueError as error:
        hint = "" if re.fullmatch(DURATION, text) else duration_hint(text)
        raise ApiError("invalid_field", f'{DELAY.decode()}: {error}, got "{text}"{hint}') from None
    return {"delay": Delay("fixed", wait, wait)}


# Each header's reader returns the fields of the rule's action that it replaces.
_OVERRIDES: dict[bytes, Callable[[str], dict[str, Any]]] = {
    ERROR: _read_error,
    FAULT: _read_fault,
    DELAY: _read_delay,
}
_CONTROL_HEADERS = frozenset({SCENARIO, *_OVERRIDES})
_NAMES = sorted(name.decode() for name in _CONTROL_HEADERS)
