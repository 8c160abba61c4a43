"""Whose API a path belongs to, and what follows from it for every request there."""

from collections.abc import Callable

from msgspec import Struct

from clevora_mock.api.answers import Json, refusal
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError


class Surface(Struct, frozen=True):
    """One API among those that the server speaks.

    What is `emulated` stands in for something real: it is journaled, and pages of any origin may read it (W8). The
    mock's own pages are not. `refuse` renders a refusal the way the API's clients know it.
    """

    emulated: bool
    refuse: Callable[[ApiError, Call], Json] = refusal


CLEVORA = Surface(emulated=True)
OWN = Surface(emulated=False)
