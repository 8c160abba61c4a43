"""Baselines of spend: the file, the difference as people read it, and the tolerance."""

import json
from pathlib import Path

import pytest

from clevora_mock.cli.run_record import Outcome, SandboxRecord
from clevora_mock.cli.spend_baseline import SpendBaseline, compare_run, difference, exceeding
from clevora_mock.core.errors import UnusableFileError


def record(name: str, spent: int, outcome: Outcome = "passed") -> SandboxRecord:
    return SandboxRecord(name=name, sandbox="s", spent=spent, outcome=outcome)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Provide a baseline of three tests."""
    path = tmp_path / "spend.json"
    path.write_text('{"format": 1, "dollars": {"a": 0.064, "b": 0.02, "c": 0.5}}', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "before", "text"),
    [
        (14_000, 64_000, "+$0.014 (+22 %)"),
        (-32_000, 64_000, "-$0.032 (-50 %)"),
        (-64_000, 64_000, "-$0.064 (-100 %)"),
        (1, 1_000_000, "+$0.000001 (<1 %)"),
        (5, 1_000, "+$0.000005 (+1 %)"),
        (128_000, 64_000, "+$0.128 (+200 %)"),
        (20_000, 0, "+$0.02"),
        (0, 20_000, "unchanged"),
        (0, 0, "unchanged"),
    ],
)
def test_a_difference_has_its_sign_and_percentage(change: int, before: int, text: str) -> None:
    assert difference(change, before) == text


def test_the_difference_lists_changed_new_and_missing_tests(file: Path) -> None:
    baseline = SpendBaseline(file)
    changes = baseline.changes([record("b", 20_000), record("a", 78_000), record("d", 10_000)])
    assert baseline.lines(changes) == [
        f"spend $0.108, +$0.024 (+29 %) against {file}",
        "+$0.014 (+22 %)  a: $0.064 to $0.078",
        "new $0.01  d",
        "not run $0.50  c",
    ]


def test_a_run_that_spends_the_same_is_one_line(file: Path) -> None:
    baseline = SpendBaseline(file)
    same = [record("a", 64_000), record("b", 20_000), record("c", 500_000)]
    assert baseline.lines(baseline.changes(same)) == [f"spend $0.584, unchanged against {file}"]


def test_many_lines_are_cut(tmp_path: Path, file: Path) -> None:
    baseline = SpendBaseline(file)
    lines = baseline.lines(baseline.changes([record(f"n{number}", 1) for number in range(25)]))
    assert [line for line in lines if line.startswith("and ")] == ["and 5 more"]


def test_a_file_that_is_not_there_is_written_sorted(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    baseline = SpendBaseline(path)
    assert not path.exists()
    assert baseline.write([record("b", 1_000), record("a", 20_000), record("z", 5, "failed")]) == [f"{path} written"]
    assert path.read_text(encoding="utf-8") == (
        '{\n  "format": 1,\n  "dollars": {\n    "a": 0.02,\n    "b": 0.001\n  }\n}\n'
    )


def test_a_file_that_is_there_is_written_only_to_update_it(file: Path) -> None:
    before = file.read_bytes()
    assert SpendBaseline(file).write([record("a", 1)]) == []
    assert file.read_bytes() == before
    SpendBaseline(file, update=True).write([record("a", 30_000), record("b", 7, "failed"), record("d", 10_000)])
    dollars = json.loads(file.read_text(encoding="utf-8"))["dollars"]
    assert dollars == {"a": 0.03, "b": 0.02, "c": 0.5, "d": 0.01}


@pytest.mark.parametrize(
    ("now", "tolerance", "fails"),
    [(64_000, 0, False), (64_001, 0, True), (70_400, 10, False), (70_401, 10, True), (1_000, 0, False)],
)
def test_a_test_that_spends_more_than_the_tolerance_is_listed(
    file: Path, now: int, tolerance: float, fails: bool
) -> None:
    changes = SpendBaseline(file).changes([record("a", now), record("new", 1_000_000)])
    assert bool(exceeding(changes, tolerance)) == fails


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "expected a baseline of what tests spend: expected an object, got an array"),
        ("{", "expected a baseline of what tests spend: "),
        ('{"format": 2, "dollars": {}}', "format: expected 1, got 2"),
        ('{"format": 1, "dollars": {"a": -1}}', "dollars of a: expected dollars from 0 to 1000000000"),
        ('{"format": 1, "dollars": {"a": 0.0000001}}', "dollars of a: expected dollars from 0 to 1000000000"),
        (
            '{"format": 1, "dollars": {"a": "1"}}',
            "expected a baseline of what tests spend: dollars[...]: expected a number",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_named_with_the_mistake(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "spend.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableFileError) as raised:
        SpendBaseline(path)
    assert str(raised.value).startswith(f"{path}: {message}")


def test_a_comparison_says_why_the_baseline_could_not_be_written(tmp_path: Path) -> None:
    baseline = SpendBaseline(tmp_path / "none" / "spend.json")
    compared = compare_run(baseline, [record("a", 1)], None)
    assert compared.lines == ["spend $0.000001, without a baseline"]
    assert compared.unwritten == [f"cannot write {str(baseline.path)!r}: No such file or directory"]


def test_names_are_masked_in_the_file_and_compared_as_they_are_there(tmp_path: Path) -> None:
    path, key = tmp_path / "spend.json", "sk_live_" + "7" * 32
    SpendBaseline(path).write([record(f"test[{key}]", 20_000)])
    assert list(json.loads(path.read_bytes())["dollars"]) == ["test[sk_live_777777777777...77]"]
    baseline = SpendBaseline(path)
    assert baseline.lines(baseline.changes([record(f"test[{key}]", 20_000)])) == [
        f"spend $0.02, unchanged against {path}"
    ]


def test_names_that_differ_in_a_secret_alone_are_one(tmp_path: Path) -> None:
    records = [record(f"test[sk_live_{'7' * 14}{digits}{'7' * 16}]", 20_000) for digits in ("01", "02")]
    SpendBaseline(tmp_path / "spend.json").write(records)
    assert list(json.loads((tmp_path / "spend.json").read_bytes())["dollars"].values()) == [0.04]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ('"a": 1, "a": 2', '"a" occurs 2 times'),
        (r'"\ud800": 1', r'"\ud800" has half of a surrogate pair'),
    ],
)
def test_a_name_twice_or_no_unicode_is_refused(tmp_path: Path, names: str, problem: str) -> None:
    path = tmp_path / "spend.json"
    path.write_text(f'{{"format": 1, "dollars": {{{names}}}}}', encoding="utf-8")
    with pytest.raises(UnusableFileError) as caught:
        SpendBaseline(path)
    assert str(caught.value) == f"{path}: expected a baseline of what tests spend: {problem}"


def test_an_update_accepts_what_is_over_the_tolerance(file: Path) -> None:
    records = [record("a", 128_000)]
    assert compare_run(SpendBaseline(file), records, 10).exceeding
    assert compare_run(SpendBaseline(file, update=True), records, 10, is_written=False).exceeding
    assert not compare_run(SpendBaseline(file, update=True), records, 10).exceeding


def test_tests_that_did_not_run_are_one_line(file: Path) -> None:
    baseline = SpendBaseline(file)
    *_, last = baseline.lines(baseline.changes([record("c", 500_000)]))
    assert last == "not run $0.084  2 others of the baseline"
