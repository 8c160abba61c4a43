"""A run: the probes one after another, and a verdict for each clause as it comes."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from clevora_mock.evidence import Verdict
from clevora_mock.verify.answers import json_of
from clevora_mock.verify.client import Answer, CannotCheckError
from clevora_mock.verify.expectation import Difference
from clevora_mock.verify.plan import Plan, PlannedClause, PlannedProbe
from clevora_mock.verify.probe import Probe
from clevora_mock.verify.probes.errors import HOMES
from clevora_mock.verify.probes.keys import revoke_all
from clevora_mock.verify.session import ACCOUNT, GaveUpError, Session
from clevora_mock.verify.wording import told

_MOST_OF_WHY = 200


class ProbeResult(Struct, frozen=True):
    """What came of a probe."""

    title: str
    verdict: Verdict
    why: str = ""
    differences: tuple[Difference, ...] = ()


class ClauseResult(Struct, frozen=True):
    """What came of a clause: refuted by one probe, confirmed by all of them, else it could not be checked."""

    id: str
    area: str
    verdict: Verdict
    why: str
    probes: tuple[ProbeResult, ...]


class Ran(Struct, frozen=True):
    """What came of a run; `stopped` says why it ended early, `keys_left` counts keys that could not be revoked."""

    clauses: tuple[ClauseResult, ...]
    stopped: str = ""
    keys_left: int = 0

    @property
    def status(self) -> int:
        """The exit status: 2 with a clause refuted, 1 where the run could not do its work, else 0."""
        if any(clause.verdict == "refuted" for clause in self.clauses):
            return 2
        return 1 if self.stopped or all(clause.verdict == "could not check" for clause in self.clauses) else 0


def run(session: Session, plan: Plan, tell: Callable[[ClauseResult], Any] = lambda result: None) -> Ran:
    """Ask what is planned; `tell` is called with each clause's result."""
    results: list[ClauseResult] = []
    stopped = _first_contact(session)
    for clause in plan.clauses:
        probes = []
        for one in clause.probes:
            try:
                result = _unasked(one, stopped) if stopped else _ask(session, one)
            except GaveUpError as error:
                stopped = _told(session, error)
                result = _unasked(one, stopped)
            probes.append(result)
        results.append(_judge(clause, probes))
        tell(results[-1])
    left = 0
    if not stopped:
        try:
            left = revoke_all(session)
        except GaveUpError as error:
            stopped = _told(session, error)
    if stopped:
        left = len(session.created_keys)
    return Ran(tuple(results), stopped, left)


def _first_contact(session: Session) -> str:
    """Ask what every server of the API refuses, and what the key opens; return why nothing more is asked, if so."""
    try:
        answer = session.answer(HOMES["not_found"])
        if not 400 <= answer.status < 500:
            return f"GET /v1/nothing was answered {answer.status}, by something else than the API"
        if not (_is_object(answer) or _is_object(session.answer(HOMES["invalid_api_key"]))):
            return f"GET /v1/nothing was answered {answer.status}, by something else than the API"
        stopped = "" if session.credentials.id_token is None else _read_balance(session)
        if stopped:
            return stopped
        if session.credentials.api_key is not None:
            answer = session.answer(HOMES["missing_field"])
            if answer.status in (401, 403, 500):
                return f"the key of --api-key was answered {answer.status}"
    except (CannotCheckError, GaveUpError) as error:
        return _told(session, error)
    return ""


def _is_object(answer: Answer) -> bool:
    try:
        json_of(answer)
    except CannotCheckError:
        return False
    return True


def _read_balance(session: Session) -> str:
    """Find out whether the account's balance can be read; return why nothing more is asked, if the token is refused."""
    answer = session.send(session.request(ACCOUNT))
    if answer.status in (401, 403):
        return f"the token of --id-token was answered {answer.status}"
    try:
        session.balance()
    except CannotCheckError:
        session.trust_prices()
    return ""


def _unasked(planned: PlannedProbe, why: str) -> ProbeResult:
    return ProbeResult(planned.probe.title, "could not check", planned.lacking or why)


def _ask(session: Session, planned: PlannedProbe) -> ProbeResult:
    if planned.lacking:
        return _unasked(planned, planned.lacking)
    failures = session.failures
    try:
        differences = _check(session, planned.probe)
    except CannotCheckError as error:
        return _unasked(planned, _told(session, error))
    if differences and planned.probe.check is not None and session.failures > failures:
        return _unasked(planned, "the server failed with 500 meanwhile")
    shown = tuple(_without_credentials(session, one) for one in differences)
    return ProbeResult(planned.probe.title, "refuted" if shown else "confirmed", "", shown)


def _told(session: Session, error: Exception) -> str:
    return told(session.without_credentials(str(error)), _MOST_OF_WHY)


def _without_credentials(session: Session, found: Difference) -> Difference:
    """Return a difference without the run's credentials, which a server may repeat and whose form may be its own."""
    place, expected, got = (
        session.without_credentials(value) if isinstance(value, str) else value
        for value in (found.place, found.expected, found.got)
    )
    override = found.override if got == found.got else None
    return found._replace(place=str(place), expected=expected, got=got, override=override)


def _check(session: Session, probe: Probe) -> list[Difference]:
    if probe.check is not None:
        return probe.check(session)
    assert probe.ask is not None  # noqa: S101 - a probe has one of the two
    return session.differences(probe.ask)


def _judge(clause: PlannedClause, probes: list[ProbeResult]) -> ClauseResult:
    verdicts = {probe.verdict for probe in probes}
    verdict: Verdict = "could not check"
    why = clause.unseen or next((probe.why for probe in probes if probe.why), "")
    if "refuted" in verdicts:
        verdict, why = "refuted", ""
    elif verdicts == {"confirmed"}:
        verdict = "confirmed"
    return ClauseResult(clause.id, clause.area, verdict, why, tuple(probes))
