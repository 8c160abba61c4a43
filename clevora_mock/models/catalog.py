"""The catalog: the videos and podcasts that search looks through, and the file that holds them.

A catalog file is UTF-8: one JSON object on each line, or one JSON array of objects. Every field that search
serves is required, so that a slip in a user's own file is found when it is loaded and not in a response;
other fields are ignored. Two fields are optional and never served: `keywords`, further words by which search
finds the item, and `subject`, which is for the tests of the shipped catalog.

Units: `duration_seconds` in seconds, `published_at` in UTC as RFC 3339 with a `Z`.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from clevora_mock.core.errors import UnusableFileError

Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+")]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
Seconds = Annotated[int, Meta(ge=1)]


class CatalogError(UnusableFileError):
    """A catalog file that cannot be used: the message names file, line, field and what is expected."""


# Only strings, numbers and tuples of strings: no cycles, so the collector need not track 100,000 of them.
class CatalogItem(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """One video or podcast."""

    id: Text
    title: Text
    type: Literal["video", "podcast"]
    description: str
    creator: Text
    url: Url
    thumbnail_url: Url
    duration_seconds: Seconds
    published_at: Moment
    tags: tuple[str, ...]
    keywords: str = ""
    subject: str = ""


def load(path: Path) -> list[CatalogItem]:
    """Return the items of the catalog file at `path`, in its order. Raises CatalogError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path}, line {_line(data, error.start)}: expected UTF-8 text") from error
    array = data.lstrip().startswith(b"[")
    items: dict[str, CatalogItem] = {}
    lines: dict[str, int] = {}
    for line, raw in _array(path, data) if array else _lines(data):
        item = _item(path, line, raw)
        if item.id in items:
            raise CatalogError(
                f"{path}, line {line}, field id: expected an id of its own, "
                f"but {item.id!r} is also on line {lines[item.id]}"
            )
        items[item.id] = item
        lines[item.id] = line
    if not items:
        raise CatalogError(f"{path}: expected at least one item, one JSON object to a line or a JSON array")
    return list(items.values())


def dump(items: list[CatalogItem]) -> bytes:
    """Return `items` as the bytes of a catalog file, one to a line."""
    return msgspec.json.Encoder().encode_lines(items)


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.strip():
            yield number, line


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
        raise CatalogError(f"{path}, line {line}{_explained(str(error))}") from error
    except msgspec.DecodeError as error:
        raise CatalogError(f"{path}, line {line}: expected a JSON object: {error}") from error
    try:
        datetime.fromisoformat(item.published_at)
    except ValueError as error:
        expected = f"field publishedAt: expected a real date: {error}"
        raise CatalogError(f"{path}, line {line}, {expected}") from error
    return item


def _explained(message: str) -> str:
    """Return msgspec's message as field, then expectation, with plain words in place of patterns."""
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
