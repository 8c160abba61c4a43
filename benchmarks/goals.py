"""The goals of the mock's speed, and what a run says about each."""

from statistics import median
from typing import Literal

from msgspec import Struct

from benchmarks.results import MOCK, Results, shown

# Few bodies again and again: were that cheaper than new ones, answers would be remembered somewhere.
REPEATED = f"{MOCK}, bodies repeated"

# Figures that goals are about.
A_CHAT, AN_EVENT, LATENESS = "processor time a chat", "processor time an event", "lateness, p99"
NUMBERS, BASE64 = "numbers: processor time a text", "base64: processor time a text"
COLD_START, MEMORY = "cold start to the first chat", "resident memory after the first chat"
SHIPPED_P50, LARGE_P99 = "shipped catalog, p50", "100,000 items, p99"
PLAIN_TEST, SET_UP_TEST = "a test", "a test with scenario, clock and balance"
GROWTH, FIRST_TENTH = "memory grown over a million chats", "processor time of the first tenth by the last"


class Goal(Struct, frozen=True):
    """A bound for the median over the rounds of a figure.

    With `below`, it is for the ratio of the server `above` to the server `below`, taken round by round.
    """

    title: str
    section: str
    figure: str
    bound: Literal["at least", "at most"]
    value: float
    above: str = MOCK
    below: str = ""

    def found(self, results: Results) -> list[float]:
        """Return what was found in each round; nothing where a value is missing."""
        figure = results.find(self.section, self.figure)
        if figure is None:
            return []
        return figure.ratios(self.above, self.below) if self.below else figure.values.get(self.above, [])

    def verdict(self, results: Results) -> Literal["met", "missed", "not measured"]:
        found = self.found(results)
        if not found:
            return "not measured"
        met = median(found) >= self.value if self.bound == "at least" else median(found) <= self.value
        return "met" if met else "missed"


# In ratios of processor time, 2 means that the mock takes half as much as what it is compared with.
GOALS = (
    Goal("chat: bare Starlette / mock", "chat", A_CHAT, "at least", 0.6, "starlette", MOCK),
    Goal("chat: aimock / mock", "chat", A_CHAT, "at least", 1.3, "aimock", MOCK),
    Goal("chat: repeated bodies / new bodies", "chat", A_CHAT, "at least", 0.9, REPEATED, MOCK),
    Goal("event of a stream: chunk by chunk / mock", "streams", AN_EVENT, "at least", 4, "chunks", MOCK),
    Goal("200 streams of 50 tokens a second: p99 of lateness, ms", "paced streams", LATENESS, "at most", 2),
    Goal("embedding, numbers: bare route / mock", "embeddings", NUMBERS, "at least", 0.35, "starlette", MOCK),
    Goal("embedding, base64: bare route / mock", "embeddings", BASE64, "at least", 0.3, "starlette", MOCK),
    Goal("search, shipped catalog: p50, ms", "search", SHIPPED_P50, "at most", 1),
    Goal("search, 100,000 items: p99, ms", "search", LARGE_P99, "at most", 15),
    Goal("cold start: mock / bare Starlette", "start", COLD_START, "at most", 1.25, MOCK, "starlette"),
    Goal("memory after the first chat, MiB", "start", MEMORY, "at most", 45),
    Goal("pytest fixture, a test: median, ms", "pytest fixture", PLAIN_TEST, "at most", 2),
    Goal("the same with scenario, clock and balance, ms", "pytest fixture", SET_UP_TEST, "at most", 5),
    Goal("growth over a million chats, once the journal is full, MiB", "long run", GROWTH, "at most", 10),
    Goal("chat: first tenth of a million / last tenth", "long run", FIRST_TENTH, "at least", 0.95),
)


def table(results: Results) -> list[list[str]]:
    """Return the rows of a table of all goals, the heading first."""
    rows = [["What", "Goal", "Found", "Verdict"]]
    for goal in GOALS:
        found, verdict = goal.found(results), goal.verdict(results)
        marked = f"**{verdict}**" if verdict == "missed" else verdict
        rows.append([goal.title, f"{goal.bound} {goal.value:g}", shown(found) if found else "", marked])
    return rows
