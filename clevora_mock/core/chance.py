"""Chance as a value: every draw is a hash, so the same seed gives the same bytes on any machine.

The only module that makes chance. A `Chance` belongs to one sandbox and keeps a counter for each purpose, so a
draw depends on (seed, sandbox's name, purpose, how many draws of that purpose came before) and on nothing else:
other traffic cannot shift it. `digest` and `Draws` serve the models, whose answers depend on the request alone.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


def digest(*parts: object) -> bytes:
    """32 bytes that depend on the text of `parts` and their order alone."""
    return blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=32).digest()


class Draws:
    """An endless run of choices that starts from one digest (Knuth's 64-bit congruential generator)."""

    __slots__ = ("_state",)

    def __init__(self, start: bytes) -> None:
        self._state = int.from_bytes(start[:8])

    def below(self, bound: int) -> int:
        """A whole number in [0, bound)."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return ((self._state >> 32) * bound) >> 32

    def choose(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]


class Chance:
    """One sandbox's draws, counted by purpose."""

    def __init__(self, seed: int, sandbox: str, counters: Mapping[str, int] | None = None) -> None:
        self.seed = seed
        self.sandbox = sandbox
        self._start = blake2b(digest(seed, sandbox), digest_size=32)
        self.counters: dict[str, int] = dict(counters or {})

    def hex(self, purpose: str, length: int = 24) -> str:
        """The next `length` hex digits (at most 64) for `purpose`."""
        return self._next(purpose).hexdigest()[:length]

    def unit(self, purpose: str) -> float:
        """The next number in [0, 1) for `purpose`, a multiple of 2**-53."""
        return (int.from_bytes(self._next(purpose).digest()[:8]) >> 11) / (1 << 53)

    def at(self, purpose: str, counter: int, length: int = 24) -> str:
        """The hex digits that draw number `counter` of `purpose` gives; moves no counter."""
        return self._draw(purpose, counter).hexdigest()[:length]

    def restart(self, *purposes: str) -> None:
        """Let the draws for `purposes` begin anew."""
        for purpose in purposes:
            self.counters.pop(purpose, None)

    def _next(self, purpose: str) -> blake2b:
        counter = self.counters.get(purpose, 0)
        self.counters[purpose] = counter + 1
        return self._draw(purpose, counter)

    def _draw(self, purpose: str, counter: int) -> blake2b:
        drawn = self._start.copy()
        drawn.update(b"%b:%d" % (purpose.encode(), counter))
        return drawn
