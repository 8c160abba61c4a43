"""Exchanges with the live API in the form of a recording, without secrets."""

from itertools import accumulate
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from clevora_mock.contract.endpoints import Endpoint
from clevora_mock.core import documents, money
from clevora_mock.recordings.event_stream import content_of, events, is_whole
from clevora_mock.recordings.json_values import MAX_VALUES, has_too_many_values
from clevora_mock.recordings.masker import Masker
from clevora_mock.recordings.recorded_exchange import (
    MAX_TOKENS,
    CanonicalRequest,
    RecordedExchange,
    RecordedUsage,
    decode_exchange,
    encode_line,
    flaws,
)
from clevora_mock.recordings.secret_scan import find_secret
from clevora_mock.recordings.stream_masking import masked_pieces

# Of an answer; a larger one is passed on and not recorded.
MAX_ANSWER_BYTES = 4 * 1024 * 1024
EVENT_STREAM = "text/event-stream"


class NotRecordedError(Exception):
    """An exchange that cannot be recorded; the message says why."""


class Piece(NamedTuple):
    """A part of an answer's body, and when it came, in milliseconds since the request was sent."""

    milliseconds: int
    data: bytes


class Answer(Struct, frozen=True):
    """An answer of the live API: `headers` in lower case, and whether its last byte came."""

    status: int
    headers: dict[str, str]
    pieces: tuple[Piece, ...]
    complete: bool

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").lower().startswith(EVENT_STREAM)

    @property
    def body(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)


def record(
    endpoint: Endpoint | None, request: CanonicalRequest, n: int, answer: Answer, masker: Masker
) -> RecordedExchange:
    """Return what is written of an exchange. Raises NotRecordedError."""
    body = answer.body
    reason = excess_of(body)
    if reason is not None:
        raise NotRecordedError(reason)
    encoding = _encoding(body)
    texts = _texts(answer, encoding)
    if not (is_whole("".join(texts), complete=answer.complete) if answer.is_stream else answer.complete):
        raise NotRecordedError("its answer did not come to its end")
    usage = usage_of(body, is_stream=answer.is_stream)
    rate = 0 if endpoint is None else endpoint.rate or 0
    cost = 0 if usage is None or answer.status >= 400 else usage.total * rate
    # The machine's clock may have been set back meanwhile.
    times = list(accumulate((piece.milliseconds for piece in answer.pieces), max))
    exchange = RecordedExchange(
        "" if endpoint is None else endpoint.name,
        request,
        answer.status,
        {name: masker.text(value) for name, value in answer.headers.items()},
        n,
        encoding=encoding,
        usage=usage,
        cost=money.dollars(cost),
    )
    if answer.is_stream:
        stream = list(zip(times, masked_pieces(texts, masker), strict=True))
        exchange = msgspec.structs.replace(exchange, stream=stream)
    else:
        (text,) = masked_pieces(["".join(texts)], masker)
        exchange = msgspec.structs.replace(exchange, milliseconds=max(times, default=0), answer=text)
    place = find_secret(exchange, masker)
    if place is not None:
        raise NotRecordedError(f"a secret is left in {place}")
    _require_readable(exchange)
    return exchange


def excess_of(body: bytes) -> str | None:
    """Tell why an answer is too large to be recorded; None if it is not."""
    if len(body) > MAX_ANSWER_BYTES:
        return f"its answer is larger than {MAX_ANSWER_BYTES // 1024**2} MiB"
    return f"its answer has more than {MAX_VALUES:,} values and lines" if has_too_many_values(body) else None


def usage_of(body: bytes, *, is_stream: bool) -> RecordedUsage | None:
    """Return the usage that an answer names, a stream in any of its events."""
    try:
        found = [event.data for event in events(body.decode())] if is_stream else [documents.decode(body)]
    except (ValueError, RecursionError):
        return None
    for document in reversed(found):
        usage = document.get("usage") if isinstance(document, dict) else None
        if isinstance(usage, dict):
            return RecordedUsage(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))
    return None


def completion_text(body: bytes, *, is_stream: bool) -> str:
    """Return the text that a chat's answer says, for the journal; empty for other answers."""
    try:
        if is_stream:
            return "".join(content_of(event.data) for event in events(body.decode()))
        message = documents.decode(body)["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError):
        return ""
    return message if isinstance(message, str) else ""


def error_of(body: bytes) -> tuple[str | None, str | None]:
    """Return the code and the message of an error in the contract's format."""
    try:
        error = documents.decode(body)["error"]
        code, message = error.get("code"), error.get("message")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None, None
    return (code if isinstance(code, str) else None), (message if isinstance(message, str) else None)


def _require_readable(exchange: RecordedExchange) -> None:
    """Raise NotRecordedError for an exchange that would keep the whole file from being read."""
    try:
        decode_exchange(encode_line(exchange))
    except ValueError as error:
        raise NotRecordedError(str(error)) from None
    for flaw in flaws(exchange):
        raise NotRecordedError(flaw)


def _count(usage: dict[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS else 0


def _encoding(body: bytes) -> Literal["utf-8", "latin-1"]:
    try:
        body.decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _texts(answer: Answer, encoding: str) -> list[str]:
    """Return the text of each piece; a character that is cut belongs to the piece with its end."""
    if encoding == "latin-1":
        return [piece.data.decode("latin-1") for piece in answer.pieces]
    body = answer.body
    ends = [_before_cut(body, end) for end in accumulate(len(piece.data) for piece in answer.pieces)]
    return [body[start:end].decode() for start, end in zip([0, *ends], ends, strict=False)]


def _before_cut(body: bytes, position: int) -> int:
    """Return `position`, or the start of the character that it cuts."""
    while 0 < position < len(body) and body[position] & 0xC0 == 0x80:
        position -= 1
    return position
