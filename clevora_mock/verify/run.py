"""A run: the probes one after another, and a verdict for each clause as it comes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec import Struct

from clevora_mock.evidence import Verdict
from clevora_mock.exit_status import DRIFT, FAILURE, INTERRUPTED
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
    """The result of a probe."""

    title: str
    verdict: Verdict
    why: str = ""
    differences: tuple[Difference, ...] = ()


class ClauseResult(Struct, frozen=True):
    """The result of a clause: refuted by one probe, confirmed by all of them, else it could not be checked."""

    id: str
    area: str
    verdict: Verdict
    why: str
    probes: tuple[ProbeResult, ...]


class Ran(Struct, frozen=True):
    """The result of a run; `stopped` says why it ended early, `keys_left` counts keys that could not be revoked."""

    clauses: tuple[ClauseResult, ...]
    stopped: str = ""
    keys_left: int = 0
    is_interrupted: bool = False

    @property
    def has_verdict(self) -> bool:
        """True if a clause was confirmed or refuted."""
        return any(clause.verdict != "could not check" for clause in self.clauses)

    @property
    def status(self) -> int:
        """The exit status: that of Ctrl-C, of a clause refuted, of a run that could not do its work, or 0."""
        if self.is_interrupted:
            return INTERRUPTED
        if any(clause.verdict == "refuted" for clause in self.clauses):
            return DRIFT
        return 0 if self.has_verdict and not self.stopped else FAILURE


def run(session: Session, plan: Plan, tell: Callable[[ClauseResult], Any] = lambda result: None) -> Ran:
    """Ask what is planned; `tell` is called with each clause's result.

    Ctrl-C ends the asking. Keys that the run created are revoked however it ends.
    """
    asked: list[ClauseResult] = []
    stopped, is_interrupted = "", False
    try:
        stopped = _first_contact(session, plan)
        for clause in plan.clauses:
            result, stopped = _ask_clause(session, clause, stopped)
            asked.append(result)
            tell(result)
        if not stopped:
            _settle(session)
    except KeyboardInterrupt:
        stopped, is_interrupted = "interrupted", True
    finally:
        # Whoever presses Ctrl-C does not wait for a minute.
        left = revoke_all(session, unpaced=is_interrupted)
    rest = [_judge(one, [_unasked(probe, stopped) for probe in one.probes]) for one in plan.clauses[len(asked) :]]
    return Ran((*asked, *rest), stopped, left, is_interrupted)


def _ask_clause(session: Session, clause: PlannedClause, stopped: str) -> tuple[ClauseResult, str]:
    """Return a clause's result, and why nothing more is asked; empty while all is well."""
    probes = []
    for one in clause.probes:
        try:
            result = _unasked(one, stopped) if stopped else _ask(session, one)
        except GaveUpError as error:
            stopped = _why(session, error)
            result = _unasked(one, stopped)
        probes.append(result)
    return _judge(clause, probes), stopped


def _first_contact(session: Session, plan: Plan) -> str:
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
                return f"the key (--api-key or CLEVORA_API_KEY) was answered {answer.status}"
        for ask in plan.first_asks:
            with suppress(CannotCheckError):
                session.answer(ask)
    except Exception as error:  # noqa: BLE001 - of any kind, for an answer that nobody foresaw
        return _why(session, error)
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
        return f"the token (--id-token or CLEVORA_ID_TOKEN) was answered {answer.status}"
    try:
        session.balance()
    except CannotCheckError:
        session.trust_prices()
    return ""


def _settle(session: Session) -> None:
    """Learn what the last request cost."""
    with suppress(CannotCheckError, GaveUpError):
        session.spending.settle()


def _unasked(planned: PlannedProbe, why: str) -> ProbeResult:
    return ProbeResult(planned.probe.title, "could not check", planned.lacking or why)


def _ask(session: Session, planned: PlannedProbe) -> ProbeResult:
    if planned.lacking:
        return _unasked(planned, planned.lacking)
    failures = session.failures
    try:
        differences = _check(session, planned.probe)
        shown = tuple(_without_credentials(session, one) for one in differences)
    except GaveUpError:
        raise
    except Exception as error:  # noqa: BLE001 - of any kind, for an answer that nobody foresaw
        return _unasked(planned, _why(session, error))
    if shown and planned.probe.check is not None and session.failures > failures:
        return _unasked(planned, "the server failed with 500 meanwhile")
    return ProbeResult(planned.probe.title, "refuted" if shown else "confirmed", "", shown)


def _why(session: Session, error: Exception) -> str:
    """Return why a probe or a run ended: the error's own words, or the kind of one that is no probe's."""
    if not isinstance(error, CannotCheckError | GaveUpError):
        return f"the check failed on an answer with {type(error).__name__}"
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
