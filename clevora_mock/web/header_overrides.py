"""Plans for single requests: ``x-clevora-mock-*`` headers override the sandbox's scenario."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from clevora_mock.clock import DURATION, read_duration
from clevora_mock.contract.errors import INJECTABLE_ERRORS, STATUS_BY_CODE
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.json_subset import is_subset
from clevora_mock.core.messages import did_you_mean, duration_hint, one_of, quoted
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Delay, InjectedError, Plan, Rule, Scenario, Then
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.faults import FAULTS
from clevora_mock.faults.base import ANOTHER_ANSWER, STREAM, Fault
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

        Raises a 400 for an unknown header, one with an unknown value, and a fault or a scenario that can do nothing to
        the answer.
        """
        asked = [name for name in facts.headers if name.startswith(_PREFIX)]
        if not asked and not sandbox.scenario_run.scenario.rules:
            return NO_PLAN
        await self._background.run(len(facts.body), facts.read_for_rules)
        if not asked:
            return sandbox.scenario_run.plan(facts, principal, sandbox.rng)
        # Read first, since a request that fails here must not count as a rule's call.
        require_known(facts.header_lines)
        values = {name: facts.header(name).strip() for name in asked}
        overrides = {name: read(values[name]) for name, read in _OVERRIDES.items() if name in values}
        if FAULT in overrides:
            _require_possible(FAULTS[values[FAULT]], facts)
        run = sandbox.scenario_run
        if SCENARIO in values:
            run = await self._side_run(sandbox, values[SCENARIO])
            _require_rule(run.scenario, facts)
        plan = run.plan(facts, principal, sandbox.rng)
        if not overrides:
            return plan
        then, named = plan.then, [] if plan.rule is None else [plan.rule]
        for changes in overrides.values():
            then = structs.replace(then, **changes)
        return structs.replace(plan, then=then, rule=", ".join([*named, *(name.decode() for name in overrides)]))

    async def _side_run(self, sandbox: Sandbox, name: str) -> ScenarioRun:
        run = sandbox.side_runs.get(name)
        if run is not None:
            return run
        try:
            scenario = await self._background.run(LONG if self._store.has_own else 0, lambda: self._store.named(name))
        except ValueError as error:
            raise ApiError("invalid_field", f"{SCENARIO.decode()}: {error}") from None
        if not scenario.rules and not scenario.means_the_same(Scenario(scenario.name, scenario.description)):
            why = f"{name} has no rules, and the rest of a scenario does not apply to one request; PUT /__mock/scenario"
            raise ApiError("invalid_field", f"{SCENARIO.decode()}: {why} starts it")
        # Another request may have started it meanwhile.
        return sandbox.side_runs.get(name) or sandbox.start_side_run(name, scenario)


def refuse_overrides(headers: Sequence[tuple[bytes, bytes]], place: str) -> None:
    """Raise a 400 for a header of the mock's at a `place` where none has an effect; `headers` are as they were sent."""
    if asked := require_known(headers):
        raise ApiError("invalid_field", f"{asked[0].decode()}: expected at Clevora's endpoints, got it at {place}")


def require_known(headers: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """Return the names of the mock's headers. Raises a 400 for one that does not exist, or comes twice."""
    asked = [name for name, _ in headers if name.startswith(_PREFIX)]
    for name in asked:
        if name not in _CONTROL_HEADERS:
            written = name.decode("latin-1")
            hint = did_you_mean(written, _NAMES) or f"; expected {one_of(_NAMES)}"
            raise ApiError("invalid_field", f"unknown header {quoted(written)}{hint}")
        if (count := sum(name == other for other, _ in headers)) > 1:
            raise invalid(name.decode(), "one header", f"{count}")
    return asked


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


def _require_rule(scenario: Scenario, facts: RequestFacts) -> None:
    """Raise a 400 for a scenario whose rules are all for other endpoints, or for streams where the answer is none."""
    endpoint = facts.endpoint
    if not scenario.rules or endpoint is None:
        return
    rules = [rule for rule in scenario.rules if endpoint.name in (rule.when.endpoints or [endpoint.name])]
    if not rules:
        raise ApiError("invalid_field", f"{SCENARIO.decode()}: {scenario.name} has no rule for {endpoint.name}")
    if all(map(_needs_stream, rules)) and not is_subset({STREAM.field: STREAM.value}, facts.document):
        why = f"{scenario.name} needs {STREAM.answer}, but the body has no stream: true"
        raise ApiError("invalid_field", f"{SCENARIO.decode()}: {why}")


def _needs_stream(rule: Rule) -> bool:
    """Tell whether a rule is for streams alone: by its conditions, or since each of its effects needs one."""
    if rule.when.body is not None and rule.when.body.get(STREAM.field) is True:
        return True
    faults = [fault for fault in rule.then.faults if not (isinstance(fault, Fault) and fault.requires is STREAM)]
    return structs.replace(rule.then, stream=None, faults=tuple(faults)) == Then()


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
