"""httptools' request parser for a server that speaks HTTP/1.1 and no other protocol (W9)."""

from typing import Protocol

import httptools

from clevora_mock.clock import wall_micros


class Receiver(Protocol):
    """Receives httptools' callbacks: those of a head once it is complete."""

    def on_message_begin(self) -> None: ...

    def on_url(self, url: bytes) -> None: ...

    def on_header(self, name: bytes, value: bytes) -> None: ...

    def on_headers_complete(self) -> None: ...

    def on_body(self, body: bytes) -> None: ...

    def on_message_complete(self) -> None: ...

    def refuse(self, status: int) -> None:
        """Refuse what is not HTTP (400), or a head that is too large (431)."""


class RequestParser(httptools.HttpRequestParser):
    """Parses requests whose heads have at most `head_bytes`, ignores upgrades and drops trailers.

    httptools stops after the head of a request that asks for an upgrade, and takes its body for something else. Such a
    head is parsed a second time, without `Upgrade`, together with what follows it.
    """

    def __init__(self, receiver: Receiver, head_bytes: int) -> None:
        self._start()
        self._receiver = receiver
        self._most_bytes = head_bytes
        self._head_bytes = 0
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self.in_head = False
        # From the first byte of a head to the last one of the body.
        self.in_request = False
        # No request after the last one is served: what follows it is garbage, or cannot be trusted.
        self.ended = False
        self._has_trailers = False
        # When the last request was complete, in microseconds since 1970; 0 while another one arrives.
        self.completed = 0

    def _start(self) -> None:
        super().__init__(self)
        # As uvicorn sets it: data after a request with `connection: close` is ignored.
        self.set_dangerous_leniencies(lenient_data_after_close=True)

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        # Bytes of a head or of trailers; where one begins in `data`, its first segment is measured once it is complete.
        self._head_bytes += len(data)
        try:
            while data:
                data = self._feed(data)
        except httptools.HttpParserError:
            self._receiver.refuse(431 if self._head_bytes > self._most_bytes else 400)
        else:
            if self.in_request and self._head_bytes > self._most_bytes:
                self._receiver.refuse(431)

    def _feed(self, data: bytes) -> bytes:
        """Parse `data`; after an upgrade, return what is to be parsed in place of the rest."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.get_method() == b"CONNECT":
                raise httptools.HttpParserError("a tunnel") from None
            head = self._head_without_upgrade()
            # After `connection: close`, this parser would take nothing more.
            self._start()
            return head + data[upgrade.args[0] :]
        return b""

    def _head_without_upgrade(self) -> bytes:
        lines = [b"%b %b HTTP/%b" % (self.get_method(), self._target, self.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self._headers if header[0].lower() != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers = []
        self._head_bytes = self.completed = 0
        self.in_head = self.in_request = True

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_head:
            self._headers.append((name, value))
        else:
            # Trailers are dropped, but httptools heeds some of them, so that what follows cannot be trusted.
            self._has_trailers = True

    def on_headers_complete(self) -> None:
        self.in_head = False
        if self.should_upgrade():
            return
        self._head_bytes = len(self._target) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        if self._head_bytes > self._most_bytes:
            raise OverflowError("the head is too large")
        self._receiver.on_message_begin()
        self._receiver.on_url(self._target)
        for name, value in self._headers:
            self._receiver.on_header(name, value)
        if not self.should_keep_alive():
            # The only words for it that uvicorn knows before 0.53.
            self._receiver.on_header(b"connection", b"close")
        self._receiver.on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        self._receiver.on_body(body)

    def on_message_complete(self) -> None:
        self.in_request = False
        self.ended = self._has_trailers
        if not self.should_upgrade():
            self.completed = wall_micros()
            self._receiver.on_message_complete()
