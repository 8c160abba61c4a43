"""File of all sandboxes of a server: ``--export-on-exit`` writes it, ``--import`` reads it."""

import errno
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from clevora_mock.control.state import restore_sandbox
from clevora_mock.core import snapshot
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.sandboxes import Sandboxes, is_name
from clevora_mock.core.snapshot import VERSION, State


class ExportFileError(UnusableFileError):
    """File that cannot be imported; the message has its path and the reason."""


class ExportFile(Struct):
    """Content of the file: the states of sandboxes by name."""

    version: int
    sandboxes: dict[str, State]


def export_sandboxes(sandboxes: Sandboxes, path: Path) -> None:
    """Write the states of all `sandboxes` to `path`. Raises OSError; an existing file is then unchanged."""
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    states = {sandbox.name: snapshot.dump(sandbox) for sandbox in sandboxes.all()}
    # Renamed once complete, so that an interruption leaves an existing file unchanged.
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(ExportFile(VERSION, states)))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def import_sandboxes(sandboxes: Sandboxes, path: Path) -> None:
    """Restore the sandboxes in the file at `path`. Raises ExportFileError, possibly after some are restored."""
    try:
        content = msgspec.json.decode(path.read_bytes(), type=ExportFile)
    except OSError as error:
        raise ExportFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ExportFileError(f"{path}: not an export of this server: {error}") from None
    if content.version != VERSION:
        raise ExportFileError(f"{path}: version: expected {VERSION}, got {content.version}")
    for name, state in content.sandboxes.items():
        if not is_name(name):
            raise ExportFileError(f"{path}: {name!r} is not a sandbox name")
        try:
            restore_sandbox(sandboxes.get(name), state)
        except ValueError as error:
            raise ExportFileError(f"{path}: sandbox {name}: {error}") from None
