"""Plays steps against a server that it starts through the command line, over raw sockets.

The server is a black box: nothing of it is imported, and only the READY line is known of it.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.exchanges.steps import Capture, Part, Step
from tests.support.raw_client import RawResponse, connect, first_response, reset

ROOT = Path(__file__).parents[2]

_PAUSE_SECONDS = 0.02
_READY_SECONDS = 30
# Of a status line, which is Python's and no part of what is promised.
_PHRASES = {
    b"413 Content Too Large": b"413 Request Entity Too Large",
    b"414 URI Too Long": b"414 Request-URI Too Long",
    b"416 Range Not Satisfiable": b"416 Requested Range Not Satisfiable",
    b"422 Unprocessable Content": b"422 Unprocessable Entity",
}
# The delay after which a connection is checked again: still open, and nothing further received.
_SETTLED_SECONDS = 0.1
_LEFT_SECONDS = 0.3
_HELD = 64
_SEGMENT = 256 * 1024


@dataclass
class StepResult:
    """The outcome of one step: the sent and received bytes, and the connection's ending.

    An ending is "open" (the response is complete and the connection stays), "fin", "reset", "silence" (the response is
    incomplete and nothing arrives), "marked" (the awaited text has arrived) or "kept" (a named connection after a
    complete response); " after a whole answer", or "+N bytes" may follow. `pieces` are counted where the step asks for
    it.
    """

    part: str
    step: Step
    sent: bytes = b""
    received: bytes = b""
    ending: str = ""
    pieces: int = 0
    seconds: float = 0.0


@dataclass
class Run:
    """All outcomes, and each server's standard error."""

    played: list[StepResult] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def play(parts: list[Part], tell: Callable[[str], None] = lambda said: None) -> Run:
    """Play every part, each on a separate server."""
    run = Run()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            for name, content in part.files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
            since = time.monotonic()
            with _server(part, Path(folder), run) as port:
                run.played += _Connections(part.name, port).play(part.steps)
            tell(f"{part.name}: {len(part.steps)} steps in {time.monotonic() - since:.1f} s")
    run.seconds = time.monotonic() - began
    return run


@contextmanager
def _server(part: Part, folder: Path, run: Run) -> Iterator[int]:
    """Start a server with the part's flags; yield its port."""
    flags = [flag.replace("{folder}", str(folder)) for flag in part.flags]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLEVORA_")}
    errors = folder / "stderr"
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "clevora_mock", "serve", "--port", "0", "--quiet", *flags],
            cwd=ROOT,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=file,
        )
        try:
            yield _port(process, errors)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_READY_SECONDS)
            if process.stdout is not None:
                process.stdout.close()
    said = errors.read_text(encoding="utf-8", errors="replace").strip()
    # The lines about requests are left out.
    news = [line for line in said.splitlines() if line.startswith("clevora-mock:") or "Traceback" in line]
    if news:
        run.warnings[part.name] = "\n".join(news)


def _port(process: "subprocess.Popen[bytes]", errors: Path) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"READY "):
            url = json.loads(line.removeprefix(b"READY "))["url"]
            return urlsplit(url).port or 0
    raise RuntimeError(f"the server did not start: {errors.read_text(encoding='utf-8', errors='replace')}")


