"""``/__mock/scenario`` and ``/__mock/scenarios``: the active scenario, and those to choose from."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import sandbox_of
from clevora_mock.core.errors import ApiError
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.web.json_response import json_response


class ScenarioRoutes:
    """The handlers; `store` has the scenarios that have a name."""

    def __init__(self, store: ScenarioStore) -> None:
        self._store = store

    async def list(self, request: Request) -> Response:
        """Handle ``GET /__mock/scenarios``."""
        described = [{"name": name, "description": text} for name, text in self._store.describe()]
        active = sandbox_of(request).scenario_run.scenario.name
        return json_response({"active": active, "scenarios": described})

    async def show(self, request: Request) -> Response:
        """Handle ``GET /__mock/scenario``."""
        return json_response(_view(sandbox_of(request).scenario_run))

    async def put(self, request: Request) -> Response:
        """Handle ``PUT /__mock/scenario``: ``{"name": "flaky"}``, or a whole scenario as JSON or YAML."""
        sandbox_of(request).start_scenario(self._read(await request.body()))
        return await self.show(request)

    async def delete(self, request: Request) -> Response:
        """Handle ``DELETE /__mock/scenario``: back to the default scenario, which has no rules."""
        sandbox_of(request).start_scenario(DEFAULT)
        return await self.show(request)

    def _read(self, body: bytes) -> Scenario:
        from clevora_mock.scenarios.scenario_file import read_scenario  # noqa: PLC0415 - YAML, once it is needed

        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise ApiError("invalid_field", "scenario: expected UTF-8 text") from None
        try:
            name = _only_a_name(body)
            return read_scenario("scenario", text) if name is None else self._store.named(name)
        except ValueError as error:
            raise ApiError("invalid_field", "; ".join(str(error).splitlines())) from None


def _only_a_name(body: bytes) -> str | None:
    """Return the name in ``{"name": ...}`` when there is nothing else."""
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if isinstance(asked, dict) and asked.keys() == {"name"} and isinstance(asked["name"], str):
        return asked["name"]
    return None


def _view(run: ScenarioRun) -> dict[str, object]:
    scenario = run.scenario
    return {
        "name": scenario.name,
        "description": scenario.description,
        "rules": [{"name": rule.name, "met": run.counts.get(rule.name, 0)} for rule in scenario.rules],
        "source": scenario.source,
    }
