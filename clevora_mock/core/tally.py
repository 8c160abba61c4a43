"""What a run came to: requests, errors, tokens and money over all sandboxes, and how the client behaved.

Counted as requests are made, and read off a sandbox when it goes: a sandbox that lived for one test still counts.
"""

from collections import Counter
from collections.abc import Iterable

from clevora_mock.core import money
from clevora_mock.core.conduct import Finding, findings
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.sandbox import Sandbox

# Findings that are shown one by one; a client that misbehaves in a thousand tests does so in the same way.
SHOWN = 10


class Tally:
    """Sums over every request of every sandbox."""

    def __init__(self) -> None:
        self.requests = 0
        self.tokens = 0
        self.spent = 0
        # By what a client was told: ``429 rate_limit_exceeded``.
        self.errors: Counter[str] = Counter()
        self._findings: list[Finding] = []

    def add(self, sandbox: str, entry: JournalEntry) -> None:
        """Count a request that is over."""
        self.requests += 1
        self.tokens += entry.prompt_tokens + entry.completion_tokens
        self.spent += entry.cost
        if entry.status == 0:
            self.errors[f"no answer ({entry.fault or 'the client left'})"] += 1
        elif entry.status >= 400:
            self.errors[f"{entry.status} {entry.code or entry.fault or ''}".rstrip()] += 1

    def keep(self, sandbox: Sandbox) -> None:
        """Judge the conduct in a sandbox that is about to go."""
        self._findings += findings(sandbox.journal.entries)

    def lines(self, sandboxes: Iterable[Sandbox]) -> list[str]:
        """The sums, the errors and the findings as people read them; `sandboxes` are those still alive."""
        found = [*self._findings, *(finding for sandbox in sandboxes for finding in findings(sandbox.journal.entries))]
        failed = self.errors.total()
        counts = _count(self.requests, "request"), _count(failed, "error"), _count(self.tokens, "token")
        said = [", ".join((*counts, f"{money.text(self.spent)} spent"))]
        if failed:
            said.append("errors: " + ", ".join(f"{count} x {what}" for what, count in self.errors.most_common()))
        said += [
            f"{finding.kind}: {finding.message} ({_count(len(finding.requests), 'request')})"
            for finding in found[:SHOWN]
        ]
        if len(found) > SHOWN:
            said.append(f"and {_count(len(found) - SHOWN, 'finding')} more about the client's conduct")
        return said


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
