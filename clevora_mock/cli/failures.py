"""A run's failed checks as JUnit's XML and as GitHub's annotations."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from clevora_mock.cli.run_problem import RunProblem, print_problem
from clevora_mock.core.messages import printable
from clevora_mock.exit_status import FAILURE
from clevora_mock.output_file import replace_file, unwritable
from clevora_mock.settings import is_github_actions

SUITE = "clevora-mock"


class Failure(Struct, frozen=True):
    """One outcome of a check: `name` is the check, such as a kind of finding, and `group` the sandbox or the test.

    `fails` is False for a warning that the run allows; `lines` say more than `message`.
    """

    group: str
    name: str
    level: Literal["error", "warning"]
    message: str
    lines: tuple[str, ...] = ()
    fails: bool = True


def write_failures(failures: Sequence[Failure], path: str | None) -> list[RunProblem]:
    """Write JUnit's XML to the file of ``--junit`` and annotations for GitHub Actions, and return what went wrong."""
    if is_github_actions():
        sys.stderr.writelines(f"{line}\n" for line in annotations(failures))
    try:
        if path is not None:
            replace_file(Path(path), junit(failures).encode())
    except OSError as error:
        return [print_problem(FAILURE, f"--junit: {unwritable(path or '', error)}")]
    return []


def junit(failures: Sequence[Failure]) -> str:
    """Return JUnit's XML: one suite, and a test case for each failure; one that passed without any."""
    cases = [
        Case(one.group, one.name, "failed" if one.fails else "passed", (one.message, *one.lines), one.level)
        for one in failures
    ]
    return suite_xml(SUITE, cases or [Case(SUITE, "conduct", "passed")])


class Case(Struct, frozen=True):
    """A test case of JUnit's XML; `lines` say why it did not pass, or are the output of one that passed."""

    group: str
    name: str
    outcome: Literal["passed", "failed", "skipped", "error"]
    lines: tuple[str, ...] = ()
    failure_type: str = "error"


def suite_xml(name: str, cases: Sequence[Case]) -> str:
    """Return JUnit's XML of one suite."""
    counts = Counter(one.outcome for one in cases)
    numbers = (
        f'tests="{len(cases)}" failures="{counts["failed"]}" errors="{counts["error"]}" '
        f'skipped="{counts["skipped"]}" time="0"'
    )
    head = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuite name={quoteattr(name)} {numbers}>"]
    return "\n".join([*head, *map(_test_case, cases), "</testsuite>", ""])


def _test_case(case: Case) -> str:
    named = f"classname={quoteattr(printable(case.group))} name={quoteattr(printable(case.name))}"
    if not case.lines:
        return f'  <testcase {named} time="0"/>'
    text = escape("\n".join(map(printable, case.lines)))
    message = quoteattr(printable(case.lines[0]))
    inner = {
        "failed": f'<failure type="{case.failure_type}" message={message}>{text}</failure>',
        "error": f"<error message={message}>{text}</error>",
        "skipped": f"<skipped message={message}/>",
        "passed": f"<system-out>{text}</system-out>",
    }
    return f'  <testcase {named} time="0">{inner[case.outcome]}</testcase>'


def annotations(failures: Iterable[Failure]) -> list[str]:
    """Return a line for each failure that GitHub Actions shows on the run's page."""
    return [
        f"::{one.level} title={_property(f'{SUITE}: {one.name} in {one.group}')}::"
        + _data("\n".join(map(printable, (one.message, *one.lines))))
        for one in failures
    ]


def notice(text: str) -> str:
    """Return a line that GitHub Actions shows on the run's page as a notice."""
    return f"::notice title={SUITE}::{_data(printable(text))}"


def _data(text: str) -> str:
    """Escape the text of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape the value of a workflow command's property."""
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
