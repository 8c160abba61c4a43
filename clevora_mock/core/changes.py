"""Changes of a sandbox's state, for those who watch it beside its journal."""

from collections.abc import Callable
from typing import Literal

# "closed" is the last: the sandbox was removed, and another one may get its name.
ChangeKind = Literal["clock", "scenario", "money", "account", "reset", "closed"]

# Called with the kind of each change after it was made, and its subject: a uid, the part that was reset, or None.
ChangeListener = Callable[[ChangeKind, str | None], None]
