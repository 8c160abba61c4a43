"""Two servers behind nginx, against one without: the processor time of nginx for a request, and for an event.

Servers and nginx share one processor, as in all measurements, so the rate through nginx is not that of a real site.
What counts is processor time: with many processors, a site is as fast as its mocks together, up to the limit of nginx.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle

from msgspec import Struct

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.measures.chat import CONNECTIONS
from benchmarks.pace import listen
from benchmarks.plan import Plan
from benchmarks.process import Process
from benchmarks.servers import MOCK, serving
from tests.external.deploy.nginx import balancing

BEHIND = f"{MOCK}, two behind nginx"
NGINX = "nginx"

# Enough sandboxes for both servers to get about half, whatever their ports hash to.
_SANDBOXES = 200

# The number of streams, and their tokens a second.
_STREAMS, _RATE = 200, 50


class Site(Struct, frozen=True):
    """The address that requests go to, and the processes that serve them."""

    port: int
    mocks: list[Process]
    nginx: list[Process]

    def used(self) -> tuple[float, float]:
        """Return the processor time so far, in seconds, of the mocks and of nginx."""
        return _seconds(self.mocks), _seconds(self.nginx)


def measure(plan: Plan, section: Section) -> None:
    for _ in range(plan.rounds):
        for shown, servers in ((MOCK, 1), (BEHIND, 2)):
            with _site(servers) as site:
                _chats(plan, section, shown, site)
            with _site(servers, "--tokens-per-second", str(_RATE)) as site:
                _paced(plan, section, shown, site)


@contextmanager
def _site(servers: int, *flags: str) -> Iterator[Site]:
    """Start one server alone, or several behind nginx with one worker."""
    with ExitStack() as stack:
        mocks = [stack.enter_context(serving(MOCK, flags, first=requests.chat())) for _ in range(servers)]
        processes = [mock.process for mock in mocks]
        if servers == 1:
            yield Site(mocks[0].port, processes, [])
            return
        balancer = stack.enter_context(balancing([mock.port for mock in mocks], workers=1))
        for pid in balancer.processes:
            os.sched_setaffinity(pid, {0})
        yield Site(balancer.port, processes, [Process(pid) for pid in balancer.processes])


def _chats(plan: Plan, section: Section, shown: str, site: Site) -> None:
    asked = cycle([requests.chat(f"s{number}") for number in range(_SANDBOXES)])
    load(site.port, asked, CONNECTIONS, plan.seconds / 4)
    mocks, nginx = site.used()
    result = load(site.port, asked, CONNECTIONS, plan.seconds)
    mocks_after, nginx_after = site.used()
    section.add("chats a second, all on one processor", "", shown, result.rate, better="more")
    section.add("p99", "ms", shown, 1000 * result.quantile(0.99))
    mock_time = 1e6 * (mocks_after - mocks) / result.answered
    section.add("processor time a chat", "µs", shown, mock_time)
    if site.nginx:
        nginx_time = 1e6 * (nginx_after - nginx) / result.answered
        section.add("processor time a chat", "µs", NGINX, nginx_time)
        section.add("chats a second that its own processor passes on", "", NGINX, 1e6 / nginx_time, better="more")
        section.add("mocks that this keeps busy, each on its own", "", NGINX, mock_time / nginx_time, better="more")
    section.add("the generator's share of its processor", "%", shown, 100 * result.busy, better="neither")


def _paced(plan: Plan, section: Section, shown: str, site: Site) -> None:
    events = plan.samples.read("long-stream").count(b"data: {")
    mocks, nginx = site.used()
    heard = listen(site.port, requests.stream(tokens=None), _STREAMS, _RATE, events, plan.seconds)
    mocks_after, nginx_after = site.used()
    what = f"{_STREAMS} streams of {_RATE}/s"
    sent = heard.streams * events
    section.add(f"{what}: processor time an event", "µs", shown, 1e6 * (mocks_after - mocks) / sent)
    if site.nginx:
        section.add(f"{what}: processor time an event", "µs", NGINX, 1e6 * (nginx_after - nginx) / sent)
    section.add(f"{what}: error p99", "ms", shown, heard.milliseconds(0.99))
    section.check(
        f"{what}: all open at once and whole, {shown}",
        heard.most_open == _STREAMS and heard.streams >= _STREAMS,
        f"{heard.most_open} open at once, {heard.streams} whole",
    )


def _seconds(processes: list[Process]) -> float:
    return sum(process.processor_seconds() for process in processes)
