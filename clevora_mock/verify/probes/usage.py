"""U1-U7: the usage report."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clevora_mock.verify.answers import compare_status, json_of, value_of
from clevora_mock.verify.ask import ONE_TOKEN, Ask
from clevora_mock.verify.client import CannotCheckError
from clevora_mock.verify.expectation import (
    INT,
    MOMENT,
    Difference,
    Exactly,
    ListOf,
    OfType,
    OneOf,
    OrNull,
    Text,
    Within,
    compare,
)
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.probes.errors import HOMES
from clevora_mock.verify.probes.money import tokens_of
from clevora_mock.verify.session import Session

PATHS = ("/api/developer/usage", "/v1/usage")
REPORT = Ask("GET /api/developer/usage", credential="token")
_SEARCH = Ask("POST /v1/search", body={"query": "a"})
# So many seconds may the server's clock be off.
_CLOCKS_DIFFER = 300
WEEK = Ask("GET /api/developer/usage?range=7", credential="token")


_DAY = Exactly({"date": Text(r"\d{4}-\d\d-\d\d"), "requests": INT, "tokens": INT, "errors": INT})
_RECENT = Exactly({"endpoint": OfType(str), "tokens": INT, "status": OneOf(("success", "error")), "latencyMs": INT})
_NUMBER = Within(0, 1e15)
_REPORT = Exactly(
    {
        "range": INT,
        "summary": Exactly(
            {
                "totalRequests": INT,
                "totalTokens": INT,
                "rangeRequests": INT,
                "rangeTokens": INT,
                "requestsToday": INT,
                "tokensToday": INT,
                "avgTokensPerRequest": _NUMBER,
                "successRate": _NUMBER,
                "lastUsed": OrNull(MOMENT),
            }
        ),
        "dailySeries": ListOf(None, _DAY),
        "endpointBreakdown": OfType(dict),
        "recentActivity": ListOf(None, OfType(dict)),
    }
)


def _refused(query: str) -> Probe:
    return asking(
        f"no usage for {query}", "U2", f"GET /api/developer/usage?{query}", credential="token", error="invalid_field"
    )


def _served(path: str) -> Probe:
    def check(session: Session) -> list[Difference]:
        answer = session.send(session.request(Ask(f"GET {path}", credential="token")))
        found = compare_status(200, answer)
        data = None if found else json_of(answer).get("data")
        if not found and (not isinstance(data, dict) or data.keys() != session.data(REPORT).keys()):
            found = [Difference("data", f"the fields of {PATHS[0]}", "others")]
        return found

    return checking(f"usage at {path}", "U1", check, "id_token", requests=2)


def _shape(session: Session) -> list[Difference]:
    answer = session.send(session.request(REPORT))
    if answer.status != 200:
        raise CannotCheckError(f"{REPORT.request} answered {answer.status}")
    return compare(Exactly({"status": "success", "data": _REPORT}), value_of(answer))[:3]


def report(session: Session, ask: Ask = REPORT) -> dict[str, Any]:
    """Return the report, with the parts that other clauses read. Raises CannotCheckError."""
    data: dict[str, Any] = session.data(ask)
    summary, series = data.get("summary"), data.get("dailySeries")
    if (
        not isinstance(summary, dict)
        or not isinstance(series, list)
        or not all(isinstance(day, dict) for day in series)
    ):
        raise CannotCheckError("the usage report has no summary or no series")
    return data


def _days(session: Session) -> list[Difference]:
    series = report(session, WEEK)["dailySeries"]
    if len(series) != 7:
        return [Difference("days for range=7", 7, len(series))]
    try:
        found = [date.fromisoformat(day["date"]) for day in series]
    except (KeyError, TypeError, ValueError):
        raise CannotCheckError("the series has no dates") from None
    if found != [found[0] + timedelta(days=index) for index in range(7)]:
        return [Difference("dailySeries", "each day once, the oldest first", "another order")]
    return []


def _today(session: Session) -> list[Difference]:
    """Check that the last day is this one, in UTC."""
    now = session.wall_seconds()
    if not _CLOCKS_DIFFER < now % 86_400 < 86_400 - _CLOCKS_DIFFER:
        raise CannotCheckError("it is midnight in UTC")
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    # The form of dates is U3's matter, and their order that of the check before.
    days = [str(day.get("date")) for day in report(session, WEEK)["dailySeries"]]
    if not days or not all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days):
        raise CannotCheckError("the series has no dates")
    return [] if max(days) == today else [Difference("last day", "today in UTC", "another day")]


def _average(session: Session) -> list[Difference]:
    summary = report(session)["summary"]
    tokens, requests = _numbers(summary, "rangeTokens", "rangeRequests")
    average = summary.get("avgTokensPerRequest")
    if not isinstance(average, int | float):
        raise CannotCheckError("the usage report has no avgTokensPerRequest")
    wanted = tokens / requests if requests else 0
    if abs(average - wanted) <= 0.5 and average == int(average):
        return []
    return [Difference("avgTokensPerRequest", "rangeTokens / rangeRequests, rounded", "another number")]


def _success_rate(session: Session) -> list[Difference]:
    # A failure, so that the rate is not 100.
    session.ask(HOMES["missing_field"])
    data = report(session)
    days = [_numbers(day, "requests", "errors") for day in data["dailySeries"]]
    requests, errors = sum(day[0] for day in days), sum(day[1] for day in days)
    wanted = 100 * (requests - errors) / requests if requests else 100
    rate = data["summary"].get("successRate")
    if not isinstance(rate, int | float):
        raise CannotCheckError("the usage report has no successRate")
    if abs(rate - wanted) <= 0.0501 and round(rate, 1) == rate:
        return []
    return [Difference("successRate", "100 * (requests - errors) / requests, with one decimal", "another number")]


def _numbers(of: dict[str, Any], *names: str) -> list[int]:
    found = [of.get(name) for name in names]
    if not all(type(one) is int for one in found):
        raise CannotCheckError(f"the usage report has no {' or no '.join(names)}")
    return found  # type: ignore[return-value]


def _recent(session: Session) -> list[Difference]:
    """Check that the newest request comes first, of at most 20."""
    for ask in (ONE_TOKEN, _SEARCH):
        tokens_of(session.ask(ask))
    data = report(session)
    recent, (total,) = data.get("recentActivity"), _numbers(data["summary"], "totalRequests")
    if not isinstance(recent, list):
        raise CannotCheckError("the usage report has no recentActivity")
    if len(recent) != min(20, total):
        return [Difference("number of recent activities", min(20, total), len(recent))]
    found = compare(ListOf(len(recent), _RECENT), recent, "recentActivity")
    wanted = [{"endpoint": "search", "status": "success"}, {"endpoint": "embeddings", "status": "success"}]
    return found or compare(wanted, recent[:2], "recentActivity")


def _breakdown(session: Session) -> list[Difference]:
    """Check that an endpoint that was used is there, and that requests sum to the range's."""
    session.answer(ONE_TOKEN)
    data = report(session)
    parts = data.get("endpointBreakdown")
    if not isinstance(parts, dict) or not all(isinstance(part, dict) for part in parts.values()):
        raise CannotCheckError("the usage report has no endpointBreakdown")
    found = compare({"embeddings": Exactly({"requests": INT, "tokens": INT})}, parts, "endpointBreakdown")
    if found:
        return found
    (whole,) = _numbers(data["summary"], "rangeRequests")
    total = sum(_numbers(part, "requests")[0] for part in parts.values())
    if total != whole:
        return [Difference("requests of endpointBreakdown", "those of the range", "another sum")]
    unused = any(_numbers(part, "requests") == [0] for part in parts.values())
    return [Difference("endpointBreakdown", "endpoints that were used", "others too")] if unused else []


