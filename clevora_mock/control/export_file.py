"""File of all sandboxes of a server: ``--export-on-exit`` writes it, ``--import`` reads it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from clevora_mock.control.state import PreparedState
from clevora_mock.core import snapshot
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.sandboxes import DEFAULT, Sandboxes, is_name
from clevora_mock.core.snapshot import VERSION, State
from clevora_mock.output_file import remove_temporaries, replace_file_by_parts, try_writing
from clevora_mock.web.long_json import encode_parts
from clevora_mock.web.type_words import reword


class ExportFileError(UnusableFileError):
    """File that cannot be imported; the message has its path and the reason."""


class ExportFile(Struct):
    """Content of the file: the states of sandboxes by name."""

    version: int
    sandboxes: dict[str, State]


def export_sandboxes(sandboxes: Sandboxes, path: Path) -> None:
    """Write the states of all `sandboxes` to `path`, through symbolic links, and keep the file's owner and mode.

    Raises OSError; an existing file is then unchanged.
    """
    replace_file_by_parts(path, lambda: _encode(sandboxes))


def _encode(sandboxes: Sandboxes) -> Iterator[bytes]:
    """Encode the content of the file in parts, since the whole may not fit into memory a second time."""
    yield b'{"version":%d,"sandboxes":{' % VERSION
    for index, sandbox in enumerate(sandboxes.all()):
        yield b'%b"%b":' % (b"," if index else b"", sandbox.name.encode())
        yield from encode_parts(snapshot.dump(sandbox))
    yield b"}}"


def try_export(path: Path) -> None:
    """Raise OSError if an export to `path` is going to fail, as far as can be told; changes nothing.

    Removes what a server that was killed within an export has left.
    """
    remove_temporaries(path)
    try_writing(path)


def import_sandboxes(sandboxes: Sandboxes, path: Path) -> None:
    """Restore the sandboxes in the file at `path`.

    Raises ExportFileError, possibly after some are restored; never for a number that does not fit.
    """
    try:
        encoded = path.read_bytes()
        if not encoded:
            raise ExportFileError(f"{path}: it is empty; expected an export of this server")
        content = msgspec.json.decode(encoded, type=ExportFile)
    except ExportFileError:
        raise
    except OSError as error:
        raise ExportFileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ExportFileError(f"{path}: not an export of this server: {reword(str(error))}") from None
    if content.version != VERSION:
        raise ExportFileError(f"{path}: version: expected {VERSION}, got {content.version}")
    if not sandboxes.has_room_for(content.sandboxes):
        count = len(content.sandboxes.keys() | {DEFAULT})
        raise ExportFileError(f"{path}: it has {count:,} sandboxes; set --max-sandboxes to {count:,} or more")
    for name, state in content.sandboxes.items():
        if not is_name(name):
            raise ExportFileError(f"{path}: {name!r} is not a sandbox name")
        try:
            sandbox = sandboxes.get(name)
            PreparedState(state, sandbox.config.journal_size).restore(sandbox)
        except ValueError as error:
            raise ExportFileError(f"{path}: sandbox {name}: {error}") from None
