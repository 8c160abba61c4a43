"""The base class of faults, and operations on replies that they share."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from clevora_mock.core.reply import JSON, Frame, Reply

AfterTokens = Annotated[
    int, Meta(ge=0, le=1_000_000, description="After this many tokens of the answer; not for errors, which have none.")
]


class Fault(Struct, frozen=True):
    """A failure on the wire.

    A subclass defines a fault completely: its fields are the options in a scenario, their schema and their
    documentation, its docstring says what the client sees, and `apply` is its effect. `kind` is its name in a scenario.
    `stream_only` faults apply only to streams; `replaces` marks those that send another response instead. Probability,
    counts and time windows belong to the rule.
    """

    kind: ClassVar[str]
    stream_only: ClassVar[bool] = False
    replaces: ClassVar[bool] = False

    def apply(self, reply: Reply) -> Reply:
        """Return the reply with the fault."""
        raise NotImplementedError

    def applies_to(self, reply: Reply) -> bool:
        """Tell whether the fault applies: some need a stream, and errors have no tokens to count."""
        if reply.is_stream:
            return True
        after_tokens = getattr(self, "after_tokens", None)
        return not self.stream_only and (after_tokens is None or reply.status < 400)

    def try_apply(self, reply: Reply) -> Reply:
        """Return the reply with the fault, or unchanged if the fault does not apply to it."""
        return replace(self.apply(reply), fault=self.kind) if self.applies_to(reply) else reply


def frames_holding(reply: Reply, tokens: int) -> int:
    """Count the frames of a stream with the role and the first `tokens` tokens, without the last frame."""
    return min(1 + tokens, len(reply.frames) - 1)


def bytes_holding(reply: Reply, tokens: int) -> int:
    """Return the bytes of a body in one piece that are proportional to `tokens`, less than all."""
    size = len(reply.body)
    whole = max(1, reply.completion_tokens or reply.prompt_tokens)
    return max(0, min(size * tokens // whole, size - 1))


def cut_after(reply: Reply, tokens: int) -> Reply:
    """Keep the frames or bytes of the first `tokens` tokens, without the end."""
    if reply.is_stream:
        return replace(reply, frames=reply.frames[: frames_holding(reply, tokens)])
    return replace(reply, frames=(Frame(reply.body[: bytes_holding(reply, tokens)]),))


def replaced(reply: Reply, status: int, body: bytes, content_type: bytes = JSON) -> Reply:
    """Return another response instead of `reply`, which is not delivered and not charged."""
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
