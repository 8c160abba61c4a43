"""Faults of the connection: resets, early closes and silence."""

from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from clevora_mock.core.reply import NEVER, Ending, Frame, Reply
from clevora_mock.core.scenario import Duration
from clevora_mock.faults.base import AfterTokens, Fault, bytes_holding, cut_after, frames_holding


def _ended(reply: Reply, ending: Ending, after_tokens: int | None, *, has_head: bool) -> Reply:
    if after_tokens is not None:
        return replace(cut_after(reply, after_tokens), ending=ending)
    return replace(reply, frames=(), ending=ending, has_head=has_head, undelivered=True)


class Reset(Fault, frozen=True):
    """A TCP reset: before any byte, after the headers, or after some tokens."""

    kind = "reset"
    at: Annotated[Literal["start", "headers"], Meta(description="Before any byte, or after the headers.")] = "start"
    after_tokens: AfterTokens | None = None

    def apply(self, reply: Reply) -> Reply:
        return _ended(reply, "reset", self.after_tokens, has_head=self.at == "headers")


class Close(Fault, frozen=True):
    """An orderly close of the connection, but too early."""

    kind = "close"
    at: Annotated[Literal["start"], Meta(description="Before any byte.")] = "start"
    after_tokens: AfterTokens | None = None

    def apply(self, reply: Reply) -> Reply:
        return _ended(reply, "close", self.after_tokens, has_head=False)


class Stall(Fault, frozen=True):
    """No data for a while, or until the client gives up."""

    kind = "stall"
    at: Annotated[Literal["start"], Meta(description="Before any byte.")] = "start"
    after_tokens: AfterTokens | None = None
    for_: Annotated[Duration, Meta(gt=0, description="The duration; endless without it.")] | None = None

    def apply(self, reply: Reply) -> Reply:
        frames, start = reply.frames, 0
        if self.after_tokens is not None and reply.is_stream:
            start = frames_holding(reply, self.after_tokens)
        elif self.after_tokens is not None:
            body, middle = reply.body, bytes_holding(reply, self.after_tokens)
            frames, start = (Frame(body[:middle]), Frame(body[middle:])), 1
        return replace(reply, frames=(*frames[:start], *(self._late(frame) for frame in frames[start:])))

    def _late(self, frame: Frame) -> Frame:
        return replace(frame, due=NEVER if self.for_ is None or frame.due == NEVER else frame.due + self.for_)
