"""Containment of JSON documents, for conditions on a request's body."""

from typing import Any


def is_subset(part: Any, whole: Any) -> bool:
    """Tell whether JSON `whole` contains `part`: objects by key, arrays by position, scalars by type and value."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and is_subset(part[name], whole[name]) for name in part)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(is_subset, part, whole))
    if isinstance(part, bool) or isinstance(whole, bool):
        return part is whole
    return bool(part == whole)
