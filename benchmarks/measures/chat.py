"""Chats at 32 connections, against a Starlette route that parses and encodes with msgspec."""

from itertools import cycle

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, serving

CONNECTIONS = 32


def measure(plan: Plan, section: Section) -> None:
    served = [plan.samples.serve(requests.CHAT, "chat")]
    kinds = {"bare": served, "starlette": served, MOCK: []} | {kind: [] for kind in plan.peers}
    for _ in range(plan.rounds):
        for kind, flags in kinds.items():
            _measure(plan, section, kind, flags)


def _measure(plan: Plan, section: Section, kind: str, flags: list[str]) -> None:
    with serving(kind, flags, first=requests.chat()) as server:
        load(server.port, cycle([requests.chat()]), CONNECTIONS, plan.seconds / 4)
        before = server.process.processor_seconds()
        result = load(server.port, cycle([requests.chat()]), CONNECTIONS, plan.seconds)
        used = server.process.processor_seconds() - before
    section.add("chats a second", "", kind, result.rate, better="more", charted=True)
    section.add("p99", "ms", kind, 1000 * result.quantile(0.99))
    section.add("processor time a chat", "µs", kind, 1e6 * used / result.answered)
    section.add("bytes an answer", "B", kind, result.bytes / result.answered, better="neither")
    section.add("the generator's share of its processor", "%", kind, 100 * result.busy, better="neither")
