"""Findings, and the table of their kinds: severity, meaning and advice."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Literal

from msgspec import Struct

from clevora_mock.core.journal import JournalEntry

Severity = Literal["error", "warning"]
Verdict = Literal["pass", "warn", "fail"]

# The ids in one finding; `count` has the number of all.
MAX_REQUESTS = 100

# Faults whose answers are whole and correct, if unusual.
_HARMLESS = frozenset({"comments", "line_endings", "slow_body", "split_utf8", "usage_chunk"})


class ConductFinding(Struct, frozen=True):
    """One kind of misconduct, the ids of the first requests that show it, and the number of all.

    `cost` is what was paid for nothing, in micro-dollars.
    """

    kind: str
    severity: Severity
    message: str
    advice: str
    requests: list[str]
    count: int
    cost: int


class FindingKind(Struct, frozen=True):
    """A row of the table: `summary` is what the client did."""

    name: str
    severity: Severity
    summary: str
    advice: str

    def finding(self, message: str, entries: Iterable[JournalEntry], cost: int | None = None) -> ConductFinding:
        """Make a finding about `entries`; its cost is by default that of those without a whole answer."""
        listed = sorted(entries, key=attrgetter("serial"))
        if cost is None:
            cost = sum(entry.cost for entry in listed if not is_answered(entry))
        ids = [entry.id for entry in listed[:MAX_REQUESTS]]
        return ConductFinding(self.name, self.severity, message, self.advice, ids, len(listed), cost)


def is_answered(entry: JournalEntry) -> bool:
    """Tell whether the client got the whole answer, and nothing was wrong with it."""
    return 200 <= entry.status < 300 and not entry.abandoned and _HARMLESS.issuperset(faults_of(entry))


def faults_of(entry: JournalEntry) -> list[str]:
    """Return the kinds of the faults of the answer."""
    return [] if entry.fault is None else entry.fault.split(", ")


def verdict(found: Iterable[ConductFinding]) -> Verdict:
    """Return ``fail`` if one of the findings is an error, ``warn`` if one is a warning, else ``pass``."""
    severities = {finding.severity for finding in found}
    return "fail" if "error" in severities else "warn" if severities else "pass"


def reaches(severity: Severity, level: Severity) -> bool:
    """Tell whether a finding's severity is at least `level`."""
    return severity == "error" or level == "warning"


EARLY_RETRY = FindingKind(
    "early_retry",
    "error",
    "asked again before `Retry-After` was over",
    "Wait as many seconds as Retry-After says before the next attempt.",
)
RETRIED_FINAL = FindingKind(
    "retried_final",
    "error",
    "repeated a request unchanged after 400, 401 or 402",
    "Do not retry 400, 401 and 402: fix the request, the key or the balance first.",
)
REVOKED_KEY = FindingKind(
    "revoked_key",
    "error",
    "went on with a key after it was told that the key is revoked",
    "Stop at the first 401 invalid_api_key, and ask for another key.",
)
NO_BACKOFF = FindingKind(
    "no_backoff",
    "error",
    "repeated a failing POST more than three times at even pauses",
    "Double the pause after each failure, add jitter, and give up after a few attempts.",
)
RETRY_STORM = FindingKind(
    "retry_storm",
    "error",
    "repeated a failing request more than a hundred times in ten seconds, for each that was in flight at first",
    "Limit the attempts of all parts of the program together, and let only one of them retry.",
)
GAVE_UP = FindingKind(
    "gave_up",
    "warning",
    "did not repeat a request after 429 or a 5xx, although the same would have been answered soon after",
    "Retry 429 and 5xx two or three times, after Retry-After or a growing pause.",
)
HALF_STREAM = FindingKind(
    "half_stream",
    "warning",
    "went on after a stream that ended without `finish_reason` and `[DONE]`, and did not ask again",
    "Take a stream for a whole answer only with a finish_reason; otherwise ask again.",
)
NO_TIMEOUT = FindingKind(
    "no_timeout",
    "warning",
    "sat out a stall of 30 seconds or more, by a real clock",
    "Set a read timeout of some seconds, and retry after it.",
)
BROKEN_JSON = FindingKind(
    "broken_json",
    "warning",
    "went on after an answer or a stream whose JSON was broken, and did not ask again",
    "Drop an answer whose JSON cannot be parsed, close its connection, and ask again.",
)
UNKNOWN_FIELDS = FindingKind(
    "unknown_fields",
    "warning",
    "sent fields that the contract does not know",
    "Leave them out, or fix their spelling: they have no effect.",
)
UNREAD_STREAM = FindingKind(
    "unread_stream",
    "warning",
    "left streams before their end, although no fault had broken them",
    "Read streams to their end, or ask for fewer tokens (max_tokens): what was sent is billed.",
)
USAGE_POLLING = FindingKind(
    "usage_polling",
    "warning",
    "asked for the same usage more than once a second, with no request in between",
    "Read usage once a minute at most; it changes only with requests.",
)
ASKED_TWICE = FindingKind(
    "asked_twice",
    "warning",
    "asked again, and paid again, what had been answered already",
    "Keep the answer, by the request's body, and use it again.",
)
EMBEDDED_TWICE = FindingKind(
    "embedded_twice",
    "warning",
    "had a text embedded, and paid for it, that had been embedded already",
    "Keep vectors by their text, which is always embedded alike.",
)

KINDS = (
    EARLY_RETRY,
    RETRIED_FINAL,
    REVOKED_KEY,
    NO_BACKOFF,
    RETRY_STORM,
    GAVE_UP,
    HALF_STREAM,
    NO_TIMEOUT,
    BROKEN_JSON,
    UNKNOWN_FIELDS,
    UNREAD_STREAM,
    USAGE_POLLING,
    ASKED_TWICE,
    EMBEDDED_TWICE,
)
