"""A recording's file: read whole, written line by line.

Each line is complete before it is written, with one call, so a process that is killed leaves a file that can be read,
at worst with a part of a line at its end.
"""

import os
from collections.abc import Collection
from pathlib import Path

import msgspec
from msgspec import Struct

from clevora_mock.clock import MINUTE, parse
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.recordings.recorded_exchange import FORMAT, RecordedExchange, RecordingHeader, encode_line

SUFFIX = ".jsonl"
_MODE = 0o600
_HOUR = 60 * MINUTE


class RecordingError(UnusableFileError):
    """A recording that cannot be used; the message has its path and, where there is one, the line."""


class Line(Struct, frozen=True):
    """An exchange and the number of its line."""

    number: int
    exchange: RecordedExchange


class Recording(Struct, frozen=True):
    """What a file holds; `torn` is the length in bytes of a part of a line at its end, which is not read."""

    path: Path
    header: RecordingHeader
    lines: tuple[Line, ...]
    torn: int = 0

    def require_young(self, max_age: int | None, now: int) -> None:
        """Raise RecordingError for one that is older than `max_age`; both are in microseconds."""
        age = now - parse(self.header.date)
        if max_age is not None and age > max_age:
            raise RecordingError(
                f"{self.path}: recorded {_age_text(age)} ago, expected {_age_text(max_age)} at most; record it anew"
            )


def read_recording(path: Path) -> Recording:
    """Read a file. Raises RecordingError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from None
    first, *rest = content.split(b"\n")
    # The last one is empty, or a part of a line.
    torn = rest.pop() if rest else b""
    header = _header(path, first)
    lines = [Line(number, _exchange(path, number, line)) for number, line in enumerate(rest, 2) if line]
    return Recording(path, header, tuple(lines), len(torn))


def write_recording(path: Path, header: RecordingHeader, exchanges: Collection[RecordedExchange]) -> None:
    """Replace a file by another one, all at once. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        _append(temporary, b"".join([encode_line(header), *map(encode_line, exchanges)]))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def append_exchange(path: Path, exchange: RecordedExchange) -> None:
    """Add a line to a file. Raises OSError."""
    _append(path, encode_line(exchange))


def drop_torn_line(recording: Recording) -> None:
    """Remove the part of a line at the end of a file. Raises OSError."""
    if recording.torn:
        with recording.path.open("rb+") as file:
            file.truncate(recording.path.stat().st_size - recording.torn)


def _append(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
    finally:
        os.close(descriptor)


def _age_text(micros: int) -> str:
    hours = micros // _HOUR
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"


def _header(path: Path, line: bytes) -> RecordingHeader:
    try:
        header = msgspec.json.decode(line, type=RecordingHeader)
        parse(header.date)
    except ValueError as error:
        raise RecordingError(f"{path}:1: no recording's header: {error}") from None
    if header.format != FORMAT:
        raise RecordingError(f"{path}:1: format: expected {FORMAT}, got {header.format}")
    return header


def _exchange(path: Path, number: int, line: bytes) -> RecordedExchange:
    try:
        exchange = msgspec.json.decode(line, type=RecordedExchange)
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path}:{number}: no exchange: {error}") from None
    if (exchange.answer is None) == (exchange.stream is None):
        raise RecordingError(f"{path}:{number}: expected an answer or a stream")
    return exchange
