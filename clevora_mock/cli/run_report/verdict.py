"""The verdict on a run: what failed it, and the findings about the client."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from clevora_mock.cli.run_record import SandboxRecord


class RunVerdict(Struct, frozen=True):
    """A tone of the page, a word, and the reasons for it, the gravest first."""

    tone: Literal["good", "warn", "bad"]
    word: str
    reasons: list[str]


def judge(records: Sequence[SandboxRecord], problems: Sequence[str]) -> RunVerdict:
    """Judge a run: it failed for its failed tests and for `problems`; findings alone are warnings."""
    failed = sum(record.outcome == "failed" for record in records)
    found = sum(len(record.findings) for record in records)
    grave = [*([f"{_count(failed, 'test')} failed"] if failed else []), *problems]
    reasons = [*grave, *([f"{_count(found, 'finding')} about the client"] if found else [])]
    if grave:
        return RunVerdict("bad", "Fail", reasons)
    return RunVerdict("warn", "Warnings", reasons) if reasons else RunVerdict("good", "Pass", [])


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
