"""One server for all workers of a pytest-xdist run, started when the first of them asks.

The run's controller listens; a worker connects and is told where the server is. The server belongs to the controller,
which outlives every worker.
"""

import json
import socket
import threading
from collections.abc import Callable

from clevora_mock.testing.clevora import MockError
from clevora_mock.testing.process import ServerProcess

_PATIENCE_SECONDS = 60


class Starter:
    """Starts a server by `start` at the first question, and tells everyone who asks where it is; `port` is its own."""

    def __init__(self, start: Callable[[], ServerProcess]) -> None:
        self._start = start
        self._process: ServerProcess | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._over = False
        self._thread = threading.Thread(target=self._answer, name="clevora-mock starter", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more, and end the server."""
        self._over = True
        # What waits for a connection wakes up by one.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._listener.close()
        if self._process is not None:
            self._process.stop()

    def _answer(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._over:
                    return
                connection.sendall(json.dumps(self._told()).encode())

    def _told(self) -> dict[str, str]:
        try:
            if self._process is None:
                self._process = self._start()
        except MockError as error:
            return {"error": str(error)}
        return {"url": self._process.url}


def ask(port: int) -> str:
    """Where the run's server is. Raises MockError when it cannot be started."""
    try:
        with socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS) as connection:
            told = json.loads(b"".join(iter(lambda: connection.recv(4096), b"")))
    except (OSError, ValueError) as error:
        raise MockError(f"the run's controller does not say where the server is: {error}") from None
    if "error" in told:
        raise MockError(told["error"])
    return str(told["url"])
