"""Long JSON documents, decoded in parts, so that no call of C code keeps the interpreter for long."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import DecodeError, Meta, Struct, ValidationError
from msgspec.structs import fields, replace

S = TypeVar("S", bound=Struct)

# Bytes that are decoded in some milliseconds.
_MAX_PART_BYTES = 1024 * 1024
# Between two brackets, or of one text: the longest is the source of a scenario.
_MAX_GAP_BYTES = 5 * 1024 * 1024

_MAX_DEPTH = 1000

_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SCALAR = re.compile(rb"%b|[^\s,\[\]{}\"]++" % _TEXT, re.DOTALL)
_BETWEEN_BRACKETS = re.compile(rb'(?:[^"\[\]{}]++|%b)*+' % _TEXT, re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_BRACKETS, _OPENING = b"[]{}", b"[{"


def decode_long(body: bytes, kind: type[S]) -> S:
    """Decode a JSON object as msgspec does, the items of long lists and mappings one by one. Raises ValueError."""
    if len(body) <= _MAX_PART_BYTES:
        return msgspec.json.decode(body, type=kind)
    reader = _Reader(body)
    found = reader.struct(kind)
    reader.end()
    return found


class _Reader:
    """A position in a document; each method reads from there on."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._place = 0

    def struct(self, kind: type[S]) -> S:
        """Decode an object: its outline at once, and its lists and mappings in parts."""
        known = {field.encode_name: field for field in fields(kind)}
        outline: list[bytes] = []
        parts: dict[str, Any] = {}
        for name in self._members():
            written = msgspec.json.decode(name, type=str)
            if written not in known:
                raise ValidationError(f"Object contains unknown field `{written[:64]}`")
            field = known[written]
            read = {(list, b"["): self._list, (dict, b"{"): self._mapping}.get((_plain(field.type), self._peek()))
            if read is None:
                outline.append(name + b":" + self._value())
            else:
                outline.append(name + (b":[]" if _plain(field.type) is list else b":{}"))
                parts[field.name] = read(field.type, f".{written}")
        return replace(msgspec.json.decode(b"{" + b",".join(outline) + b"}", type=kind), **parts)

    def end(self) -> None:
        """Raise ValueError for anything but the document's end."""
        if self._peek():
            raise DecodeError(f"JSON is malformed: trailing characters (byte {self._place})")

    def _list(self, kind: Any, path: str) -> list[Any]:
        found: list[Any] = []
        most = _max_length(kind)
        (item,) = get_args(_unannotated(kind))
        self._expect(b"[")
        while not self._take(b"]"):
            if found:
                self._expect(b",")
            if len(found) == most:
                raise ValidationError(f"Expected `array` of length <= {most} - at `${path}`")
            found.append(_decode(self._value(), item, f"{path}[{len(found)}]"))
        return found

    def _mapping(self, kind: Any, path: str) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        most = _max_length(kind)
        for name in self._members():
            if len(found) == most:
                raise ValidationError(f"Expected `object` of length <= {most} - at `${path}`")
            found.update(_decode(b"{" + name + b":" + self._value() + b"}", _unannotated(kind), path))
        return found

    def _members(self) -> Iterator[bytes]:
        """Yield the name of each member of an object; the position is then before its value."""
        self._expect(b"{")
        seen: set[bytes] = set()
        while not self._take(b"}"):
            if seen:
                self._expect(b",")
            name = self._value()
            if name in seen:
                raise DecodeError(f"the key {name[:64].decode('utf-8', 'replace')} twice in one object")
            seen.add(name)
            self._expect(b":")
            yield name

    def _value(self) -> bytes:
        """Return a value as it is written."""
        first, start = self._peek(), self._place
        if first in (b"[", b"{"):
            depth, self._place = 1, start + 1
            while depth:
                is_moved = self._skip(_BETWEEN_BRACKETS)
                mark = self._body[self._place : self._place + 1]
                if mark and mark in _BRACKETS:
                    depth += 1 if mark in _OPENING else -1
                    self._place += 1
                elif not is_moved:
                    raise self._malformed()
                if depth > _MAX_DEPTH:
                    raise DecodeError("nested too deeply")
        elif not self._skip(_SCALAR):
            raise self._malformed()
        return self._body[start : self._place]

    def _skip(self, pattern: "re.Pattern[bytes]") -> bool:
        """Pass over what `pattern` matches, at most `_MAX_GAP_BYTES`; return False for nothing."""
        found = pattern.match(self._body, self._place, self._place + _MAX_GAP_BYTES)
        before, self._place = self._place, self._place if found is None else found.end()
        return self._place > before

    def _peek(self) -> bytes:
        """Return the next byte that is no space, empty at the end."""
        while self._skip(_SPACE):
            pass
        return self._body[self._place : self._place + 1]

    def _take(self, mark: bytes) -> bool:
        """Pass over `mark` if it comes next."""
        is_next = self._peek() == mark
        self._place += is_next
        return is_next

    def _expect(self, mark: bytes) -> None:
        if not self._take(mark):
            raise self._malformed()

    def _malformed(self) -> DecodeError:
        if self._place >= len(self._body):
            return DecodeError("Input data was truncated")
        return DecodeError(f"JSON is malformed, or longer than a part may be, from byte {self._place} on")


def _decode(body: bytes, kind: Any, path: str) -> Any:
    """Decode an item; the path of an error begins with `path`."""
    try:
        if isinstance(kind, type) and issubclass(kind, Struct):
            return decode_long(body, kind)
        return msgspec.json.decode(body, type=kind)
    except ValidationError as error:
        message, found, rest = str(error).partition(" - at `$")
        raise ValidationError(f"{message} - at `${path}{rest if found else '`'}") from None


def _unannotated(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _plain(kind: Any) -> Any:
    """Return ``list`` or ``dict`` for a field of such a type."""
    return get_origin(_unannotated(kind))


def _max_length(kind: Any) -> int | None:
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((note.max_length for note in notes if isinstance(note, Meta)), None)
