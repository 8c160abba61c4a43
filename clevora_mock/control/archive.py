"""Every sandbox of a server in one file: what ``--export-on-exit`` writes and ``--import`` reads.

The file is written beside itself and then renamed, so that whoever interrupts the writing leaves the old one whole.
"""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from clevora_mock.control.state import restore
from clevora_mock.core import snapshot
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.core.snapshot import State


class ArchiveError(ValueError):
    """A file that cannot be imported; the message names it and says why."""


class Archive(Struct):
    """The states of sandboxes by name."""

    version: int
    sandboxes: dict[str, State]


def export(sandboxes: Sandboxes, path: Path) -> None:
    """Write the states of all `sandboxes` to `path`, whole or not at all. Raises OSError."""
    states = {sandbox.name: snapshot.take(sandbox) for sandbox in sandboxes.all()}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(Archive(1, states)))
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
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: not an export of this server: {error}") from None
    for name, state in archive.sandboxes.items():
        try:
            restore(sandboxes.get(name), state)
        except ValueError as error:
            raise ArchiveError(f"{path}: sandbox {name}: {error}") from None
