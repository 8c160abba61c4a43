"""The base class of faults, and operations on replies that they share."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from clevora_mock.core.reply import JSON, Frame, Reply

AfterTokens = Annotated[
    int, Meta(ge=0, le=1_000_000, description="After this many tokens of the answer; not for errors, which have none.")
]


class Requirement(Struct, frozen=True):
    """The requests to which a fault is bound: an endpoint, and a field of the body with a value.

    `answer` names their answers in messages.
    """

    endpoint: str
    field: str
    value: Any
    answer: str


STREAM = Requirement("chat.completions", "stream", True, "a chat's stream")
BASE64 = Requirement("embeddings", "encoding_format", "base64", "embeddings in base64")

# Faults in a list are applied by stage: first one that sends another answer, last those that cut the bytes anew.
ANOTHER_ANSWER, CONTENT, LINES, SEGMENTS, PACE = range(5)


class Fault(Struct, frozen=True):
    """A failure on the wire.

    A subclass defines a fault completely: its fields are the options in a scenario, their schema and their
    documentation, its docstring says what the client sees, and `apply` is its effect. `kind` is its name in a scenario.
    `requires` names the only answers to which it applies, such as `STREAM`; one of the stage `ANOTHER_ANSWER` sends
    another response instead; `excludes` has the kinds that contradict it. Probability, counts and time windows belong
    to the rule.
    """

    kind: ClassVar[str]
    requires: ClassVar[Requirement | None] = None
    stage: ClassVar[int] = CONTENT
    excludes: ClassVar[tuple[str, ...]] = ()

    def apply(self, reply: Reply) -> Reply:
        """Return the reply with the fault."""
        raise NotImplementedError

    def applies_to(self, reply: Reply) -> bool:
        """Tell whether the fault applies: some need a stream, and errors have no tokens to count.

        None applies to an answer that an earlier fault has withheld.
        """
        if reply.fault is not None and not reply.frames:
            return False
        if reply.is_stream:
            return self.requires in (None, STREAM)
        after_tokens = getattr(self, "after_tokens", None)
        return self.requires is not STREAM and (after_tokens is None or reply.status < 400)

    def try_apply(self, reply: Reply) -> Reply:
        """Return the reply with the fault, or unchanged but for a hint if it does not apply or has no effect."""
        if not self.applies_to(reply):
            return reply
        changed = self.apply(reply)
        if replace(changed, hint=reply.hint) == reply:
            return changed
        return replace(changed, fault=self.kind if reply.fault is None else f"{reply.fault}, {self.kind}")


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
        is_stream=False,
        undelivered=True,
    )
