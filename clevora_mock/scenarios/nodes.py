"""Nodes of a parsed scenario, with line and column, and the values of scalars.

YAML 1.1 and 1.2 type some unquoted scalars differently: ``yes``, ``010`` and ``10:30`` are text in one and a bool or a
number in the other. They become `AmbiguousScalar` values, which no field accepts, so a scenario means the same to every
YAML parser.
"""

import re
from math import isfinite

import yaml
from msgspec import Struct
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from clevora_mock.core.messages import MAX_SHOWN_CHARACTERS, quoted
from clevora_mock.scenarios.problems import ScenarioError, ScenarioProblem

_YAML_11, _CONSTRUCTOR = Resolver(), SafeConstructor()
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class AmbiguousScalar(Struct, frozen=True):
    """An unquoted scalar that YAML 1.1 and 1.2 type differently: a value, and a spelling of only that value."""

    read_as: str
    unambiguous: str


Value = None | bool | int | float | str | AmbiguousScalar

_LITERALS: dict[str, Value] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), AmbiguousScalar("true", "true")),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), AmbiguousScalar("false", "false")),
}


class Node(Struct, frozen=True):
    """A part of the text: its line and column, from 1, and a scalar's text as it is written."""

    line: int
    column: int
    text: str = ""

    @property
    def value(self) -> "Value | Node":
        """The value of a scalar, or else the node itself."""
        return self

    @property
    def number(self) -> float | None:
        """The value if it is an int or float, else None."""
        value = self.value
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def got(self) -> str:
        """The value as messages show it."""
        value = self.value
        if isinstance(value, Node):
            return "a mapping" if isinstance(value, MappingNode) else "a list"
        if value is None or isinstance(value, bool):
            return "nothing" if value is None else str(value).lower()
        if isinstance(value, str):
            return quoted(value)
        bare = quoted(self.text)[1:-1]
        return f"{bare}, which YAML may read as {value.read_as}" if isinstance(value, AmbiguousScalar) else bare

    def problem(self, message: str, path: str = "") -> ScenarioProblem:
        """Return a problem at this node; `path` leads from the node that is being checked to this one."""
        return ScenarioProblem(self.line, self.column, message, path)

    def invalid(self, message: str) -> ScenarioError:
        """Return the error for a single problem."""
        return ScenarioError([self.problem(message)])

    def unexpected(self, expected: str, hint: str = "") -> ScenarioError:
        """Return the error ``expected …, got …``, followed by `hint`."""
        return self.invalid(f"expected {expected}, got {self.got}{hint}")


class ScalarNode(Node, frozen=True):
    """A scalar; `plain` without quotes."""

    plain: bool = False

    @property
    def value(self) -> Value:
        return unquoted(self.text) if self.plain else self.text


class SequenceNode(Node, frozen=True):
    """A list."""

    items: tuple[Node, ...] = ()


class MappingNode(Node, frozen=True):
    """Keys and values by name, in the file's order; `flaws` are the problems of keys that are left out."""

    keys: dict[str, ScalarNode] = {}
    nodes: dict[str, Node] = {}
    flaws: tuple[ScenarioProblem, ...] = ()


def unquoted(text: str) -> Value:
    """Return the value of an unquoted scalar: as in JSON, or AmbiguousScalar where YAML versions differ."""
    if text in _LITERALS:
        return _LITERALS[text]
    if text[0] not in "+-.0123456789":
        return text
    found = _JSON_NUMBER.fullmatch(text)
    if len(text) > MAX_SHOWN_CHARACTERS:
        return AmbiguousScalar("a number", "fewer digits") if found else text
    if found and isfinite(float(text)):
        return float(text) if found[1] or found[2] else int(text)
    number = float(text) if found else _other_reading(text)
    if number is None:
        return text
    if not isfinite(number):
        return AmbiguousScalar(str(number), "a finite number")
    read_as = str(int(number) if number.is_integer() else number)
    # 010 is more often meant as 10 than as octal 8.
    octal = re.fullmatch(r"[-+]?0[0-7_]+", text)
    return AmbiguousScalar(read_as, str(int(text.replace("_", ""))) if octal else read_as)


def _other_reading(text: str) -> float | None:
    """Return the number that YAML 1.1, or else 1.2, reads where JSON has none."""
    tag: str = _YAML_11.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    node = yaml.ScalarNode(tag, text)
    try:
        if tag.endswith(":int"):
            return float(_CONSTRUCTOR.construct_yaml_int(node))
        if tag.endswith(":float"):
            return float(_CONSTRUCTOR.construct_yaml_float(node))
        return float(int(text, 8) if text.startswith("0o") else text) if text.isascii() else None
    except ValueError:
        return None
