"""A file that a flag names: tried before a run, and replaced as a whole after it."""

import errno
import os
from pathlib import Path


def try_writing(path: Path) -> None:
    """Raise OSError if the file `path` could not be written later, as far as can be told; changes nothing."""
    if path.is_file() or path.is_dir():
        path.open("ab").close()
    elif path.exists():
        # To open a pipe and close it again would end its reader.
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    else:
        temporary = _temporary(Path(os.path.realpath(path)))
        temporary.touch()
        temporary.unlink()


def replace_file(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file, or the target of a link, all at once; a new one gets `mode`. Raises OSError."""
    if path.exists() and not path.is_file():
        # A device or a pipe.
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))
    temporary = _temporary(target)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    except OSError:
        # Of a directory that is read-only, although the file is not.
        target.write_bytes(content)
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        try:
            temporary.replace(target)
        except OSError:
            # A mount point, such as a file that is mounted into a container, cannot be replaced.
            target.write_bytes(content)
    finally:
        temporary.unlink(missing_ok=True)


def unwritable(path: Path | str, error: OSError) -> str:
    """Return the message about a file that cannot be written."""
    return f"cannot write {str(path)!r}: {error.strerror}"


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.clevora-mock.{os.getpid()}")
