"""The summary of a run: requests, errors, tokens, money and findings over all sandboxes.

Findings are collected when a sandbox is removed, so that those of one test's sandbox are included.
"""

from collections import Counter
from collections.abc import Iterable

from clevora_mock.core import money
from clevora_mock.core.conduct import ConductFinding, findings
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.sandbox import Sandbox

MAX_FINDINGS = 10
# Kinds of errors that are counted one by one; scenarios have codes of their own.
MAX_ERRORS = 100


class RunSummary:
    """Totals over all requests of all sandboxes; `spent` in micro-dollars, `errors` by status and code."""

    def __init__(self) -> None:
        self.requests = 0
        self.tokens = 0
        self.spent = 0
        self.errors: Counter[str] = Counter()
        # Only the first findings and their number are kept, to bound the memory of a long run.
        self._findings: list[ConductFinding] = []
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

    def add_findings(self, sandbox: Sandbox) -> None:
        """Collect the findings of a sandbox that is about to be removed."""
        found = findings(sandbox.journal.entries)
        self._found += len(found)
        self._findings += found[: MAX_FINDINGS - len(self._findings)]

    def lines(self, sandboxes: Iterable[Sandbox]) -> list[str]:
        """Return the sums, the errors and the findings as text; `sandboxes` are those that have not been removed."""
        left = [finding for sandbox in sandboxes for finding in findings(sandbox.journal.entries)]
        total = self._found + len(left)
        failed = self.errors.total()
        counts = _count(self.requests, "request"), _count(failed, "error"), _count(self.tokens, "token")
        lines = [", ".join((*counts, f"{money.text(self.spent)} spent"))]
        if failed:
            lines.append("errors: " + ", ".join(f"{count} x {error}" for error, count in self.errors.most_common()))
        lines += [
            f"{finding.kind}: {finding.message} ({_count(len(finding.requests), 'request')})"
            for finding in [*self._findings, *left][:MAX_FINDINGS]
        ]
        if total > MAX_FINDINGS:
            lines.append(f"and {_count(total - MAX_FINDINGS, 'more finding')} about the client's conduct")
        return lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
