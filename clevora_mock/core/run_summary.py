"""The summary of a run: requests, errors, tokens, money and findings over all sandboxes.

Findings are collected when a journal is cleared, so that those of before a reset and of removed sandboxes are included.
"""

from collections import Counter
from typing import NamedTuple

from clevora_mock.core import money
from clevora_mock.core.conduct.finding import ConductFinding
from clevora_mock.core.conduct.rules import findings
from clevora_mock.core.journal import JournalEntry

# Findings that are printed, and those that are kept.
MAX_FINDINGS = 10
MAX_KEPT = 1_000
# Kinds of errors that are counted one by one; scenarios have codes of their own.
MAX_ERRORS = 100


class SandboxFinding(NamedTuple):
    """A finding, and the name of the sandbox that it is about."""

    sandbox: str
    finding: ConductFinding


class RunSummary:
    """Totals over all requests of all sandboxes; `spent` in micro-dollars, `errors` by status and code.

    `findings` are the first `MAX_KEPT`, errors before warnings.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.tokens = 0
        self.spent = 0
        self.errors: Counter[str] = Counter()
        self.findings: list[SandboxFinding] = []
        # With those beyond `MAX_KEPT`.
        self._found = 0

    def add(self, sandbox: str, entry: JournalEntry) -> None:
        """Count a finished request."""
        self.requests += 1
        self.tokens += entry.prompt_tokens + entry.completion_tokens
        self.spent += entry.cost
        if entry.status == 0:
            self._add_error(f"no answer ({entry.fault or 'the client disconnected'})")
        elif entry.status >= 400:
            self._add_error(f"{entry.status} {entry.code or entry.fault or ''}".rstrip())

    def _add_error(self, name: str) -> None:
        self.errors[name if name in self.errors or len(self.errors) < MAX_ERRORS else "other errors"] += 1

    def add_findings(self, sandbox: str, entries: list[JournalEntry], is_wall_time: bool) -> None:
        """Collect the findings about a sandbox's journal that is cleared; a `JournalListener`."""
        found = findings(entries, is_wall_time=is_wall_time)
        self._found += len(found)
        # Errors before warnings.
        every = [*self.findings, *(SandboxFinding(sandbox, finding) for finding in found)]
        self.findings = sorted(every, key=lambda one: one.finding.severity)[:MAX_KEPT]

    def lines(self) -> list[str]:
        """Return the sums, the errors and the findings as text."""
        failed = self.errors.total()
        counts = _count(self.requests, "request"), _count(failed, "error"), _count(self.tokens, "token")
        lines = [", ".join((*counts, f"{money.text(self.spent)} spent"))]
        if failed:
            lines.append("errors: " + ", ".join(f"{count} x {error}" for error, count in self.errors.most_common()))
        lines += [
            f"{finding.severity} {finding.kind}: {finding.message} ({cost_text(finding)})"
            for _, finding in self.findings[:MAX_FINDINGS]
        ]
        if self._found > MAX_FINDINGS:
            lines.append(f"and {_count(self._found - MAX_FINDINGS, 'more finding')} about the client's conduct")
        return lines


def cost_text(finding: ConductFinding) -> str:
    """Return the number of a finding's requests, and what they cost for nothing: ``3 requests, $0.02``."""
    paid = f", {money.text(finding.cost)}" if finding.cost else ""
    return _count(finding.count, "request") + paid


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
