"""A transport that joins the writes of one turn of the event loop."""

import asyncio
from typing import Any

_MAX_BUFFERED_BYTES = 64 * 1024


class BufferedTransport:
    """Wraps a connection's transport. A write to a socket wakes the client, so that fewer of them cost less time.

    What is written is sent at the end of the event loop's turn, or at once where it has 64 KiB.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._call_soon = asyncio.get_running_loop().call_soon
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Send `data` after everything that was written before."""
        if not self._parts:
            self._call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size >= _MAX_BUFFERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what waits, unless the connection is closed."""
        if self._parts and not self._transport.is_closing():
            self._transport.write(b"".join(self._parts))
        self._parts.clear()
        self._size = 0

    def close(self) -> None:
        """Close the connection after what waits has been sent."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
