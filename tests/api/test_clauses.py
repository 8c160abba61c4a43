"""Every clause of the contract is named by a row or a test, and every named clause exists."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from clevora_mock.contract.clauses import CLAUSES
from tests.api.rows import ROWS

Marks = dict[str, set[str]]

KNOWN = {clause.id for clause in CLAUSES}


@pytest.fixture(scope="module")
def marked() -> Marks:
    """Return the clause ids in each test module's marks, read from the source, so that one test sees all modules."""
    found: dict[str, set[str]] = {}
    for path in sorted(Path(__file__).parents[1].rglob("test_*.py")):
        marks = re.findall(r"pytest\.mark\.clause\(([^)]*)\)", path.read_text(encoding="utf-8"))
        found[path.name] = {clause for mark in marks for clause in ast.literal_eval(f"({mark},)")}
    return found


def test_every_clause_is_tested(marked: Marks) -> None:
    assert KNOWN - {name for row in ROWS for name in row.clauses}.union(*marked.values()) == set()


def test_rows_name_clauses_that_exist() -> None:
    assert {name for row in ROWS for name in row.clauses} <= KNOWN


def test_marks_name_clauses_that_exist(marked: Marks) -> None:
    assert set().union(*marked.values()) <= KNOWN


def test_every_row_names_a_clause() -> None:
    assert [row.title for row in ROWS if not row.clauses] == []


def test_descriptions_of_rows_are_unique() -> None:
    assert [title for title, count in Counter(row.title for row in ROWS).items() if count > 1] == []


def test_clauses_have_a_basis() -> None:
    assert [clause.id for clause in CLAUSES if not clause.basis] == []


def test_clause_ids_are_unique() -> None:
    assert len(KNOWN) == len(CLAUSES)
