"""``clevora-mock recordings``: looks after recordings."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clevora_mock import exit_status
from clevora_mock.cli.options import fail, read_flag
from clevora_mock.setting_kinds import AGE, parse_age

if TYPE_CHECKING:
    from clevora_mock.recordings.recording_file import Recording

# ruff: noqa: PLC0415 - each command imports what it needs

_FILES = click.argument("files", nargs=-1, required=True, metavar="FILE...")


@click.group(subcommand_metavar="COMMAND FILE...")
def recordings() -> None:
    """Look after recordings of the live API's answers.

    \b
      clevora-mock recordings check rec/*.jsonl   mistakes, secrets, age
      clevora-mock recordings prune rec/a.jsonl:3 without the exchange in line 3
      clevora-mock recordings har rec/*.jsonl     as an HTTP Archive
      clevora-mock recordings pace rec/*.jsonl    a scenario with their pace
    """


@recordings.command()
@_FILES
@click.option("--max-age", default=None, metavar="AGE", help="Report recordings that are older than this, such as 30d.")
def check(files: tuple[str, ...], max_age: str | None) -> None:
    """Print every problem: mistakes, secrets, age."""
    from clevora_mock.clock import wall_micros
    from clevora_mock.recordings.upkeep import problems

    most = None if max_age is None else parse_age(read_flag(AGE, "--max-age", max_age))
    now = wall_micros()
    found = [problem for file in files for problem in problems(Path(file), most, now)]
    for problem in found:
        click.echo(problem)
    if found:
        raise SystemExit(exit_status.FILE_INVALID)
    click.echo(f"{len(files)} file{'s' if len(files) > 1 else ''}: nothing wrong")


@recordings.command()
@_FILES
def prune(files: tuple[str, ...]) -> None:
    """Remove exchanges, named as FILE:LINE.

    A server names those that nobody used at its end. From a FILE without a line it removes what can never be replayed:
    an exchange whose number another one has, and a part of a line that a killed process has left.
    """
    from clevora_mock.recordings import upkeep
    from clevora_mock.recordings.recording_file import RecordingError

    chosen: dict[str, set[int]] = {}
    for text in files:
        found = re.fullmatch(r"(.+):([0-9]{1,9})", text, re.DOTALL)
        numbers = chosen.setdefault(found[1] if found else text, set())
        if found:
            numbers.add(int(found[2]))
    for name, numbers in chosen.items():
        try:
            gone = upkeep.prune(Path(name), numbers)
        except RecordingError as error:
            fail(str(error), exit_status.FILE_INVALID)
        except OSError as error:
            fail(f"{name}: cannot be written: {error.strerror}", exit_status.FAILURE)
        click.echo(f"{name}: {gone} exchange{'' if gone == 1 else 's'} removed")


@recordings.command()
@_FILES
def har(files: tuple[str, ...]) -> None:
    """Print recordings as one HTTP Archive (HAR 1.2)."""
    from clevora_mock.recordings.har import har_of

    click.echo(json.dumps(har_of(_read(files)), indent=2, ensure_ascii=False))


@recordings.command()
@_FILES
def pace(files: tuple[str, ...]) -> None:
    """Print a scenario with the pace of recorded answers, for --scenario."""
    from clevora_mock.recordings.pace import scenario_text

    text = scenario_text(line.exchange for recording in _read(files) for line in recording.lines)
    if not text:
        fail("these recordings have no answer to learn a pace from", exit_status.FILE_INVALID)
    click.echo(text, nl=False)


def _read(files: tuple[str, ...]) -> "list[Recording]":
    from clevora_mock.recordings.recording_file import RecordingError, read_recording

    try:
        found = [read_recording(Path(file)) for file in files]
        for recording in found:
            recording.require_usable()
    except RecordingError as error:
        fail(str(error), exit_status.FILE_INVALID)
    return found
