"""The report of a run for people: a line a clause as it comes, what was expected beside what came, a summary."""

from collections import Counter
from collections.abc import Callable, Iterator

from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.core.money import text
from clevora_mock.evidence import Verdict
from clevora_mock.verify.plan import Plan, PlannedClause
from clevora_mock.verify.probes import AREAS
from clevora_mock.verify.run import ClauseResult, ProbeResult, Ran
from clevora_mock.verify.wording import shown

Paint = Callable[[str, Verdict | None], str]

_TEXTS = {clause.id: clause.documented or clause.inferred for clause in CLAUSES}
_BASES = {clause.id: " and ".join(clause.basis) for clause in CLAUSES}
_WIDTH = 80
_COLUMN = 34


def plain(words: str, verdict: Verdict | None) -> str:
    """Return `words` without color."""
    return words


def plan_lines(plan: Plan, url: str, max_spend: int, makes_keys: bool) -> Iterator[str]:
    """Yield what is going to be asked, and what it may cost."""
    if plan.probes:
        yield from _work_lines(plan, url, max_spend, makes_keys)
    whys = Counter(_why_not(clause) for clause in plan.clauses)
    for why, _ in whys.most_common():
        if why:
            names = ", ".join(clause.id for clause in plan.clauses if _why_not(clause) == why)
            yield f"  not asked, or in part: {names}: {why}"


def _work_lines(plan: Plan, url: str, max_spend: int, makes_keys: bool) -> Iterator[str]:
    asked = [clause for clause in plan.clauses if any(not one.lacking for one in clause.probes)]
    yield f"{url} is asked for {_count(len(asked), 'clause')} in {_count(len(plan.probes), 'check')}:"
    minutes = _count(plan.minutes, "minute")
    yield f"  about {_count(plan.requests, 'request')}, 60 a minute, in about {minutes}"
    yield f"  at most {text(plan.cost)} by the price table, and no more than {text(max_spend)} (--max-spend)"
    if makes_keys:
        yield "  keys are created and revoked again; they stay in the account's list as revoked"


def _why_not(clause: PlannedClause) -> str:
    return clause.unseen or next((one.lacking for one in clause.probes if one.lacking), "")


def clause_lines(result: ClauseResult, paint: Paint = plain) -> Iterator[str]:
    """Yield a clause's line, and below a refuted one what was expected and what came."""
    what = result.why if result.verdict == "could not check" else _TEXTS[result.id]
    what = what if len(what) <= _WIDTH else f"{what[: _WIDTH - 1]}…"
    yield f"{result.id:<4}{paint(f'{result.verdict:<16}', result.verdict)}{what}"
    for probe in result.probes:
        if probe.verdict == "refuted":
            yield from _probe_lines(probe)


def _probe_lines(probe: ProbeResult) -> Iterator[str]:
    yield f"      {probe.title}"
    for difference in map(shown, probe.differences):
        yield f"        {difference.place}"
        yield f"          expected  {difference.expected:<{_COLUMN}}  got  {difference.got}"
        if difference.settle:
            yield f"          the mock answers so by {difference.settle}"


def summary_lines(ran: Ran, requests: int, spent: int, paint: Paint = plain) -> Iterator[str]:
    """Yield a line an area, the totals, and what the user should know of the end."""
    yield ""
    yield f"{'':<24}{'confirmed':>10}{'refuted':>10}{'could not check':>18}"
    for area in dict.fromkeys([area.name for area in AREAS]):
        counts = Counter(clause.verdict for clause in ran.clauses if clause.area == area)
        if counts:
            yield f"{area:<24}{counts['confirmed']:>10}{counts['refuted']:>10}{counts['could not check']:>18}"
    totals = Counter(clause.verdict for clause in ran.clauses)
    yield f"{'':<24}{totals['confirmed']:>10}{totals['refuted']:>10}{totals['could not check']:>18}"
    refuted = [clause.id for clause in ran.clauses if clause.verdict == "refuted"]
    if refuted:
        yield paint(f"refuted: {', '.join(f'{name} ({_BASES[name]})' for name in refuted)}", "refuted")
    yield f"{_count(requests, 'request')}, {text(spent)} spent"
    if ran.stopped:
        yield paint(f"stopped: {ran.stopped}", "refuted")
    if ran.keys_left:
        left = _count(ran.keys_left, "key")
        yield f"{left} of the run could not be revoked; the dashboard has them as clevora-mock verify"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
