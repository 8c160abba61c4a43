"""The sandboxes of a server by name, each created on first use.

``/v1/...`` belongs to `default`, ``/sandbox/<name>/v1/...`` to `<name>`. Beyond the capacity, the least recently used
one without a running request is evicted; beyond the memory, such a one that keeps more than its share. A request to a
sandbox that does not exist gets one for itself, which is kept only once a request to it is accepted.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandbox_size import size_of

DEFAULT = "default"
MAX_SANDBOXES = 1000
# Names of sandboxes that do not exist, of which the draws for request ids are known.
_MAX_REFUSED = 1000
# Of what all sandboxes keep beside their journals.
MAX_KEPT_BYTES = 64 * 1024 * 1024
# Requests of a sandbox after which it is counted again, since a large one takes a millisecond.
_COUNTED_EVERY = 8

# The limit for which a sandbox is evicted.
Limit = Literal["sandboxes", "memory"]

_PREFIX = "/sandbox/"
_NAME = r"[a-z0-9][a-z0-9-]{0,62}"


def is_name(text: str) -> bool:
    """Tell whether `text` is a valid name of a sandbox."""
    return re.fullmatch(_NAME, text) is not None


def path_of(name: str) -> str:
    """Return the path prefix of sandbox `name`."""
    return "" if name == DEFAULT else _PREFIX + name


class Sandboxes:
    """The sandboxes of a server.

    `make` creates one; `on_evicted` is called with the name of each evicted one and the limit.
    """

    def __init__(
        self,
        make: Callable[[str], Sandbox],
        on_evicted: Callable[[str, Limit], None],
        capacity: int = MAX_SANDBOXES,
        max_bytes: int = MAX_KEPT_BYTES,
    ) -> None:
        self._make = make
        self._on_evicted = on_evicted
        # The default sandbox counts and is never evicted; there is always room for one more.
        self._room = max(1, capacity - 1)
        self._max_bytes, self._share = max_bytes, max_bytes // max(1, capacity)
        # The sizes of all kept sandboxes.
        self._used = 0
        self.default = make(DEFAULT)
        self.default.is_kept = True
        self._named: dict[str, Sandbox] = {}
        # Those that exist as long as their requests run, unless one of them is accepted.
        self._unkept: dict[str, Sandbox] = {}
        # Draws of ids for refused requests, by their sandbox's name: no two answers of its API have the same one (W2).
        self._draws: dict[str, int] = {}

    def has_room_for(self, names: Iterable[str]) -> bool:
        """Tell whether the sandboxes `names` fit beside the present ones without an eviction."""
        return len(self._named.keys() | (set(names) - {DEFAULT})) <= self._room

    @contextmanager
    def resolve(self, path: str) -> Iterator[tuple[Sandbox, str, str]]:
        """Run a request: yield the sandbox of `path`, its prefix, and the rest of the path.

        A path with an invalid name is not split and belongs to the default sandbox.
        """
        sandbox, prefix, rest = self._find(path)
        sandbox.running += 1
        try:
            yield sandbox, prefix, rest
        finally:
            sandbox.running -= 1
            if not sandbox.running and not sandbox.is_kept:
                del self._unkept[sandbox.name]
                sandbox.close()
                if draws := sandbox.rng.counters.get("request"):
                    self._draws[sandbox.name] = draws
                if len(self._draws) > _MAX_REFUSED:
                    del self._draws[next(iter(self._draws))]
            sandbox.uncounted += 1
            if sandbox.uncounted >= _COUNTED_EVERY:
                self.count(sandbox)

    def keep(self, sandbox: Sandbox) -> None:
        """Keep the sandbox of a request that was accepted."""
        if not sandbox.is_kept:
            self._add(self._unkept.pop(sandbox.name))

    def count(self, sandbox: Sandbox) -> None:
        """Count the memory of what a sandbox keeps, and evict others while all keep too much.

        Those are the least recently used ones that keep more than their share and have no running request, so that
        many small sandboxes are safe from a few large ones.
        """
        if sandbox is not self.default and self._named.get(sandbox.name) is not sandbox:
            # Not kept yet, or removed meanwhile.
            return
        size, sandbox.uncounted = size_of(sandbox), 0
        self._used += size - sandbox.size
        sandbox.size = size
        large = [
            name
            for name, each in self._named.items()
            if self._used > self._max_bytes and each.size > self._share and not each.running and each is not sandbox
        ]
        for name in large:
            if self._used <= self._max_bytes:
                break
            self.remove(name)
            self._on_evicted(name, "memory")

    def _find(self, path: str) -> tuple[Sandbox, str, str]:
        if not path.startswith(_PREFIX):
            return self.default, "", path
        name, slash, rest = path[len(_PREFIX) :].partition("/")
        if not is_name(name):
            return self.default, "", path
        sandbox = self._existing(name) or self._unkept.get(name)
        if sandbox is None:
            sandbox = self._unkept[name] = self._make_next(name)
        return sandbox, _PREFIX + name, slash + rest

    def get(self, name: str) -> Sandbox:
        """Return the sandbox `name`, created if there is none, and mark it as most recently used."""
        sandbox = self._existing(name)
        if sandbox is None:
            sandbox = self._unkept.pop(name, None) or self._make_next(name)
            self._add(sandbox)
        return sandbox

    def _make_next(self, name: str) -> Sandbox:
        """Return a new sandbox, which goes on with the draws of the requests that were refused."""
        sandbox = self._make(name)
        if name in self._draws:
            sandbox.rng.counters["request"] = self._draws.pop(name)
        return sandbox

    def _existing(self, name: str) -> Sandbox | None:
        if name == DEFAULT:
            return self.default
        sandbox = self._named.pop(name, None)
        if sandbox is not None:
            self._named[name] = sandbox
        return sandbox

    def _add(self, sandbox: Sandbox) -> None:
        """Add a sandbox in place of the least recently used ones; while requests run in all others, beside them."""
        for name in [name for name, each in self._named.items() if not each.running]:
            if len(self._named) < self._room:
                break
            self.remove(name)
            self._on_evicted(name, "sandboxes")
        sandbox.is_kept = True
        self._named[sandbox.name] = sandbox
        self.count(sandbox)

    def all(self) -> list[Sandbox]:
        """Return all sandboxes: the default one, then the others from the least recently used on."""
        return [self.default, *self._named.values()]

    def remove(self, name: str) -> None:
        """Remove the sandbox `name`; the next request that it accepts creates a new one."""
        self._draws.pop(name, None)
        sandbox = self._named.pop(name, None)
        if sandbox is not None:
            self._used -= sandbox.size
            sandbox.close()
            sandbox.journal.clear()
