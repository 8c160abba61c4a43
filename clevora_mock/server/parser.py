"""httptools' request parser without upgrades and trailers, and with a limit on heads (W9)."""

import re
from typing import Protocol

import httptools

from clevora_mock.clock import wall_micros

# The method of a request that httptools does not know, and one that it knows and no path takes.
_METHOD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ")
_KNOWN = b"UNBIND"


class Receiver(Protocol):
    """The receiver of httptools' callbacks; those of a head come once it is complete."""

    def on_message_begin(self) -> None: ...

    def on_url(self, url: bytes) -> None: ...

    def on_header(self, name: bytes, value: bytes) -> None: ...

    def on_headers_complete(self) -> None: ...

    def on_body(self, body: bytes) -> None: ...

    def on_message_complete(self) -> None: ...

    def refuse(self, status: int, why: str = "") -> None:
        """Refuse what is not HTTP or no request for a server (400, and `why`), or a head that is too large (431)."""


class RequestParser(httptools.HttpRequestParser):
    """Parses requests whose heads have at most `head_bytes` and `header_lines`, ignores upgrades and drops trailers.

    httptools stops after the head of a request that asks for an upgrade, and takes its body for another protocol. Such
    a head is parsed a second time, without `Upgrade`, together with the bytes that follow it. A request with a method
    that httptools does not know is parsed with another one, so that it gets a 405 rather than a 400.
    """

    def __init__(self, receiver: Receiver, head_bytes: int, header_lines: int) -> None:
        self._start()
        self._receiver = receiver
        self._max_head_bytes = head_bytes
        self._max_header_lines = header_lines
        self._head_bytes = 0
        # A method that httptools does not know, and the number of heads that have begun.
        self._method: bytes | None = None
        self._heads = 0
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self.in_head = False
        # True from the first byte of a head to the last one of its body.
        self.in_request = False
        # True when no further request is served, since the bytes after the last one are not HTTP or not to be trusted.
        self.ended = False
        self._has_trailers = False
        # When the last request began, and when it was complete, in microseconds since 1970; 0 while it arrives.
        self.began = 0
        self.completed = 0

    def _start(self) -> None:
        super().__init__(self)
        # As uvicorn sets it: data after a request with `connection: close` is ignored.
        self.set_dangerous_leniencies(lenient_data_after_close=True)

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        # Bytes of a head or of trailers. Where one begins in `data`, its first segment is counted once it is complete.
        self._head_bytes += len(data)
        heads, is_begin = self._heads, not self.in_request
        try:
            try:
                data = self._feed(data)
            except httptools.HttpParserInvalidMethodError:
                # Whole at the beginning of `data`, as clients send it.
                method = _METHOD.match(data) if is_begin and self._heads == heads + 1 else None
                if method is None:
                    raise
                self._start()
                self._method, data = method[1], b"%b %b" % (_KNOWN, data[method.end() :])
            while data:
                data = self._feed(data)
        except httptools.HttpParserError as error:
            is_large = self._head_bytes > self._max_head_bytes
            self._receiver.refuse(431 if is_large else 400, "" if is_large else str(error))
        else:
            if self.in_request and self._head_bytes > self._max_head_bytes:
                self._receiver.refuse(431)

    def _feed(self, data: bytes) -> bytes:
        """Parse `data`; after an upgrade, return the bytes to parse in place of the rest."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if super().get_method() == b"CONNECT":
                raise httptools.HttpParserError("CONNECT asks for a proxy, and this is a server") from None
            head = self._head_without_upgrade()
            # After `connection: close`, this parser would ignore all further bytes.
            self._start()
            return head + data[upgrade.args[0] :]
        return b""

    def _head_without_upgrade(self) -> bytes:
        lines = [b"%b %b HTTP/%b" % (super().get_method(), self._target, self.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self._headers if header[0].lower() != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def get_method(self) -> bytes:
        return self._method or super().get_method()

    def on_message_begin(self) -> None:
        self._heads += 1
        self._target = b""
        self._headers = []
        self._head_bytes = self.completed = 0
        self.began = wall_micros()
        self.in_head = self.in_request = True

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_head:
            self._headers.append((name, value))
            if len(self._headers) > self._max_header_lines:
                self._head_bytes = self._max_head_bytes + 1
                raise OverflowError("the head has too many lines")
        else:
            # Trailers are dropped, but httptools acts on some of them, so that later requests cannot be trusted.
            self._has_trailers = True

    def on_headers_complete(self) -> None:
        self.in_head = False
        if self.should_upgrade():
            return
        self._head_bytes = len(self._target) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        if self._head_bytes > self._max_head_bytes:
            raise OverflowError("the head is too large")
        self._receiver.on_message_begin()
        self._receiver.on_url(self._target)
        for name, value in self._headers:
            self._receiver.on_header(name, value)
        if not self.should_keep_alive():
            # uvicorn before 0.53 recognizes no other spelling of it.
            self._receiver.on_header(b"connection", b"close")
        self._receiver.on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        self._receiver.on_body(body)

    def on_message_complete(self) -> None:
        self.in_request = False
        self.ended = self._has_trailers
        if not self.should_upgrade():
            self._method, self.completed = None, wall_micros()
            self._receiver.on_message_complete()
