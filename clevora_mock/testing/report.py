"""The section of a failing test's report: the requests of its sandbox."""

import json
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import urlsplit

from msgspec.structs import replace

from clevora_mock.cli.log_line import LogLine, is_moved, outcome_of
from clevora_mock.cli.terminal import Styler
from clevora_mock.clock import SECOND, wall_micros
from clevora_mock.core import money
from clevora_mock.core.journal import MAX_TEXT_CHARACTERS
from clevora_mock.core.messages import printable
from clevora_mock.settings import proxy_hint
from clevora_mock.testing.clevora import Clevora, MockError, Server
from clevora_mock.testing.records import Request
from clevora_mock.testing.run_spend import excess

MAX_REQUESTS = 30
MAX_BODY_CHARACTERS = 300
# The number of requests to the sandbox `default` that are shown.
_STRAYED = 3


def report(clevora: Clevora, server: Server | None = None, default_requests: int = 0, budget: int | None = None) -> str:
    """Return the newest requests with bodies and near misses, the scenario, the balance and the findings.

    More than `budget` micro-dollars, if that was spent, is a line too. Where there are no requests, those to the
    sandbox `default` of `server` are shown, after the first `default_requests`.
    """
    try:
        requests, findings = clevora.requests(), clevora.conduct()
        clock = clevora.clock.now
        scenario, balance = clevora.call("GET", "/__mock/scenario")["name"], clevora.balance
        strayed = [] if requests or server is None else _strayed(server, default_requests)
        over = None if budget is None else excess(clevora, budget)
    except MockError as error:
        return str(error)
    shown = requests[-MAX_REQUESTS:]
    count = f"{len(shown)}" if len(shown) == len(requests) else f"the last {len(shown)} of {len(requests)}"
    noun = "request" if len(requests) == 1 else "requests"
    lines = [f"{count} {noun} to {clevora.url}; scenario {scenario}, balance {money.text(money.micros(balance))}"]
    hint = proxy_hint(urlsplit(clevora.url).hostname or "")
    if hint and not requests and not strayed:
        lines.append(hint)
    lines += strayed
    mark = "*" if is_moved(clock.timestamp() * SECOND, wall_micros()) else ""
    for _, alike in groupby(shown, _timeless):
        first, *others = alike
        lines += _lines(first, mark)
        if others:
            lines.append(f"         and {len(others)} more like it, until {_time(others[-1], mark)}")
    lines += [f"{finding.severity} {finding.kind}: {finding.message}" for finding in findings]
    lines += [] if over is None else [over]
    return "\n".join(map(printable, lines))


def _strayed(server: Server, before: int) -> list[str]:
    """Return the requests to the sandbox `default` since its first `before`, by a client that dropped the path."""
    # The count is lower if the sandbox was reset.
    count = server.request_count - before
    if count <= 0:
        return []
    what = f"{count} {'request' if count == 1 else 'requests'} meanwhile to {server.url}, the sandbox default:"
    why = (
        "a client that drops the path of its base URL, as aiohttp and urljoin do for a path that begins with /? "
        "Its base URL is the fixture's .base_url."
    )
    return [what, *(line for one in server.requests(limit=min(count, _STRAYED)) for line in _lines(one)), why]


def _timeless(request: Request) -> list[str]:
    """Return the lines of a request that came at no time and took none, which are equal for requests that are alike."""
    return _lines(replace(request, time=datetime.fromtimestamp(0, UTC), latency_ms=0))


def _time(request: Request, mark: str) -> str:
    return request.time.isoformat()[11:19] + mark


def _lines(request: Request, mark: str = "") -> list[str]:
    """Return the request's line of the log, its body, the start of the answer, and the rules that did not apply.

    `mark` follows the time.
    """
    line = LogLine(
        _time(request, mark),
        request.method,
        request.endpoint or request.path,
        request.status,
        request.latency_ms * 1000,
        request.tokens,
        money.text(money.micros(request.cost)),
        outcome_of(request.message or request.code, request.fault, request.body, request.endpoint),
        request.rule,
        request.hint,
        request.abandoned,
    )
    lines = [line.text(Styler(), MAX_TEXT_CHARACTERS)]
    if request.body is not None:
        body = request.body if isinstance(request.body, str) else json.dumps(request.body, ensure_ascii=False)
        lines.append(f"         {_start(body)}")
    if request.response:
        lines.append(f"         answered: {_start(request.response)}")
    for miss in request.near_misses:
        # A rule without a name is called "rule 1".
        noun = "" if miss.rule.startswith("rule ") else "rule "
        lines.append(f"         not by {noun}{printable(str(miss))}")
    return lines


def _start(text: str) -> str:
    return f"{text[:MAX_BODY_CHARACTERS]}{'...' if len(text) > MAX_BODY_CHARACTERS else ''}"
