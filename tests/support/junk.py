"""Random JSON, and random changes of valid documents."""

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", " ", "\x00", "\ud800", "clevora-1.0-turbo", "json_schema", "user", "string", "$ref", "#", "object"]
    )
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    found = [here]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        found += paths(inner, (*here, step))
    return found


@st.composite
def changed(draw: st.DrawFn, document: dict[str, Any], names: Sequence[str] = ("other",)) -> dict[str, Any]:
    """Draw a document with one to three changes: a value replaced, removed, or added as one of `names`."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths(document)))
        new = draw(documents)
        if not path:
            document = document | {draw(st.sampled_from(names)): new}
            continue
        parent: Any = document
        for step in path[:-1]:
            parent = parent[step]
        if draw(st.booleans()):
            parent[path[-1]] = new
        else:
            del parent[path[-1]]
    return document
