"""The list of mutants that may survive."""

from pathlib import Path

import pytest

from tests.mutation.__main__ import find_stale, read_accepted, summarize
from tests.mutation.mutants import find_mutants

_GONE = "clevora_mock/core/money.py | no_such_function | + 1 | 1 | 1"
_NO_FILE = "clevora_mock/core/no_such_file.py | text | + 1 | 1 | 1"


def test_each_accepted_mutant_exists() -> None:
    assert find_stale(read_accepted()) == []


def test_a_run_fails_for_an_accepted_mutant_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[2]
    existing = next(find_mutants(root, root / "clevora_mock/core/money.py")).key
    killed = {existing: "killed"}
    assert summarize(killed, {existing}) == 0
    assert summarize(killed, {existing, _GONE, _NO_FILE}) == 1
    said = capsys.readouterr().out
    assert said.count("no such mutant") == 2
    assert _GONE in said
    assert _NO_FILE in said
