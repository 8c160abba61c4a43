"""Faults on the wire: from an answer and a fault to what is really sent.

An answer of any kind becomes a `Transmission`: frames, headers, deadlines, an ending. A fault is a function that
changes it. What happens below HTTP (a reset, an early close) is the transmission's ending, which the server's own
protocol carries out. A fault that keeps the client from every part of the answer voids it, so that it costs nothing;
one in the middle costs what was sent of a stream, and a body in one piece is billed whole; ``charge`` in the rule
overrides both.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import msgspec

from clevora_mock.api.answers import Whole
from clevora_mock.api.stream import Transmission
from clevora_mock.clock import SECOND
from clevora_mock.core.call import Call
from clevora_mock.scenarios import faults
from clevora_mock.scenarios.faults import DuplicateChunk, Fault, MalformedChunk

_DONE = b"data: [DONE]\n\n"
_JSON = (b"content-type", b"application/json")
_SLICES_PER_SECOND = 10

_PAGE = """<html>
<head><title>{status} {reason}</title></head>
<body>
<center><h1>{status} {reason}</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""
_REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


def disturb(answer: Whole | Transmission, fault: Fault, call: Call) -> Transmission:
    """`answer` as `fault` leaves it; one that only streams know leaves others alone."""
    sending = answer if isinstance(answer, Transmission) else _in_one_frame(answer, call)
    if not _can_suffer(sending, fault):
        return sending
    call.fault = fault.kind
    _EFFECTS[type(fault)](fault, sending)
    settle = sending.settle

    def settle_or_void(sent: int) -> None:
        call.voided = call.voided or not any(sending.frames[:sent])
        settle(sent)

    sending.settle = settle_or_void
    return sending


def is_stream(sending: Transmission) -> bool:
    """Whether the frames are events."""
    return len(sending.frames) > 1


def _can_suffer(sending: Transmission, fault: Fault) -> bool:
    """Some faults need a stream, and a refusal has no tokens that others could come after."""
    if is_stream(sending):
        return True
    after_tokens = getattr(fault, "after_tokens", None)
    return not fault.stream_only and (after_tokens is None or sending.status_code < 400)


def _in_one_frame(answer: Whole, call: Call) -> Transmission:
    sending = Transmission([answer.body], answer.raw_headers, call)
    sending.status_code = answer.status_code
    return sending


def _cut(sending: Transmission, tokens: int) -> None:
    """Keep what holds the first `tokens` tokens, and never the end."""
    if is_stream(sending):
        kept = _frames_of(sending, tokens)
        sending.frames = sending.frames[:kept]
        if sending.deadlines is not None:
            sending.deadlines = sending.deadlines[:kept]
        return
    sending.frames = [sending.frames[0][: _bytes_of(sending, tokens)]]


def _frames_of(sending: Transmission, tokens: int) -> int:
    """How many frames hold the role and the first `tokens` tokens; the last frame never does."""
    return min(1 + tokens, len(sending.frames) - 1)


