"""Standard streams that end nothing and hold nothing up, whatever happens at their other ends."""

import io
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from queue import SimpleQueue
from typing import TextIO

# Characters that wait for a reader; what exceeds them is dropped.
MAX_BACKLOG = 1 << 20
_FLUSH_SECONDS = 1


def open_closed_streams() -> None:
    """Open the null device in place of closed standard streams, so that no socket gets their descriptors."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))


def discard(stream: TextIO) -> None:
    """Direct a stream that cannot be written to the null device, with what it still holds."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def unblocked_stderr() -> Iterator[None]:
    """Write standard error in a thread until the block ends; a full pipe that nobody reads would stop a server."""
    try:
        stream = BackgroundStream(sys.stderr)
    except OSError:
        # It is no file, as in tests that capture it.
        yield
        return
    with redirect_stderr(stream):
        try:
            yield
        finally:
            stream.finish()


class BackgroundStream(io.TextIOBase):
    """Text stream that a thread writes to the file of `stream`; at most `MAX_BACKLOG` characters wait for it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._descriptor = stream.fileno()
        self._waiting: SimpleQueue[bytes] = SimpleQueue()
        # Each is changed by one thread alone.
        self._accepted = self._written = self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="clevora-mock log", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        """Queue `text`, or drop it when too much waits already."""
        # Nothing ends the thread but `finish`.
        if not text:
            return 0
        data = text.encode(self.encoding, "backslashreplace")
        if self._accepted - self._written > MAX_BACKLOG:
            self._dropped += 1
            return len(text)
        if self._dropped:
            data = f"clevora-mock: {self._dropped} lines dropped that nobody read\n".encode() + data
            self._dropped = 0
        self._accepted += len(data)
        self._waiting.put(data)
        return len(text)

    def finish(self) -> None:
        """Wait until all is written, but not for a reader who does not read."""
        self._waiting.put(b"")
        self._thread.join(_FLUSH_SECONDS)

    def _run(self) -> None:
        if sys.platform != "win32":
            # The main thread alone takes signals; it blocks them while it exports.
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        for data in iter(self._waiting.get, b""):
            with suppress(OSError):
                self._write_file(data)
            self._written += len(data)

    def _write_file(self, data: bytes) -> None:
        # Not by `stream`, whose lock a blocked thread would keep at the interpreter's end.
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])
