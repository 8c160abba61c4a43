"""A server in a process of its own.

Not a thread of the tests' process: there, whatever a test does to time, files or sockets would be done to the server.
"""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from clevora_mock.testing.clevora import MockError

_START_SECONDS = 30
_END_SECONDS = 5


class ServerProcess:
    """A server on a free port of this machine, with the flags of ``clevora-mock serve``; `url` is where.

    Raises MockError, with what the server said, when it does not start.
    """

    def __init__(self, flags: Sequence[str] = (), folder: Path | None = None) -> None:
        # Not a pipe: nobody would read it, and a full one stops who writes.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes it
        # -P: no file of the tests' folder stands in for a module. A session of its own: Ctrl-C is for the tests.
        self._process = subprocess.Popen(  # noqa: S603 - flags of this run's own configuration
            [sys.executable, "-P", "-m", "clevora_mock.testing.child", "--port", "0", "--quiet", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=folder,
            start_new_session=True,
        )
        self.url = self._ready()

    def stop(self) -> None:
        """End it, and pass on what it had to say."""
        sys.stderr.write(self._end())

    def _end(self) -> str:
        """Let the process go, and return what it said."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._errors:
            self._errors.seek(0)
            return self._errors.read().decode("utf-8", "replace")

    def _ready(self) -> str:
        output = self._process.stdout
        late = threading.Timer(_START_SECONDS, self._process.kill)
        late.start()
        line = output.readline().decode() if output is not None else ""
        late.cancel()
        if line.startswith("READY "):
            return str(json.loads(line.removeprefix("READY "))["url"])
        self._process.kill()
        said = self._end()
        raise MockError(said.strip() or f"the server was not ready after {_START_SECONDS} s")
