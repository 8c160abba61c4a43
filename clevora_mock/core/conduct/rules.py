"""The rules of conduct, and what they find in a journal."""

from collections.abc import Callable, Iterable, Iterator

from clevora_mock.core.conduct import answers, repetitions, requests, retries
from clevora_mock.core.conduct.caller import Caller, callers
from clevora_mock.core.conduct.finding import ConductFinding
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
