"""Evidence: what a server answered when it was asked for each clause, as ``clevora-mock verify`` writes it.

It has no credential and no value that is an account's: for each clause a verdict, and of what was refuted the shape.
"""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from clevora_mock.core.errors import UnusableFileError
from clevora_mock.web.type_words import reword

Verdict = Literal["confirmed", "refuted", "could not check"]

FORMAT = 1
# Of the evidence that the package ships with.
NEVER_CHECKED = "never checked against the live API"


class EvidenceDifference(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A place of an answer that was not as expected; `settle` is what makes the mock answer so."""

    place: str
    expected: str
    got: str
    settle: str = ""


class CheckEvidence(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One check of a clause; `why` says why it could not be made."""

    title: str
    verdict: Verdict
    why: str = ""
    differences: list[EvidenceDifference] = []


class ClauseEvidence(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The verdict on a clause, and the checks that led to it."""

    verdict: Verdict
    why: str = ""
    checks: list[CheckEvidence] = []


class Evidence(Struct, frozen=True, forbid_unknown_fields=True):
    """One run: its time, the server, the versions, requests, dollars spent, and the verdicts by clause."""

    format: int
    date: str
    host: str
    version: str
    contract: str
    requests: int
    spent: float
    clauses: dict[str, ClauseEvidence]


class _Version(Struct, frozen=True):
    """The version of the format, in any evidence."""

    format: int


def status_of(evidence: Evidence | None) -> str:
    """Return in a few words how far the contract was checked."""
    if evidence is None or all(clause.verdict == "could not check" for clause in evidence.clauses.values()):
        return NEVER_CHECKED
    return f"checked against {evidence.host} on {evidence.date[:10]}"


class EvidenceError(UnusableFileError):
    """An evidence file that cannot be used."""


def read_evidence(path: Path) -> Evidence:
    """Read an evidence file. Raises EvidenceError with the file, and the field that is wrong."""
    try:
        content = path.read_bytes()
        # First of all, since another version may have other fields.
        version = msgspec.json.decode(content, type=_Version).format
        if version == FORMAT:
            return msgspec.json.decode(content, type=Evidence)
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path}: expected evidence of clevora-mock verify: {reword(str(error))}") from None
    raise EvidenceError(f"{path}: format: expected {FORMAT}, got {version}")


def write_evidence(evidence: Evidence) -> bytes:
    """Return the bytes of an evidence file."""
    return msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n"
