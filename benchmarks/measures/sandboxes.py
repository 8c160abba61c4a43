"""The memory of sandboxes that were used once, against as many chats in one sandbox."""

from collections.abc import Iterator
from itertools import repeat

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.measures.chat import CONNECTIONS
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, serving

_SANDBOXES = 1000
_SECONDS = 60.0


def measure(plan: Plan, section: Section) -> None:
    asked: dict[str, list[bytes]] = {
        MOCK: [requests.chat(f"s{number}") for number in range(_SANDBOXES)],
        f"{MOCK}, all in one sandbox": list(repeat(requests.chat(), _SANDBOXES)),
    }
    for _ in range(plan.rounds):
        for shown, bodies in asked.items():
            section.add(f"memory for each of {_SANDBOXES:,} sandboxes", "KB", shown, _kilobytes(iter(bodies)))


def _kilobytes(bodies: Iterator[bytes]) -> float:
    """Return the growth for each request."""
    with serving(MOCK, ["--max-sandboxes", str(_SANDBOXES + 1)], first=requests.chat()) as server:
        # The memory of the first connections is not that of sandboxes.
        load(server.port, repeat(requests.chat(), 2 * CONNECTIONS), CONNECTIONS, _SECONDS)
        before = server.process.resident_megabytes()
        result = load(server.port, bodies, CONNECTIONS, _SECONDS)
        if result.answered != _SANDBOXES:
            raise RuntimeError(f"{result.answered} of {_SANDBOXES} chats in time")
        return (server.process.resident_megabytes() - before) * 1024 / _SANDBOXES
