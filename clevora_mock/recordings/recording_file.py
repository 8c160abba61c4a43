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
from clevora_mock.output_file import replace_file
from clevora_mock.recordings.recorded_exchange import (
    FORMAT,
    RecordedExchange,
    RecordingHeader,
    decode_exchange,
    encode_line,
    flaws,
)
from clevora_mock.web.type_words import reword_with_value

SUFFIX = ".jsonl"
_MODE = 0o600
_HOUR = 60 * MINUTE
_NO_HEADER = RecordingHeader("", "", "")


class RecordingError(UnusableFileError):
    """A recording that cannot be used; the message has its path and, where there is one, the line."""


class _Version(Struct, frozen=True):
    """The version of the format, in any header."""

    format: int = FORMAT


class Line(Struct, frozen=True):
    """An exchange and the number of its line."""

    number: int
    exchange: RecordedExchange


class Recording(Struct, frozen=True):
    """The content of a file; `torn` is the length in bytes of a part of a line at its end, which is not read."""

    path: Path
    header: RecordingHeader
    lines: tuple[Line, ...]
    torn: int = 0

    def require_usable(self) -> None:
        """Raise RecordingError for an exchange that cannot be replayed."""
        for line in self.lines:
            for flaw in flaws(line.exchange):
                raise RecordingError(f"{self.path}:{line.number}: {flaw}")

    def require_young(self, max_age: int | None, now: int) -> None:
        """Raise RecordingError for one that is older than `max_age`; both are in microseconds."""
        age = now - parse(self.header.date)
        if max_age is not None and age > max_age:
            raise RecordingError(
                f"{self.path}: recorded {_age_text(age)} ago, expected {_age_text(max_age)} at most; record it anew"
            )


def read_recording(path: Path) -> Recording:
    """Read a file. Raises RecordingError."""
    recording, problems = read_good_lines(path)
    for number, problem in problems.items():
        raise RecordingError(f"{path}:{number}: {problem}")
    return recording


def read_good_lines(path: Path) -> tuple[Recording, dict[int, str]]:
    """Read what can be read of a file; return it, and the problem of each other line by its number.

    A header without a date takes the place of one that cannot be read. Raises RecordingError for a file that is none,
    or has another version.
    """
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        raise RecordingError(f"{path}: that is a directory; give its files: {path}/*{SUFFIX}") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from None
    if not content:
        raise RecordingError(f"{path}: it is empty; expected a recording's header")
    first, *rest = content.split(b"\n")
    # The last one is empty, or a part of a line.
    torn = rest.pop() if rest else b""
    header, problems, lines = _NO_HEADER, {}, []
    try:
        header = _header(path, first)
    except RecordingError:
        raise
    except ValueError as error:
        problems[1] = f"expected a recording's header: {reword_with_value(str(error), first)}"
    for number, line in enumerate(rest, 2):
        try:
            lines += [Line(number, decode_exchange(line))] if line else []
        except ValueError as error:
            problems[number] = str(error)
    return Recording(path, header, tuple(lines), len(torn)), problems


def write_recording(path: Path, header: RecordingHeader, exchanges: Collection[RecordedExchange]) -> None:
    """Replace a file, or the target of a link, by another one, all at once. Raises OSError."""
    replace_file(path, b"".join([encode_line(header), *map(encode_line, exchanges)]), _MODE)


def append_exchange(path: Path, exchange: RecordedExchange) -> None:
    """Add a line to a file. Raises OSError."""
    _append(path, encode_line(exchange))


def end_lines(path: Path) -> None:
    """Remove the part of a line at the end of a file, or end the header that is all of it. Raises OSError."""
    with path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole:
            file.truncate(whole)
        else:
            file.write(b"\n")


def _append(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _MODE)
    try:
        before = os.fstat(descriptor).st_size
        try:
            while content:
                content = content[os.write(descriptor, content) :]
        except OSError:
            # The next line must not go on with a part of this one.
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


def _age_text(micros: int) -> str:
    hours = micros // _HOUR
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"


def _header(path: Path, line: bytes) -> RecordingHeader:
    """Return the header. Raises ValueError, or RecordingError for one of another version."""
    # First of all, since another version may have other fields.
    version = msgspec.json.decode(line, type=_Version).format
    if version != FORMAT:
        raise RecordingError(f"{path}:1: format: expected {FORMAT}, got {version}")
    header = msgspec.json.decode(line, type=RecordingHeader)
    parse(header.date)
    return header