def _recorded(title: str, code: str, requests: int, errors: int) -> Probe:
    """Return the probe of what a refused request adds to the report."""

    def check(session: Session) -> list[Difference]:
        before = _totals(session)
        if session.ask(HOMES[code]).status < 400:
            raise CannotCheckError("a request that should fail was served")
        after = _totals(session)
        more = [two - one for one, two in zip(before, after, strict=True)]
        wanted = [requests, 0, errors]
        return [] if more == wanted else [Difference(f"requests, tokens and errors more after {title}", wanted, more)]

    return checking(f"recorded: {title}", "U7", check, "api_key", "id_token", requests=3)


def _totals(session: Session) -> list[int]:
    data = report(session)
    requests, tokens = _numbers(data["summary"], "totalRequests", "totalTokens")
    return [requests, tokens, sum(_numbers(day, "errors")[0] for day in data["dailySeries"])]


PROBES = (
    *map(_served, PATHS),
    *(
        asking(
            f"usage at {path} asks for a token", "U1", f"GET {path}", credential="unknown key", error="invalid_id_token"
        )
        for path in PATHS
    ),
    *map(_refused, ("range=0", "range=91", "range=30d", "range=1.5", "range=")),
    asking("a range of 7", "U2", WEEK.request, credential="token", answer={"data": {"range": 7}}),
    asking(
        "a range of 90", "U2", "GET /api/developer/usage?range=90", credential="token", answer={"data": {"range": 90}}
    ),
    asking("30 days by default", "U2", REPORT.request, credential="token", answer={"data": {"range": 30}}),
    checking("the report's fields", "U3", _shape, "id_token", requests=1),
    checking("a row for each day", "U4", _days, "id_token", requests=1),
    checking("today", "U4", _today, "id_token", requests=1),
    checking("the average", "U4", _average, "id_token", requests=1),
    checking("the success rate", "U5", _success_rate, "id_token", "api_key"),
    checking("recent activity", "U6", _recent, "id_token", "api_key", cost=300, requests=5),
    checking("endpoints in the range", "U6", _breakdown, "id_token", "api_key", shares=(ONE_TOKEN,)),
    _recorded("a 400", "missing_field", 1, 1),
    _recorded("a 404 for a model", "model_not_found", 1, 1),
    _recorded("a 401", "invalid_api_key", 0, 0),
    _recorded("a 404 for a path", "not_found", 0, 0),
)
