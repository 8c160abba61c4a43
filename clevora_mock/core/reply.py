"""Replies: answers that are complete before their first byte, and that know their price.

An endpoint makes a `Reply`, a fault maps it to another one, and the server sends its frames. A request is billed for
its prompt, for the completion tokens of a body in one piece, and for those of the stream's frames that were sent, so
what a stream costs that is cut, repeated or slowed down follows from its frames alone (B4, S6).
"""

from collections.abc import Callable
from typing import ClassVar, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

Header = tuple[bytes, bytes]
Ending = Literal["complete", "close", "reset"]

JSON = b"application/json"
# The end of a stream of events (S1).
DONE = b"data: [DONE]\n\n"
NEVER = -1


class Frame(Struct, frozen=True, gc=False):
    """A piece of a body.

    `tokens` and `text` are what the client has of the completion once the frame is sent. `due` is when it is sent, in
    microseconds from the start of the body, or NEVER. `apart` frames share no TCP segment with the frame before them.
    """

    data: bytes
    tokens: int = 0
    text: str = ""
    due: int = 0
    apart: bool = False


class Reply(Struct, frozen=True):
    """A whole answer: head, frames, price and ending.

    `completion_tokens` and `text` belong to a body in one piece, which is billed whole however much of it is sent; a
    stream's belong to its frames. `has_head` is False where the connection ends before a byte. `undelivered` marks an
    answer that a fault keeps from the client altogether, so that it counts as an error. `charge` overrides the usual
    price: True bills all of the work, False none of it. `code`, `message`, `hint` and `retry_after` (seconds) describe
    an error.
    """

    frames: tuple[Frame, ...] = ()
    headers: tuple[Header, ...] = ()
    status: int = 200
    prompt_tokens: int = 0
    completion_tokens: int = 0
    text: str = ""
    is_stream: bool = False
    has_head: bool = True
    ending: Ending = "complete"
    code: str | None = None
    message: str | None = None
    hint: str | None = None
    retry_after: int | None = None
    fault: str | None = None
    undelivered: bool = False
    charge: bool | None = None

    @property
    def body(self) -> bytes:
        return b"".join(frame.data for frame in self.frames)

    def with_body(self, body: bytes) -> "Reply":
        """The reply with another body in one piece, and the length of it."""
        headers = tuple(
            (name, b"%d" % len(body) if name == b"content-length" else value) for name, value in self.headers
        )
        return replace(self, frames=(Frame(body),), headers=headers)

    def map_frames(self, change: Callable[[Frame], Frame]) -> "Reply":
        return replace(self, frames=tuple(map(change, self.frames)))

    def charged(self, charge: bool | None) -> "Reply":
        """The reply under a rule's `charge`; True bills a stream whole, like a body in one piece."""
        if not charge:
            return replace(self, charge=charge)
        return replace(
            self,
            charge=charge,
            completion_tokens=self.completion_tokens + sum(frame.tokens for frame in self.frames),
            text=self.text + "".join(frame.text for frame in self.frames),
            frames=tuple(replace(frame, tokens=0, text="") for frame in self.frames),
        )


class FaultEffect(Protocol):
    """A fault as rules and replies know it."""

    kind: ClassVar[str]

    def inflict(self, reply: Reply) -> Reply:
        """Return what `reply` becomes; itself where the fault cannot befall it."""


def json_reply(body: bytes, status: int = 200) -> Reply:
    """Make a reply of JSON text in one piece."""
    return Reply((Frame(body),), ((b"content-type", JSON), (b"content-length", b"%d" % len(body))), status)
