"""``/__mock/scenario`` and ``/__mock/scenarios``: which scenario runs, and which there are."""

import msgspec

from clevora_mock.api.answers import Answer, Json
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.scenarios.course import Course, begin
from clevora_mock.scenarios.shelf import Shelf


class Scenarios:
    """The routes; `shelf` has the scenarios that have a name."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def list(self, call: Call) -> Answer:
        """``GET /__mock/scenarios``."""
        described = [{"name": name, "description": said} for name, said in self._shelf.describe()]
        return Json({"active": call.sandbox.course.scenario.name, "scenarios": described})

    async def show(self, call: Call) -> Answer:
        """``GET /__mock/scenario``."""
        return Json(view(call.sandbox.course))

    async def put(self, call: Call) -> Answer:
        """``PUT /__mock/scenario``: ``{"name": "flaky"}``, or a whole scenario as JSON or YAML."""
        begin(call.sandbox, self._read(call.body))
        return Json(view(call.sandbox.course))

    async def delete(self, call: Call) -> Answer:
        """``DELETE /__mock/scenario``: nothing goes wrong any more."""
        begin(call.sandbox, DEFAULT)
        return Json(view(call.sandbox.course))

    def _read(self, body: bytes) -> Scenario:
        from clevora_mock.scenarios.reading import read  # noqa: PLC0415 - YAML, only once it is needed

        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise ApiError("invalid_field", "scenario: expected UTF-8 text") from None
        try:
            name = _only_a_name(body)
            return read("scenario", text) if name is None else self._shelf.named(name)
        except ValueError as error:
            raise ApiError("invalid_field", "; ".join(str(error).splitlines())) from None


def _only_a_name(body: bytes) -> str | None:
    """The name in ``{"name": ...}`` when there is nothing else."""
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if isinstance(asked, dict) and asked.keys() == {"name"} and isinstance(asked["name"], str):
        return asked["name"]
    return None


def view(course: Course) -> dict[str, object]:
    """A scenario as it runs."""
    scenario = course.scenario
    return {
        "name": scenario.name,
        "description": scenario.description,
        "rules": [{"name": rule.name, "met": course.counts.get(rule.name, 0)} for rule in scenario.rules],
        "source": scenario.source,
    }