def _bytes_of(sending: Transmission, tokens: int) -> int:
    """The share of a body in one piece that stands for `tokens` of its tokens, less than all of it."""
    size = len(sending.frames[0])
    whole = max(1, sending.call.completion_tokens or sending.call.prompt_tokens)
    return max(0, min(size * tokens // whole, size - 1))


def _cut_body(sending: Transmission, fraction: float) -> None:
    body = sending.frames[0]
    # Less than announced, whatever the fraction.
    sending.frames = [body[: max(0, min(int(len(body) * fraction), len(body) - 1))]]


def _reset(fault: Any, sending: Transmission) -> None:
    sending.ending = "reset"
    _end_early(fault, sending)


def _close(fault: Any, sending: Transmission) -> None:
    sending.ending = "close"
    _end_early(fault, sending)


def _end_early(fault: Any, sending: Transmission) -> None:
    if fault.after_tokens is not None:
        _cut(sending, fault.after_tokens)
        return
    if fault.at == "start":
        sending.silent, sending.status_code = True, 0
    sending.frames, sending.deadlines = [], None
    void(sending)


def _stall(fault: Any, sending: Transmission) -> None:
    if fault.after_tokens is None:
        at = 0
    elif is_stream(sending):
        at = _frames_of(sending, fault.after_tokens)
    else:
        at, body, middle = 1, sending.frames[0], _bytes_of(sending, fault.after_tokens)
        sending.frames = [body[:middle], body[middle:]]
    deadlines = sending.deadlines or [0] * len(sending.frames)
    if fault.for_ is None:
        sending.deadlines = [*deadlines[:at], *([None] * (len(deadlines) - at))]
    else:
        sending.deadlines = [*deadlines[:at], *((deadline or 0) + fault.for_ for deadline in deadlines[at:])]


def _truncate(fault: Any, sending: Transmission) -> None:
    sending.ending = "close"
    if is_stream(sending):
        kept = max(1, int(len(sending.frames) * fault.fraction))
        sending.frames = sending.frames[:kept]
        sending.deadlines = None if sending.deadlines is None else sending.deadlines[:kept]
    else:
        _cut_body(sending, fault.fraction)


def _slow_body(fault: Any, sending: Transmission) -> None:
    """The body in slices, some of them a second; a frame counts as sent once its last slice is."""
    body = b"".join(sending.frames)
    size = max(1, fault.bytes_per_second // _SLICES_PER_SECOND)
    ends: list[int] = []
    for frame in sending.frames:
        ends.append((ends[-1] if ends else 0) + len(frame))
    settle = sending.settle
    sending.frames = [body[start : start + size] for start in range(0, len(body), size)]
    sending.deadlines = [round(index * size * SECOND / fault.bytes_per_second) for index in range(len(sending.frames))]
    sending.settle = lambda sent: settle(bisect_right(ends, sent * size))


def _replace(sending: Transmission, status: int, body: bytes, content_type: bytes) -> None:
    sending.status_code = status
    sending.frames, sending.deadlines = [body], None
    sending.raw_headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    sending.call.code = sending.call.retry_after = None
    void(sending)


def _garbage(fault: Any, sending: Transmission) -> None:
    _replace(sending, 200, b'{"id": "chatcmpl-\x00\xfe<<<<<< not JSON >>>>>>', _JSON[1])


def _empty_body(fault: Any, sending: Transmission) -> None:
    _replace(sending, 200, b"", _JSON[1])


def _html_error(fault: Any, sending: Transmission) -> None:
    page = _PAGE.format(status=fault.status, reason=_REASONS[fault.status])
    _replace(sending, fault.status, page.encode(), b"text/html")


def _wrong_content_type(fault: Any, sending: Transmission) -> None:
    sending.raw_headers = [
        (name, b"text/html" if name == b"content-type" else value) for name, value in sending.raw_headers
    ]


def _missing_fields(fault: Any, sending: Transmission) -> None:
    if is_stream(sending):
        sending.frames = [_without(frame, fault.fields) for frame in sending.frames]
        return
    body = msgspec.json.encode(_dropped(msgspec.json.decode(sending.frames[0]), fault.fields))
    sending.frames = [body]
    sending.raw_headers = [
        (name, b"%d" % len(body) if name == b"content-length" else value) for name, value in sending.raw_headers
    ]


def _without(frame: bytes, fields: tuple[str, ...]) -> bytes:
    """An event without some fields of its JSON; the sentinel stays."""
    event, separator, rest = frame.partition(b"\n\n")
    document = _dropped(msgspec.json.decode(event.removeprefix(b"data: ")), fields)
    return b"data: " + msgspec.json.encode(document) + separator + rest


def _dropped(document: Any, fields: tuple[str, ...]) -> Any:
    for field in fields:
        _drop(document, field.split("."))
    return document


def _drop(document: Any, path: list[str]) -> None:
    """Take one field out; a step into an array goes into each of its items."""
    if isinstance(document, list):
        for item in document:
            _drop(item, path)
    elif isinstance(document, dict):
        if len(path) == 1:
            document.pop(path[0], None)
        elif path[0] in document:
            _drop(document[path[0]], path[1:])


def _malformed_chunk(fault: Any, sending: Transmission) -> None:
    at = _place(fault, sending)
    broken = sending.frames[at].partition(b"\n\n")[0]
    sending.frames[at] = broken[: len(broken) // 2] + b"\n\n"


def _duplicate_chunk(fault: Any, sending: Transmission) -> None:
    at = _place(fault, sending)
    _insert(sending, at, sending.frames[at])


def _error_frame(fault: Any, sending: Transmission) -> None:
    _cut(sending, fault.after_tokens)
    error = {"error": {"message": "Internal server error", "type": "server_error", "code": "internal_error"}}
    settle, kept = sending.settle, len(sending.frames)
    sending.settle = lambda sent: settle(min(sent, kept))
    sending.frames.append(b"data: " + msgspec.json.encode(error) + b"\n\n")
    if sending.deadlines is not None:
        sending.deadlines.append(sending.deadlines[-1])


def _no_usage(fault: Any, sending: Transmission) -> None:
    sending.frames[-1] = _without(sending.frames[-1], ("usage",))


def _no_done(fault: Any, sending: Transmission) -> None:
    sending.frames[-1] = sending.frames[-1].removesuffix(_DONE)


def _split_utf8(fault: Any, sending: Transmission) -> None:
    """Cut a character of several bytes in two, each half in a write of its own; put one in if there is none."""
    at = next((index for index, frame in enumerate(sending.frames) if not frame.isascii()), None)
    if at is None:
        at = len(sending.frames) - 2
        if not at:
            # A stream that says nothing has no character to cut.
            return
        sending.frames[at] = sending.frames[at].replace(b'"content":"', '"content":"…'.encode(), 1)
    frame = sending.frames[at]
    middle = next(place for place, byte in enumerate(frame) if byte > 0x7F) + 1
    sending.frames[at] = frame[:middle]
    _insert(sending, at + 1, frame[middle:])
    sending.apart = at + 1


def _place(fault: MalformedChunk | DuplicateChunk, sending: Transmission) -> int:
    """The frame that follows so many tokens, at most the last that holds content."""
    return max(0, min(1 + fault.after_tokens, len(sending.frames) - 2))


def _insert(sending: Transmission, at: int, frame: bytes) -> None:
    """Put in a frame that is nobody's token."""
    settle = sending.settle
    sending.frames.insert(at, frame)
    sending.settle = lambda sent: settle(sent - (sent > at))
    if sending.deadlines is not None:
        sending.deadlines.insert(at, sending.deadlines[at])


def void(sending: Transmission) -> None:
    """Nothing of the answer reaches the client, so it costs nothing."""
    call = sending.call
    call.voided = True
    sending.settle = lambda sent: None


_EFFECTS: dict[type[Fault], Callable[[Any, Transmission], None]] = {
    faults.Reset: _reset,
    faults.Close: _close,
    faults.Stall: _stall,
    faults.Truncate: _truncate,
    faults.SlowBody: _slow_body,
    faults.Garbage: _garbage,
    faults.EmptyBody: _empty_body,
    faults.WrongContentType: _wrong_content_type,
    faults.HtmlError: _html_error,
    faults.MissingFields: _missing_fields,
    faults.MalformedChunk: _malformed_chunk,
    faults.DuplicateChunk: _duplicate_chunk,
    faults.SplitUtf8: _split_utf8,
    faults.NoUsage: _no_usage,
    faults.NoDone: _no_done,
    faults.ErrorFrame: _error_frame,
}
