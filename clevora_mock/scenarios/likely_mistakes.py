"""Likely mistakes in valid rules: names that are almost those of a header or a field, durations that stay texts."""

from collections.abc import Iterable, Iterator

from clevora_mock.clock import SECOND, read_duration
from clevora_mock.core.messages import closest_spelling, quoted
from clevora_mock.scenarios.nodes import MappingNode, Node, SequenceNode
from clevora_mock.scenarios.problems import ScenarioProblem

HEADERS = (
    "accept", "authorization", "content-length", "content-type", "cookie", "host", "idempotency-key", "origin",
    "referer", "user-agent", "x-forwarded-for", "x-request-id", "x-stainless-lang", "x-stainless-retry-count",
)  # fmt: skip
# All fields of the bodies that the API takes.
BODY_FIELDS = (
    "amount", "business_id", "data", "encoding_format", "input", "length", "limit",
    "max_completion_tokens", "max_tokens", "messages", "model", "name", "query", "response_format", "stream", "style",
    "temperature", "timestamp", "topic", "type",
)  # fmt: skip
# The unit of a number, in microseconds.
_WAITS = {"retry_after": SECOND, "retry_after_ms": SECOND // 1000}
# Higher than for suggestions, since any name is valid.
_SIMILARITY = 0.85


def find_likely_mistakes(root: Node) -> Iterator[ScenarioProblem]:
    """Yield a problem for each likely mistake in the rules of the scenario's node."""
    rules = _inner(root, "rules")
    for index, rule in enumerate(rules.items if isinstance(rules, SequenceNode) else ()):
        for path in (("when",), ("when", "not")):
            when = _inner(rule, *path)
            where = f"rules[{index}].{'.'.join(path)}"
            yield from _credentials(_inner(when, "header"), f"{where}.header")
            yield from _misspelt(_inner(when, "header"), HEADERS, f"{where}.header")
            yield from _misspelt(_inner(when, "body"), BODY_FIELDS, f"{where}.body")
        yield from _texts_for_waits(_inner(rule, "then", "error"), f"rules[{index}].then.error")


def _inner(node: Node | None, *names: str) -> Node | None:
    for name in names:
        node = node.nodes.get(name) if isinstance(node, MappingNode) else None
    return node


def _credentials(node: Node | None, where: str) -> Iterator[ScenarioProblem]:
    for name, key in (node.keys if isinstance(node, MappingNode) else {}).items():
        value = _inner(node, name)
        # That it is absent is a condition which no other one can state.
        if name.lower() == "authorization" and value is not None and value.value is not None:
            message = "masked in the journal and its near misses; key: selects by a key's name, id or preview"
            yield key.problem(message, f"{where}.{name}")


def _misspelt(node: Node | None, known: Iterable[str], where: str) -> Iterator[ScenarioProblem]:
    for name, key in (node.keys if isinstance(node, MappingNode) else {}).items():
        close = closest_spelling(name, known, _SIMILARITY)
        if close and name.lower() not in known:
            yield key.problem(f'did you mean "{close}"?', f"{where}.{name[:80]}")


def _texts_for_waits(error: Node | None, where: str) -> Iterator[ScenarioProblem]:
    for name, unit in _WAITS.items():
        node = _inner(error, name)
        if node is None or not isinstance(node.value, str):
            continue
        try:
            number = f"{read_duration(node.text) / unit:g}"
        except ValueError:
            number = node.text if node.text.isascii() and node.text.isdigit() else ""
        if number:
            yield node.problem(f"{quoted(node.text)} is sent as it is; for a number write {number}", f"{where}.{name}")
