"""What an account did, rolled up as it happens (contract U3-U8).

Totals, one row for each UTC day with its endpoints, and the newest requests. Reading a range costs as much as the
range is long, however many requests there were.
"""

from collections import deque

from msgspec import Struct

from clevora_mock.clock import date, day_of, iso
from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.contract.limits import RECENT_ACTIVITY

# Days kept for one account: more than any range asks for; a clock that jumps about cannot fill the memory.
DAYS = 400


class UsageCount(Struct):
    """Requests (failed ones included), the tokens billed for them, and how many failed."""

    requests: int = 0
    tokens: int = 0
    errors: int = 0

    def add(self, tokens: int, failed: bool) -> None:
        self.requests += 1
        self.tokens += tokens
        self.errors += failed


class UsageDay(UsageCount):
    """One UTC day's count, whole and for each endpoint."""

    endpoints: dict[str, UsageCount] = {}


class Activity(Struct, frozen=True, gc=False):
    """One line of the dashboard's "Recent activity"."""

    endpoint: str
    tokens: int
    failed: bool
    latency: int


class AccountUsage:
    """One account's rollups."""

    __slots__ = ("days", "last_used", "recent", "total")

    def __init__(self) -> None:
        self.total = UsageCount()
        self.days: dict[int, UsageDay] = {}
        self.recent: deque[Activity] = deque(maxlen=RECENT_ACTIVITY)
        self.last_used: int | None = None

    def record(self, activity: Activity, now: int) -> None:
        """Count a request that completed at `now`."""
        tokens, failed = activity.tokens, activity.failed
        day = self._day(day_of(now))
        day.add(tokens, failed)
        endpoint = day.endpoints.get(activity.endpoint)
        if endpoint is None:
            endpoint = day.endpoints[activity.endpoint] = UsageCount()
        endpoint.add(tokens, failed)
        self.total.add(tokens, failed)
        self.recent.append(activity)
        self.last_used = now

    def report(self, days: int, now: int) -> dict[str, object]:
        """The analytics of the last `days` days, today included, in the documented shape."""
        today = day_of(now)
        rows = [(day, self.days.get(day) or UsageDay()) for day in range(today - days + 1, today + 1)]
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

    def _day(self, number: int) -> UsageDay:
        day = self.days.get(number)
        if day is None:
            day = self.days[number] = UsageDay()
            if len(self.days) > DAYS:
                del self.days[min(self.days)]
        return day


def _breakdown(rows: list[UsageDay]) -> dict[str, dict[str, int]]:
    """The endpoints that were used, in the order of the contract's table."""
    sums: dict[str, UsageCount] = {}
    for row in rows:
        for name, count in row.endpoints.items():
            total = sums.setdefault(name, UsageCount())
            total.requests += count.requests
            total.tokens += count.tokens
    return {
        endpoint.name: {"requests": sums[endpoint.name].requests, "tokens": sums[endpoint.name].tokens}
        for endpoint in ENDPOINTS
        if endpoint.name in sums
    }
