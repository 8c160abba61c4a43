"""A file that a flag names: tried before a run, and replaced as a whole after it."""

import errno
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

FileName = str | os.PathLike[str]

# File systems allow 255, and a temporary file's name has more than its target's.
_MAX_NAME_BYTES = 200


def try_writing(path: Path) -> None:
    """Raise OSError if the file `path` could not be written later, as far as can be told; changes nothing."""
    if path.is_file() or path.is_dir():
        path.open("ab").close()
    elif _exists(path):
        # To open a pipe and close it again would end its reader.
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    else:
        temporary = _temporary(_resolve(path))
        temporary.touch()
        temporary.unlink()


def replace_file(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file at once, as `replace_file_by_parts` does. Raises OSError."""
    replace_file_by_parts(path, lambda: [content], mode)


def replace_file_by_parts(path: Path, encode: Callable[[], Iterable[bytes]], mode: int = 0o666) -> None:
    """Write a file, or the target of a link, so that an interruption leaves the old one.

    It keeps its owner and mode; a new one gets `mode`. `encode` returns the parts, again if they have to be written in
    place: into what is no regular file, such as a pipe, or into what cannot be replaced. Raises OSError.
    """
    if path.exists() and not path.is_file():
        _write_in_place(path, encode())
        return
    target = _resolve(path)
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    temporary = _temporary(target)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    except OSError:
        # Of a directory that is read-only, although the file is not.
        _write_in_place(target, encode())
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            if target.exists():
                _copy_owner_and_mode(target, temporary)
            file.writelines(encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            temporary.replace(target)
        except OSError:
            # A mount point, such as a file that is mounted into a container, cannot be replaced.
            _write_in_place(target, encode())
    finally:
        temporary.unlink(missing_ok=True)


def remove_temporaries(path: Path) -> None:
    """Remove what a process that was killed within `replace_file_by_parts` has left beside `path`."""
    target = _resolve(path)
    for left in target.parent.glob(f"{escape(_temporary_name(target))}*"):
        left.unlink(missing_ok=True)


def _resolve(path: Path) -> Path:
    """Return the file at the end of symbolic links. Raises OSError if they are a loop."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def _open_in_place(path: Path) -> BinaryIO:
    """Open a device, a pipe or a file; raise OSError for a pipe that nobody reads, since opening it would block."""
    return open(path, "wb", opener=_open_at_once)


def _copy_owner_and_mode(source: Path, target: Path) -> None:
    """Give the file `target` the mode of `source`, and its owner where that is permitted."""
    status = source.stat()
    if sys.platform != "win32":
        with suppress(PermissionError):
            os.chown(target, status.st_uid, status.st_gid)
    target.chmod(status.st_mode & 0o7777)


def _temporary_name(target: Path) -> str:
    """Return the name of a temporary file beside `target`, without the process id."""
    encoded = os.fsencode(target.name)
    name = target.name if len(encoded) <= _MAX_NAME_BYTES else hashlib.sha256(encoded).hexdigest()
    return f".{name}.clevora-mock."


def shared_file(files: Mapping[str, FileName | None]) -> str | None:
    """Return a message about a flag whose file an earlier one names too, of which one would be lost; None without.

    A device or a pipe takes both.
    """
    flags: dict[str, str] = {}
    for flag, path in files.items():
        if path is None or (Path(path).exists() and not Path(path).is_file()):
            continue
        if (other := flags.setdefault(os.path.realpath(path), flag)) != flag:
            return f"{flag}: expected another file than that of {other}, got {str(path)!r}"
    return None


def unwritable(path: Path | str, error: OSError) -> str:
    """Return the message about a file that cannot be written."""
    return f"cannot write {str(path)!r}: {error.strerror}"


def _exists(path: Path) -> bool:
    """Tell whether something is at `path`. Raises OSError, for a name that is too long, say."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _write_in_place(path: Path, parts: Iterable[bytes]) -> None:
    with _open_in_place(path) as file:
        file.writelines(parts)


def _open_at_once(path: str, flags: int) -> int:
    if sys.platform == "win32":
        return os.open(path, flags)
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def _temporary(target: Path) -> Path:
    return target.with_name(f"{_temporary_name(target)}{os.getpid()}")
