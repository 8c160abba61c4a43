"""A run's results as files: evidence, and the entries of a contract file."""

from typing import Any

from clevora_mock.clock import iso
from clevora_mock.contract.endpoints import CHANGELOG
from clevora_mock.core.money import dollars
from clevora_mock.evidence import FORMAT, CheckEvidence, ClauseEvidence, Evidence
from clevora_mock.verify.run import ClauseResult, Ran
from clevora_mock.verify.wording import shown
from clevora_mock.version import __version__


def make_evidence(ran: Ran, host: str, now: int, requests: int, spent: int) -> Evidence:
    """Return the evidence of a run at `now`, in microseconds; `spent` is in micro-dollars."""
    return Evidence(
        format=FORMAT,
        date=iso(now),
        host=host,
        version=__version__,
        contract=CHANGELOG[0][0],
        requests=requests,
        spent=dollars(spent),
        clauses={clause.id: _clause(clause) for clause in ran.clauses},
    )


def _clause(clause: ClauseResult) -> ClauseEvidence:
    checks = [
        CheckEvidence(probe.title, probe.verdict, probe.why, [shown(one) for one in probe.differences])
        for probe in clause.probes
    ]
    return ClauseEvidence(clause.verdict, clause.why, checks)


def overrides(ran: Ran) -> dict[str, Any]:
    """Return the document of a contract file that answers as the server did, as far as one can."""
    document: dict[str, Any] = {}
    for clause in ran.clauses:
        for probe in clause.probes:
            for difference in probe.differences:
                if difference.override is not None:
                    place, value = difference.override
                    *way, last = place.split(".")
                    inner = document
                    for name in way:
                        inner = inner.setdefault(name, {})
                    inner[last] = value
    return document
