"""``/__mock/scenario`` and ``/__mock/scenarios``: read, start and end scenarios."""

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import get_sandbox
from clevora_mock.core.errors import ApiError
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.web.json_response import json_response


class ScenarioHandlers:
    """The handlers; `store` has the scenarios that can be started by name."""

    def __init__(self, store: ScenarioStore) -> None:
        self._store = store

    async def list(self, request: Request) -> Response:
        """Handle ``GET /__mock/scenarios``."""
        described = [{"name": name, "description": text} for name, text in self._store.describe()]
        active = get_sandbox(request).scenario_run.scenario.name
        return json_response({"active": active, "scenarios": described})

    async def show(self, request: Request) -> Response:
        """Handle ``GET /__mock/scenario``."""
        return json_response(_render_scenario(get_sandbox(request).scenario_run))

    async def put(self, request: Request) -> Response:
        """Handle ``PUT /__mock/scenario``: start ``{"name": "flaky"}``, or a scenario as JSON or YAML.

        With ``"ttl": "60s"`` it ends by itself.
        """
        get_sandbox(request).start_scenario(self._read(await request.body()))
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
            name = _parse_name(body)
            if name is None:
                return read_scenario("scenario", text)
            named = self._store.named(name)
            return replace(named, ttl=read_scenario("scenario", text).ttl or named.ttl)
        except ValueError as error:
            raise ApiError("invalid_field", "; ".join(str(error).splitlines())) from None


def _parse_name(body: bytes) -> str | None:
    """Return the name in ``{"name": ...}`` or ``{"name": ..., "ttl": ...}``, None for any other body."""
    try:
        body = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if isinstance(body, dict) and body.keys() in ({"name"}, {"name", "ttl"}) and isinstance(body["name"], str):
        return body["name"]
    return None


def _render_scenario(run: ScenarioRun) -> dict[str, object]:
    scenario = run.scenario
    return {
        "name": scenario.name,
        "description": scenario.description,
        "rules": [{"name": rule.name, "met": run.counts.get(rule.name, 0)} for rule in scenario.rules],
        "source": scenario.source,
    }
