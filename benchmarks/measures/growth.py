"""The growth of a server's memory over many chats, and the change of its rate."""

from itertools import repeat

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.measures.chat import CONNECTIONS
from benchmarks.measures.flat import ask
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, serving

_MOST = 100_000
_FEW = 1000


def measure(plan: Plan, section: Section) -> None:
    chats = min(plan.requests, _MOST)
    served = [plan.samples.serve(requests.CHAT, "chat")]
    for kind, flags in ({"starlette": served, MOCK: []} | {kind: [] for kind in plan.peers}).items():
        with serving(kind, flags, first=requests.chat()) as server:
            ask(server.port, _FEW)
            before, early = server.process.resident_megabytes(), _rate(plan, server.port)
            ask(server.port, chats)
            after, late = server.process.resident_megabytes(), _rate(plan, server.port)
        section.add("resident memory after 1,000 chats", "MB", kind, before)
        section.add(f"resident memory after {chats:,} chats more", "MB", kind, after)
        section.add("growth a thousand chats", "KB", kind, (after - before) * 1024 / (chats / 1000))
        section.add("chats a second before", "", kind, early, better="more")
        section.add("chats a second after", "", kind, late, better="more")


def _rate(plan: Plan, port: int) -> float:
    return load(port, repeat(requests.chat()), CONNECTIONS, plan.seconds / 2).rate
