"""A run's failed checks as JUnit's XML and as GitHub's annotations."""

import sys
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
    failed = sum(one.fails for one in failures)
    tests = len(failures) or 1
    suite = f'<testsuite name="{SUITE}" tests="{tests}" failures="{failed}" errors="0" skipped="0" time="0">'
    cases = [_test_case(one) for one in failures] or [f'  <testcase classname="{SUITE}" name="conduct" time="0"/>']
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', suite, *cases, "</testsuite>", ""])


def _test_case(failure: Failure) -> str:
    text = escape("\n".join(map(printable, (failure.message, *failure.lines))))
    message = quoteattr(printable(failure.message))
    outcome = (
        f'<failure type="{failure.level}" message={message}>{text}</failure>'
        if failure.fails
        else f"<system-out>{text}</system-out>"
    )
    named = f"classname={quoteattr(printable(failure.group))} name={quoteattr(printable(failure.name))}"
    return f'  <testcase {named} time="0">{outcome}</testcase>'


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
