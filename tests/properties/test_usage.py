"""Usage reports of random requests, compared with a naive model, independent of the product's, that keeps them all."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.clock import DAY, FROZEN_START, SECOND
from clevora_mock.core.usage import AccountUsage, Activity

# Hundreds of examples.
pytestmark = pytest.mark.slow

ORDER = ["chat.completions", "embeddings", "search", "scripts.generate"]


class Request(NamedTuple):
    at: int
    endpoint: str
    tokens: int
    failed: bool
    latency: int


# Most gaps are short, some end exactly at midnight, some skip days or months.
gaps = st.integers(0, 3 * SECOND) | st.sampled_from([DAY // 2, DAY - 1, DAY, DAY + 1, 20 * DAY, 89 * DAY, 90 * DAY])
histories = st.lists(
    st.tuples(gaps, st.sampled_from(ORDER), st.integers(0, 5_000), st.booleans(), st.integers(0, 90 * SECOND)),
    max_size=50,
)


def replay(history: list[tuple[int, str, int, bool, int]]) -> tuple[AccountUsage, list[Request], int]:
    """Return the product's usage of random requests, the requests, and the time of the last one."""
    usage = AccountUsage()
    requests = []
    now = FROZEN_START
    for gap, endpoint, tokens, failed, latency in history:
        now += gap
        billed = 0 if failed else tokens
        usage.record(Activity(endpoint, billed, failed, latency), now)
        requests.append(Request(now, endpoint, billed, failed, latency))
    return usage, requests, now


def moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def reference(requests: list[Request], days: int, now: int) -> dict[str, Any]:
    """Return the report by counting all requests, with `datetime` and `Decimal` instead of the product's integers."""
    today = moment(now).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    ranged = [request for request in requests if moment(request.at).date() in dates]
    errors = sum(request.failed for request in ranged)
    tokens = sum(request.tokens for request in ranged)
    current = [request for request in requests if moment(request.at).date() == today]
    uses = Counter(request.endpoint for request in ranged)
    rate = Decimal(100 * (len(ranged) - errors)) / len(ranged) if ranged else Decimal(100)
    last = moment(requests[-1].at) if requests else None
    return {
        "range": days,
        "summary": {
            "totalRequests": len(requests),
            "totalTokens": sum(request.tokens for request in requests),
            "rangeRequests": len(ranged),
            "rangeTokens": tokens,
            "requestsToday": len(current),
            "tokensToday": sum(request.tokens for request in current),
            "avgTokensPerRequest": int((Decimal(tokens) / len(ranged)).quantize(Decimal(1), ROUND_HALF_UP))
            if ranged
            else 0,
            "successRate": float(rate.quantize(Decimal("0.1"), ROUND_HALF_EVEN)),
            "lastUsed": f"{last:%Y-%m-%dT%H:%M:%S}.{last.microsecond // 1000:03d}Z" if last else None,
        },
        "dailySeries": [
            {
                "date": date.isoformat(),
                "requests": sum(moment(request.at).date() == date for request in ranged),
                "tokens": sum(request.tokens for request in ranged if moment(request.at).date() == date),
                "errors": sum(request.failed for request in ranged if moment(request.at).date() == date),
            }
            for date in dates
        ],
        "endpointBreakdown": {
            name: {
                "requests": uses[name],
                "tokens": sum(request.tokens for request in ranged if request.endpoint == name),
            }
            for name in ORDER
            if uses[name]
        },
        "recentActivity": [
            {
                "endpoint": request.endpoint,
                "tokens": request.tokens,
                "status": "error" if request.failed else "success",
                "latencyMs": request.latency // 1000,
            }
            for request in requests[:-21:-1]
        ],
    }


@given(histories, st.integers(1, 90), st.integers(0, 3 * DAY))
def test_a_report_equals_a_count_of_all_requests(
    history: list[tuple[int, str, int, bool, int]], days: int, later: int
) -> None:
    usage, requests, now = replay(history)
    assert usage.report(days, now + later) == reference(requests, days, now + later)


@given(histories, st.integers(1, 90))
def test_a_report_adds_up(history: list[tuple[int, str, int, bool, int]], days: int) -> None:
    usage, requests, now = replay(history)
    report: dict[str, Any] = usage.report(days, now)
    summary, series, breakdown = report["summary"], report["dailySeries"], report["endpointBreakdown"]
    assert len(series) == days
    assert sum(row["requests"] for row in series) == summary["rangeRequests"]
    assert sum(row["tokens"] for row in series) == summary["rangeTokens"]
    assert sum(row["requests"] for row in breakdown.values()) == summary["rangeRequests"]
    assert sum(row["tokens"] for row in breakdown.values()) == summary["rangeTokens"]
    assert (series[-1]["requests"], series[-1]["tokens"]) == (summary["requestsToday"], summary["tokensToday"])
    assert len(report["recentActivity"]) == min(20, len(requests))


@given(histories, st.integers(1, 90))
def test_reading_changes_nothing(history: list[tuple[int, str, int, bool, int]], days: int) -> None:
    usage, _, now = replay(history)
    assert usage.report(days, now) == usage.report(days, now)


@given(st.lists(st.integers(0, 2_000), min_size=1, max_size=600, unique=True))
def test_the_newest_days_are_kept(days: list[int]) -> None:
    usage = AccountUsage()
    for day in sorted(days):
        usage.record(Activity("search", 1, False, 0), FROZEN_START + day * DAY)
    last = FROZEN_START + max(days) * DAY
    report: dict[str, Any] = usage.report(90, last)
    assert report["summary"]["totalRequests"] == len(days)
    assert report["summary"]["rangeRequests"] == sum(day > max(days) - 90 for day in days)
