"""The limit of the load generator, against a server that does no HTTP."""

from itertools import cycle

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.measures.chat import CONNECTIONS
from benchmarks.plan import Plan
from benchmarks.servers import serving


def measure(plan: Plan, section: Section) -> None:
    served = [plan.samples.serve(requests.CHAT, "chat")]
    for _ in range(plan.rounds):
        for kind in ("canned", "bare"):
            with serving(kind, served, first=requests.chat()) as server:
                load(server.port, cycle([requests.chat()]), CONNECTIONS, plan.seconds / 4)
                result = load(server.port, cycle([requests.chat()]), CONNECTIONS, plan.seconds)
            section.add("requests a second", "", kind, result.rate, better="more")
            section.add("the generator's share of its processor", "%", kind, 100 * result.busy, better="neither")
            ceiling = result.rate / result.busy
            section.add("requests a second that it could make", "", kind, ceiling, better="neither")
