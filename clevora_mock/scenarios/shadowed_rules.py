"""Rules that never apply: earlier ones take, or their own `not` excludes, every request that they are for."""

from collections.abc import Iterator, Sequence
from math import inf

from msgspec.structs import replace

from clevora_mock.core.json_subset import is_subset
from clevora_mock.core.messages import quoted
from clevora_mock.core.scenario import Calls, Rule, TextPattern, When
from clevora_mock.scenarios.nodes import MappingNode, Node, SequenceNode
from clevora_mock.scenarios.problems import ScenarioProblem

# Conditions that a different one can include; any other must be the same.
_COMPARED = {"endpoints", "calls", "header", "body", "message", "not_", "between", "chance"}


def find_shadowed(root: Node, rules: tuple[Rule, ...]) -> Iterator[ScenarioProblem]:
    """Yield a problem for each rule that never applies; `root` is the scenario's node."""
    nodes = root.nodes.get("rules") if isinstance(root, MappingNode) else None
    for index, node in enumerate(nodes.items if isinstance(nodes, SequenceNode) else ()):
        when = rules[index].when
        if when.not_ is not None and _shadows(when.not_, when):
            yield node.problem('never applies: "not" excludes all its requests', f"rules[{index}]")
        elif places := _find_shadowing(rules[:index], when):
            names = " and ".join(f"rules[{place}], {quoted(rules[place].name)}," for place in places)
            verb = "applies" if len(places) == 1 else "apply"
            yield node.problem(f"never applies: {names} {verb} to all its requests", f"rules[{index}]")


def _find_shadowing(earlier: Sequence[Rule], when: When) -> list[int]:
    """Return the place of a rule that applies to all requests of `when`, or of one for each endpoint; else nothing."""
    for parts in ([when], [replace(when, endpoints=(name,)) for name in when.endpoints or ()]):
        places = {
            next((place for place, rule in enumerate(earlier) if _shadows(rule.when, part)), -1) for part in parts
        }
        if places and -1 not in places:
            return sorted(places)
    return []


def _shadows(earlier: When, later: When) -> bool:
    """Tell whether `earlier` is met by every request that meets `later`."""
    others = (name for name in When.__struct_fields__ if name not in _COMPARED)
    return (
        (earlier.endpoints is None or (later.endpoints is not None and {*later.endpoints} <= {*earlier.endpoints}))
        and earlier.chance in (None, 1)
        and (earlier.calls is None or _is_every(earlier.calls))
        and all(getattr(earlier, name) in (None, getattr(later, name)) for name in others)
        and (earlier.body is None or is_subset(earlier.body, later.body))
        and all(_has_header(later, *header) for header in earlier.header)
        and _covers(earlier.message, later.message)
        and _includes(earlier.between, later.between)
        and (earlier.not_ is None or _excludes(later, earlier.not_))
    )


def _has_header(when: When, name: str, pattern: TextPattern | None) -> bool:
    """Tell whether every request that meets `when` has a header with the text or the match of `pattern`."""
    expression = pattern and pattern.expression
    return any(
        name == other
        and (pattern == given or (expression and given and not given.expression and expression.is_found(given.text)))
        for other, given in when.header
    )


def _excludes(when: When, excluded: When) -> bool:
    """Tell whether no request that meets `when` meets `excluded`."""
    if when.endpoints is not None and excluded.endpoints is not None and not {*when.endpoints} & {*excluded.endpoints}:
        return True
    return when.not_ is not None and _shadows(when.not_, excluded)


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
