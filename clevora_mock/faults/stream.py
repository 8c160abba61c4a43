"""Faults of streams: broken, repeated, cut, missing and oddly framed events."""

from operator import delitem
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from clevora_mock.contract.errors import ERROR_BY_CODE
from clevora_mock.core.reply import DONE, Frame, Reply
from clevora_mock.faults.base import LINES, SEGMENTS, STREAM, AfterTokens, Fault, cut_after
from clevora_mock.faults.body import event_with_fields

_COMMENT = b": keep-alive\n\n"
_LINE_ENDINGS = {"crlf": b"\r\n", "cr": b"\r"}


def _index_after(reply: Reply, tokens: int) -> int:
    """Return the index of the frame after `tokens` tokens, at most the last one with content."""
    return max(0, min(1 + tokens, len(reply.frames) - 2))


def _with_frame(reply: Reply, index: int, *frames: Frame) -> Reply:
    """Replace the frame at `index` by `frames`."""
    return replace(reply, frames=(*reply.frames[:index], *frames, *reply.frames[index + 1 :]))


def _ended_by_error(reply: Reply, tokens: int, prefix: bytes) -> Reply:
    """Cut a stream after `tokens` tokens, and end it with an error as JSON behind `prefix`."""
    cut = cut_after(reply, tokens)
    spec = ERROR_BY_CODE["internal_error"]
    error = {"error": {"message": spec.message, "type": spec.type, "code": spec.code}}
    due = cut.frames[-1].due if cut.frames else 0
    return replace(cut, frames=(*cut.frames, Frame(prefix + msgspec.json.encode(error) + b"\n\n", due=due)))


def _empty(parent: dict[str, Any], name: str) -> None:
    parent[name] = []


class MalformedChunk(Fault, frozen=True):
    """In a stream: one broken JSON line."""

    kind = "malformed_chunk"
    requires = STREAM
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        index = _index_after(reply, self.after_tokens)
        frame = reply.frames[index]
        broken = frame.data.partition(b"\n\n")[0]
        return _with_frame(reply, index, replace(frame, data=broken[: len(broken) // 2] + b"\n\n"))


class DuplicateChunk(Fault, frozen=True):
    """In a stream: one chunk twice."""

    kind = "duplicate_chunk"
    requires = STREAM
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        index = _index_after(reply, self.after_tokens)
        frame = reply.frames[index]
        return _with_frame(reply, index, replace(frame, tokens=0, text=""), frame)


class SplitUtf8(Fault, frozen=True):
    """In a stream: a character cut between two TCP segments."""

    kind = "split_utf8"
    requires = STREAM
    stage = SEGMENTS

    def apply(self, reply: Reply) -> Reply:
        """Split the first multi-byte character, or one that is inserted if there is none."""
        index = next((index for index, frame in enumerate(reply.frames) if not frame.data.isascii()), None)
        if index is None:
            index = max(0, len(reply.frames) - 2)
            frame = reply.frames[index]
            frame = replace(frame, data=frame.data.replace(b'"content":"', '"content":"…'.encode(), 1))
            if frame.data.isascii():
                # A stream without content has no character to cut.
                return reply
        else:
            frame = reply.frames[index]
        middle = next(place for place, byte in enumerate(frame.data) if byte > 0x7F) + 1
        first = replace(frame, data=frame.data[:middle])
        rest = Frame(frame.data[middle:], due=frame.due, apart=True)
        return _with_frame(reply, index, first, rest)


class NoUsage(Fault, frozen=True):
    """In a stream: no usage on the last chunk."""

    kind = "no_usage"
    requires = STREAM

    def apply(self, reply: Reply) -> Reply:
        last = event_with_fields(reply.frames[-1], ("usage",), delitem)
        return _with_frame(reply, len(reply.frames) - 1, last)


class NoDone(Fault, frozen=True):
    """In a stream: no ``[DONE]``."""

    kind = "no_done"
    requires = STREAM

    def apply(self, reply: Reply) -> Reply:
        last = reply.frames[-1]
        return _with_frame(reply, len(reply.frames) - 1, replace(last, data=last.data.removesuffix(DONE)))


class ErrorFrame(Fault, frozen=True):
    """In a stream: ``data: {"error": …}`` in the middle, and the end."""

    kind = "error_frame"
    requires = STREAM
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        return _ended_by_error(reply, self.after_tokens, b"data: ")


class UnframedError(Fault, frozen=True):
    """In a stream: a bare JSON error in the middle, without ``data:``, and the end."""

    kind = "unframed_error"
    requires = STREAM
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        return _ended_by_error(reply, self.after_tokens, b"")


class EarlyEnd(Fault, frozen=True):
    """In a stream: the end in the middle, in good order, without ``finish_reason`` and ``[DONE]``."""

    kind = "early_end"
    requires = STREAM
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        return cut_after(reply, self.after_tokens)


class Comments(Fault, frozen=True):
    """In a stream: comment lines (``: keep-alive``) between events."""

    kind = "comments"
    requires = STREAM
    every: Annotated[int, Meta(ge=1, le=1_000_000, description="One after this many events; 1.")] = 1

    def apply(self, reply: Reply) -> Reply:
        """Append the comments to events, so that the frames stay one for each event."""
        last = len(reply.frames) - 1
        frames = tuple(
            frame if index == last or (index + 1) % self.every else replace(frame, data=frame.data + _COMMENT)
            for index, frame in enumerate(reply.frames)
        )
        return replace(reply, frames=frames)


class LineEndings(Fault, frozen=True):
    """In a stream: lines that end with CR LF, or with CR."""

    kind = "line_endings"
    requires = STREAM
    stage = LINES
    excludes = ("line_endings",)
    style: Annotated[Literal["crlf", "cr"], Meta(description="The end of each line.")] = "crlf"

    def apply(self, reply: Reply) -> Reply:
        ending = _LINE_ENDINGS[self.style]
        return reply.map_frames(lambda frame: replace(frame, data=frame.data.replace(b"\n", ending)))


class UsageChunk(Fault, frozen=True):
    """In a stream: usage on an extra chunk with ``choices: []``."""

    kind = "usage_chunk"
    requires = STREAM
    excludes = ("no_usage", "usage_chunk")

    def apply(self, reply: Reply) -> Reply:
        last = reply.frames[-1]
        event, separator, _ = last.data.partition(b"\n\n")
        if b'"usage":' not in event:
            return reply
        without = event_with_fields(replace(last, data=event + separator), ("usage",), delitem)
        extra = event_with_fields(Frame(last.data, due=last.due), ("choices",), _empty)
        return _with_frame(reply, len(reply.frames) - 1, without, extra)
