"""The faults, as values: what goes wrong on the wire, and where in the answer.

Each is a small struct whose fields are its options; the edge carries them out. `after_tokens` counts the answer's own
tokens as they are sent; durations are in microseconds. Probability, counts and windows belong to the rule, not here.
"""

from typing import ClassVar, Literal

from msgspec import Struct


class Fault(Struct, frozen=True):
    """Something that goes wrong. `kind` is its name in a scenario; `stream_only` ones need a streamed answer."""

    kind: ClassVar[str]
    stream_only: ClassVar[bool] = False


class Reset(Fault, frozen=True):
    """A TCP reset: before any byte, after the headers, or after some tokens."""

    kind = "reset"
    at: Literal["start", "headers"] = "start"
    after_tokens: int | None = None


class Close(Fault, frozen=True):
    """The connection closed in good order, but too early."""

    kind = "close"
    at: Literal["start"] = "start"
    after_tokens: int | None = None


class Stall(Fault, frozen=True):
    """Silence for a while, or until the client gives up."""

    kind = "stall"
    at: Literal["start"] = "start"
    after_tokens: int | None = None
    for_: int | None = None


class Truncate(Fault, frozen=True):
    """A body that ends early under its full length, or a chunked one that is never finished."""

    kind = "truncate"
    fraction: float = 0.5


class SlowBody(Fault, frozen=True):
    """The body in small pieces."""

    kind = "slow_body"
    bytes_per_second: int = 100


class Garbage(Fault, frozen=True):
    """Status 200, a JSON content type, and bytes that are not JSON."""

    kind = "garbage"


class EmptyBody(Fault, frozen=True):
    """Status 200 and nothing."""

    kind = "empty_body"


class WrongContentType(Fault, frozen=True):
    """The right body as text/html."""

    kind = "wrong_content_type"


class HtmlError(Fault, frozen=True):
    """A proxy's error page."""

    kind = "html_error"
    status: Literal[502, 503, 504] = 502


class MissingFields(Fault, frozen=True):
    """The right answer without some fields, named by their paths (``usage``, ``choices.message.content``)."""

    kind = "missing_fields"
    fields: tuple[str, ...] = ("usage",)


class MalformedChunk(Fault, frozen=True):
    """In a stream: one broken JSON line."""

    kind = "malformed_chunk"
    stream_only = True
    after_tokens: int = 0


class DuplicateChunk(Fault, frozen=True):
    """In a stream: one chunk twice."""

    kind = "duplicate_chunk"
    stream_only = True
    after_tokens: int = 0


class SplitUtf8(Fault, frozen=True):
    """In a stream: a character cut between two TCP segments."""

    kind = "split_utf8"
    stream_only = True


class NoUsage(Fault, frozen=True):
    """In a stream: no usage on the last chunk."""

    kind = "no_usage"
    stream_only = True


class NoDone(Fault, frozen=True):
    """In a stream: no ``[DONE]``."""

    kind = "no_done"
    stream_only = True


class ErrorFrame(Fault, frozen=True):
    """In a stream: ``data: {"error": …}`` in the middle, and the end."""

    kind = "error_frame"
    stream_only = True
    after_tokens: int = 0


FAULTS: dict[str, type[Fault]] = {
    fault.kind: fault
    for fault in (
        Reset,
        Close,
        Stall,
        Truncate,
        SlowBody,
        Garbage,
        EmptyBody,
        WrongContentType,
        HtmlError,
        MissingFields,
        MalformedChunk,
        DuplicateChunk,
        SplitUtf8,
        NoUsage,
        NoDone,
        ErrorFrame,
    )
}
