"""The sandboxes of one server, by name, each born at its first use.

``/v1/...`` belongs to `default`, ``/sandbox/<name>/v1/...`` to `<name>`. Past the capacity, the one that was used least
recently goes.
"""

import re
from collections.abc import Callable

from clevora_mock.core.sandbox import Sandbox

DEFAULT = "default"
CAPACITY = 1000

_PREFIX = "/sandbox/"
_NAME = r"[a-z0-9][a-z0-9-]{0,62}"


def is_name(text: str) -> bool:
    """Whether a sandbox can be called `text`."""
    return re.fullmatch(_NAME, text) is not None


def path_of(name: str) -> str:
    """What the paths of sandbox `name` begin with."""
    return "" if name == DEFAULT else _PREFIX + name


class Sandboxes:
    """Every sandbox alive.

    `make` builds one, `dropped` hears the name of one that had to go, `retired` sees each that goes.
    """

    def __init__(
        self,
        make: Callable[[str], Sandbox],
        dropped: Callable[[str], None],
        capacity: int = CAPACITY,
        retired: Callable[[Sandbox], None] | None = None,
    ) -> None:
        self._make = make
        self._dropped = dropped
        self._capacity = capacity
        self._retired = retired
        self.default = make(DEFAULT)
        self._named: dict[str, Sandbox] = {}

    def locate(self, path: str) -> tuple[Sandbox, str, str] | None:
        """The sandbox that `path` belongs to, its prefix, and the rest of the path; None for an impossible name."""
        if not path.startswith(_PREFIX):
            return self.default, "", path
        name, slash, rest = path[len(_PREFIX) :].partition("/")
        if not is_name(name):
            return None
        return self.get(name), _PREFIX + name, slash + rest

    def get(self, name: str) -> Sandbox:
        """The sandbox `name`, made if there is none, and now the most recently used."""
        if name == DEFAULT:
            return self.default
        sandbox = self._named.pop(name, None)
        if sandbox is None:
            sandbox = self._make(name)
            # The default one counts and always stays; beside it there is room for the one in use.
            if len(self._named) >= max(1, self._capacity - 1):
                oldest = next(iter(self._named))
                self.remove(oldest)
                self._dropped(oldest)
        self._named[name] = sandbox
        return sandbox

    def all(self) -> list[Sandbox]:
        """Every sandbox alive, the default one first, then the least recently used."""
        return [self.default, *self._named.values()]

    def remove(self, name: str) -> None:
        """Forget the sandbox `name`; its next use begins anew."""
        sandbox = self._named.pop(name, None)
        if sandbox is not None:
            sandbox.retire()
            if self._retired is not None:
                self._retired(sandbox)
