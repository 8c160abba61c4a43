"""What is to happen to a request: what the sandbox's scenario says, and what the request itself asks for by header."""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from clevora_mock.clock import read_duration
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.scenario import Delay, InjectedError, Scenario
from clevora_mock.scenarios.course import Course
from clevora_mock.scenarios.matching import Plan

SCENARIO = b"x-clevora-mock-scenario"
ERROR = b"x-clevora-mock-error"
FAULT = b"x-clevora-mock-fault"
DELAY = b"x-clevora-mock-delay"

# How many scenarios a sandbox runs beside its own, for single requests.
_SIDE_COURSES = 64


class Direction:
    """Plans for requests; `named` finds a scenario by its name, or raises ValueError."""

    def __init__(self, named: Callable[[str], Scenario]) -> None:
        self._named = named

    def __call__(self, call: Call) -> Plan:
        """The plan for `call`; 400 for a header that asks for something unknown."""
        headers = call.headers
        if _CONTROLS.isdisjoint(headers):
            return call.sandbox.course.plan(call)
        # First what may be refused: a request that is must not be counted by a rule.
        asked = {name: ask(call) for name, ask in _ASKED.items() if name in headers}
        course = self._side_course(call) if SCENARIO in headers else call.sandbox.course
        plan = course.plan(call)
        if not asked:
            return plan
        then = plan.then
        for changes in asked.values():
            then = structs.replace(then, **changes)
        return structs.replace(plan, then=then, rule=plan.rule or ", ".join(name.decode() for name in asked))

    def _side_course(self, call: Call) -> Course:
        name = call.header(SCENARIO)
        sandbox = call.sandbox
        course = sandbox.side_courses.get(name)
        if course is None:
            try:
                scenario = self._named(name)
            except ValueError as error:
                raise ApiError("invalid_field", f"{SCENARIO.decode()}: {error}") from None
            if len(sandbox.side_courses) >= _SIDE_COURSES:
                del sandbox.side_courses[next(iter(sandbox.side_courses))]
            course = sandbox.side_courses[name] = Course(scenario, sandbox.clock.now())
        return course


def _error(call: Call) -> dict[str, Any]:
    from clevora_mock.scenarios.errors import FAILURES, STATUS_OF  # noqa: PLC0415 - few clients ask for any of these

    text = call.header(ERROR)
    if text in STATUS_OF:
        return {"error": InjectedError(STATUS_OF[text], text), "reply": None}
    if text.isascii() and text.isdigit() and len(text) == 3 and int(text) in FAILURES:
        return {"error": InjectedError(int(text)), "reply": None}
    expected = "one of " + ", ".join(map(str, FAILURES)) + ", or an error's code"
    raise invalid(ERROR.decode(), expected, f'"{text}"')


def _fault(call: Call) -> dict[str, Any]:
    from clevora_mock.scenarios.faults import FAULTS  # noqa: PLC0415

    kind = call.header(FAULT)
    if kind not in FAULTS:
        raise invalid(FAULT.decode(), "one of " + ", ".join(FAULTS), f'"{kind}"')
    return {"fault": FAULTS[kind]()}


def _delay(call: Call) -> dict[str, Any]:
    text = call.header(DELAY)
    try:
        wait = read_duration(text)
    except ValueError as error:
        raise ApiError("invalid_field", f'{DELAY.decode()}: {error}, got "{text}"') from None
    return {"delay": Delay("fixed", wait, wait)}


# What each header puts in the place of what the scenario says.
_ASKED: dict[bytes, Callable[[Call], dict[str, Any]]] = {ERROR: _error, FAULT: _fault, DELAY: _delay}
_CONTROLS = frozenset({SCENARIO, *_ASKED})
