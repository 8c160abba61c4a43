"""Server-sent events as text: the JSON of each, where it stands, and the strings in it.

A stream need not be as the contract has it, since another server made it: lines may end in CR, data may go on over
several lines, or be no JSON, an event may lack its ``data:``, and there may be comments, names, ids and lines that are
nothing of these.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from clevora_mock.recordings.json_values import decode

_LINE = r"data:[ ]?[^\r\n]*"
# A stream may begin with a byte order mark.
_START = r"(?<![^\r\n\ufeff])"
# Empty lines are found too, since a search that passes over many of them takes long.
_EVENT = re.compile(
    rf"{_START}(?:{_LINE}(?:(?:\r\n|\r|\n){_LINE})*+|(?P<field>[ \w-]*+)(?P<mark>:[ ]?)[^\r\n]*|\{{[^\r\n]*"
    r"|(?P<rest>(?!\ufeff)[^\r\n]+))|(?P<empty>[\r\n\ufeff]{1,999})"
)
_DATA = re.compile(r"data:[ ]?")
_DONE = re.compile(r"data:[ ]?\[DONE\](?:\r\n|\r|\n){2}")
_FINISHED = re.compile(r"\"finish_reason\":[ ]?\"")

DONE = "[DONE]"


class Event(NamedTuple):
    """An event of JSON, or of a text; `start` and `end` are those of its data in the stream's text.

    `field` is the name of another line than data: ``event``, ``id``, empty for a comment, or ``rest`` for a line
    without one. A text is not `decoded`.
    """

    start: int
    end: int
    data: Any
    field: str = "data"
    decoded: bool = True


def events(text: str) -> Iterator[Event]:
    """Yield the events of a stream."""
    return (line for line in lines_of(text) if line.field == "data")


def lines_of(text: str) -> Iterator[Event]:
    """Yield the events of a stream, and its comments, names and ids; one event for a text that is JSON as a whole."""
    whole = _event(0, len(text), text)
    if whole.decoded and not isinstance(whole.data, str):
        yield whole
        return
    for found in _EVENT.finditer(text):
        if found["empty"]:
            continue
        if found["mark"] or found["rest"]:
            start = found.end("mark") if found["mark"] else found.start("rest")
            yield _event(start, found.end(), text[start : found.end()], found["field"] if found["mark"] else "rest")
            continue
        lines = list(_data_lines(found[0], found.start()))
        whole = _event(lines[0].start, lines[-1].end, "\n".join(line.data for line in lines))
        if len(lines) == 1 or whole.decoded:
            yield whole
        else:
            # Without blank lines between them.
            yield from (_event(line.start, line.end, line.data) for line in lines)


def is_whole(text: str, *, complete: bool) -> bool:
    """Tell whether a stream came to its end.

    That is the sentinel, after which clients leave, or a reason to finish in an answer whose last byte came.
    """
    # Not as part of the expression, which is searched for much faster as it is.
    starts = (found.start() for found in _DONE.finditer(text))
    is_done = any(start == 0 or text[start - 1] in "\r\n" for start in starts)
    return is_done or (complete and _FINISHED.search(text) is not None)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each string in a JSON value with its path; an item with an ``index`` is named by that."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for position, item in enumerate(value):
            index = item.get("index") if isinstance(item, dict) else None
            yield from leaves(item, f"{path}[{index if isinstance(index, int) else position}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}" if path else str(name))


def with_leaves(value: Any, texts: Iterable[str]) -> Any:
    """Return a JSON value with other strings, in the order of `leaves`."""
    left = iter(texts)

    def replaced(value: Any) -> Any:
        if isinstance(value, str):
            return next(left)
        if isinstance(value, list):
            return [replaced(item) for item in value]
        return {name: replaced(item) for name, item in value.items()} if isinstance(value, dict) else value

    return replaced(value)


def content_of(data: Any) -> str:
    """Return the text that a chunk of a chat adds."""
    choices = data.get("choices") if isinstance(data, dict) else None
    parts = [choice.get("delta") for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    texts = [part.get("content") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _data_lines(block: str, start: int) -> Iterator[Event]:
    for line in re.finditer(r"[^\r\n]+", block):
        mark = _DATA.match(line[0])
        skipped = mark.end() if mark else 0
        yield Event(start + line.start() + skipped, start + line.end(), line[0][skipped:])


def _event(start: int, end: int, text: str, field: str = "data") -> Event:
    """Decode an event's text; a number, which may be a part of what is split, stays a text."""
    try:
        data = decode(text)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict | list | str):
        return Event(start, end, data, field)
    return Event(start, end, text, field, decoded=False)
