"""Long JSON documents, encoded in parts of which none takes long, and sent as the client reads them."""

from collections.abc import AsyncIterator, Iterable, Iterator

import msgspec
from msgspec import Struct
from starlette.responses import Response, StreamingResponse

from clevora_mock.web.background import Background
from clevora_mock.web.json_response import json_headers

_CHUNK_BYTES = 256 * 1024
# Of a list in an item, such as the keys of an account.
_MANY_ITEMS = 500


def encode_parts(content: Struct, **lists: Iterable[object]) -> Iterator[bytes]:
    """Encode `content` as JSON, the items of its lists and mappings one by one; `lists` replace fields by name."""
    before = b"{"
    # Not `fields`, which evaluates the types.
    for name, written in zip(content.__struct_fields__, content.__struct_encode_fields__, strict=True):
        value = lists.get(name, getattr(content, name))
        yield before + msgspec.json.encode(written) + b":"
        before = b","
        if name in lists or isinstance(value, list):
            yield from _list(value)
        elif isinstance(value, dict) and value:
            # Without its brackets.
            yield from _enclosed(b"{", (msgspec.json.encode({key: one})[1:-1] for key, one in value.items()), b"}")
        else:
            yield msgspec.json.encode(value)
    yield b"}"


def _list(items: Iterable[object]) -> Iterator[bytes]:
    before = b"["
    for item in items:
        yield before
        before = b","
        if isinstance(item, Struct) and _is_long(item):
            yield from encode_parts(item)
        else:
            yield msgspec.json.encode(item)
    yield b"[]" if before == b"[" else b"]"


def _is_long(item: Struct) -> bool:
    """Tell whether a record has a list that is encoded item by item."""
    values = (getattr(item, name) for name in item.__struct_fields__)
    return any(isinstance(value, list) and len(value) > _MANY_ITEMS for value in values)


def _enclosed(start: bytes, parts: Iterable[bytes], end: bytes) -> Iterator[bytes]:
    yield start
    for index, part in enumerate(parts):
        yield b"," + part if index else part
    yield end


async def long_response(background: Background, size: int, parts: Iterable[bytes]) -> Response:
    """Send JSON in `parts`, which are made in `background` as the client reads them.

    `size` is that of the work, for `Background.run`. A document of one chunk has a length.
    """
    chunks = _chunks(parts)
    first = await background.run(size, lambda: next(chunks, b""))
    second = await background.run(size, lambda: next(chunks, b""))
    if not second:
        return Response(first, headers=json_headers(first))

    async def send() -> AsyncIterator[bytes]:
        yield first
        chunk = second
        while chunk:
            yield chunk
            chunk = await background.run(size, lambda: next(chunks, b""))

    return StreamingResponse(send(), headers={"content-type": "application/json"})


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Join parts into chunks."""
    waiting: list[bytes] = []
    length = 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if length >= _CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, length = [], 0
    if waiting:
        yield b"".join(waiting)
