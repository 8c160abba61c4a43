"""Findings about a client's behavior, derived from the journal.

Each finding is about one key (without a key, one account) in one client, which a User-Agent names, and lists its
requests. No rule accuses a client that may be right: what it may have sent before it had read an answer is no
repetition, a request whose body the journal has cut is like no other, pauses are judged by a real clock alone, and no
two requests are compared between which the scenario or the clock was changed. Sign-ins are left out: with masked
passwords, different ones look identical. So are webhooks, whose sender is no client, and does right to send them again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from clevora_mock.clock import SECOND, Clock
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.conduct import answers, repetitions, requests, retries
from clevora_mock.core.conduct.caller import Caller
from clevora_mock.core.conduct.finding import ConductFinding, Severity, Verdict
from clevora_mock.core.journal import JournalEntry

# Of one report; errors come before warnings then.
MAX_FINDINGS = 1_000

_RULES: tuple[Callable[[Caller], Iterator[ConductFinding]], ...] = (
    retries.early_retries,
    retries.retried_final_errors,
    retries.revoked_keys,
    retries.missing_backoff,
    answers.given_up,
    answers.half_streams,
    answers.sat_out_stalls,
    answers.broken_json,
    requests.unknown_fields,
    answers.unread_streams,
    requests.usage_polling,
    repetitions.asked_twice,
    repetitions.embedded_twice,
)


def findings(
    entries: Iterable[JournalEntry], now: int | None = None, *, is_wall_time: bool = False
) -> list[ConductFinding]:
    """Return the findings about `entries`, which come oldest first: at most `MAX_FINDINGS`.

    At `now` a client may still be about to ask again; None means that it has ended. `is_wall_time` is True if the
    entries' times are those of a real clock, by which alone a client's patience can be measured.
    """
    every = callers(entries, now, is_wall_time=is_wall_time)
    found = [finding for caller in every for rule in _RULES for finding in rule(caller)]
    if len(found) > MAX_FINDINGS:
        found.sort(key=lambda finding: finding.severity)
    return found[:MAX_FINDINGS]


def is_wall_time(clock: Clock) -> bool:
    """Tell whether a clock's times are the machine's."""
    return clock.mode == "real" and abs(clock.wall_offset) < SECOND


def verdict(found: Iterable[ConductFinding]) -> Verdict:
    """Return ``fail`` if one of the findings is an error, ``warn`` if one is a warning, else ``pass``."""
    severities = {finding.severity for finding in found}
    return "fail" if "error" in severities else "warn" if severities else "pass"


def reaches(severity: Severity, level: Severity) -> bool:
    """Tell whether a finding's severity is at least `level`."""
    return severity == "error" or level == "warning"


def callers(entries: Iterable[JournalEntry], now: int | None = None, *, is_wall_time: bool = False) -> list[Caller]:
    """Return the callers whose conduct is judged, with their requests; the arguments are those of `findings`."""
    by_caller: dict[tuple[str, str], list[JournalEntry]] = defaultdict(list)
    for entry in entries:
        endpoint = None if entry.endpoint is None else ENDPOINT_BY_NAME.get(entry.endpoint)
        if entry.endpoint is not None and (endpoint is None or endpoint.credential == "signature"):
            continue
        by_caller[entry.key or entry.account or entry.client, entry.client].append(entry)
    return [Caller(name, each, now, is_wall_time) for (name, _), each in by_caller.items()]
