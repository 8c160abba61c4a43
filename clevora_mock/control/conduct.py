"""``/__mock/conduct``: findings about the client, and the verdict."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.control.endpoint import get_query, get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import ConductReport, Finding
from clevora_mock.core import money
from clevora_mock.core.conduct.finding import ConductFinding, verdict
from clevora_mock.core.conduct.rules import findings
from clevora_mock.core.errors import invalid
from clevora_mock.web.background import Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import single_param, value_text

# The work that an entry is, for `Background.run`.
_SIZE = 100

# ``?final=true``: the client has ended, so what it has not repeated, it has given up.
QUERY = ("final",)


def show_conduct(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/conduct``."""

    async def show(request: Request) -> Response:
        sandbox = get_sandbox(request)
        entries, is_wall = list(sandbox.journal.entries), sandbox.clock.is_wall_time
        now = None if _is_final(get_query(request)) else sandbox.clock.now()
        size = _SIZE * len(entries)
        return json_response(await background.run(size, lambda: report(findings(entries, now, is_wall_time=is_wall))))

    return show


def report(found: Iterable[ConductFinding]) -> ConductReport:
    """Return findings and their verdict as the control plane shows them."""
    found = list(found)
    return ConductReport(verdict(found), [_render(finding) for finding in found])


def _render(finding: ConductFinding) -> Finding:
    return Finding(
        kind=finding.kind,
        severity=finding.severity,
        message=finding.message,
        advice=finding.advice,
        requests=finding.requests,
        count=finding.count,
        dollars=money.dollars(finding.cost),
    )


def _is_final(query: str) -> bool:
    value = single_param(query, "final") or "false"
    if value not in ("true", "false"):
        raise invalid("final", "true or false", value_text(value))
    return value == "true"
