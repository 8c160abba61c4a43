"""The report's file: a page with its style, its script and the run, all inside.

The same records give the same bytes. The page's policy admits this style and this script alone, by their digests, and
no connection. Money is in dollars here, as in the control plane.
"""

import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import msgspec
from msgspec import Struct

from clevora_mock.cli.run_record import SandboxRecord, need_of_requests
from clevora_mock.cli.run_report.bundle import Bundle
from clevora_mock.cli.run_report.recoveries import recovered
from clevora_mock.cli.run_report.verdict import judge
from clevora_mock.cli.spend_baseline import SpendBaseline, difference
from clevora_mock.control.schemas import JournalEntryView
from clevora_mock.core import money
from clevora_mock.core.masking import masked_text, preview
from clevora_mock.core.spend import SpendGroup
from clevora_mock.settings import DEMO_KEY, Settings
from clevora_mock.version import __version__

# Of the file's data; the page itself has less than a hundredth of it.
MAX_BYTES = 20 * 1000 * 1000
MAX_REQUESTS = 10_000
# Limits to try for a large run, one after another: requests, and characters of each body, answer and failure.
_LIMITS = (
    (MAX_REQUESTS, 20_000),
    *((MAX_REQUESTS, characters) for characters in (4_000, 1_000, 300)),
    *((requests, 300) for requests in (5_000, 2_000, 500, 0)),
)
_CONSOLE = "control/console"
_PAGE = "cli/run_report/page"
_STYLES = (f"{_CONSOLE}/tokens.css", f"{_CONSOLE}/console.css", f"{_PAGE}/report.css")


class RunFacts(Struct, frozen=True):
    """Facts about the run as a whole; `budget` and `baseline`, by test, in micro-dollars.

    `problems` failed the run, beside its failed tests.
    """

    command: str
    budget: int | None = None
    baseline: Mapping[str, int] | None = None
    baseline_name: str = ""
    problems: Sequence[str] = ()


def run_facts(
    command: Sequence[str], baseline: SpendBaseline | None, budget: int | None = None, problems: Sequence[str] = ()
) -> RunFacts:
    """Return what a report says of the run of a command; `budget` in micro-dollars."""
    if baseline is None or baseline.before is None:
        return RunFacts(shlex.join(command), budget, problems=problems)
    return RunFacts(shlex.join(command), budget, baseline.before, str(baseline.path), problems)


def render_report(records: Sequence[SandboxRecord], facts: RunFacts) -> bytes:
    """Return the HTML of the report of a run."""
    bundle = Bundle(_read)
    bundle.add(f"{_PAGE}/main.js")
    script, style = bundle.text(), "".join(map(_read, _STYLES))
    sandboxes = sum(bool(record.sandbox) for record in records)
    summary = f"{sandboxes} with a sandbox, {money.text(sum(record.spent for record in records))} spent."
    page = Template(_read(f"{_PAGE}/page.html")).substitute(
        policy=_policy(script, style),
        style=style,
        script=script,
        licenses=_read(f"{_CONSOLE}/lib/LICENSES.txt").partition("uplot (MIT)")[0].rstrip(),
        summary=escape(summary),
        data=_data(records, facts),
    )
    return page.encode()


def _read(path: str) -> str:
    """Return the text of a file of the package."""
    return files("clevora_mock").joinpath(path).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    scripts, styles = (b64encode(sha256(text.encode()).digest()).decode() for text in (script, style))
    return (
        f"default-src 'none'; script-src 'sha256-{scripts}'; style-src 'sha256-{styles}'; img-src data:; "
        "form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'"
    )


def _data(records: Sequence[SandboxRecord], facts: RunFacts) -> str:
    """Return the run as JSON in which no character begins a tag, cut until it is small enough."""
    ordered = [(record, recovered(record.requests)) for record in _failed_first(records)]
    for requests, characters in _LIMITS:
        cut = _Cut(requests, characters)
        tests = [cut.test(record, again, facts) for record, again in ordered]
        tests.sort(key=lambda test: str(test["name"]))
        encoded = msgspec.json.encode({"run": _run(records, facts, cut), "tests": tests}).replace(b"<", b"\\u003c")
        if len(encoded) <= MAX_BYTES:
            break
    return encoded.decode()


def _failed_first(records: Sequence[SandboxRecord]) -> list[SandboxRecord]:
    """Return the records in the order in which their requests are kept."""
    by_name = sorted(records, key=lambda record: record.name)
    return sorted(by_name, key=need_of_requests, reverse=True)


