"""A committed file of what each test spends, and the difference of a run from it.

The file is JSON with sorted names, so that a change is a line of a diff:
``{"format": 1, "dollars": {"tests/test_chat.py::test_hello": 0.02}}``.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.core import money
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.output_file import replace_file, unwritable

FORMAT = 1
# Of each sort.
MAX_LINES = 20


class SpendFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A baseline as it is written: the dollars of each test, or under ``exec`` of each sandbox."""

    format: int
    dollars: dict[str, float]


class SpendChange(Struct, frozen=True):
    """What a test spent before, None for a new one, and now, in micro-dollars."""

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
        return [head, *_cut(_changed(every)), *_cut(_new(every)), *_cut(self._not_run(every))]

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
        return [f"not run {money.text(amount)}  {name}" for name, amount in sorted(left.items())]


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
    """Compare a run, and write the baseline if that is to be done; see `exceeding` for `tolerance`."""
    changes = baseline.changes(records)
    lines, unwritten = baseline.lines(changes), list[str]()
    try:
        lines += baseline.write(records) if is_written else []
    except OSError as error:
        unwritten.append(unwritable(baseline.path, error))
    return SpendComparison(lines, exceeding(changes, tolerance), unwritten)


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
    return {record.name: record.spent for record in records}


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
        file = msgspec.json.decode(path.read_bytes(), type=SpendFile)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnusableFileError(f"{path}: expected a baseline of what tests spend: {error}") from None
    if file.format != FORMAT:
        raise UnusableFileError(f"{path}: format: expected {FORMAT}, got {file.format}")
    return {name: _micros(path, name, dollars) for name, dollars in file.dollars.items()}


def _micros(path: Path, name: str, dollars: float) -> int:
    expected = f"dollars from 0 to {money.MAX_DOLLARS} with at most 6 decimals"
    try:
        if 0 <= dollars <= money.MAX_DOLLARS:
            return money.micros(dollars)
    except ValueError:
        pass
    raise UnusableFileError(f"{path}: dollars of {name}: expected {expected}, got {dollars!r}")
