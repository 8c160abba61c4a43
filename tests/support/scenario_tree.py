"""A scenario's tree as the schema for editors sees it."""

from typing import Any

from clevora_mock.scenarios.nodes import AmbiguousScalar, MappingNode, Node, SequenceNode


def plain(node: Node) -> Any:
    """Return the tree as JSON has it; an ambiguous word stays text, and of two entries of one name the first counts."""
    if isinstance(node, MappingNode):
        return {name: plain(value) for name, value in node.nodes.items()}
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return node.text if isinstance(node.value, AmbiguousScalar) else node.value
