"""What is remembered of answers, since tests ask the same again: bounded, the oldest goes first."""

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memory(dict[Key, Value]):
    """A dictionary of at most `most` entries, filled by `keep`."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: Key, value: Value) -> None:
        """Remember `value`, and forget the oldest entry where there is no room."""
        if len(self) >= self._most:
            del self[next(iter(self))]
        self[key] = value
