"""Counters of a server's requests for monitoring; they only grow, whatever is reset or removed."""

from bisect import bisect_left

from clevora_mock.core.journal import JournalEntry

# Bounds of the latency histogram, in microseconds.
LATENCY_BOUNDS = tuple(100 * n for n in (10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 300_000))
# Pairs of a rule and a fault that are counted one by one; scenarios name rules as they like.
MAX_RULES = 200
OTHER = "other"


class EndpointMetrics:
    """Sums over an endpoint's requests: by status (0 without an answer), tokens, money, and latencies.

    `spent` is in micro-dollars, `latency` in microseconds; `latencies` counts by `LATENCY_BOUNDS`, not cumulated, the
    last count of those above.
    """

    __slots__ = ("completion_tokens", "latencies", "latency", "prompt_tokens", "spent", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.spent = 0
        self.latencies = [0] * (len(LATENCY_BOUNDS) + 1)
        self.latency = 0

    def add(self, entry: JournalEntry) -> None:
        self.statuses[entry.status] = self.statuses.get(entry.status, 0) + 1
        self.prompt_tokens += entry.prompt_tokens
        self.completion_tokens += entry.completion_tokens
        self.spent += entry.cost
        self.latencies[bisect_left(LATENCY_BOUNDS, entry.latency)] += 1
        self.latency += entry.latency


class RequestMetrics:
    """Sums over all requests to the emulated APIs: by endpoint, empty for an unknown path, and by rule and fault.

    A rule or a fault is empty where there was none.
    """

    def __init__(self) -> None:
        self.endpoints: dict[str, EndpointMetrics] = {}
        self.rules: dict[tuple[str, str], int] = {}

    def add(self, entry: JournalEntry) -> None:
        """Count a finished request."""
        endpoint = self.endpoints.get(entry.endpoint or "")
        if endpoint is None:
            endpoint = self.endpoints[entry.endpoint or ""] = EndpointMetrics()
        endpoint.add(entry)
        if entry.rule is not None or entry.fault is not None:
            applied = entry.rule or "", entry.fault or ""
            if applied not in self.rules and len(self.rules) >= MAX_RULES:
                applied = OTHER, OTHER
            self.rules[applied] = self.rules.get(applied, 0) + 1
