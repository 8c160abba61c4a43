"""Parses YAML or JSON into a tree of nodes that know their line and column.

The tree is built from YAML's parse events: scalars stay as they are written, and an alias shares the node of its
anchor, so aliases cannot blow up memory. JSON becomes such events without YAML's parser, which rejects tabs and
escaped surrogate pairs.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import yaml

from clevora_mock.core.messages import MAX_SHOWN_CHARACTERS, quoted
from clevora_mock.scenarios.layout_hints import find_remedy
from clevora_mock.scenarios.nodes import MappingNode, Node, ScalarNode, SequenceNode
from clevora_mock.scenarios.problems import ScenarioError, ScenarioProblem

MAX_CHARACTERS = 1024 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 50
# libyaml 0.2.6 has a bound of its own, and reads on in a line before it tells of a bracket.
_TOO_DEEP = "exceeded maximum nesting depth"
TOO_LARGE = f"too large: at most {MAX_CHARACTERS // 1024:,} KiB and {MAX_NODES:,} values are read, aliases written out"

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_JSON_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|[^\s\[\]{},:"]+')

# Hints for YAML that does not parse: a pattern of the character and message where it stopped, and the advice.
_REMEDIES = (
    (r"^\t|\btab\b", "; indent with spaces"),
    (r"alias", '; write "*" in quotes'),
    (r"^[@`%]", "; put a text that begins with {} in quotes"),
    (r"mapping values", '; put a text with ": " in it in quotes, and check the indentation'),
    (r"unknown escape", "; in double quotes a backslash is written \\\\, in single quotes \\"),
)


class Lines:
    """The starts of a text's lines, by the line breaks of editors; YAML's marks count others as well."""

    def __init__(self, text: str) -> None:
        self._end = len(text)
        self._starts = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]

    def place(self, index: int) -> tuple[int, int]:
        """Return line and column, from 1, of the character at `index`, at most the end of the text."""
        line = bisect_right(self._starts, min(index, self._end))
        return line, min(index, self._end) - self._starts[line - 1] + 1

    def error(self, index: int, message: str) -> ScenarioError:
        """Return the error for a text that cannot be parsed, at the character `index`."""
        return ScenarioError([ScenarioProblem(*self.place(index), message)])


def parse(text: str) -> Node:
    """Return the tree of a YAML or JSON document. Raises ScenarioError."""
    if len(text) > MAX_CHARACTERS:
        raise Lines("").error(0, TOO_LARGE)
    text = text.removeprefix("\ufeff")
    lines = Lines(text)
    events = _json_events(text) if _is_json(text) else _yaml_events(text, lines)
    first = next(events, None)
    if first is None:
        raise lines.error(0, "the file is empty; a scenario has a name, and rules for what goes wrong")
    root = _TreeBuilder(events, lines).node(first, 1)
    next(events, None)  # Raises if the text after the root is broken.
    return root


class _TreeBuilder:
    """Builds nodes from events, at most MAX_NODES of them and MAX_DEPTH deep."""

    def __init__(self, events: Iterator[Any], lines: Lines) -> None:
        self._events = events
        self._lines = lines
        self._anchored: dict[str | None, Node | None] = {}  # None while the node is read
        self._size = 0

    def node(self, event: Any, depth: int) -> Node:
        """Return the node that begins with `event`; `depth` is 1 for the root."""
        index = event.start_mark.index
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor or "", index, depth)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")[:MAX_SHOWN_CHARACTERS]
            raise self._lines.error(index, f"tags such as {tag} have no use here; leave it out")
        self._anchored[event.anchor] = None
        node = self._whole(event, self._lines.place(index), depth)
        self._anchored[event.anchor] = node
        return node

    def _whole(self, event: Any, place: tuple[int, int], depth: int) -> Node:
        is_scalar = isinstance(event, yaml.ScalarEvent)
        self._count(Node(*place), 1, depth - is_scalar)
        if is_scalar:
            return ScalarNode(*place, event.value, not event.style)
        children = []
        while not isinstance(child := next(self._events), yaml.CollectionEndEvent):
            children.append(self.node(child, depth + 1))
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        return _mapping(place, children) if is_mapping else SequenceNode(*place, items=tuple(children))

    def _alias(self, name: str, index: int, depth: int) -> Node:
        node = self._anchored.get(name)
        if node is None:
            why = "stands inside what it names" if name in self._anchored else "names nothing before it"
            raise self._lines.error(index, f"the alias *{name} {why}")
        size, height = _measure(node)
        self._count(node, size, depth - 1 + height)
        return node

    def _count(self, node: Node, size: int, depth: int) -> None:
        self._size += size
        if self._size > MAX_NODES:
            raise node.invalid(TOO_LARGE)
        if depth > MAX_DEPTH:
            raise node.invalid(f"nested more than {MAX_DEPTH} deep")


def _mapping(place: tuple[int, int], children: list[Node]) -> MappingNode:
    keys: dict[str, ScalarNode] = {}
    nodes: dict[str, Node] = {}
    flaws: list[ScenarioProblem] = []
    for key, value in zip(children[::2], children[1::2], strict=True):
        if not isinstance(key, ScalarNode):
            flaws.append(key.problem(f"expected a name, got {key.got}"))
        elif key.plain and key.text == "<<":
            flaws.append(key.problem("merge keys (<<) are not read; write the entries out, or alias a whole value"))
        elif key.text in keys:
            first = keys[key.text].line
            flaws.append(key.problem(f"duplicate entry {quoted(key.text)}; the first is on line {first}"))
        else:
            keys[key.text], nodes[key.text] = key, value
    return MappingNode(*place, keys=keys, nodes=nodes, flaws=tuple(flaws))


def _measure(node: Node) -> tuple[int, int]:
    """Return the number of nodes in `node` and the depth of its collections, with all aliases written out."""
    if isinstance(node, ScalarNode):
        return 1, 0
    children = node.items if isinstance(node, SequenceNode) else ()
    if isinstance(node, MappingNode):
        children = (*node.keys.values(), *node.nodes.values())
    sizes, heights = zip((1, 0), *map(_measure, children), strict=True)
    return sum(sizes), 1 + max(heights)


def _is_json(text: str) -> bool:
    """Tell whether `text` is a JSON object, without NaN, infinity and lone surrogates."""
    try:
        # `int` refuses the constants; other numbers stay as they are written.
        document = json.loads(text, parse_constant=int, parse_float=str, parse_int=str)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict)


def _json_events(text: str) -> Iterator[Any]:
    """Yield the events of a text that is known to be JSON."""
    for token in _JSON_TOKEN.finditer(text):
        word, mark = token[0], yaml.Mark("", token.start(), 0, 0, None, 0)
        if word in ("}", "]"):
            yield yaml.CollectionEndEvent(mark)
        elif word in ("{", "["):
            yield (yaml.MappingStartEvent if word == "{" else yaml.SequenceStartEvent)(None, None, True, mark)
        elif word.startswith('"'):
            yield yaml.ScalarEvent(None, None, (False, True), json.loads(word), mark, style='"')
        else:
            yield yaml.ScalarEvent(None, None, (True, False), word, mark)


def _yaml_events(text: str, lines: Lines) -> Iterator[Any]:
    """Yield the events of one document's nodes."""
    if odd := _UNPRINTABLE.search(text):
        raise lines.error(odd.start(), f"not YAML: the character U+{ord(odd[0]):04X} has no place in a text")
    documents = 0
    try:
        event: Any  # The stubs let every mark be None.
        for event in yaml.parse(text, Loader=_LOADER):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise lines.error(event.start_mark.index, "a second document starts here; a file holds one scenario")
            if isinstance(event, yaml.CollectionEndEvent | yaml.NodeEvent):
                yield event
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, lines) from None
    except yaml.YAMLError as error:
        raise lines.error(0, f"not YAML: {' '.join(str(error).split())}") from None


def _syntax_error(error: yaml.MarkedYAMLError, text: str, lines: Lines) -> ScenarioError:
    problem, context = " ".join((error.problem or "it cannot be read").split()), error.context or ""
    index, end = error.problem_mark.index if error.problem_mark else 0, len(text.rstrip())
    start = error.context_mark.index if error.context_mark else end
    if problem == _TOO_DEEP:
        return lines.error(index, f"nested more than {MAX_DEPTH} deep")
    # For a construct that is never closed, its start says more than the end of the file.
    index, is_at_end = (start, True) if index >= end else (index, False)
    words = f"{text[index : index + 1]} {problem} {context}"
    remedy = find_remedy(text, index, problem, lines.place(start)[1]) or next(
        (remedy for pattern, remedy in _REMEDIES if re.search(pattern, words)), ""
    )
    if not is_at_end and lines.place(start)[0] == lines.place(index)[0]:
        context = ""
    elif not is_at_end and context:
        context += f" from line {lines.place(start)[0]}"
    return lines.error(index, f"not YAML: {problem}{context and f', {context}'}{remedy.replace('{}', words[:1])}")
