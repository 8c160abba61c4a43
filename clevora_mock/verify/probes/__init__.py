"""The probes of each clause, one module an area; the product's own tests ask the same of the product.

Expectations are literals on purpose, not the product's tables: a probe that read them would confirm their mistakes.
"""

from types import ModuleType

from msgspec import Struct

from clevora_mock.verify.ask import Ask
from clevora_mock.verify.probe import Probe
from clevora_mock.verify.probes import (
    chat,
    embeddings,
    errors,
    general,
    keys,
    limits,
    money,
    payments,
    scripts,
    search,
    streams,
    usage,
)


class Area(Struct, frozen=True):
    """Probes of one subject."""

    name: str
    probes: tuple[Probe, ...]


def _area(name: str, *modules: ModuleType) -> Area:
    return Area(name, tuple(probe for module in modules for probe in module.PROBES))


# In the order of asking: the cheapest endpoint first, from which prices are learned, and the most expensive late.
AREAS: tuple[Area, ...] = (
    _area("General", general, errors),
    _area("Credentials and keys", keys),
    _area("Embeddings", embeddings),
    _area("Search", search),
    _area("Money", money, payments),
    _area("Chat completions", chat),
    _area("Streaming", streams),
    _area("Usage", usage),
    _area("Scripts", scripts),
    _area("Limits", limits),
)

PROBES: tuple[Probe, ...] = tuple(probe for area in AREAS for probe in area.probes)

# Clauses that no probe can see, and why.
UNSEEN: dict[str, str] = {
    "B3": "needs an account whose balance is used up",
    "H4": "which catalog is searched is not seen from outside",
    "L3": "needs a million tokens",
    "U8": "Firestore is not reached over the API",
}

HOMES: dict[str, Ask] = errors.HOMES
