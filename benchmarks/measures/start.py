"""Cold start, from the start of the process to the first answered chat, and the memory by then."""

import time

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.plan import Plan
from benchmarks.samples import body
from benchmarks.servers import MOCK, serving

# For work that a server does after it accepts connections.
_SETTLE_SECONDS = 0.5


def measure(plan: Plan, section: Section) -> None:
    kinds = {"bare": [plan.samples.serve(requests.CHAT, "chat")], MOCK: []} | {kind: [] for kind in plan.peers}
    for kind, flags in kinds.items():
        # The very first start writes bytecode.
        with serving(kind, flags, first=requests.chat()):
            pass
    for _ in range(plan.rounds):
        for kind, flags in kinds.items():
            with serving(kind, flags, first=requests.chat()) as server:
                section.add(
                    "cold start to the first chat", "ms", kind, 1000 * server.seconds_to_first_answer, charted=True
                )
        for kind, flags in kinds.items():
            _memory(section, kind, flags)


def _memory(section: Section, kind: str, flags: list[str]) -> None:
    with serving(kind, flags) as server:
        time.sleep(_SETTLE_SECONDS)
        section.add("resident memory at the start", "MB", kind, server.process.resident_megabytes())
        body(server.port, requests.chat())
        section.add(
            "resident memory after the first chat", "MB", kind, server.process.resident_megabytes(), charted=True
        )
        section.add("proportional memory after the first chat", "MB", kind, server.process.proportional_megabytes())
