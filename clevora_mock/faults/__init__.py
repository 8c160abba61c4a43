"""Faults, one class each; fields and docstrings are also their schema and documentation."""

from clevora_mock.faults import body, connection, stream
from clevora_mock.faults.base import Fault

__all__ = ["FAULTS", "Fault"]

FAULTS: dict[str, type[Fault]] = {
    value.kind: value
    for module in (connection, body, stream)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Fault) and value is not Fault
}
"""All faults by kind, in the order of the documentation."""
