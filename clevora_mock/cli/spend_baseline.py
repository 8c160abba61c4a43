"""A committed file of what each test spends, and the difference of a run from it.

The file is JSON with sorted names, so that a change is a line of a diff:
``{"format": 1, "dollars": {"tests/test_chat.py::test_hello": 0.02}}``.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from clevora_mock.cli.run_record import SandboxRecord, shown_name
from clevora_mock.core import money
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.messages import quoted
from clevora_mock.output_file import replace_file, unwritable
from clevora_mock.web.type_words import reword

FORMAT = 1
# Of each sort.
MAX_LINES = 20


class SpendFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A baseline as it is written: the dollars of each test, or under ``exec`` of each sandbox."""

    format: int
    dollars: dict[str, float]


class SpendChange(Struct, frozen=True):
    """The spend of a test before, None for a new one, and now, in micro-dollars."""

    name: str
    before: int | None
    now: int

    @property
    def change(self) -> int:
        return self.now - (self.before or 0)

    def exceeds(self, tolerance: float) -> bool:
        """Tell whether a test that is not new costs more than `tolerance` percent more."""
        return self.before is not None and 100 * self.change > tolerance * self.before


class SpendBaseline:
    """The baseline in the file `path`; without one, or to `update` it, a run is written there.

    `before` is what each test spent, in micro-dollars; None without a file. Raises UnusableFileError for a file that is
    no baseline.
    """

    def __init__(self, path: Path, *, update: bool = False) -> None:
        self.path = path
        self.before = _read(path)
        self.is_written = update or self.before is None

    def changes(self, records: Iterable[SandboxRecord]) -> list[SpendChange]:
        """Return the change of every test of a run, the largest increase first."""
        before = self.before or {}
        found = [SpendChange(name, before.get(name), spent) for name, spent in _spent(records).items()]
        return sorted(found, key=lambda one: (-one.change, one.name))

    def lines(self, changes: Iterable[SpendChange]) -> list[str]:
        """Return the difference as text: the sum, and the tests that changed, are new or did not run."""
        every = list(changes)
        total = money.text(sum(one.now for one in every))
        if self.before is None:
            return [f"spend {total}, without a baseline"]
        change = sum(one.change for one in every)
        known = sum(one.before or 0 for one in every)
        head = f"spend {total}, {difference(change, known)} against {self.path}"
        return [head, *_cut(_changed(every)), *_cut(_new(every)), *self._not_run(every)]

    def write(self, records: Iterable[SandboxRecord]) -> list[str]:
        """Write the run if it is to be written, and say so; tests that failed or did not run keep their entries.

        Raises OSError.
        """
        if not self.is_written:
            return []
        spent = (self.before or {}) | _spent(one for one in records if one.outcome != "failed")
        file = SpendFile(FORMAT, {name: money.dollars(amount) for name, amount in sorted(spent.items())})
        replace_file(self.path, msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n")
        return [f"{self.path} written"]

    def _not_run(self, changes: Iterable[SpendChange]) -> list[str]:
        ran = {one.name for one in changes}
        left = {name: amount for name, amount in (self.before or {}).items() if name not in ran}
        if len(left) > 1:
            # Of a run of a few tests, all the others.
            return [f"not run {money.text(sum(left.values()))}  {len(left):,} others of the baseline"]
        return [f"not run {money.text(amount)}  {name}" for name, amount in left.items()]


class SpendComparison(Struct, frozen=True):
    """A run compared with a baseline: the difference as text, and each change over the tolerance with a message.

    `unwritten` says why the baseline could not be written, if that was to be done.
    """

    lines: list[str]
    exceeding: list[tuple[SpendChange, str]]
    unwritten: list[str]


def compare_run(
    baseline: SpendBaseline, records: Sequence[SandboxRecord], tolerance: float | None, *, is_written: bool = True
) -> SpendComparison:
    """Compare a run, and write the baseline, which accepts it, if that is to be done; see `exceeding`."""
    changes = baseline.changes(records)
    lines, unwritten = baseline.lines(changes), list[str]()
    try:
        lines += baseline.write(records) if is_written else []
    except OSError as error:
        unwritten.append(unwritable(baseline.path, error))
    is_accepted = is_written and baseline.is_written
    return SpendComparison(lines, exceeding(changes, None if is_accepted else tolerance), unwritten)


def difference(change: int, before: int) -> str:
    """Return a change of money with its percentage: ``+$0.014 (+22 %)``."""
    if not change:
        return "unchanged"
    text = f"{'+' if change > 0 else ''}{money.text(change)}"
    if not before:
        return text
    percent = (200 * abs(change) + before) // (2 * before) * (1 if change > 0 else -1)
    return f"{text} ({f'{percent:+}' if percent else '<1'} %)"


def exceeding(changes: Iterable[SpendChange], tolerance: float | None) -> list[tuple[SpendChange, str]]:
    """Return each change of a test that costs more than `tolerance` percent more, None for any, with a message."""
    if tolerance is None:
        return []
    return [
        (one, f"over the tolerance of {tolerance:g} %: {difference(one.change, one.before or 0)}  {one.name}")
        for one in changes
        if one.exceeds(tolerance)
    ]


def _spent(records: Iterable[SandboxRecord]) -> dict[str, int]:
    return _sums((record.name, record.spent) for record in records)


def _sums(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the amounts by name; names that differ in a secret alone are one."""
    sums: dict[str, int] = {}
    for name, amount in amounts:
        sums[name] = sums.get(name, 0) + amount
    return sums


def _changed(changes: Iterable[SpendChange]) -> Iterator[str]:
    for one in changes:
        if one.before is not None and one.change:
            amounts = f"{money.text(one.before)} to {money.text(one.now)}"
            yield f"{difference(one.change, one.before)}  {one.name}: {amounts}"


def _new(changes: Iterable[SpendChange]) -> Iterator[str]:
    return (f"new {money.text(one.now)}  {one.name}" for one in changes if one.before is None)


def _cut(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    return every if len(every) <= MAX_LINES else [*every[:MAX_LINES], f"and {len(every) - MAX_LINES} more"]


def _read(path: Path) -> dict[str, int] | None:
    try:
        file = msgspec.convert(json.loads(path.read_bytes(), object_pairs_hook=_unique), SpendFile)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UnusableFileError(f"{path}: expected a baseline of what tests spend: {reword(str(error))}") from None
    if file.format != FORMAT:
        raise UnusableFileError(f"{path}: format: expected {FORMAT}, got {file.format}")
    return _sums((shown_name(name), _micros(path, name, dollars)) for name, dollars in file.dollars.items())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. Raises ValueError for a name that occurs twice, or is no Unicode."""
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise ValueError(f"{quoted(name)} occurs {count} times")
        if any("\ud800" <= character <= "\udfff" for character in name):
            raise ValueError(f"{quoted(name)} has half of a surrogate pair")
    return dict(pairs)


def _micros(path: Path, name: str, dollars: float) -> int:
    expected = f"dollars from 0 to {money.MAX_DOLLARS} with at most 6 decimals"
    try:
        if 0 <= dollars <= money.MAX_DOLLARS:
            return money.micros(dollars)
    except ValueError:
        pass
    raise UnusableFileError(f"{path}: dollars of {name}: expected {expected}, got {dollars!r}")
