"""Streams without pacing, against bare servers that send the same events one by one, or in one write."""

from itertools import cycle

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.measures.chat import CONNECTIONS
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, Serving, serving


def measure(plan: Plan, section: Section) -> None:
    served = [plan.samples.serve(requests.CHAT, "stream")]
    servers = {"bare, event by event": ("chunks", served), "bare, in one write": ("bare", served), MOCK: (MOCK, [])}
    servers |= {kind: (kind, []) for kind in plan.peers}
    for _ in range(plan.rounds):
        for shown, (kind, flags) in servers.items():
            with serving(kind, flags, first=requests.stream()) as server:
                _measure(plan, section, shown, server)


def _measure(plan: Plan, section: Section, kind: str, server: Serving) -> None:
    # aimock and stubllm end the same number of events by other means; `load` checks that all have as many.
    asked, events = [requests.stream()], requests.STREAM_EVENTS
    load(server.port, cycle(asked), CONNECTIONS, plan.seconds / 4, events)
    before = server.process.processor_seconds()
    result = load(server.port, cycle(asked), CONNECTIONS, plan.seconds, events)
    used = server.process.processor_seconds() - before
    section.add("time an event", "µs", kind, 1e6 * result.seconds / result.requests / events, charted=True)
    section.add("processor time an event", "µs", kind, 1e6 * used / result.answered / events)
    section.add("streams a second", "", kind, result.rate, better="more")
    section.add("p99 of a whole stream", "ms", kind, 1000 * result.quantile(0.99))
    section.add("bytes a stream", "B", kind, result.bytes / result.answered, better="neither")
    section.add("the generator's share of its processor", "%", kind, 100 * result.busy, better="neither")
