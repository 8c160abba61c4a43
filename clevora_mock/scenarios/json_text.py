"""JSON as a tree with places. YAML nearly contains JSON; what it leaves out (tabs, ``\\ud83d\\ude00``) is read here."""

import json
import re

from clevora_mock.scenarios.lines import DEPTH, NODES, Lines
from clevora_mock.scenarios.nodes import Listing, Mapping, Node, Scalar

_SPACE = re.compile(r"[ \t\r\n]*")
_BARE = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")


class NotJsonError(ValueError):
    """The text is not JSON, or more of it than anyone needs."""


def parse(text: str) -> Node:
    """The tree of a JSON document. Raises NotJsonError."""
    scanner = _Scanner(text)
    root = scanner.value(0)
    scanner.space()
    if scanner.at != len(text):
        raise NotJsonError
    return root


class _Scanner:
    """A text and how far it has been read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._strings = json.JSONDecoder()
        self._nodes = 0
        self.at = 0

    def space(self) -> None:
        found = _SPACE.match(self._text, self.at)
        self.at = found.end() if found else self.at

    def value(self, depth: int) -> Node:
        self.space()
        self._nodes += 1
        if depth > DEPTH or self._nodes > NODES:
            raise NotJsonError
        line, column = self._lines.place(self.at)
        if self._take("{"):
            return Mapping(line, column, tuple(self._entries(depth + 1)))
        if self._take("["):
            return Listing(line, column, tuple(self._items(depth + 1)))
        if self._text.startswith('"', self.at):
            return self._string()
        found = _BARE.match(self._text, self.at)
        if not found:
            raise NotJsonError
        self.at = found.end()
        return Scalar(line, column, found[0], plain=True)

    def _entries(self, depth: int) -> list[tuple[Node, Node]]:
        entries: list[tuple[Node, Node]] = []
        self.space()
        if self._take("}"):
            return entries
        while True:
            self.space()
            key = self._string()
            self._expect(":")
            entries.append((key, self.value(depth)))
            self.space()
            if self._take("}"):
                return entries
            self._expect(",")

    def _items(self, depth: int) -> list[Node]:
        items: list[Node] = []
        self.space()
        if self._take("]"):
            return items
        while True:
            items.append(self.value(depth))
            self.space()
            if self._take("]"):
                return items
            self._expect(",")

    def _string(self) -> Scalar:
        line, column = self._lines.place(self.at)
        if not self._text.startswith('"', self.at):
            raise NotJsonError
        try:
            text, self.at = self._strings.raw_decode(self._text, self.at)
            text.encode()
        except ValueError:
            raise NotJsonError from None
        return Scalar(line, column, text, plain=False)

    def _take(self, sign: str) -> bool:
        taken = self._text.startswith(sign, self.at)
        self.at += taken
        return taken

    def _expect(self, sign: str) -> None:
        self.space()
        if not self._take(sign):
            raise NotJsonError
