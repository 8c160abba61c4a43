"""Faults of the body: truncated, slow, garbled, empty, mislabelled, incomplete."""

from itertools import accumulate
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from clevora_mock.clock import SECOND
from clevora_mock.core.reply import Frame, Reply
from clevora_mock.faults.base import Fault, replaced

FieldPath = Annotated[str, Meta(title="a field's path such as usage", min_length=1, max_length=200)]

_SLICES_PER_SECOND = 10

_PAGE = """<html>
<head><title>{status} {reason}</title></head>
<body>
<center><h1>{status} {reason}</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""
_REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


class Truncate(Fault, frozen=True):
    """A body that ends early under its full length, or a chunked one that is never finished."""

    kind = "truncate"
    fraction: Annotated[float, Meta(gt=0, lt=1, description="The share of the body that is sent; 0.5.")] = 0.5

    def apply(self, reply: Reply) -> Reply:
        if reply.is_stream:
            frames = reply.frames[: max(1, int(len(reply.frames) * self.fraction))]
        else:
            body = reply.body
            # Always less than the content-length.
            frames = (Frame(body[: max(0, min(int(len(body) * self.fraction), len(body) - 1))]),)
        return replace(reply, frames=frames, ending="close")


class SlowBody(Fault, frozen=True):
    """The body in small pieces."""

    kind = "slow_body"
    bytes_per_second: Annotated[int, Meta(ge=1, le=1_000_000_000, description="Bytes per second; 100.")] = 100

    def apply(self, reply: Reply) -> Reply:
        """Split the body into `_SLICES_PER_SECOND`; a frame's tokens and text belong to its last slice."""
        body = reply.body
        size = max(1, self.bytes_per_second // _SLICES_PER_SECOND)
        starts = range(0, len(body), size)
        tokens, texts = [0] * len(starts), [""] * len(starts)
        for frame, end in zip(reply.frames, accumulate(len(frame.data) for frame in reply.frames), strict=True):
            if end:
                tokens[(end - 1) // size] += frame.tokens
                texts[(end - 1) // size] += frame.text
        frames = tuple(
            Frame(
                body[start : start + size], tokens[index], texts[index], round(start * SECOND / self.bytes_per_second)
            )
            for index, start in enumerate(starts)
        )
        return replace(reply, frames=frames)


class Garbage(Fault, frozen=True):
    """Status 200, a JSON content type, and bytes that are not JSON."""

    kind = "garbage"
    replaces = True

    def apply(self, reply: Reply) -> Reply:
        return replaced(reply, 200, b'{"id": "chatcmpl-\x00\xfe<<<<<< not JSON >>>>>>')


class EmptyBody(Fault, frozen=True):
    """Status 200 and an empty body."""

    kind = "empty_body"
    replaces = True

    def apply(self, reply: Reply) -> Reply:
        return replaced(reply, 200, b"")


class WrongContentType(Fault, frozen=True):
    """The right body as text/html."""

    kind = "wrong_content_type"

    def apply(self, reply: Reply) -> Reply:
        headers = tuple((name, b"text/html" if name == b"content-type" else value) for name, value in reply.headers)
        return replace(reply, headers=headers)


class HtmlError(Fault, frozen=True):
    """A proxy's error page."""

    kind = "html_error"
    replaces = True
    status: Annotated[Literal[502, 503, 504], Meta(description="The page's status; 502.")] = 502

    def apply(self, reply: Reply) -> Reply:
        page = _PAGE.format(status=self.status, reason=_REASONS[self.status])
        return replaced(reply, self.status, page.encode(), b"text/html")


class MissingFields(Fault, frozen=True):
    """The right answer without some fields, named by their paths (``usage``, ``choices.message.content``)."""

    kind = "missing_fields"
    fields: Annotated[
        tuple[FieldPath, ...],
        Meta(
            min_length=1,
            max_length=100,
            description="The fields that are left out, by path: usage, choices.message.content.",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = ("usage",)

    def apply(self, reply: Reply) -> Reply:
        if reply.is_stream:
            return reply.map_frames(lambda frame: without_fields(frame, self.fields))
        return reply.with_body(msgspec.json.encode(_dropped(msgspec.json.decode(reply.body), self.fields)))


def without_fields(frame: Frame, fields: tuple[str, ...]) -> Frame:
    """Remove fields from the JSON of an event; ``[DONE]`` stays."""
    event, separator, rest = frame.data.partition(b"\n\n")
    document = _dropped(msgspec.json.decode(event.removeprefix(b"data: ")), fields)
    return replace(frame, data=b"data: " + msgspec.json.encode(document) + separator + rest)


def _dropped(document: Any, fields: tuple[str, ...]) -> Any:
    for field in fields:
        _drop(document, field.split("."))
    return document


def _drop(document: Any, path: list[str]) -> None:
    """Remove one field, in every item of an array on its path."""
    if isinstance(document, list):
        for item in document:
            _drop(item, path)
    elif isinstance(document, dict):
        if len(path) == 1:
            document.pop(path[0], None)
        elif path[0] in document:
            _drop(document[path[0]], path[1:])
