"""The plan of a run: the clauses to ask for, the needs of their probes, and the most that they cost."""

from collections.abc import Sequence

from msgspec import Struct

from clevora_mock.contract.clauses import CLAUSES
from clevora_mock.verify.ask import NEEDS, Ask, Need
from clevora_mock.verify.pace import PER_MINUTE
from clevora_mock.verify.probe import Probe
from clevora_mock.verify.probes import AREAS, PROBES, UNSEEN
from clevora_mock.verify.session import Credentials
from clevora_mock.verify.spending import CHEAPEST, charge_of, greatest_cost

_CLAUSE_IDS = tuple(clause.id for clause in CLAUSES)
# The area of a clause, by its id's letter.
_AREAS = {
    "W": "General",
    "K": "Credentials and keys",
    "B": "Money",
    "L": "Limits",
    "C": "Chat completions",
    "S": "Streaming",
    "E": "Embeddings",
    "H": "Search",
    "G": "Scripts",
    "U": "Usage",
}


class PlannedProbe(Struct, frozen=True):
    """A probe, and why it is not asked; empty if it is."""

    probe: Probe
    lacking: str = ""


class PlannedClause(Struct, frozen=True):
    """A clause with its probes; without any, `unseen` says why."""

    id: str
    area: str
    probes: tuple[PlannedProbe, ...]
    unseen: str = ""


class Plan(Struct, frozen=True):
    """The clauses to ask for, in the order of asking."""

    clauses: tuple[PlannedClause, ...]

    @property
    def probes(self) -> list[Probe]:
        return [one.probe for clause in self.clauses for one in clause.probes if not one.lacking]

    @property
    def cost(self) -> int:
        """The most that it costs by the price table, in micro-dollars."""
        asks = _unique([*self.first_asks, *self._asks, *self._shared])
        return sum(map(greatest_cost, asks)) + sum(probe.cost for probe in self.probes)

    @property
    def first_asks(self) -> list[Ask]:
        """The cheapest request to each endpoint that is charged for another, from which its price is learned."""
        paths = {charge_of(ask).path for ask in (*self._asks, *self._shared) if greatest_cost(ask)}
        return [ask for ask in CHEAPEST if charge_of(ask).path in paths]

    @property
    def requests(self) -> int:
        """About how many requests it takes; the balance is read after each with the key."""
        functions = sum(probe.requests for probe in self.probes if probe.check is not None)
        asks = _unique([*self.first_asks, *self._asks])
        return functions + len(asks) + sum(ask.credential == "key" for ask in asks)

    @property
    def _asks(self) -> list[Ask]:
        return [probe.ask for probe in self.probes if probe.ask is not None]

    @property
    def _shared(self) -> list[Ask]:
        return [ask for probe in self.probes for ask in probe.shares]

    @property
    def minutes(self) -> int:
        """About how many minutes it takes at the pace of `PER_MINUTE`."""
        return max(1, round(self.requests / PER_MINUTE) + any("limits" in probe.needs for probe in self.probes))


def _unique(asks: Sequence[Ask]) -> list[Ask]:
    """Return each request once, as it is asked first."""
    return list({ask.key: ask for ask in reversed(asks)}.values())


def read_clauses(text: str) -> tuple[str, ...]:
    """Return the ids for ``C,S4``: a letter is all its clauses. Raises ValueError with what is expected."""
    chosen: list[str] = []
    for name in filter(None, (part.strip().upper() for part in text.split(","))):
        found = [clause for clause in _CLAUSE_IDS if clause == name or (len(name) == 1 and clause[0] == name)]
        if not found:
            raise ValueError(f"expected clauses such as C,S4 out of {_clause_list()}, got {name!r}")
        chosen += found
    return tuple(dict.fromkeys(chosen))


def _clause_list() -> str:
    """Return each area with its clauses: ``W1 to W9 (General), …``."""
    ids = {letter: [name for name in _CLAUSE_IDS if name[0] == letter] for letter in _AREAS}
    return ", ".join(f"{ids[letter][0]} to {ids[letter][-1]} ({area})" for letter, area in _AREAS.items())


def make_plan(credentials: Credentials, clauses: Sequence[str] = (), *, destructive: bool = False) -> Plan:
    """Return what to ask for `clauses`, or for all. Limits are asked for only where a clause of theirs is named."""
    given: set[Need] = {name for name in NEEDS if getattr(credentials, name, None) is not None}
    given |= {"destructive"} if destructive else set()
    given |= {"limits"} if any(clause.startswith("L") for clause in clauses) else set()
    chosen = [name for area in AREAS for name in _CLAUSE_IDS if _AREAS[name[0]] == area.name]
    planned = [
        PlannedClause(name, _AREAS[name[0]], tuple(_planned(probe, given) for probe in PROBES if probe.clause == name))
        for name in chosen
        if name not in UNSEEN and (not clauses or name in clauses)
    ]
    unseen = [name for name in UNSEEN if not clauses or name in clauses]
    planned += [PlannedClause(name, _AREAS[name[0]], (), UNSEEN[name]) for name in unseen]
    return Plan(tuple(planned))


def _planned(probe: Probe, given: set[Need]) -> PlannedProbe:
    lacking = [need for need in probe.all_needs() if need not in given]
    return PlannedProbe(probe, NEEDS[lacking[0]] if lacking else "")
