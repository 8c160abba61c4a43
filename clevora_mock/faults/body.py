"""Faults of the body: truncated, slow, garbled, empty, mislabelled, incomplete, of other types."""

import re
import struct
from base64 import b64decode
from collections.abc import Callable
from itertools import accumulate
from operator import delitem
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from clevora_mock.clock import SECOND
from clevora_mock.core.messages import masked_excerpt
from clevora_mock.core.reply import NEVER, Frame, Reply
from clevora_mock.faults.base import ANOTHER_ANSWER, BASE64, PACE, Fault, replaced

FieldPath = Annotated[str, Meta(title="a field's path such as usage", min_length=1, max_length=200)]
Fields = Annotated[
    tuple[FieldPath, ...],
    Meta(
        min_length=1,
        max_length=100,
        description="The fields by path, such as choices.message.content or choices[0].message; by default usage.",
        extra_json_schema={"uniqueItems": True},
    ),
]
# Changes the field of this name in an object, or the item of this index in an array.
FieldChange = Callable[[Any, Any], object]
# A step of a field's path.
_STEP = r"[^.\[\]]+"

_SLICES_PER_SECOND = 10
# Characters of the paths in a hint.
_MAX_NAMED = 200

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
    stage = PACE
    bytes_per_second: Annotated[int, Meta(ge=1, le=1_000_000_000, description="Bytes per second; 100.")] = 100

    def apply(self, reply: Reply) -> Reply:
        """Split the body into `_SLICES_PER_SECOND`; a frame's tokens and text belong to its last slice.

        A slice waits for its own time, and for the times of the frames in it.
        """
        body = reply.body
        size = max(1, self.bytes_per_second // _SLICES_PER_SECOND)
        starts = range(0, len(body), size)
        tokens, texts = [0] * len(starts), [""] * len(starts)
        due = [round(start * SECOND / self.bytes_per_second) for start in starts]
        for frame, end in zip(reply.frames, accumulate(len(frame.data) for frame in reply.frames), strict=True):
            if end:
                tokens[(end - 1) // size] += frame.tokens
                texts[(end - 1) // size] += frame.text
            for index in range((end - len(frame.data)) // size, -(-end // size)):
                due[index] = NEVER if NEVER in (due[index], frame.due) else max(due[index], frame.due)
        frames = tuple(
            Frame(body[start : start + size], tokens[index], texts[index], due[index])
            for index, start in enumerate(starts)
        )
        return replace(reply, frames=frames)


class Garbage(Fault, frozen=True):
    """Status 200, a JSON content type, and bytes that are not JSON."""

    kind = "garbage"
    stage = ANOTHER_ANSWER

    def apply(self, reply: Reply) -> Reply:
        return replaced(reply, 200, b'{"id": "chatcmpl-\x00\xfe<<<<<< not JSON >>>>>>')


class EmptyBody(Fault, frozen=True):
    """Status 200 and an empty body."""

    kind = "empty_body"
    stage = ANOTHER_ANSWER

    def apply(self, reply: Reply) -> Reply:
        return replaced(reply, 200, b"")


class WrongContentType(Fault, frozen=True):
    """The right body as text/html."""

    kind = "wrong_content_type"

    def apply(self, reply: Reply) -> Reply:
        return reply.with_header(b"content-type", b"text/html")


class HtmlError(Fault, frozen=True):
    """A proxy's error page."""

    kind = "html_error"
    stage = ANOTHER_ANSWER
    status: Annotated[Literal[502, 503, 504], Meta(description="The page's status; 502.")] = 502

    def apply(self, reply: Reply) -> Reply:
        page = _PAGE.format(status=self.status, reason=_REASONS[self.status])
        return replaced(reply, self.status, page.encode(), b"text/html")


class MissingFields(Fault, frozen=True):
    """The right answer without some fields, named by their paths (``usage``, ``choices.message.content``)."""

    kind = "missing_fields"
    fields: Fields = ("usage",)

    def apply(self, reply: Reply) -> Reply:
        return with_fields(reply, self.fields, delitem)


class WrongTypes(Fault, frozen=True):
    """The right answer with some fields of another JSON type: text in an array, and all else as text."""

    kind = "wrong_types"
    fields: Fields = ("usage",)

    def apply(self, reply: Reply) -> Reply:
        return with_fields(reply, self.fields, _change_type)


class FloatEmbeddings(Fault, frozen=True):
    """Vectors as numbers, although the request says ``encoding_format: base64``."""

    kind = "float_embeddings"
    requires = BASE64

    def applies_to(self, reply: Reply) -> bool:
        return super().applies_to(reply) and b'"embedding":"' in reply.body

    def apply(self, reply: Reply) -> Reply:
        return with_fields(reply, ("data.embedding",), _decode_vector)


def with_fields(reply: Reply, fields: tuple[str, ...], change: FieldChange) -> Reply:
    """Change fields, named by their paths, in each event of a stream or in a body in one piece.

    The hint names those that the answer does not have. Bytes that are not JSON, by an earlier fault, stay as they are.
    """
    found: set[str] = set()
    if reply.is_stream:
        changed = reply.map_frames(lambda frame: event_with_fields(frame, fields, change, found))
    else:
        body = _encode_changed(reply.body, fields, change, found)
        changed = reply if body is None else reply.with_body(body)
    absent = ", ".join(field for field in fields if field not in found)
    hint = f"the fault finds no {masked_excerpt(absent, _MAX_NAMED)} in this answer" if absent else None
    return replace(changed, hint=reply.hint or hint)


def event_with_fields(
    frame: Frame, fields: tuple[str, ...], change: FieldChange, found: set[str] | None = None
) -> Frame:
    """Change fields in the JSON of an event, and add them to `found`; what follows it, such as ``[DONE]``, stays."""
    event, separator, rest = frame.data.partition(b"\n\n")
    document = _encode_changed(event.removeprefix(b"data: "), fields, change, set() if found is None else found)
    return frame if document is None else replace(frame, data=b"data: " + document + separator + rest)


def _encode_changed(encoded: bytes, fields: tuple[str, ...], change: FieldChange, found: set[str]) -> bytes | None:
    try:
        document = msgspec.json.decode(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    found.update(field for field in fields if _change_at(document, re.findall(_STEP, field), change))
    return msgspec.json.encode(document)


def _change_at(document: Any, path: list[str], change: FieldChange) -> bool:
    """Change one field, in every item of an array unless its index is given; return False if there is none."""
    if isinstance(document, list) and path and not path[0].isdecimal():
        return sum(_change_at(item, path, change) for item in document) > 0
    try:
        key = int(path[0]) if isinstance(document, list) else path[0]
        value = document[key]
    except (LookupError, TypeError):
        return False
    if path[1:]:
        return _change_at(value, path[1:], change)
    change(document, key)
    return True


def _change_type(parent: Any, name: Any) -> None:
    value = parent[name]
    parent[name] = [value] if isinstance(value, str) else msgspec.json.encode(value).decode()


def _decode_vector(parent: dict[str, Any], name: str) -> None:
    encoded = b64decode(parent[name])
    parent[name] = struct.unpack(f"<{len(encoded) // 4}f", encoded)
