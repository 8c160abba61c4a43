"""What is to happen to a request: what the sandbox's scenario says, and what the request itself asks for by header."""

from collections.abc import Callable

from msgspec import structs

from clevora_mock.clock import read_duration
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.scenarios.course import Course
from clevora_mock.scenarios.errors import FAILURES, STATUS_OF
from clevora_mock.scenarios.faults import FAULTS
from clevora_mock.scenarios.matching import Plan
from clevora_mock.scenarios.scenario import Delay, InjectedError, Scenario, Then

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
        course = self._side_course(call) if SCENARIO in headers else call.sandbox.course
        plan = course.plan(call)
        if ERROR in headers or FAULT in headers or DELAY in headers:
            asked = [name.decode() for name in (ERROR, FAULT, DELAY) if name in headers]
            plan = structs.replace(plan, then=_asked(call, plan.then), rule=plan.rule or ", ".join(asked))
        return plan

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


def _asked(call: Call, then: Then) -> Then:
    """`then` with what the headers ask for in its place."""
    if ERROR in call.headers:
        then = structs.replace(then, error=_error(call.header(ERROR)), reply=None)
    if FAULT in call.headers:
        kind = call.header(FAULT)
        if kind not in FAULTS:
            raise invalid(FAULT.decode(), "one of " + ", ".join(FAULTS), f'"{kind}"')
        then = structs.replace(then, fault=FAULTS[kind]())
    if DELAY in call.headers:
        text = call.header(DELAY)
        try:
            wait = read_duration(text)
        except ValueError as error:
            raise ApiError("invalid_field", f'{DELAY.decode()}: {error}, got "{text}"') from None
        then = structs.replace(then, delay=Delay("fixed", wait, wait))
    return then


def _error(text: str) -> InjectedError:
    if text in STATUS_OF:
        return InjectedError(STATUS_OF[text], text)
    if text.isascii() and text.isdigit() and int(text[:4]) in FAILURES:
        return InjectedError(int(text[:4]))
    expected = "one of " + ", ".join(map(str, FAILURES)) + ", or an error's code"
    raise invalid(ERROR.decode(), expected, f'"{text}"')
