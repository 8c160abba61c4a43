"""One server for all workers of a pytest-xdist run, started for the first worker that needs it.

The controller listens; a worker connects and reads the server's URL. The server is a child of the controller, which
outlives every worker.
"""

import json
import socket
import threading
from collections.abc import Callable

from clevora_mock.testing.clevora import MockError
from clevora_mock.testing.process import ServerProcess

TIMEOUT_SECONDS = 60


class SharedServer:
    """Starts a server by `start` for the first worker, and sends its URL to every one that connects to `port`."""

    def __init__(self, start: Callable[[], ServerProcess]) -> None:
        self._start = start
        self._process: ServerProcess | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, name="clevora-mock shared server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, and stop the server."""
        self._stopped = True
        # A connection wakes the thread from accept().
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._listener.close()
        if self._process is not None:
            self._process.stop()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._stopped:
                    return
                connection.sendall(json.dumps(self._message()).encode())

    def _message(self) -> dict[str, str]:
        try:
            if self._process is None:
                self._process = self._start()
        except (MockError, OSError) as error:
            return {"error": str(error)}
        return {"url": self._process.url}


def shared_server_url(port: int) -> str:
    """Return the URL of the run's server. Raises MockError when it cannot be started."""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            message = json.loads(b"".join(iter(lambda: connection.recv(4096), b"")))
    except (OSError, ValueError) as error:
        raise MockError(f"the run's controller does not answer: {error}") from None
    if "error" in message:
        raise MockError(message["error"])
    return str(message["url"])
