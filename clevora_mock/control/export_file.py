"""Every sandbox of a server in one file: what ``--export-on-exit`` writes and ``--import`` reads.

The file is written beside itself and then renamed, so that whoever interrupts the writing leaves the old one whole.
"""

import errno
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from clevora_mock.control.state import restore
from clevora_mock.core import snapshot
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.sandboxes import Sandboxes, is_name
from clevora_mock.core.snapshot import VERSION, State


class ArchiveError(UnusableFileError):
    """A file that cannot be imported; the message names it and says why."""


class Archive(Struct):
    """The states of sandboxes by name."""

    version: int
    sandboxes: dict[str, State]


def export(sandboxes: Sandboxes, path: Path) -> None:
    """Write the states of all `sandboxes` to `path`, whole or not at all. Raises OSError."""
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    states = {sandbox.name: snapshot.dump(sandbox) for sandbox in sandboxes.all()}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(Archive(VERSION, states)))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load(sandboxes: Sandboxes, path: Path) -> None:
    """Bring back what was exported. Raises ArchiveError; nothing is served before all of it is in place."""
    try:
        archive = msgspec.json.decode(path.read_bytes(), type=Archive)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{path}: not an export of this server: {error}") from None
    if archive.version != VERSION:
        raise ArchiveError(f"{path}: version: expected {VERSION}, got {archive.version}")
    for name, state in archive.sandboxes.items():
        if not is_name(name):
            raise ArchiveError(f"{path}: {name!r} is no sandbox's name")
        try:
            restore(sandboxes.get(name), state)
        except ValueError as error:
            raise ArchiveError(f"{path}: sandbox {name}: {error}") from None
