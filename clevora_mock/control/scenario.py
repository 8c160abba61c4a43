"""``/__mock/scenario`` and ``/__mock/scenarios``: read, start and end scenarios."""

import re
from typing import Literal

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import get_sandbox
from clevora_mock.control.schemas import (
    ActiveScenario,
    RuleCounts,
    ScenarioCheck,
    ScenarioList,
    ScenarioProblemView,
    ScenarioSource,
    ScenarioSummary,
)
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.messages import closest_match, quoted
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.scenarios.problems import ScenarioError, ScenarioNotFound, ScenarioProblem
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_body

# The work that a character of a scenario is, for `Background.run`: a regular expression takes long to read.
_SIZE = 4

# YAML's messages about a text whose lines were joined.
_BROKEN_LAYOUT = "mapping values|expected key|'-' indicator|could not find expected ':'"


class ScenarioName(Struct):
    """The name of the scenario to start, and the time after which it ends, such as ``60s``."""

    name: str
    ttl: str | None = None


class RuleSwitches(Struct, forbid_unknown_fields=True):
    """Rules of the active scenario to switch on or off, by name."""

    rules: dict[str, bool]


class ScenarioText(Struct, forbid_unknown_fields=True):
    """A scenario's text to check."""

    source: str


class ScenarioHandlers:
    """The handlers; `store` has the scenarios that can be started by name, which are read in `background`."""

    def __init__(self, store: ScenarioStore, background: Background, sandboxes: Sandboxes) -> None:
        self._store = store
        self._background = background
        self._sandboxes = sandboxes

    async def list(self, request: Request) -> Response:
        """Handle ``GET /__mock/scenarios``."""
        scenarios = await self._background.run(LONG, self._store.describe)
        described = [ScenarioSummary(name, text) for name, text in scenarios]
        active = get_sandbox(request).scenario_run.scenario.name
        return json_response(ScenarioList(active, described))

    async def show(self, request: Request) -> Response:
        """Handle ``GET /__mock/scenario``."""
        return json_response(render_scenario(get_sandbox(request).scenario_run))

    async def show_source(self, request: Request) -> Response:
        """Handle ``GET /__mock/scenarios/{name}``."""
        name = request.path_params["name"]
        try:
            scenario = await self._background.run(LONG, lambda: self._store.named(name))
        except ScenarioNotFound as error:
            raise ApiError("not_found", str(error)) from None
        except ValueError as error:
            raise ApiError("invalid_field", "; ".join(str(error).splitlines())) from None
        return json_response(ScenarioSource(scenario.name, scenario.description, scenario.source))

    async def check(self, request: Request) -> Response:
        """Handle ``POST /__mock/scenario/check``: return the problems of a text; nothing is started."""
        text = parse_body(await request.body(), ScenarioText)[0].source
        return json_response(await self._background.run(_SIZE * len(text), lambda: _check(text)))

    async def switch(self, request: Request) -> Response:
        """Handle ``PATCH /__mock/scenario``: switch rules on or off; their counts go on."""
        switches = parse_body(await request.body(), RuleSwitches)[0].rules
        sandbox = get_sandbox(request)
        run = sandbox.scenario_run
        names = [rule.name for rule in run.scenario.rules]
        unknown = next((name for name in switches if name not in names), None)
        if unknown is not None:
            raise invalid("rules", "names of the active scenario's rules", quoted(unknown))
        off = run.switched_off | {name for name, on in switches.items() if not on}
        run.switched_off = off - {name for name, on in switches.items() if on}
        sandbox.announce("scenario")
        return await self.show(request)

    async def put(self, request: Request) -> Response:
        """Handle ``PUT /__mock/scenario``: start ``{"name": "flaky"}``, or a scenario as JSON or YAML.

        With ``"ttl": "60s"`` it ends by itself.
        """
        body = await request.body()
        size = LONG if self._store.has_own else _SIZE * len(body)
        sandbox, scenario = get_sandbox(request), await self._background.run(size, lambda: self._read(body))
        sandbox.start_scenario(scenario)
        self._sandboxes.count(sandbox)
        return await self.show(request)

    async def delete(self, request: Request) -> Response:
        """Handle ``DELETE /__mock/scenario``: start the default scenario, which has no rules."""
        get_sandbox(request).start_scenario(DEFAULT)
        return await self.show(request)

    def _read(self, body: bytes) -> Scenario:
        from clevora_mock.scenarios.scenario_file import read_scenario  # noqa: PLC0415 - imports YAML

        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise ApiError("invalid_field", "scenario: expected UTF-8 text") from None
        try:
            return read_scenario("scenario", text, self._store.named)
        except ValueError as error:
            message = "; ".join(str(error).splitlines())
            raise ApiError("invalid_field", message + self._body_hint(text.strip(), message)) from None

    def _body_hint(self, text: str, message: str) -> str:
        """Return the hint for a body that curl sends for ``-d flaky`` and ``-d @FILE``."""
        if named := re.fullmatch(r"""(?:name=)?["']?([\w.-]+)["']?""", text):
            meant = closest_match(named[1], self._store.names())
            return f'; did you mean {{"name": "{meant}"}}?' if meant else '; a name is sent as {"name": …}'
        if "\n" not in text and (text.startswith("#") or re.search(_BROKEN_LAYOUT, message)):
            return "; the body has no line breaks: send a file with --data-binary @FILE, since curl -d drops them"
        return ""


def render_scenario(run: ScenarioRun) -> ActiveScenario:
    """Return a running scenario as the control plane shows it."""
    scenario = run.scenario
    counts = [
        RuleCounts(
            rule.name,
            run.counts.get(rule.name, 0),
            run.applied.get(rule.name, 0),
            rule.name not in run.switched_off,
        )
        for rule in scenario.rules
    ]
    return ActiveScenario(scenario.name, scenario.description, counts, scenario.source)


def _check(text: str) -> ScenarioCheck:
    from clevora_mock.scenarios.scenario_file import find_oddities, read_scenario  # noqa: PLC0415 - imports YAML

    problems: list[ScenarioProblemView] = []
    rules: list[str] = []
    try:
        rules = [rule.name for rule in read_scenario("scenario", text).rules]
    except ScenarioError as error:
        problems = [_render_problem(problem, "error") for problem in error.problems]
    warnings = [_render_problem(problem, "warning") for problem in find_oddities(text)]
    return ScenarioCheck([*problems, *warnings], rules)


def _render_problem(problem: ScenarioProblem, severity: Literal["error", "warning"]) -> ScenarioProblemView:
    return ScenarioProblemView(problem.line, problem.column, severity, str(problem))
