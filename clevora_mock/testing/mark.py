"""The mark ``clevora``, which sets up a test's sandbox.

The plugin declares it in every run, so this module imports nothing more.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest


class Mark(NamedTuple):
    """The keywords of ``@pytest.mark.clevora``; with None the sandbox stays as it is.

    `scenario` is a name, a file or a mapping, `rules` the rules of one; `balance` and `budget` are dollars; `clock` is
    what ``--clock`` takes; `recording` is a name, or True for the test's own.
    """

    scenario: Any = None
    rules: Any = None
    balance: Any = None
    clock: Any = None
    recording: Any = None
    budget: Any = None


SIGNATURE = f"clevora({', '.join(f'{keyword}=None' for keyword in Mark._fields)})"


def read_mark(marks: Iterable[pytest.Mark]) -> Mark:
    """Return the marks of a test, the closest first, as one: of each keyword the closest wins. Raises TypeError."""
    keywords: dict[str, Any] = {}
    for mark in reversed([*marks]):
        unknown = sorted(mark.kwargs.keys() - set(Mark._fields))
        if mark.args or unknown:
            raise TypeError(f"expected {SIGNATURE}, got {', '.join([*map(repr, mark.args), *unknown])}")
        keywords |= mark.kwargs
    return Mark(**keywords)
