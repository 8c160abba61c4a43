"""An account's usage: totals, counts by UTC day and endpoint, and the newest requests (contract U3-U8).

Counted as requests end, so that a report takes time by its days, not by the number of requests.
"""

from collections import deque
from typing import Annotated

from msgspec import Meta, Struct

from clevora_mock.clock import date, day_of, iso
from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.contract.limits import RECENT_ACTIVITY, counted
from clevora_mock.core.text_size import IdText

# Days kept for an account, more than any report needs; bounds the memory when a test moves the clock.
DAYS = 400
# In a snapshot, which may be from a release with others.
_MAX_ENDPOINTS = 50


class UsageCount(Struct, frozen=True, gc=False):
    """A number of requests, failed ones included, of their billed tokens, and of failed requests.

    Frozen, so that a snapshot shares the counts, which would take long to copy.
    """

    requests: int
    tokens: int
    errors: int

    def plus(self, tokens: int, failed: bool) -> "UsageCount":
        """Return the count with one more request."""
        return UsageCount(counted(self.requests + 1), counted(self.tokens + tokens), counted(self.errors + failed))


NO_USAGE = UsageCount(0, 0, 0)


class UsageDay(UsageCount, frozen=True, gc=False):
    """The count of a UTC day, in total and by endpoint."""

    endpoints: Annotated[dict[IdText, UsageCount], Meta(max_length=_MAX_ENDPOINTS)] = {}

    def with_request(self, activity: "Activity") -> "UsageDay":
        """Return the day's count with one more request."""
        sums = self.plus(activity.tokens, activity.failed)
        before = self.endpoints.get(activity.endpoint, NO_USAGE)
        endpoints = self.endpoints | {activity.endpoint: before.plus(activity.tokens, activity.failed)}
        return UsageDay(sums.requests, sums.tokens, sums.errors, endpoints)


NO_USAGE_DAY = UsageDay(0, 0, 0)


class Activity(Struct, frozen=True, gc=False):
    """An entry of the dashboard's "Recent activity"; `latency` in microseconds."""

    endpoint: IdText
    tokens: int
    failed: bool
    latency: int


class AccountUsage:
    """The usage of an account; `days` by UTC day, counted from 1970-01-01."""

    __slots__ = ("days", "last_used", "recent", "total")

    def __init__(self) -> None:
        self.total = NO_USAGE
        self.days: dict[int, UsageDay] = {}
        self.recent: deque[Activity] = deque(maxlen=RECENT_ACTIVITY)
        self.last_used: int | None = None

    def record(self, activity: Activity, now: int) -> None:
        """Add a request that completed at `now`."""
        self._add_to_day(day_of(now), activity)
        self.total = self.total.plus(activity.tokens, activity.failed)
        self.recent.append(activity)
        self.last_used = now

    def report(self, days: int, now: int) -> dict[str, object]:
        """Return the analytics of the last `days` days, including today, in the documented shape (U3-U6)."""
        today = day_of(now)
        rows = [(day, self.days.get(day) or NO_USAGE_DAY) for day in range(today - days + 1, today + 1)]
        requests = sum(row.requests for _, row in rows)
        tokens = sum(row.tokens for _, row in rows)
        errors = sum(row.errors for _, row in rows)
        return {
            "range": days,
            "summary": {
                "totalRequests": self.total.requests,
                "totalTokens": self.total.tokens,
                "rangeRequests": requests,
                "rangeTokens": tokens,
                "requestsToday": rows[-1][1].requests,
                "tokensToday": rows[-1][1].tokens,
                "avgTokensPerRequest": (2 * tokens + requests) // (2 * requests) if requests else 0,
                "successRate": round(100 * (requests - errors) / requests, 1) if requests else 100.0,
                "lastUsed": None if self.last_used is None else iso(self.last_used),
            },
            "dailySeries": [
                {"date": date(day), "requests": row.requests, "tokens": row.tokens, "errors": row.errors}
                for day, row in rows
            ],
            "endpointBreakdown": _breakdown([row for _, row in rows]),
            "recentActivity": [
                {
                    "endpoint": activity.endpoint,
                    "tokens": activity.tokens,
                    "status": "error" if activity.failed else "success",
                    "latencyMs": activity.latency // 1000,
                }
                for activity in reversed(self.recent)
            ],
        }

    def _add_to_day(self, number: int, activity: Activity) -> None:
        """Count a request of a day; beyond `DAYS` days, the one that was used least recently is dropped."""
        # Not the earliest one: after the clock was set back, that is the present day.
        self.days[number] = (self.days.pop(number, None) or NO_USAGE_DAY).with_request(activity)
        if len(self.days) > DAYS:
            del self.days[next(iter(self.days))]


def _breakdown(rows: list[UsageDay]) -> dict[str, dict[str, int]]:
    """Return the requests and tokens by endpoint, in the order of the contract's table."""
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        for name, count in row.endpoints.items():
            total = sums.setdefault(name, {"requests": 0, "tokens": 0})
            total["requests"] += count.requests
            total["tokens"] += count.tokens
    return {endpoint.name: sums[endpoint.name] for endpoint in ENDPOINTS if endpoint.name in sums}
