"""Connections to a server that calls reuse."""

import os
from http.client import HTTPConnection, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit
from weakref import finalize

TIMEOUT_SECONDS = 30


class ControlResponse(NamedTuple):
    """A response of the control plane; `hint` is the mock's explanation of an error."""

    status: int
    hint: str | None
    body: bytes


class Connections:
    """The idle connections to the server at `url`, for calls of any thread; a forked process opens its own."""

    def __init__(self, url: str) -> None:
        self._renew()
        parts = urlsplit(url)
        self._type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = parts.hostname or "", parts.port

    def send(self, method: str, target: str, content: bytes | None) -> ControlResponse:
        """Send a request and return the response. Raises OSError or HTTPException."""
        if self._process != os.getpid():
            self._renew()
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._send(self._connect(), method, target, content)
        try:
            return self._send(connection, method, target, content)
        except ConnectionError:
            # The server has closed it since: idle for too long, or restarted.
            return self._send(self._connect(), method, target, content)

    def _renew(self) -> None:
        """Begin without connections."""
        self._process = os.getpid()
        self._idle: list[HTTPConnection] = []
        # Not `__del__`, since the collection of garbage may find a socket before the object that would close it.
        finalize(self, _close, self._idle)

    def _connect(self) -> HTTPConnection:
        return self._type(self._host, self._port, timeout=TIMEOUT_SECONDS)

    def _send(self, connection: HTTPConnection, method: str, target: str, content: bytes | None) -> ControlResponse:
        try:
            connection.request(method, target, content, {"accept": "application/json"})
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return ControlResponse(response.status, response.headers.get("x-clevora-mock-hint"), body)


def _close(connections: list[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()
