"""Responses to HTTP/1.0 clients, which do not support chunked encoding (W9)."""

from typing import Any

from starlette.types import Message, Send


class CloseDelimited:
    """Sends a response by its content-length, or else one that ends with the connection.

    `cycle` is uvicorn's RequestResponseCycle, which would send a response without a length in chunks.
    """

    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle
        self._send: Send = cycle.send
        self._has_length = False

    async def send(self, message: Message) -> None:
        """Send an ASGI message."""
        if message["type"] == "http.response.start":
            headers = [header for header in message.get("headers", ()) if header[0].lower() != b"transfer-encoding"]
            self._has_length = any(name.lower() == b"content-length" for name, _ in headers)
            if not self._has_length:
                self._cycle.chunked_encoding = False
            message = {**message, "headers": headers}
        elif not self._has_length:
            # uvicorn compares each part with the rest of the expected length.
            self._cycle.expected_content_length = len(message.get("body", b""))
        await self._send(message)


def delimited(cycle: Any, http_version: str) -> Send:
    """Return the ASGI send of `cycle` for a client of that HTTP version."""
    return CloseDelimited(cycle).send if http_version == "1.0" else cycle.send