class _Connections:
    """The connections of one part, and the captured values."""

    def __init__(self, part: str, port: int) -> None:
        self._part = part
        self._port = port
        # By name: the connection, its received bytes without a complete response, and which responses have no body.
        self._named: dict[str, tuple[socket.socket, bytes, frozenset[int]]] = {}
        self._captured: dict[str, str] = {}
        self._watched: deque[tuple[float, socket.socket, StepResult]] = deque()
        # Checked, but open, since a client that closes a connection is known to have read its answer.
        self._held: deque[socket.socket] = deque()

    def play(self, steps: tuple[Step, ...]) -> list[StepResult]:
        played = [self._step(step) for step in steps]
        self._settle(whole=True)
        for connection in (*self._held, *(connection for connection, _, _ in self._named.values())):
            connection.close()
        return played

    def _step(self, step: Step) -> StepResult:
        # No connection may idle for long, or the server closes it.
        self._settle(whole=step.is_silent)
        time.sleep(step.rest)
        played = StepResult(self._part, step)
        connection, pending, heads = self._connection(step)
        listener = _ResponseReader(step, played, pending, step.heads if step.sends else heads)
        try:
            for number, segment in enumerate(step.sends):
                if number:
                    time.sleep(_PAUSE_SECONDS)
                sent = self._filled(segment)
                played.sent += sent
                listener.send(connection, sent)
            if step.half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            # The server has refused the rest; its response can still be read.
            pass
        began = time.monotonic()
        listener.listen(connection)
        played.seconds = time.monotonic() - began
        self._end(step, played, connection, listener)
        played.pieces = listener.pieces if step.pieces else 0
        for capture in step.captures:
            self._captured[capture.name] = _captured(capture, played)
        played.received = masked(_as_in_older_pythons(played.received), step.masks, self._port)
        return played

    def _connection(self, step: Step) -> tuple[socket.socket, bytes, frozenset[int]]:
        if step.on in self._named:
            return self._named.pop(step.on)
        return connect(("127.0.0.1", self._port)), b"", frozenset()

    def _filled(self, segment: bytes) -> bytes:
        for name, value in self._captured.items():
            segment = segment.replace(b"<<%b>>" % name.encode(), value.encode())
        if b"<<length>>" in segment:
            body = segment.partition(b"\r\n\r\n")[2]
            segment = segment.replace(b"<<length>>", str(len(body)).encode(), 1)
        left = re.search(rb"<<(\w+)>>", segment)
        if left:
            raise RuntimeError(f"nothing was captured as {left[1].decode()}")
        return segment

    def _end(self, step: Step, played: StepResult, connection: socket.socket, listener: "_ResponseReader") -> None:
        """End the connection as the step requires, or schedule a later check."""
        if played.ending in ("fin", "reset") or played.ending.startswith(("fin ", "reset ")):
            connection.close()
        elif step.leaving != "keep":
            if step.leaving == "reset":
                reset(connection)
            connection.close()
            # The server has to notice the disconnect before the next step.
            time.sleep(_LEFT_SECONDS)
        elif step.on is not None:
            whole = played.ending == "open"
            self._named[step.on] = (connection, b"" if whole else listener.pending, listener.heads)
            if whole:
                played.ending = "kept"
        elif played.ending == "open":
            self._watched.append((time.monotonic(), connection, played))
        else:
            connection.close()

    def _settle(self, *, whole: bool) -> None:
        """Check the connections whose responses are complete for a while."""
        while self._watched:
            since, connection, played = self._watched[0]
            left = since + _SETTLED_SECONDS - time.monotonic()
            if left > 0 and not whole:
                return
            time.sleep(max(0.0, left))
            self._watched.popleft()
            connection.setblocking(False)
            try:
                more = connection.recv(_SEGMENT)
                played.ending = f"open +{len(more)} bytes" if more else "fin after a whole answer"
                played.received += more
            except BlockingIOError:
                played.ending = "open"
            except ConnectionResetError:
                played.ending = "reset after a whole answer"
            self._held.append(connection)
            if len(self._held) > _HELD:
                self._held.popleft().close()


