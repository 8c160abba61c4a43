"""Texts to find: as they are, or as ``/regular expressions/``."""

import re
import warnings

from msgspec import Struct

from clevora_mock.core.scenario import Pattern
from clevora_mock.scenarios.forms import Schema, Text, entries_of
from clevora_mock.scenarios.nodes import Mapping, Node, Place, show

_TEXT = Text("text or a /regular expression/", most=1_000)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class TextOrExpression(Struct, frozen=True):
    """``text``, ``/expression/`` or ``/expression/i``."""

    def read(self, node: Node, place: Place) -> Pattern | None:
        text = _TEXT.read(node, place)
        if text is None or not text.startswith("/"):
            return None if text is None else Pattern(text)
        source, slash, flags = text[1:].rpartition("/")
        if not slash:
            place.wrong(
                node, f"expected / at the end of {show(text)}; to find the text itself write {show(_literal(text))}"
            )
        elif flags not in ("", "i"):
            place.wrong(node, f"{show(text)} reads as an expression with the flags {show(flags)}; only i is known")
        elif not source:
            place.wrong(node, "expected something between the slashes")
        else:
            return self._compile(text, source, flags, (node, place))
        return None

    def _compile(self, text: str, source: str, flags: str, at: tuple[Node, Place]) -> Pattern | None:
        try:
            with warnings.catch_warnings():
                # What Python only warns of will change its meaning one day.
                warnings.simplefilter("error")
                return Pattern(text, re.compile(source, re.IGNORECASE if flags else 0))
        except (re.error, OverflowError, RecursionError, Warning) as error:
            node, place = at
            place.wrong(node, f"{show(text)} is no regular expression: {error}")
            return None

    def schema(self) -> Schema:
        return {**_TEXT.schema(), "pattern": "^([^/]|/.+/i?$)"}


def _literal(text: str) -> str:
    return f"/{re.escape(text)}/" if len(text) < 20 else "/…/"


class Headers(Struct, frozen=True):
    """Header names, in lower case, and what to find in them."""

    def read(self, node: Node, place: Place) -> tuple[tuple[str, Pattern | None], ...] | None:
        if not isinstance(node, Mapping):
            place.unexpected(node, 'a mapping of header names, such as {user-agent: "/OpenAI/"}')
            return None
        if not node.entries:
            place.wrong(node, "nothing in it; expected at least one header")
        found: dict[str, Pattern | None] = {}
        for name, key, value in entries_of(node, place):
            if not _NAME.fullmatch(name):
                place.wrong(key, f"{show(name)} is no header's name")
            elif name.lower() in found:
                place.wrong(key, f"duplicate entry {show(name)}; a header's case does not matter")
            else:
                found[name.lower()] = TextOrExpression().read(value, place.entry(name))
        return tuple(found.items())

    def schema(self) -> Schema:
        return {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{_NAME.pattern}$"},
            "additionalProperties": TextOrExpression().schema(),
        }
