"""``clevora-mock verify``: asks a server, and tells what came of it."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import click
from click.core import ParameterSource
from msgspec import Struct

from clevora_mock import exit_status
from clevora_mock.cli.failures import Case, suite_xml
from clevora_mock.cli.options import fail, read_flag, refuse_shared_file, try_file
from clevora_mock.cli.terminal import Style, Styler
from clevora_mock.clock import SECOND, monotonic_micros, read_duration, sleep, wall_micros
from clevora_mock.core import money
from clevora_mock.core.messages import one_of
from clevora_mock.evidence import Verdict, write_evidence
from clevora_mock.output_file import replace_file, unwritable
from clevora_mock.setting_kinds import DOCUMENT_HOST, DOLLARS, TIMEOUT, UPSTREAM
from clevora_mock.verify import report, results
from clevora_mock.verify.answers import value_of
from clevora_mock.verify.client import CannotCheckError, Origin, Request, SocketTransport, read_origin
from clevora_mock.verify.llms import compare_document
from clevora_mock.verify.pace import Pace
from clevora_mock.verify.plan import Plan, make_plan, read_clauses
from clevora_mock.verify.probes import HOMES
from clevora_mock.verify.run import ClauseResult, Ran, run
from clevora_mock.verify.session import Credentials, Session
from clevora_mock.verify.wording import shown

_SUITE = "clevora-mock verify"
_OUTCOMES: dict[Verdict, Literal["passed", "failed", "skipped"]] = {
    "confirmed": "passed",
    "refuted": "failed",
    "could not check": "skipped",
}
_STYLES: dict[Verdict, Style] = {"confirmed": "good", "refuted": "bad", "could not check": "warning"}


class Options(Struct, frozen=True):
    """The command's flags as they were given."""

    url: str | None
    llms: str | None
    clauses: str
    max_spend: str
    timeout: str
    destructive: bool
    yes: bool
    evidence: str | None
    junit: str | None
    write_contract: str | None


def verify(options: Options, credentials: Credentials) -> int:
    """Ask, print, write the files, and return the exit status."""
    if options.url is None and options.llms is None:
        raise click.UsageError("expected --url URL, or --llms URL.")
    if options.llms is not None:
        _require_no_others(click.get_current_context())
        return _compare_llms(options)
    origin = read_origin(read_flag(UPSTREAM, "--url", options.url or ""))
    clauses = _clauses(options.clauses)
    max_spend = money.micros(read_flag(DOLLARS, "--max-spend", options.max_spend))
    files = {"--evidence": options.evidence, "--junit": options.junit, "--write-contract": options.write_contract}
    for name, path in files.items():
        try_file(name, path)
    refuse_shared_file(files)
    plan = make_plan(credentials, clauses, destructive=options.destructive)
    _print(report.plan_lines(plan, origin.url, max_spend, credentials.id_token is not None))
    if not plan.probes:
        fail("nothing can be asked without what is named above", exit_status.FAILURE)
    if not options.yes and not _agreed():
        fail("nothing was asked", exit_status.FAILURE)
    return _ask(origin, options, credentials, plan, max_spend)


