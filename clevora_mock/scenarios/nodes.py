"""A scenario's text as a tree, each node with its place; and what its plain words mean.

YAML readers disagree about some unquoted words: ``yes``, ``010`` and ``10:30`` are text to one and a truth value or a
number to another. Here they are a `Surprise`, which no entry takes, so a scenario means the same to every reader.
"""

import re
from typing import Any

from msgspec import Struct

from clevora_mock.scenarios.mistakes import Mistake

SHOWN_CHARACTERS = 40


class Node(Struct, frozen=True):
    """A part of the text, and where it starts; lines and columns count from 1."""

    line: int
    column: int


class Scalar(Node, frozen=True):
    """A word, a number, a text. `plain` ones stand without quotes."""

    text: str
    plain: bool


class Listing(Node, frozen=True):
    """A list."""

    items: tuple[Node, ...]


class Mapping(Node, frozen=True):
    """Entries in the file's order, as they stand: a name may be no text, and may come twice."""

    entries: tuple[tuple[Node, Node], ...]

    def get(self, name: str) -> Node | None:
        """The value of the entry `name`."""
        return next((value for key, value in self.entries if isinstance(key, Scalar) and key.text == name), None)


class Surprise(Struct, frozen=True):
    """A plain word that YAML readers read differently: `taken` is what some take it for, `plainly` how to say that."""

    taken: str
    plainly: str


class Place(Struct, frozen=True):
    """A path such as ``rules[0].then``, and the list that the mistakes found there go to."""

    path: str
    mistakes: list[Mistake]

    def entry(self, name: str) -> "Place":
        named = name if len(name) <= SHOWN_CHARACTERS else show(name)
        return Place(f"{self.path}.{named}" if self.path else named, self.mistakes)

    def item(self, index: int) -> "Place":
        return Place(f"{self.path}[{index}]", self.mistakes)

    def wrong(self, node: Node, message: str) -> None:
        """Note a mistake at `node`."""
        said = f"{self.path}: {message}" if self.path else message
        self.mistakes.append(Mistake(node.line, node.column, printable(said)))

    def unexpected(self, node: Node, expected: str, hint: str = "") -> None:
        """Note that something else was `expected` at `node`; the usual hint is given when there is no better one."""
        self.wrong(node, f"expected {expected}, got {got(node)}{hint}")


Value = None | bool | int | float | str | Surprise

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"[-+]?0o?[0-7_]*[0-7]")
_BASED = re.compile(r"[-+]?0(x[0-9a-fA-F_]+|b[01_]+)")
_CLOCK = re.compile(r"[-+]?[0-9]{1,9}(:[0-5]?[0-9]){1,9}(\.[0-9]*)?")
_LOOSE = re.compile(r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_LITERALS: dict[str, Value] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


def meaning(scalar: Scalar) -> Value:
    """What the scalar says; text unless it is plain and looks otherwise."""
    text = scalar.text
    if not scalar.plain:
        return text
    if text in _LITERALS:
        return _LITERALS[text]
    if text.lower() in _TRUTHS and text in (text.lower(), text.upper(), text.capitalize()):
        truth = _TRUTHS[text.lower()]
        return Surprise(truth, truth)
    return _number(text) if text[0] in "+-.0123456789" else text


def _number(text: str) -> Value:
    if _NUMBER.fullmatch(text):
        if len(text) > SHOWN_CHARACTERS:
            return Surprise("a number", "fewer digits")
        if _WHOLE.fullmatch(text):
            return int(text)
        number = float(text)
        return Surprise("infinity", "a smaller number") if number in (float("inf"), float("-inf")) else number
    if len(text) > SHOWN_CHARACTERS:
        return text
    if _OCTAL.fullmatch(text):
        digits = text.replace("o", "").replace("_", "")
        return Surprise(str(int(digits, 8)), str(int(digits)))
    if _BASED.fullmatch(text):
        number = int(text.replace("_", ""), 0)
        return Surprise(str(number), str(number))
    if _CLOCK.fullmatch(text):
        seconds = str(_seconds(text.partition(".")[0]))
        return Surprise(seconds, seconds)
    if _ENDLESS.fullmatch(text):
        return Surprise("a number", "a number with an end")
    if _LOOSE.fullmatch(text):
        plainly = _plain_number(text)
        return Surprise(plainly, plainly)
    return text


def _seconds(text: str) -> int:
    total = 0
    for part in text.lstrip("+-").split(":"):
        total = total * 60 + int(part)
    return -total if text.startswith("-") else total


def _plain_number(text: str) -> str:
    """A number that is written loosely (``+5``, ``.5``, ``1_000``, ``007.5``) as JSON would write it."""
    bare = text.replace("_", "")
    try:
        return str(int(bare)) if re.fullmatch(r"[-+]?[0-9]+", bare) else repr(float(bare))
    except ValueError:
        return "a number"


def show(text: str) -> str:
    """`text` in quotes, on one line, shortened."""
    short = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    return '"' + printable(short).replace('"', '\\"') + '"'


def printable(text: str) -> str:
    """`text` with an escape for whatever cannot be seen."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def got(node: Node) -> str:
    """What stands there, for a message."""
    if isinstance(node, Mapping):
        return "a mapping"
    if not isinstance(node, Scalar):
        return "a list"
    value = meaning(node)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return show(value)
    bare = show(node.text)[1:-1]
    return f"{bare}, which YAML may read as {value.taken}" if isinstance(value, Surprise) else bare


def plain(node: Node) -> Any:
    """The tree as JSON has it; what is a `Surprise` stays text, and of two entries of one name the last counts."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries if isinstance(key, Scalar)}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)  # noqa: S101 - there are no other nodes
    value = meaning(node)
    return node.text if isinstance(value, Surprise) else value
