"""Replies: responses that are complete, and priced, before their first byte is sent.

An endpoint makes a `Reply`, a fault maps it to another one, and the server sends its frames. A request is billed for
its prompt, for the completion tokens of a body in one piece, and for those of a stream's sent frames, so the price of a
stream that is cut, repeated or delayed follows from its frames alone (B4, S6).
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

Header = tuple[bytes, bytes]
Ending = Literal["complete", "close", "reset"]
Source = Literal["mock", "recording", "upstream"]

JSON = b"application/json"
# The end of a stream of events (S1).
DONE = b"data: [DONE]\n\n"
NEVER = -1


class Frame(Struct, frozen=True, gc=False):
    """A piece of a body.

    `tokens` and `text` are the part of the completion that the frame holds. `due` is when it is sent, in microseconds
    from the start of the body, or NEVER. An `apart` frame is not sent in one TCP segment with the frame before it.
    """

    data: bytes
    tokens: int = 0
    text: str = ""
    due: int = 0
    apart: bool = False


class Reply(Struct, frozen=True):
    """A whole response: head, frames, price and ending.

    `completion_tokens` and `text` belong to a body in one piece, which is billed whole even if it is sent in part; a
    stream has them on its frames. `has_head` is False if the connection ends before the first byte. `undelivered` marks
    a response that a fault withholds, which counts as an error. `charge` overrides the price: True bills everything,
    False nothing; `rate`, in micro-dollars per token, overrides the price table's. `code`, `message`, `hint` and
    `retry_after` (seconds) describe an error. `source` is who answered.
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
    retry_after: float | None = None
    fault: str | None = None
    undelivered: bool = False
    charge: bool | None = None
    rate: int | None = None
    source: Source = "mock"

    @property
    def body(self) -> bytes:
        return b"".join(frame.data for frame in self.frames)

    def with_body(self, body: bytes) -> "Reply":
        """Return the reply with another body in one piece and its ``content-length``."""
        return replace(self.with_header(b"content-length", b"%d" % len(body)), frames=(Frame(body),))

    def with_header(self, name: bytes, value: bytes) -> "Reply":
        """Return the reply with another value of a header that it has."""
        return replace(self, headers=tuple((each, value if each == name else old) for each, old in self.headers))

    def map_frames(self, change: Callable[[Frame], Frame]) -> "Reply":
        return replace(self, frames=tuple(map(change, self.frames)))

    def charged(self, charge: bool | None) -> "Reply":
        """Return the reply with a rule's `charge`; True bills a stream like a body in one piece."""
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
    """The interface of a fault, which is implemented above the core."""

    kind: ClassVar[str]

    def try_apply(self, reply: Reply) -> Reply:
        """Return the reply with the fault, or unchanged if the fault does not apply to it."""


def json_reply(body: bytes, status: int = 200) -> Reply:
    """Make a reply of JSON text in one piece."""
    return json_parts([body], status)


def json_parts(parts: Sequence[bytes], status: int = 200) -> Reply:
    """Make a reply of JSON text in several parts, which are not joined."""
    length = sum(map(len, parts))
    return Reply(tuple(map(Frame, parts)), ((b"content-type", JSON), (b"content-length", b"%d" % length)), status)
