"""Rules that never apply: an earlier one, or their own `not`, takes every request that they are for."""

from collections.abc import Iterator
from math import inf

from clevora_mock.core.json_subset import is_subset
from clevora_mock.core.messages import quoted
from clevora_mock.core.scenario import Calls, Rule, TextPattern, When
from clevora_mock.scenarios.nodes import MappingNode, Node, SequenceNode
from clevora_mock.scenarios.problems import ScenarioProblem

# Conditions that a different one can include; any other must be the same.
_COMPARED = {"endpoints", "calls", "header", "body", "message", "between", "chance"}


def find_shadowed(root: Node, rules: tuple[Rule, ...]) -> Iterator[ScenarioProblem]:
    """Yield a problem for each rule that never applies; `root` is the scenario's node."""
    nodes = root.nodes.get("rules") if isinstance(root, MappingNode) else None
    for index, node in enumerate(nodes.items if isinstance(nodes, SequenceNode) else ()):
        when = rules[index].when
        if when.not_ is not None and _shadows(when.not_, when):
            yield node.problem('never applies: "not" excludes all its requests', f"rules[{index}]")
            continue
        earlier = (place for place in range(index) if _shadows(rules[place].when, when))
        if (place := next(earlier, None)) is not None:
            why = f"rules[{place}], {quoted(rules[place].name)}, applies to all its requests"
            yield node.problem(f"never applies: {why}", f"rules[{index}]")


def _shadows(earlier: When, later: When) -> bool:
    """Tell whether `earlier` is met by every request that meets `later`."""
    always = earlier.chance in (None, 1) and (earlier.calls is None or _is_every(earlier.calls))
    places = earlier.endpoints is None or (later.endpoints is not None and {*later.endpoints} <= {*earlier.endpoints})
    others = (name for name in When.__struct_fields__ if name not in _COMPARED)
    same = all(getattr(earlier, name) in (None, getattr(later, name)) for name in others)
    body = earlier.body is None or is_subset(earlier.body, later.body)
    headers = all(header in later.header for header in earlier.header)
    rest = _covers(earlier.message, later.message) and _includes(earlier.between, later.between)
    return always and places and same and headers and body and rest


def _is_every(calls: Calls) -> bool:
    """Tell whether `calls` includes every call."""
    reached: float = 0
    for low, high in sorted(calls.ranges, key=lambda bounds: bounds[0]):
        if low <= reached + 1:
            reached = inf if high is None else max(reached, high)
    return calls.every == 1 or reached == inf


def _covers(earlier: TextPattern | None, later: TextPattern | None) -> bool:
    if earlier is None or earlier == later:
        return True
    return later is not None and earlier.expression is None and later.expression is None and earlier.text in later.text


def _includes(earlier: tuple[int, int] | None, later: tuple[int, int] | None) -> bool:
    return earlier is None or (later is not None and earlier[0] <= later[0] and later[1] <= earlier[1])
