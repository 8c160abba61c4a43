"""The recording of one sandbox: which recorded exchange answers a request, and where a new one is written.

The n-th identical request gets the n-th answer. Requests are counted as they arrive; a reset of the whole sandbox
begins anew.
"""

from pathlib import Path
from threading import Lock
from typing import Literal

from msgspec import Struct

from clevora_mock.core.changes import ChangeKind
from clevora_mock.output_file import try_writing, unwritable
from clevora_mock.recordings.canonical_request import differences, request_key
from clevora_mock.recordings.recorded_exchange import CanonicalRequest, RecordedExchange, RecordingHeader
from clevora_mock.recordings.recording_file import (
    Line,
    Recording,
    RecordingError,
    append_exchange,
    end_lines,
    read_recording,
    write_recording,
)

RecordMode = Literal["once", "new", "all"]
# Among which the nearest to a request is sought.
_MAX_COMPARED = 1_000
# The number of a line that was written in this run.
_OF_THIS_RUN = 0


class Position(Struct, frozen=True):
    """A request's place among identical ones, counted from 1; `key` is what those have in common."""

    key: bytes
    n: int


class RecordingFile:
    """A recording that is replayed, written, or both.

    `mode` is None to replay alone. `ignore` adds to the names that the file itself says do not count. Raises
    RecordingError for a file that cannot be used.
    """

    def __init__(self, path: Path, mode: RecordMode | None, ignore: tuple[str, ...], header: RecordingHeader) -> None:
        self.path = path
        self.mode = mode
        self.exists = path.exists() and mode != "all"
        self._recording = read_recording(path) if self.exists else Recording(path, header, ())
        self.header = self._recording.header
        self.ignore = frozenset({*ignore, *self.header.ignore})
        self.used: set[int] = set()
        self._recording.require_usable()
        if self.writes:
            _try_writing(path)
        self._lines = _by_position(self._recording, self.ignore)
        self._keys = {position.key for position in self._lines}
        # Lines of large answers are written in another thread than those of small ones.
        self._writing = Lock()
        # True while a line can be added to the file as it is.
        self._begun = False

    @property
    def recording(self) -> Recording:
        """The content of the file when it was read."""
        return self._recording

    @property
    def writes(self) -> bool:
        """True if an exchange that is not there is recorded."""
        return self.mode in ("new", "all") or (self.mode == "once" and not self.exists)

    @property
    def unused(self) -> list[int]:
        """The numbers of the lines that answered no request."""
        return [line.number for line in self._recording.lines if line.number not in self.used]

    def knows(self, key: bytes) -> bool:
        """Tell whether the file had a request with this key when it was read."""
        return key in self._keys

    def find(self, position: Position) -> RecordedExchange | None:
        """Return the recorded exchange for a request, which is used from now on; None if there is none."""
        line = self._lines.get(position)
        if line is None:
            return None
        self.used.add(line.number)
        return line.exchange

    def explain_miss(self, request: CanonicalRequest, position: Position) -> str:
        """Say why no recorded exchange answers a request: the nearest one, and what differs."""
        if not self.exists:
            return f"there is no {self.path}"
        recorded = sum(one.key == position.key for one in tuple(self._lines))
        if recorded:
            times = "once" if recorded == 1 else f"{recorded} times"
            return f"{self.path} has this request {times}, and it came {position.n} times"
        compared = [
            (len(found := differences(line.exchange.request, request, self.ignore)), line.number, found)
            for line in self._recording.lines[:_MAX_COMPARED]
        ]
        if not compared:
            return f"{self.path} has no exchange"
        _, number, found = min(compared)
        return f"the nearest is {self.path}:{number}, which differs in {', '.join(found)}"

    def append(self, exchange: RecordedExchange, position: Position) -> None:
        """Write an exchange, unless another sandbox with this recording has written one for its place.

        From now on it is replayed to such a sandbox, so that all of them see what later runs will. Raises OSError.
        """
        with self._writing:
            if position in self._lines:
                return
            if not self._begun:
                self._begin()
            append_exchange(self.path, exchange)
            self._lines[position] = Line(_OF_THIS_RUN, exchange)

    def _begin(self) -> None:
        # Another server may have begun it since.
        if self.mode != "all" and self.path.exists():
            end_lines(self.path)
        else:
            write_recording(self.path, self.header, ())
        self._begun = True


def _try_writing(path: Path) -> None:
    """Raise RecordingError now for a file that could not be written once answers have been paid for."""
    try:
        try_writing(path)
    except OSError as error:
        raise RecordingError(unwritable(path, error)) from None


def hidden_lines(recording: Recording) -> set[int]:
    """Return the lines with the number among identical requests that an earlier line has."""
    seen: set[Position] = set()
    hidden = set()
    for line in recording.lines:
        position = Position(request_key(line.exchange.request, recording.header.ignore), line.exchange.n)
        if position in seen:
            hidden.add(line.number)
        seen.add(position)
    return hidden


def _by_position(recording: Recording, ignore: frozenset[str]) -> dict[Position, Line]:
    """Return the lines by the requests that they answer.

    Requests that differ only in what is ignored from now on are numbered anew, in the order of their lines.
    """
    hidden = hidden_lines(recording)
    found: dict[Position, Line] = {}
    last: dict[bytes, int] = {}
    for line in recording.lines:
        if line.number in hidden:
            continue
        key, n = request_key(line.exchange.request, ignore), line.exchange.n
        if Position(key, n) in found:
            n = last[key] + 1
        found[Position(key, n)] = line
        last[key] = max(n, last.get(key, 0))
    return found


class SandboxRecording:
    """A sandbox's use of a recording: how often each request has come."""

    def __init__(self, file: RecordingFile) -> None:
        self.file = file
        self._counts: dict[bytes, int] = {}

    def arrive(self, key: bytes) -> Position:
        """Count a request with this key."""
        # Requests that are neither recorded nor replayed would be counted without an end.
        if not (self.file.writes or self.file.knows(key)):
            return Position(key, 1)
        count = self._counts[key] = self._counts.get(key, 0) + 1
        return Position(key, count)

    def give_back(self, position: Position) -> None:
        """Count a request as not arrived, unless an identical one has come since."""
        if self._counts.get(position.key) == position.n:
            self._counts[position.key] -= 1

    def restart_after(self, change: ChangeKind, subject: str | None) -> None:
        """Count from the beginning again after a reset of the whole sandbox."""
        if change == "reset" and subject == "everything":
            self._counts.clear()
