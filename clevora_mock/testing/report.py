"""What a sandbox saw, as a failing test's report shows it."""

import io
import json

from clevora_mock.log import Line
from clevora_mock.terminal import Paint
from clevora_mock.testing.clevora import Clevora, MockError
from clevora_mock.testing.records import Request

# A test that asked more often shows the end of it.
_REQUESTS = 30
_BODY_CHARACTERS = 300

_PLAIN = Paint(io.StringIO())


def report(clevora: Clevora) -> str:
    """The newest requests with their bodies and near misses, the state of things, and findings."""
    try:
        requests, conduct = clevora.requests(), clevora.conduct()
        scenario, balance = clevora.ask("GET", "/__mock/scenario")["name"], clevora.balance
    except MockError as error:
        return str(error)
    shown = requests[-_REQUESTS:]
    count = f"{len(requests)} requests" if len(shown) == len(requests) else f"the last {_REQUESTS} of {len(requests)}"
    lines = [f"{count} to {clevora.url}; scenario {scenario}, balance ${balance:.2f}"]
    for request in shown:
        lines += _lines(request)
    lines += [f"{finding.kind}: {finding.message}" for finding in conduct]
    return "\n".join(lines)


def _lines(request: Request) -> list[str]:
    trouble = " ".join(said for said in (request.code, request.fault) if said)
    cost = f"${request.cost:.6f}".rstrip("0").rstrip(".") if request.tokens else ""
    place = request.endpoint or request.path
    time = request.time.isoformat()[11:19]
    line = Line(time, request.method, place, request.status, request.tokens, cost, trouble, request.rule)
    lines = [line.text(_PLAIN)]
    if request.body is not None:
        body = request.body if isinstance(request.body, str) else json.dumps(request.body, ensure_ascii=False)
        lines.append(f"         {body[:_BODY_CHARACTERS]}{'...' if len(body) > _BODY_CHARACTERS else ''}")
    lines += [f"         not by rule {miss.rule}: {miss.failed}" for miss in request.near_misses]
    return lines
