"""Rules about what a client asks for."""

from collections.abc import Iterator
from itertools import pairwise

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import MAX_IGNORED_NAMES
from clevora_mock.core.conduct.caller import Caller, is_after, pause_between
from clevora_mock.core.conduct.finding import UNKNOWN_FIELDS, USAGE_POLLING, ConductFinding
from clevora_mock.core.journal import JournalEntry


def unknown_fields(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about fields that the contract does not have."""
    unknown = [entry for entry in caller.requests if entry.ignored]
    if unknown:
        found = sorted({name for entry in unknown for name in entry.ignored})
        names = ", ".join(found[:MAX_IGNORED_NAMES]) + (", …" if len(found) > MAX_IGNORED_NAMES else "")
        message = f"{caller.name} sent fields that the contract does not have: {names}"
        yield UNKNOWN_FIELDS.finding(message, unknown, cost=0)


def usage_polling(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about reading usage too often; a page that is loaded again is not polling yet.

    Another request may have changed the usage.
    """
    fast = [
        later
        for group in caller.repeated
        if group[0].endpoint == "developer.usage"
        for earlier, later in pairwise(group)
        if later.serial == earlier.serial + 1 and is_after(later, earlier) and _is_fast(earlier, later)
    ]
    if len(fast) > 1:
        yield USAGE_POLLING.finding(f"{caller.name} requested usage more than once a second", fast)


def _is_fast(earlier: JournalEntry, later: JournalEntry) -> bool:
    return pause_between(earlier, later) is not None and later.at - earlier.at < SECOND
