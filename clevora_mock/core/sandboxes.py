"""The sandboxes of one server, by name, each made at its first use.

``/v1/...`` belongs to `default`, ``/sandbox/<name>/v1/...`` to `<name>`. Past the capacity, the one that was used least
recently is evicted.
"""

import re
from collections.abc import Callable

from clevora_mock.core.sandbox import Sandbox

DEFAULT = "default"
MAX_SANDBOXES = 1000

_PREFIX = "/sandbox/"
_NAME = r"[a-z0-9][a-z0-9-]{0,62}"


def is_name(text: str) -> bool:
    """Tell whether `text` can be the name of a sandbox."""
    return re.fullmatch(_NAME, text) is not None


def path_of(name: str) -> str:
    """Return the prefix of the paths of sandbox `name`."""
    return "" if name == DEFAULT else _PREFIX + name


class Sandboxes:
    """Every sandbox of a server.

    `make` builds one; `on_evicted` is called with the name of one that made room for another, and `on_closed` with each
    that is removed.
    """

    def __init__(
        self,
        make: Callable[[str], Sandbox],
        on_evicted: Callable[[str], None],
        capacity: int = MAX_SANDBOXES,
        on_closed: Callable[[Sandbox], None] | None = None,
    ) -> None:
        self._make = make
        self._on_evicted = on_evicted
        self._capacity = capacity
        self._on_closed = on_closed
        self.default = make(DEFAULT)
        self._named: dict[str, Sandbox] = {}

    def resolve(self, path: str) -> tuple[Sandbox, str, str]:
        """Return the sandbox that `path` belongs to, its prefix, and the rest of the path.

        Below an impossible name nothing lies, so such a path stays whole and belongs to the default sandbox.
        """
        if not path.startswith(_PREFIX):
            return self.default, "", path
        name, slash, rest = path[len(_PREFIX) :].partition("/")
        if not is_name(name):
            return self.default, "", path
        return self.get(name), _PREFIX + name, slash + rest

    def get(self, name: str) -> Sandbox:
        """Return the sandbox `name`, made if there is none, and now the most recently used."""
        if name == DEFAULT:
            return self.default
        sandbox = self._named.pop(name, None)
        if sandbox is None:
            sandbox = self._make(name)
            # The default one counts and always stays; beside it there is room for the one in use.
            if len(self._named) >= max(1, self._capacity - 1):
                oldest = next(iter(self._named))
                self.remove(oldest)
                self._on_evicted(oldest)
        self._named[name] = sandbox
        return sandbox

    def all(self) -> list[Sandbox]:
        """List every sandbox, the default one first, then the least recently used."""
        return [self.default, *self._named.values()]

    def remove(self, name: str) -> None:
        """Remove the sandbox `name`; its next use begins anew."""
        sandbox = self._named.pop(name, None)
        if sandbox is not None:
            sandbox.close()
            if self._on_closed is not None:
                self._on_closed(sandbox)