def _require_no_others(context: click.Context) -> None:
    """Exit with status 2 for flags that ``--llms`` does not look at; variables may be set."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in ("llms", "timeout")
        and context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"--llms: expected no {one_of(given)} beside it")


def _ask(origin: Origin, options: Options, credentials: Credentials, plan: Plan, max_spend: int) -> int:
    transport = _transport(origin, options)
    session = Session(transport, credentials, Pace(monotonic_micros, sleep), max_spend, HOMES, wall_micros())
    paint = _painter()
    ran = run(session, plan, lambda result: _print(report.clause_lines(result, paint)))
    _print(report.summary_lines(ran, session.requests, session.spending.spent, paint))
    write_files(ran, origin, options, session.requests, session.spending.spent)
    return ran.status


def write_files(ran: Ran, origin: Origin, options: Options, requests: int, spent: int) -> None:
    """Write the files, but for those that the run has nothing to say in; `spent` is in micro-dollars."""
    unseen = "" if ran.has_verdict else "no clause was confirmed or refuted"
    if options.evidence is not None and not _is_kept(options.evidence, unseen):
        evidence = results.make_evidence(ran, origin.authority, wall_micros(), requests, spent)
        _write("--evidence", options.evidence, write_evidence(evidence))
    if options.junit is not None:
        _write("--junit", options.junit, junit(ran).encode())
    unsure = unseen or ("the run was stopped" if ran.stopped else "")
    if options.write_contract is not None and not _is_kept(options.write_contract, unsure):
        document = results.overrides(ran)
        _write("--write-contract", options.write_contract, json.dumps(document, indent=2).encode() + b"\n")
        sets = (
            f"sets {', '.join(document)} otherwise than the contract" if document else "is empty: it has nothing to set"
        )
        click.echo(f"{options.write_contract} {sets}")


def _is_kept(path: str, why: str) -> bool:
    """Say why a file is not written, if there is a reason, and tell whether there is one."""
    if why:
        click.echo(f"{path} is {'left as it is' if Path(path).exists() else 'not written'}: {why}")
    return bool(why)


def junit(ran: Ran) -> str:
    """Return JUnit's XML: a case a clause, skipped if it could not be checked, and an error of a run that failed."""
    cases = [Case(one.area, one.id, _OUTCOMES[one.verdict], _told(one), "refuted") for one in ran.clauses]
    if ran.stopped or not ran.has_verdict:
        why = f"stopped: {ran.stopped}" if ran.stopped else "no clause could be checked"
        cases.append(Case(_SUITE, "the run", "error", (why,)))
    return suite_xml(_SUITE, cases)


def _told(clause: ClauseResult) -> tuple[str, ...]:
    if clause.verdict == "could not check":
        return (clause.why,)
    return tuple(
        f"{probe.title}: {one.place}: expected {one.expected}, got {one.got}"
        for probe in clause.probes
        for one in map(shown, probe.differences)
    )


def _compare_llms(options: Options) -> int:
    """Compare a server's document for agents with the contract; print every difference."""
    url = (options.llms or "").rstrip("/")
    base, _, name = url.rpartition("/") if url.endswith((".json", ".txt", "/llms")) else (url, "", "llms.json")
    origin = read_origin(read_flag(DOCUMENT_HOST, "--llms", base.removesuffix("/docs")))
    target = f"/docs/{name}" if base.endswith("/docs") else f"/{name}"
    address = f"{origin.url}{target}"
    try:
        answer = _transport(origin, options)(Request("GET", target))
        if answer.status != 200:
            raise CannotCheckError(f"answered {answer.status}")
        found = compare_document(value_of(answer))
    except CannotCheckError as error:
        fail(f"{address}: {error}", exit_status.FAILURE)
    except RecursionError:
        fail(f"{address}: expected JSON of less depth", exit_status.FAILURE)
    _print(map(str, found))
    differences = f"{len(found)} difference{'' if len(found) == 1 else 's'}"
    same = "models, endpoints, prices, limits and errors are as in the contract"
    click.echo(f"{address}: {differences if found else same}")
    return exit_status.DRIFT if found else 0


def _transport(origin: Origin, options: Options) -> SocketTransport:
    timeout = read_duration(read_flag(TIMEOUT, "--timeout", options.timeout))
    return SocketTransport(origin, monotonic_micros, timeout / SECOND)


def _clauses(text: str) -> tuple[str, ...]:
    try:
        return read_clauses(text)
    except ValueError as error:
        fail(f"--clauses: {error}", exit_status.USAGE)


def _agreed() -> bool:
    if not sys.stdin.isatty():
        fail("--yes is needed where nobody can be asked", exit_status.USAGE)
    return click.confirm("Ask it?", default=False)


def _write(flag: str, path: str, content: bytes) -> None:
    try:
        replace_file(Path(path), content)
    except OSError as error:
        fail(f"{flag}: {unwritable(path, error)}", exit_status.FAILURE)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _painter() -> report.Paint:
    style = Styler(sys.stdout)
    return lambda words, verdict: style(words, None if verdict is None else _STYLES[verdict])
