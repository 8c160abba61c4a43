"""The catalog of videos and podcasts for search, and its file format.

A catalog file is UTF-8 with one JSON object per line, or one JSON array of objects. Every field of a search result is
required, so that errors in a user's file are found at startup; unknown fields are ignored. The optional `keywords` are
more words by which search finds the item, and not part of results.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from clevora_mock.core.errors import UnusableFileError

MediaType = Literal["video", "podcast"]
Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+")]
Timestamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
Seconds = Annotated[int, Meta(ge=1)]


class CatalogError(UnusableFileError):
    """A catalog file that cannot be used; the message has file, line, field and expectation."""


# Without cycles, so that the garbage collector need not track 100,000 of them.
class CatalogItem(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A video or podcast; `published_at` is in UTC as RFC 3339 with a ``Z``."""

    id: Text
    title: Text
    type: MediaType
    description: str
    creator: Text
    url: Url
    thumbnail_url: Url
    duration_seconds: Seconds
    published_at: Timestamp
    tags: tuple[str, ...]
    keywords: str = ""


def load_catalog(path: Path) -> list[CatalogItem]:
    """Return the items of the catalog file at `path`, in its order. Raises CatalogError."""
    try:
        data = path.read_bytes()
        data.decode()
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}, line {_line(error.object, error.start)}: expected UTF-8 text") from error
    items: list[CatalogItem] = []
    lines: dict[str, int] = {}
    for line, raw in _array(path, data) if data.lstrip().startswith(b"[") else _lines(data):
        item = _item(path, line, raw)
        if item.id in lines:
            raise CatalogError(
                f"{path}, line {line}, field id: expected a unique id, but {item.id!r} is also on line {lines[item.id]}"
            )
        items.append(item)
        lines[item.id] = line
    if not items:
        raise CatalogError(f"{path}: expected at least one item, as a JSON object per line or a JSON array")
    return items


def dump_catalog(items: list[CatalogItem]) -> bytes:
    """Return the bytes of a catalog file with `items`, one per line."""
    return msgspec.json.Encoder().encode_lines(items)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    return ((number, line) for number, line in enumerate(data.split(b"\n"), start=1) if line.strip())


def _array(path: Path, data: bytes) -> Iterator[tuple[int, bytes]]:
    try:
        elements = msgspec.json.decode(data, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        place = re.search(r"\(byte (\d+)\)", str(error))
        line = _line(data, int(place[1]) if place else len(data))
        raise CatalogError(f"{path}, line {line}: expected a JSON array of objects: {error}") from error
    line, position = 1, 0
    for element in elements:
        raw = bytes(element)
        start = data.index(raw, position)
        line += data.count(b"\n", position, start)
        yield line, raw
        line += raw.count(b"\n")
        position = start + len(raw)


_DECODER = msgspec.json.Decoder(CatalogItem)


def _item(path: Path, line: int, raw: bytes) -> CatalogItem:
    try:
        item = _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        raise CatalogError(f"{path}, line {line}{_explain(str(error))}") from error
    except msgspec.DecodeError as error:
        raise CatalogError(f"{path}, line {line}: expected a JSON object: {error}") from error
    try:
        datetime.fromisoformat(item.published_at)
    except ValueError as error:
        raise CatalogError(f"{path}, line {line}, field publishedAt: expected a real date: {error}") from error
    return item


def _explain(message: str) -> str:
    """Rewrite msgspec's message as field and expectation, without regular expressions."""
    what, _, where = message.partition(" - at `$")
    missing = re.search(r"missing required field `(\w+)`", what)
    if missing:
        return f", field {missing[1]}: expected a value, but it is missing"
    field = where.strip("`.")
    if field in {"url", "thumbnailUrl"} and "regex" in what:
        what = "Expected a URL that begins with http:// or https://"
    elif field == "publishedAt" and "regex" in what:
        what = "Expected a time such as 2024-05-01T09:30:00Z"
    return f"{f', field {field}' if field else ''}: {what[:1].lower()}{what[1:]}"


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1
