"""Paced streams: the distance of each event from its due time, with 200 fast streams and with 2,000 slow ones."""

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.pace import listen
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, serving

# Both are 10,000 events a second.
_QUICK = (200, 50)
_SLOW = (2000, 5)

# At most three rounds, since each takes long.
_SLOW_ROUNDS = 3


def measure(plan: Plan, section: Section) -> None:
    for _ in range(plan.rounds):
        _by_turns(plan, section, *_QUICK, plan.seconds)
    for _ in range(min(plan.rounds, _SLOW_ROUNDS)):
        _by_turns(plan, section, *_SLOW, 0)


def _by_turns(plan: Plan, section: Section, streams: int, rate: int, seconds: float) -> None:
    served = [plan.samples.serve(requests.CHAT, "long-stream"), f"rate={rate}"]
    for kind, flags in {"paced": served, MOCK: ["--tokens-per-second", str(rate)]}.items():
        _measure(plan, section, kind, flags, (streams, rate, seconds))


def _measure(plan: Plan, section: Section, kind: str, flags: list[str], asked: tuple[int, int, float]) -> None:
    streams, rate, seconds = asked
    request = requests.stream(tokens=None)
    events = plan.samples.read("long-stream").count(b"data: {")
    with serving(kind, flags, first=request) as server:
        before = server.process.processor_seconds()
        heard = listen(server.port, request, streams, rate, events, seconds)
        used = server.process.processor_seconds() - before
        resident = server.process.resident_megabytes()
    what = f"{streams:,} streams of {rate}/s"
    section.add(f"{what}: error p50", "ms", kind, heard.milliseconds(0.5))
    section.add(f"{what}: error p99", "ms", kind, heard.milliseconds(0.99))
    section.add(f"{what}: error max", "ms", kind, heard.milliseconds(1))
    section.add(f"{what}: the server's share of its processor", "%", kind, 100 * used / heard.seconds)
    section.add(f"{what}: the listener's share of its processor", "%", kind, 100 * heard.busy, better="neither")
    section.add(f"{what}: resident memory", "MB", kind, resident)
    section.check(
        f"{what}: all open at once and whole, {kind}",
        heard.most_open == streams and heard.streams >= streams,
        f"{heard.most_open} open at once, {heard.streams} whole",
    )
