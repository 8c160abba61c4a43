"""The summary of a run: requests, errors, tokens, money and findings over all sandboxes.

Findings are collected when a sandbox is removed, so that those of one test's sandbox are included.
"""

from collections import Counter
from collections.abc import Iterable
from threading import Thread
from typing import NamedTuple

from clevora_mock.core import money
from clevora_mock.core.conduct import findings, is_wall_time
from clevora_mock.core.conduct.finding import ConductFinding
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.sandbox import Sandbox

# A journal that takes the event loop more than some milliseconds.
_LONG_JOURNAL = 500
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
    """Totals over all requests of all sandboxes; `spent` in micro-dollars, `errors` by status and code."""

    def __init__(self) -> None:
        self.requests = 0
        self.tokens = 0
        self.spent = 0
        self.errors: Counter[str] = Counter()
        # Of the sandboxes that were removed.
        self._findings: list[SandboxFinding] = []
        self._found = 0
        # Those that are still looked for, each in a thread that fills a list of its own.
        self._running: list[tuple[Thread, list[SandboxFinding]]] = []

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
        """Collect the findings of a sandbox that is about to be removed; those of a long journal in a thread."""
        entries, found = list(sandbox.journal.entries), list[SandboxFinding]()
        work = Thread(target=_collect, args=(sandbox.name, entries, is_wall_time(sandbox.clock), found), daemon=True)
        if len(entries) > _LONG_JOURNAL:
            work.start()
            self._running.append((work, found))
        else:
            work.run()
            self._add(found)

    def _add(self, found: list[SandboxFinding]) -> None:
        self._found += len(found)
        self._findings = _kept([*self._findings, *found])

    def _finish(self) -> None:
        """Wait for the findings that are still looked for."""
        for work, found in self._running:
            work.join()
            self._add(found)
        self._running = []

    def findings(self, sandboxes: Iterable[Sandbox]) -> list[SandboxFinding]:
        """Return the findings, at most `MAX_KEPT`; `sandboxes` are those that have not been removed."""
        self._finish()
        return _kept([*self._findings, *(found for sandbox in sandboxes for found in _findings_of(sandbox))])

    def lines(self, sandboxes: Iterable[Sandbox]) -> list[str]:
        """Return the sums, the errors and the findings as text; `sandboxes` are those that have not been removed."""
        self._finish()
        left = [found for sandbox in sandboxes for found in _findings_of(sandbox)]
        total = self._found + len(left)
        failed = self.errors.total()
        counts = _count(self.requests, "request"), _count(failed, "error"), _count(self.tokens, "token")
        lines = [", ".join((*counts, f"{money.text(self.spent)} spent"))]
        if failed:
            lines.append("errors: " + ", ".join(f"{count} x {error}" for error, count in self.errors.most_common()))
        lines += [
            f"{finding.severity} {finding.kind}: {finding.message} ({cost_text(finding)})"
            for _, finding in _kept([*self._findings, *left])[:MAX_FINDINGS]
        ]
        if total > MAX_FINDINGS:
            lines.append(f"and {_count(total - MAX_FINDINGS, 'more finding')} about the client's conduct")
        return lines


def cost_text(finding: ConductFinding) -> str:
    """Return the number of a finding's requests, and what they cost for nothing: ``3 requests, $0.02``."""
    paid = f", {money.text(finding.cost)}" if finding.cost else ""
    return _count(finding.count, "request") + paid


def _findings_of(sandbox: Sandbox) -> list[SandboxFinding]:
    found: list[SandboxFinding] = []
    _collect(sandbox.name, sandbox.journal.entries, is_wall_time(sandbox.clock), found)
    return found


def _collect(name: str, entries: Iterable[JournalEntry], is_wall: bool, found: list[SandboxFinding]) -> None:
    """Add the findings about a sandbox to `found`."""
    found += [SandboxFinding(name, finding) for finding in findings(entries, is_wall_time=is_wall)]


def _kept(found: list[SandboxFinding]) -> list[SandboxFinding]:
    """Return the first `MAX_KEPT` findings, errors before warnings."""
    return sorted(found, key=lambda one: one.finding.severity)[:MAX_KEPT]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
