"""A scenario's tree as JSON values, for the JSON Schema."""

from typing import Any

from clevora_mock.scenarios.nodes import AmbiguousScalar, MappingNode, Node, SequenceNode


def to_json(node: Node) -> Any:
    """Convert the tree to JSON values: an ambiguous word stays text, and of duplicate entries the first counts."""
    if isinstance(node, MappingNode):
        return {name: to_json(value) for name, value in node.nodes.items()}
    if isinstance(node, SequenceNode):
        return [to_json(item) for item in node.items]
    return node.text if isinstance(node.value, AmbiguousScalar) else node.value