def _run(records: Sequence[SandboxRecord], facts: RunFacts, cut: "_Cut") -> dict[str, object]:
    return {
        "version": __version__,
        "command": masked_text(_valid(facts.command)),
        "verdict": judge(records, [masked_text(_valid(problem)) for problem in facts.problems]),
        "budget": _dollars(facts.budget),
        "isOver": facts.budget is not None and sum(record.spent for record in records) > facts.budget,
        "baseline": None if facts.baseline is None else _baseline(facts.baseline, facts.baseline_name, records),
        "notes": cut.notes(),
        "target": {"base": f"http://127.0.0.1:{Settings().port}", "key": DEMO_KEY, "preview": preview(DEMO_KEY)},
    }


def _baseline(baseline: Mapping[str, int], name: str, records: Sequence[SandboxRecord]) -> dict[str, object]:
    """Return the file's name, the sum of its tests that ran, the change since, and its tests that did not run."""
    ran = {record.name for record in records if record.sandbox}
    before = sum(spent for test, spent in baseline.items() if test in ran)
    gone = [(test, spent) for test, spent in sorted(baseline.items()) if test not in ran]
    return {
        "name": name,
        "spent": money.dollars(before),
        "change": difference(sum(record.spent for record in records) - before, before),
        "gone": [{"name": test, "spent": money.dollars(spent)} for test, spent in gone],
    }


class _Cut:
    """Cut each record: keep the newest of `requests` in all, and `characters` of each text."""

    def __init__(self, requests: int, characters: int) -> None:
        self._left = requests
        self._characters = characters
        self._omitted = 0
        self._shortened = 0

    def test(self, record: SandboxRecord, again: Sequence[bool], facts: RunFacts) -> dict[str, object]:
        """Return a record as the page's data; money in dollars, requests the oldest first.

        `again` tells of each request if the same was answered later.
        """
        kept = list(zip(record.requests, again, strict=True))[: self._left]
        is_compared = facts.baseline is not None and bool(record.sandbox)
        before = facts.baseline.get(record.name) if facts.baseline is not None and is_compared else None
        self._left -= len(kept)
        omitted = record.omitted + len(record.requests) - len(kept)
        self._omitted += omitted
        groups = {"endpoint": record.by_endpoint, "rule": record.by_rule, "key": record.by_key}
        return {
            "name": record.name,
            "sandbox": record.sandbox,
            "outcome": record.outcome,
            "failure": None if record.failure is None else self._failure(record.failure),
            "spent": money.dollars(record.spent),
            "before": _dollars(before),
            "change": _change(record.spent, before) if is_compared else "",
            "budget": _dollars(record.budget),
            "isOver": record.budget is not None and record.spent > record.budget,
            "spendBy": {grouping: list(map(_group, found)) for grouping, found in groups.items()},
            "waste": [
                {"kind": one.kind, "requests": one.requests, "dollars": money.dollars(one.spent)}
                for one in record.waste
            ],
            "findings": record.findings,
            "requests": [self._request(request, is_recovered) for request, is_recovered in reversed(kept)],
            "omitted": omitted,
        }

    def notes(self) -> list[str]:
        """Return sentences about what was left out."""
        notes = []
        if self._omitted:
            notes.append(
                f"{self._omitted:,} requests are not in this report; those of failed tests and of tests with findings "
                "came first. Sums of money count them."
            )
        if self._shortened:
            notes.append(
                f"{self._shortened:,} bodies, answers and failures are cut to {self._characters:,} characters."
            )
        return notes

    def _failure(self, text: str) -> str:
        # The end has the error.
        shown = masked_text(_valid(text))
        if len(shown) <= self._characters:
            return shown
        self._shortened += 1
        return f"…{shown[-self._characters :]}"

    def _request(self, request: JournalEntryView, is_recovered: bool) -> dict[str, Any]:
        body, response = request.body, request.response
        text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
        changed: dict[str, Any] = {"isRecovered": is_recovered}
        if len(text) > self._characters:
            self._shortened += 1
            changed |= {"body": f"{text[: self._characters]}…", "isCut": True}
        if len(response) > self._characters:
            self._shortened += 1
            changed["response"] = f"{response[: self._characters]}…"
        shown: dict[str, Any] = msgspec.to_builtins(request)
        return shown | changed


def _change(now: int, before: int | None) -> str:
    return "new" if before is None else difference(now - before, before)


def _group(group: SpendGroup) -> dict[str, object]:
    return {
        "name": group.name,
        "requests": group.requests,
        "tokens": group.tokens,
        "dollars": money.dollars(group.spent),
    }


def _dollars(micros: int | None) -> float | None:
    return None if micros is None else money.dollars(micros)


def _valid(text: str) -> str:
    """Return the text with ? for surrogates, which no JSON can hold."""
    return text.encode("utf-8", "replace").decode()
