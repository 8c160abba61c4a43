"""``/__mock/scenario/match``: try a request against a scenario's rules; nothing is counted, drawn or journaled."""

from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from clevora_mock.contract.endpoints import ENDPOINTS, Endpoint
from clevora_mock.control.endpoint import get_now, get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import RuleMatch, RuleVerdict
from clevora_mock.core.accounts import Key
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import Plan, Rule
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.middleware import decoded_path
from clevora_mock.web.parsing import parse_body, value_text
from clevora_mock.web.routing import TrailingSlashRoute


async def _unused(request: Request) -> Response:
    return Response()


# Paths are matched as those of requests are.
_ROUTES = [
    (TrailingSlashRoute(path, _unused, methods=[endpoint.method]), endpoint)
    for endpoint in ENDPOINTS
    for path in endpoint.paths
]


class MatchRequest(Struct, forbid_unknown_fields=True):
    """A request to try.

    `key` is a key's name, id, preview or whole text, by default the demo key. With `source`, the rules are those of
    this text, as if it had just been started.
    """

    path: str
    method: str = "POST"
    headers: dict[str, str] = {}
    body: Any = None
    key: str | None = None
    source: str | None = None


def match_request(background: Background) -> ControlHandler:
    """Handle ``POST /__mock/scenario/match``."""

    async def match(request: Request) -> Response:
        body = await request.body()
        tried = parse_body(body, MatchRequest)[0]
        sandbox, now = get_sandbox(request), get_now(request)
        raw, _, query = tried.path.partition("?")
        path = decoded_path({"path": unquote(raw), "raw_path": raw.encode()})
        endpoint = _find_endpoint(tried, path)
        principal = _find_principal(sandbox, tried.key)
        given = b"" if tried.body is None else msgspec.json.encode(tried.body)
        headers = {name.lower().encode(): value.encode() for name, value in tried.headers.items()}
        facts = RequestFacts(
            "", now, tried.method.upper(), path, query, headers, list(headers.items()), given, endpoint
        )
        run = sandbox.scenario_run

        def verdicts() -> RuleMatch:
            if tried.source is None:
                return _render_match(endpoint, run, run.try_rules(facts, principal, sandbox.rng))
            draft, rng = _draft(tried.source, now), SeededRng(sandbox.rng.seed, sandbox.rng.sandbox)
            return _render_match(endpoint, draft, draft.try_rules(facts, principal, rng))

        return json_response(await background.run(LONG, verdicts))

    return match


def _render_match(endpoint: Endpoint, run: ScenarioRun, plans: list[Plan]) -> RuleMatch:
    """Return the verdict on each rule, whose plan is the one that it alone would make."""
    decides: str | None = None
    verdicts = []
    for rule, plan in zip(run.scenario.rules, plans, strict=True):
        is_off = rule.name in run.switched_off
        verdicts.append(_render_verdict(rule, plan, endpoint, is_off=is_off, is_decided=decides is not None))
        if plan.rule is not None and not is_off:
            decides = decides or rule.name
    return RuleMatch(endpoint.name, decides, verdicts)


def _render_verdict(rule: Rule, plan: Plan, endpoint: Endpoint, *, is_off: bool, is_decided: bool) -> RuleVerdict:
    if is_off:
        return RuleVerdict(rule.name, "off", None, None, None, None, plan.draw)
    if plan.rule is not None:
        return RuleVerdict(rule.name, "after" if is_decided else "decides", None, None, None, None, plan.draw)
    if not plan.misses:
        names = ", ".join(rule.when.endpoints or ())
        return RuleVerdict(rule.name, "fails", "endpoint", "endpoint", names, endpoint.name, None)
    miss = plan.misses[0]
    return RuleVerdict(rule.name, "fails", miss.condition, miss.field, miss.expected, miss.got, miss.draw)


def _draft(source: str, now: int) -> ScenarioRun:
    """Return a scenario as if it had just been started. Raises a 400 when the text is invalid."""
    from clevora_mock.scenarios.scenario_file import read_scenario  # noqa: PLC0415 - imports YAML

    try:
        return ScenarioRun(read_scenario("source", source), now)
    except ValueError as error:
        raise ApiError("invalid_field", "; ".join(str(error).splitlines())) from None


def _find_endpoint(tried: MatchRequest, path: str) -> Endpoint:
    scope = {"type": "http", "method": tried.method.upper(), "path": path}
    for route, endpoint in _ROUTES:
        if route.matches(scope)[0] is Match.FULL:
            return endpoint
    raise invalid("path", "method and path of an endpoint", value_text(f"{tried.method} {tried.path}"))


def _find_principal(sandbox: Sandbox, wanted: str | None) -> Principal:
    if wanted is None:
        wanted = sandbox.config.api_key
    keys = [key for account in sandbox.accounts.by_uid.values() for key in account.keys]
    key: Key | None = sandbox.accounts.find_key(wanted) or next(
        (key for key in keys if wanted in (key.preview, key.name)), None
    )
    if key is None:
        raise invalid("key", "a key's name, id or preview", value_text(wanted))
    return Principal(key, key.account)
