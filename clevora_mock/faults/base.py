"""The base of all faults, and what they share: where a number of tokens ends in a reply."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from clevora_mock.core.reply import JSON, Frame, Reply

AfterTokens = Annotated[
    int, Meta(ge=0, le=1_000_000, description="After so many tokens of the answer; needs an answer that has some.")
]


class Fault(Struct, frozen=True):
    """Something that goes wrong on the wire.

    A subclass is the whole of a fault: its fields are the options in a scenario, their schema and their documentation,
    its docstring says what the client sees, and `apply` is its effect. `kind` is its name in a scenario.
    `stream_only` faults leave other answers alone; a `replaces` one sends an answer of its own instead. Probability,
    counts and windows belong to the rule, not here.
    """

    kind: ClassVar[str]
    stream_only: ClassVar[bool] = False
    replaces: ClassVar[bool] = False

    def apply(self, reply: Reply) -> Reply:
        """Return what `reply` becomes."""
        raise NotImplementedError

    def can_befall(self, reply: Reply) -> bool:
        """Tell whether the fault applies: some need a stream, and an error has no tokens to come after."""
        if reply.is_stream:
            return True
        after_tokens = getattr(self, "after_tokens", None)
        return not self.stream_only and (after_tokens is None or reply.status < 400)

    def inflict(self, reply: Reply) -> Reply:
        """Return what `reply` becomes; itself where the fault cannot befall it."""
        return replace(self.apply(reply), fault=self.kind) if self.can_befall(reply) else reply


def frames_holding(reply: Reply, tokens: int) -> int:
    """Count the frames of a stream that hold the role and the first `tokens` tokens; never the last frame."""
    return min(1 + tokens, len(reply.frames) - 1)


def bytes_holding(reply: Reply, tokens: int) -> int:
    """Return the share of a body in one piece that stands for `tokens` of its tokens, less than all of it."""
    size = len(reply.body)
    whole = max(1, reply.completion_tokens or reply.prompt_tokens)
    return max(0, min(size * tokens // whole, size - 1))


def cut_after(reply: Reply, tokens: int) -> Reply:
    """Keep the frames or bytes that hold the first `tokens` tokens, and never the end."""
    if reply.is_stream:
        return replace(reply, frames=reply.frames[: frames_holding(reply, tokens)])
    return replace(reply, frames=(Frame(reply.body[: bytes_holding(reply, tokens)]),))


def replaced(reply: Reply, status: int, body: bytes, content_type: bytes = JSON) -> Reply:
    """Return another answer in the place of `reply`, which the client never sees and does not pay."""
    return replace(
        reply,
        status=status,
        headers=((b"content-type", content_type), (b"content-length", b"%d" % len(body))),
        frames=(Frame(body),),
        code=None,
        message=None,
        hint=None,
        retry_after=None,
        undelivered=True,
    )
