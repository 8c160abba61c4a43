"""The worked examples of changes to the package: each is made in a copy, where the commands of its page succeed."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.changes import PAGES, apply_change, commands, copy_project
from tests.support.program import environment

PYTHON = ".venv/bin/python"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=[path.stem for path in PAGES])
def test_a_change_can_be_made_as_printed(page: Path, tmp_path: Path) -> None:
    """The commands regenerate the tables and run the tests that concern the change."""
    copy_project(tmp_path)
    apply_change(page, tmp_path)
    tables, tests = commands(page)
    assert tables == "make tables"
    # As in the Makefile, but with this Python, into which nothing is installed.
    run(tmp_path, "make", "--old-file=.venv/test.stamp", f"BIN={Path(sys.executable).parent}", "tables")
    program, *arguments = shlex.split(tests)
    assert program == PYTHON
    assert " passed" in run(tmp_path, sys.executable, *arguments, f"--basetemp={tmp_path / 'temp'}")


def run(folder: Path, *command: str) -> str:
    """Run a command with the copy as its package, and return its output."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment(PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
