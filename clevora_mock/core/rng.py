"""Seeded random values, each computed by a hash, so that the same seed gives the same bytes on every machine.

The only source of randomness. `SeededRng` belongs to a sandbox and counts the draws of each purpose; a draw depends on
(seed, sandbox name, purpose, draw number) alone, so other traffic does not change it. `stable_hash` and `RandomStream`
serve the models, whose answers depend on the request alone.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

from clevora_mock.contract.limits import MAX_COUNT

T = TypeVar("T")

_MASK = (1 << 64) - 1


def stable_hash(*parts: object) -> bytes:
    """Return 32 bytes that depend on the texts of `parts` and their order alone."""
    return blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=32).digest()


class RandomStream:
    """An endless sequence of random numbers from one seed (Knuth's 64-bit linear congruential generator)."""

    __slots__ = ("_state",)

    def __init__(self, seed: bytes) -> None:
        self._state = int.from_bytes(seed[:8])

    def randbelow(self, bound: int) -> int:
        """Return an integer in [0, bound)."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return ((self._state >> 32) * bound) >> 32

    def choice(self, items: Sequence[T]) -> T:
        return items[self.randbelow(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        left = list(items)
        return [left.pop(self.randbelow(len(left))) for _ in items]


class SeededRng:
    """The random values of one sandbox, with a counter for each purpose."""

    def __init__(self, seed: int, sandbox: str, counters: Mapping[str, int] | None = None) -> None:
        self.seed = seed
        self.sandbox = sandbox
        self._start = blake2b(stable_hash(seed, sandbox), digest_size=32)
        self.counters: dict[str, int] = dict(counters or {})

    def next_hex(self, purpose: str, length: int = 24) -> str:
        """Return the next `length` hex digits (at most 64) for `purpose`."""
        return self._next(purpose).hexdigest()[:length]

    def unused_id(self, purpose: str, prefix: str, is_taken: Callable[[str], object], length: int = 24) -> str:
        """Return the next id that is not taken: a restored sandbox may have counted fewer draws than it has ids."""
        while is_taken(drawn := prefix + self.next_hex(purpose, length)):
            pass
        return drawn

    def next_float(self, purpose: str) -> float:
        """Return the next number in [0, 1) for `purpose`, a multiple of 2**-53."""
        return (int.from_bytes(self._next(purpose).digest()[:8]) >> 11) / (1 << 53)

    def hex_at(self, purpose: str, number: int, length: int = 24) -> str:
        """Return the hex digits of draw `number` for `purpose`; no counter changes."""
        return self._draw(purpose, number).hexdigest()[:length]

    def restart(self, *purposes: str) -> None:
        """Set the counters of `purposes` back to 0."""
        for purpose in purposes:
            self.counters.pop(purpose, None)

    def _next(self, purpose: str) -> blake2b:
        number = self.counters.get(purpose, 0)
        # From the first draw again after the last, so that those who look for a new value find one.
        self.counters[purpose] = number + 1 if number < MAX_COUNT else 0
        return self._draw(purpose, number)

    def _draw(self, purpose: str, number: int) -> blake2b:
        drawn = self._start.copy()
        drawn.update(b"%b:%d" % (purpose.encode(), number))
        return drawn
