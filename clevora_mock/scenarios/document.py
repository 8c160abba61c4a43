"""A file's text as a tree, with every place known: the only module that knows YAML.

The tree is built from the parser's events, not from its values, so nothing is interpreted on the way and nothing grows:
an alias shares what it names, and its size counts each time. JSON is read too.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from clevora_mock.scenarios import json_text
from clevora_mock.scenarios.lines import CHARACTERS, DEPTH, NODES, Lines
from clevora_mock.scenarios.mistakes import Mistake
from clevora_mock.scenarios.nodes import Listing, Mapping, Node, Scalar, printable

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TOO_LARGE = f"too large: at most {CHARACTERS // 1024:,} KiB and {NODES:,} values are read, aliases written out"


class BrokenError(Exception):
    """A text that is no tree at all, and the one place where that shows."""

    def __init__(self, place: tuple[int, int], message: str) -> None:
        super().__init__(message)
        self.mistake = Mistake(*place, printable(message))


def parse(text: str) -> Node:
    """The tree of a YAML or JSON document. Raises BrokenError."""
    if len(text) > CHARACTERS:
        raise BrokenError((1, 1), TOO_LARGE)
    text = text.removeprefix("\ufeff")
    return _json(text) or _yaml(text)


def _json(text: str) -> Node | None:
    try:
        return json_text.parse(text) if text.lstrip().startswith("{") else None
    except json_text.NotJsonError:
        return None


def _yaml(text: str) -> Node:
    lines = Lines(text)
    if odd := _UNPRINTABLE.search(text):
        place = lines.place(odd.start())
        raise BrokenError(place, f"not YAML: the character U+{ord(odd[0]):04X} has no place in a text")
    builder = _Builder(lines)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _broken(error, text, lines) from None
    except yaml.YAMLError as error:
        raise BrokenError((1, 1), f"not YAML: {_one_line(str(error))}") from None
    if builder.root is None:
        raise BrokenError((1, 1), "the file is empty; a scenario has a name, and rules for what goes wrong")
    return builder.root


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_LOADER)


class _Frame:
    """A list or mapping that is not complete yet."""

    def __init__(self, event: Any, place: tuple[int, int]) -> None:
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.anchor: str | None = event.anchor
        self.place = place
        self.children: list[Node] = []
        self.size = 1
        self.depth = 1

    def node(self) -> Node:
        if self.is_mapping:
            pairs = zip(self.children[::2], self.children[1::2], strict=True)
            return Mapping(*self.place, tuple(pairs))
        return Listing(*self.place, tuple(self.children))


class _Builder:
    """Makes the tree of one document of its events."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._open: list[_Frame] = []
        self._named: dict[str, tuple[Node, int, int]] = {}
        self._documents = 0
        self.root: Node | None = None

    def take(self, event: Any) -> None:
        place = self._lines.place(event.start_mark.index)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise BrokenError(place, "a second document starts here; a file holds one scenario")
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor, place)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self._open.pop()
            self._add(frame.node(), frame.size, frame.depth, frame.anchor)
        elif isinstance(event, yaml.NodeEvent):
            self._start(event, place)

    def _start(self, event: Any, place: tuple[int, int]) -> None:
        if event.tag is not None:
            raise BrokenError(place, f"tags such as {_short_tag(event.tag)} have no use here; leave it out")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            self._merging(event.value, plain, place)
            self._add(Scalar(*place, event.value, plain), 1, 1, event.anchor)
            return
        self._open.append(_Frame(event, place))
        if len(self._open) > DEPTH:
            raise BrokenError(place, f"nested more than {DEPTH} deep")

    def _merging(self, text: str, plain: bool, place: tuple[int, int]) -> None:
        frame = self._open[-1] if self._open else None
        if plain and text == "<<" and frame is not None and frame.is_mapping and len(frame.children) % 2 == 0:
            raise BrokenError(place, "merge keys (<<) are not read here; write the entries out, or alias a whole value")

    def _alias(self, name: str | None, place: tuple[int, int]) -> None:
        if name is None or name not in self._named:
            inside = any(frame.anchor == name for frame in self._open)
            why = "stands inside what it names" if inside else "names nothing before it"
            raise BrokenError(place, f"the alias *{name} {why}")
        self._add(*self._named[name], None)

    def _add(self, node: Node, size: int, depth: int, anchor: str | None) -> None:
        if anchor is not None:
            self._named[anchor] = (node, size, depth)
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        frame.children.append(node)
        frame.size += size
        frame.depth = max(frame.depth, depth + 1)
        place = (node.line, node.column)
        if frame.size > NODES:
            raise BrokenError(place, TOO_LARGE)
        if frame.depth + len(self._open) > DEPTH + 1:
            raise BrokenError(place, f"nested more than {DEPTH} deep")


def _broken(error: yaml.MarkedYAMLError, text: str, lines: Lines) -> BrokenError:
    said = _one_line(error.problem or "it cannot be read")
    mark, context = error.problem_mark, error.context_mark
    end = len(text.rstrip())
    index = mark.index if mark else 0
    if index >= end:
        # Where something began that does not end says more than where the file does.
        index = context.index if context else end
        said += f", {error.context}" if error.context else ""
    elif error.context and context and lines.place(context.index)[0] != lines.place(index)[0]:
        said += f", {error.context} from line {lines.place(context.index)[0]}"
    return BrokenError(lines.place(index), f"not YAML: {said}{_remedy(error, text, index)}")


def _remedy(error: yaml.MarkedYAMLError, text: str, index: int) -> str:
    """What probably happened, for the mistakes that YAML invites."""
    here = text[index : index + 1]
    if here == "\t" or "tab" in (error.problem or ""):
        return "; indent with spaces"
    if "alias" in (error.context or ""):
        return '; write "*" in quotes'
    if here in ("@", "`", "%"):
        return f"; put a text that begins with {here} in quotes"
    if "mapping values" in (error.problem or ""):
        return '; put a text with ": " in it in quotes, and check the indentation'
    if "unknown escape" in (error.problem or ""):
        return "; in double quotes a backslash is written \\\\, in single quotes \\"
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _short_tag(tag: str) -> str:
    return "!!" + tag.rpartition(":")[2] if tag.startswith("tag:yaml.org,2002:") else tag[:40]
