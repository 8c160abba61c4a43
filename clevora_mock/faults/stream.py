"""Faults of streams: broken, repeated, cut and missing events."""

import msgspec
from msgspec.structs import replace

from clevora_mock.contract.errors import ERROR_BY_CODE
from clevora_mock.core.reply import DONE, Frame, Reply
from clevora_mock.faults.base import AfterTokens, Fault, cut_after
from clevora_mock.faults.body import without_fields


def _index_after(reply: Reply, tokens: int) -> int:
    """Return the index of the frame that follows `tokens` tokens, at most the last one that holds content."""
    return max(0, min(1 + tokens, len(reply.frames) - 2))


def _with_frame(reply: Reply, index: int, *frames: Frame) -> Reply:
    """Put `frames` in the place of the frame at `index`."""
    return replace(reply, frames=(*reply.frames[:index], *frames, *reply.frames[index + 1 :]))


class MalformedChunk(Fault, frozen=True):
    """In a stream: one broken JSON line."""

    kind = "malformed_chunk"
    stream_only = True
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        index = _index_after(reply, self.after_tokens)
        frame = reply.frames[index]
        broken = frame.data.partition(b"\n\n")[0]
        return _with_frame(reply, index, replace(frame, data=broken[: len(broken) // 2] + b"\n\n"))


class DuplicateChunk(Fault, frozen=True):
    """In a stream: one chunk twice."""

    kind = "duplicate_chunk"
    stream_only = True
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        index = _index_after(reply, self.after_tokens)
        frame = reply.frames[index]
        return _with_frame(reply, index, replace(frame, tokens=0, text=""), frame)


class SplitUtf8(Fault, frozen=True):
    """In a stream: a character cut between two TCP segments."""

    kind = "split_utf8"
    stream_only = True

    def apply(self, reply: Reply) -> Reply:
        """Cut the first character of several bytes in two; put one in where there is none."""
        index = next((index for index, frame in enumerate(reply.frames) if not frame.data.isascii()), None)
        if index is None:
            index = len(reply.frames) - 2
            if not index:
                # A stream without content has no character to cut.
                return reply
            frame = reply.frames[index]
            frame = replace(frame, data=frame.data.replace(b'"content":"', '"content":"…'.encode(), 1))
        else:
            frame = reply.frames[index]
        middle = next(place for place, byte in enumerate(frame.data) if byte > 0x7F) + 1
        first = replace(frame, data=frame.data[:middle])
        rest = Frame(frame.data[middle:], due=frame.due, apart=True)
        return _with_frame(reply, index, first, rest)


class NoUsage(Fault, frozen=True):
    """In a stream: no usage on the last chunk."""

    kind = "no_usage"
    stream_only = True

    def apply(self, reply: Reply) -> Reply:
        return _with_frame(reply, len(reply.frames) - 1, without_fields(reply.frames[-1], ("usage",)))


class NoDone(Fault, frozen=True):
    """In a stream: no ``[DONE]``."""

    kind = "no_done"
    stream_only = True

    def apply(self, reply: Reply) -> Reply:
        last = reply.frames[-1]
        return _with_frame(reply, len(reply.frames) - 1, replace(last, data=last.data.removesuffix(DONE)))


class ErrorFrame(Fault, frozen=True):
    """In a stream: ``data: {"error": …}`` in the middle, and the end."""

    kind = "error_frame"
    stream_only = True
    after_tokens: AfterTokens = 0

    def apply(self, reply: Reply) -> Reply:
        cut = cut_after(reply, self.after_tokens)
        spec = ERROR_BY_CODE["internal_error"]
        error = {"error": {"message": spec.message, "type": spec.type, "code": spec.code}}
        event = b"data: " + msgspec.json.encode(error) + b"\n\n"
        return replace(cut, frames=(*cut.frames, Frame(event, due=cut.frames[-1].due)))
