"""Probes as values: one request with its expected answer, or a short sequence as a function."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from clevora_mock.verify.ask import CREDENTIALS, Ask, Need
from clevora_mock.verify.expectation import Difference
from clevora_mock.verify.session import Session

# Returns what is not as expected. Raises CannotCheckError.
Check = Callable[[Session], list[Difference]]


class Probe(Struct, frozen=True):
    """A check of one clause.

    Probes that share a request share its answer: `ask`, and of a function `shares`. `cost` is the most that its other
    requests cost by the price table, in micro-dollars.
    """

    title: str
    clause: str
    ask: Ask | None = None
    check: Check | None = None
    needs: tuple[Need, ...] = ()
    cost: int = 0
    requests: int = 1
    shares: tuple[Ask, ...] = ()

    def all_needs(self) -> tuple[Need, ...]:
        """Return what it needs, with its request's credential."""
        credential = None if self.ask is None else CREDENTIALS[self.ask.credential]
        return self.needs if credential is None else (*self.needs, credential)


def asking(title: str, clause: str, request: str, *, needs: tuple[Need, ...] = (), **ask: Any) -> Probe:
    """Return the probe of one request."""
    return Probe(title, clause, Ask(request, **ask), needs=needs)


def checking(
    title: str,
    clause: str,
    check: Check,
    *needs: Need,
    shares: tuple[Ask, ...] = (),
    cost: int = 0,
    requests: int = 2,
) -> Probe:
    """Return the probe of a function; `requests` is the most that it sends."""
    return Probe(title, clause, check=check, shares=shares, needs=needs, cost=cost, requests=requests)