class _ResponseReader:
    """Reader of one step's responses."""

    def __init__(self, step: Step, played: StepResult, pending: bytes, heads: frozenset[int]) -> None:
        self._step = step
        self._played = played
        self._before = pending
        self.heads = heads
        self.pieces = 0

    @property
    def pending(self) -> bytes:
        """The received bytes of incomplete responses."""
        return self._before + self._played.received

    def send(self, connection: socket.socket, data: bytes) -> None:
        connection.settimeout(10)
        connection.sendall(data)

    def listen(self, connection: socket.socket) -> None:
        played, step = self._played, self._step
        parts: list[bytes] = []
        while True:
            state = self._state(self.pending)
            # The response announces the end of the connection, so wait for it.
            if state == "whole" or (state == "closing" and step.leaving != "keep"):
                played.ending = "open"
                return
            if step.until and step.until in played.received:
                # The number of bytes behind it varies between runs.
                played.received = played.received.partition(step.until)[0] + step.until
                played.ending = "marked"
                return
            connection.settimeout(step.patience)
            try:
                part = connection.recv(_SEGMENT)
            except TimeoutError:
                played.ending = "silence" + (" after a whole answer" if state == "closing" else "")
                return
            except ConnectionResetError:
                played.ending = "reset" + (" after a whole answer" if state == "closing" else "")
                return
            if not part:
                played.ending = "fin" + (" after a whole answer" if state == "closing" else "")
                return
            # The server pauses only within a character; other boundaries of parts vary between runs.
            self.pieces += not parts or (step.pieces and _ends_in_a_character(body_of(played.received)))
            parts.append(part)
            played.received = b"".join(parts)

    def _state(self, data: bytes) -> str:
        """Return the state of the responses: "whole", "closing" (whole, and the last announces a close), "partial"."""
        if not self._step.answers:
            return "partial"
        closing, number = False, 0
        while number < self._step.answers:
            # Bytes that are no response have no end to wait for.
            found = first_response(data, to_head=number in self.heads) if data.startswith(b"HTTP/1.") else None
            if found is None:
                return "partial"
            response, data = found
            closing = response.header("connection") == "close"
            number += response.status >= 200
        return "closing" if closing else "whole"


def body_of(answer: bytes) -> bytes:
    """Return the received body of a response without the framing of chunks."""
    return RawResponse(segments=[answer]).body


def _ends_in_a_character(data: bytes) -> bool:
    """Return True if `data` ends within a UTF-8 character."""
    decoder = getincrementaldecoder("utf-8")()
    decoder.decode(data)
    return bool(decoder.getstate()[0])


def _captured(capture: Capture, played: StepResult) -> str:
    text = body_of(played.received).decode()
    found: Any = text
    if capture.path:
        found = json.loads(text)
        for name in capture.path.split("."):
            found = found[int(name)] if isinstance(found, list) else found[name]
    if not isinstance(found, str):
        found = json.dumps(found, ensure_ascii=False)
    if capture.part:
        part = re.search(capture.part, found)
        if part is None:
            raise RuntimeError(f"{played.step.name}: nothing to capture as {capture.name}")
        return part[0]
    return str(found)


# Values that differ between runs, and their replacements. A step names those that it needs.
MASKS: dict[str, tuple[bytes, bytes]] = {
    # Ids of responses to bytes that are not HTTP depend on memory addresses.
    "request id": (rb"x-request-id: req_[0-9a-f]{24}", b"x-request-id: req_************************"),
    # The server's start time.
    "server start": (rb"(mock-[0-9]+)-[0-9a-f]+", rb"\1-***"),
    # A running clock.
    "date header": (rb"date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", b"date: ***"),
    "times": (rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", b"****-**-**T**:**:**.***Z"),
    "days": (rb'"date":"\d{4}-\d\d-\d\d"', b'"date":"****-**-**"'),
    "created": (rb'"created":\d{10}', b'"created":**********'),
    "latency": (rb'"latencyMs":\d+', b'"latencyMs":*'),
    "length": (rb"content-length: \d+", b"content-length: *"),
}


def masked(received: bytes, masks: tuple[str, ...], port: int) -> bytes:
    """Replace in `received` the values that differ between runs."""
    for name in masks:
        if name == "port":
            received = received.replace(b"127.0.0.1:%d" % port, b"127.0.0.1:PORT")
        else:
            pattern, instead = MASKS[name]
            received = re.sub(pattern, instead, received)
    return received


def _as_in_older_pythons(received: bytes) -> bytes:
    """Return an answer with the reason phrase that Python had for a status before 3.13."""
    for now, before in _PHRASES.items():
        received = received.replace(b"HTTP/1.1 " + now, b"HTTP/1.1 " + before)
    return received
