"""The measurements: each goes through the rounds, the servers by turns, and adds its figures to the results."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from msgspec import Struct

from benchmarks import goals, load, peers
from benchmarks.answers import Answers
from benchmarks.bodies import CHAT, EMBEDDINGS, Bodies, searches
from benchmarks.load import milliseconds
from benchmarks.results import MOCK, Figure, Results
from benchmarks.servers import ROOT, Running, Server, environment, floor, mock, serving

CONNECTIONS = 32
STREAMS, TOKENS_A_SECOND = 200, 50
LARGE_CATALOG = 100_000

_REPEATED_BODIES = 64
# For work that a server does after its first answer.
_SETTLE_SECONDS = 0.3

_TENTH = 100_000
# The journal holds 10,000 requests; until it is full, memory grows as it is meant to.
_UNTIL_FULL = 20_000
_LONG_SECONDS = 600.0

_TESTS = """
import pytest

@pytest.mark.parametrize("number", range(300))
{mark}def test_number(number, clevora):
    assert clevora.base_url and clevora.api_key
"""
_MARK = '@pytest.mark.clevora(scenario="flaky", clock="frozen", balance=20)\n'
# Writes the sums of set-up, call and tear-down, in seconds.
_CONFTEST = """
import json, pathlib

durations = {}

def pytest_runtest_logreport(report):
    durations[report.nodeid] = durations.get(report.nodeid, 0) + report.duration

def pytest_sessionfinish():
    pathlib.Path("durations.json").write_text(json.dumps(list(durations.values())))
"""


class Plan(Struct, frozen=True):
    """Rounds, seconds of load in each, names of the peers, bodies and answers, and where results go."""

    rounds: int
    seconds: float
    peers: list[str]
    bodies: Bodies
    answers: Answers
    results: Results

    def peer_servers(self, *, stream: bool = False) -> list[Server]:
        return [peers.server(name, self.answers, stream=stream) for name in self.peers]

    def add(self, section: str, name: str, server: str, value: float, unit: str = "", *, charted: bool = False) -> None:
        """Add a round's value for a server to the figure `name`."""
        figure = self.results.find(section, name)
        if figure is None:
            figure = Figure(section, name, unit, charted)
            self.results.figures.append(figure)
        figure.values.setdefault(server, []).append(float(f"{value:.4g}"))


def start(plan: Plan) -> None:
    """Measure the time from the start of the process to the first answered chat, and the memory then."""
    servers = [floor("starlette", CHAT, plan.answers.folder / "chat"), mock(), *plan.peer_servers()]
    bodies = plan.bodies.chats()
    for number in range(plan.rounds + 1):
        for server in servers:
            with serving(server, next(bodies)) as running:
                # The very first start writes bytecode.
                if number:
                    took = 1000 * running.seconds_to_first_answer
                    plan.add("start", goals.COLD_START, server.name, took, "ms", charted=True)
                    time.sleep(_SETTLE_SECONDS)
                    plan.add("start", goals.MEMORY, server.name, running.resident_mebibytes(), "MiB", charted=True)


def chat(plan: Plan) -> None:
    """Measure chats, of bare servers, of the mock with new bodies and with repeated ones, and of the peers."""
    floors = [floor(kind, CHAT, plan.answers.folder / "chat") for kind in ("bare", "starlette")]
    for _ in range(plan.rounds):
        for server in (*floors, mock(), mock(name=goals.REPEATED), *plan.peer_servers()):
            bodies = plan.bodies.chats()
            if server.name == goals.REPEATED:
                bodies = cycle(islice(bodies, _REPEATED_BODIES))
            _put_under_load(plan, "chat", goals.A_CHAT, server, bodies)


def streams(plan: Plan) -> None:
    """Measure streams without pacing, against a bare server that sends a stream's events one by one."""
    servers = [floor("chunks", CHAT, plan.answers.folder / "stream"), mock(), *plan.peer_servers(stream=True)]
    for _ in range(plan.rounds):
        for server in servers:
            _put_under_load(plan, "streams", goals.AN_EVENT, server, plan.bodies.chats(stream=True))


def embeddings(plan: Plan) -> None:
    """Measure embeddings of new sentences, against a route that parses and encodes as much."""
    for _ in range(plan.rounds):
        for figure, file in ((goals.NUMBERS, "numbers"), (goals.BASE64, "base64")):
            for server in (floor("starlette", EMBEDDINGS, plan.answers.folder / file), mock()):
                bodies = plan.bodies.embeddings(base64=figure == goals.BASE64)
                _put_under_load(plan, "embeddings", figure, server, bodies)


def _put_under_load(plan: Plan, section: str, figure: str, server: Server, requests: Iterator[bytes]) -> None:
    """Put a new server under load, after a third as long to warm up, and add what `figure` and its like say of it."""
    with serving(server, next(requests)) as running:
        load.run(running.port, requests, CONNECTIONS, plan.seconds / 3)
        before = running.processor_seconds()
        result = load.run(running.port, requests, CONNECTIONS, plan.seconds)
        used = running.processor_seconds() - before
    count = result.events if figure == goals.AN_EVENT else result.answered
    prefix = figure.partition("processor")[0]
    plan.add(section, figure, server.name, 1e6 * used / count, "µs", charted=True)
    plan.add(section, f"{prefix}answers a second", server.name, len(result.latencies) / result.seconds)
    plan.add(section, f"{prefix}time to an answer, p99", server.name, milliseconds(result.latencies, 0.99), "ms")
    plan.add(section, f"{prefix}bytes of an answer", server.name, result.bytes / result.answered)
    plan.add(section, f"{prefix}the load generator's share of its processor", server.name, 100 * result.busy, "%")


def paced(plan: Plan) -> None:
    """Measure the distance of paced tokens from their due times, beside a bare server with the same pace."""
    flags = ("--tokens-per-second", str(TOKENS_A_SECOND))
    servers = [floor("chunks", CHAT, plan.answers.folder / "stream", TOKENS_A_SECOND), mock(*flags)]
    for _ in range(plan.rounds):
        for server in servers:
            bodies = plan.bodies.chats(stream=True)
            with serving(server, next(bodies)) as running:
                result = load.run(running.port, bodies, STREAMS, plan.seconds, TOKENS_A_SECOND)
            plan.add("paced streams", "lateness, p50", server.name, milliseconds(result.lateness, 0.5), "ms")
            plan.add("paced streams", goals.LATENESS, server.name, milliseconds(result.lateness, 0.99), "ms")


def search(plan: Plan) -> None:
    """Measure search in the shipped catalog and in a large one, over one connection."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        large = Path(folder) / "catalog.jsonl"
        command = [sys.executable, "-m", "clevora_mock", "catalog", "--size", str(LARGE_CATALOG), "-o", str(large)]
        subprocess.run(command, check=True, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, timeout=600)
        catalogs = {"shipped catalog": ROOT / "fixtures/catalog.jsonl", f"{LARGE_CATALOG:,} items": large}
        queries = {name: searches(catalog) for name, catalog in catalogs.items()}
        ports = {
            name: stack.enter_context(serving(mock("--catalog", str(catalog)), next(queries[name]))).port
            for name, catalog in catalogs.items()
        }
        for number in range(plan.rounds + 1):
            for name, port in ports.items():
                latencies = load.run(port, queries[name], 1, plan.seconds).latencies
                # The first round warms up.
                if number:
                    plan.add("search", f"{name}, p50", MOCK, milliseconds(latencies, 0.5), "ms")
                    plan.add("search", f"{name}, p99", MOCK, milliseconds(latencies, 0.99), "ms")


def fixture(plan: Plan) -> None:
    """Measure the pytest fixture: the median duration of 300 tests, plain and with a sandbox that is set up."""
    for _ in range(plan.rounds):
        for figure, mark in ((goals.PLAIN_TEST, ""), (goals.SET_UP_TEST, _MARK)):
            plan.add("pytest fixture", figure, MOCK, 1000 * median(_durations(plan, mark)), "ms")


def _durations(plan: Plan, mark: str) -> list[float]:
    """Return the seconds that each test took, with the server on its own processor."""
    with tempfile.TemporaryDirectory() as name, serving(mock(), next(plan.bodies.chats())) as running:
        folder = Path(name)
        (folder / "test_fixture.py").write_text(_TESTS.format(mark=mark))
        (folder / "conftest.py").write_text(_CONFTEST)
        command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider"]
        variables = environment() | {"CLEVORA_MOCK_URL": f"http://127.0.0.1:{running.port}"}
        subprocess.run(command, check=True, cwd=folder, env=variables, stdout=subprocess.DEVNULL, timeout=120)
        found: list[float] = json.loads((folder / "durations.json").read_text())
        return found


def long(plan: Plan) -> None:
    """Send a million chats to one server: the growth of its memory, and of the time for a chat."""
    bodies, times = plan.bodies.chats(), list[float]()
    bare = floor("starlette", CHAT, plan.answers.folder / "chat")
    with serving(bare, next(bodies)) as below, serving(mock(), next(bodies)) as running:
        new = running.resident_mebibytes()
        _processor_time(plan, running, _UNTIL_FULL)
        full = running.resident_mebibytes()
        for _ in range(10):
            # Changes of the machine show in the bare server, which keeps no state.
            bare_time, mock_time = _processor_time(plan, below, _TENTH // 10), _processor_time(plan, running, _TENTH)
            times.append(mock_time / bare_time)
            plan.add("long run", "processor time a chat, tenth by tenth", "starlette", bare_time, "µs")
            plan.add("long run", "processor time a chat, tenth by tenth", MOCK, mock_time, "µs")
            plan.add("long run", "resident memory, tenth by tenth", MOCK, running.resident_mebibytes(), "MiB")
        plan.add("long run", "memory grown until the journal is full", MOCK, full - new, "MiB")
        plan.add("long run", goals.GROWTH, MOCK, running.resident_mebibytes() - full, "MiB")
        plan.add("long run", goals.FIRST_TENTH, MOCK, times[0] / times[-1])


def _processor_time(plan: Plan, running: Running, chats: int) -> float:
    """Send `chats` new chats and return the server's processor time for each, in microseconds."""
    before = running.processor_seconds()
    result = load.run(running.port, islice(plan.bodies.chats(), chats), CONNECTIONS, _LONG_SECONDS)
    if result.answered != chats:
        raise RuntimeError(f"only {result.answered} of {chats} chats in {_LONG_SECONDS:.0f} s")
    return 1e6 * (running.processor_seconds() - before) / chats


_ALL: tuple[Callable[[Plan], None], ...] = (start, chat, streams, paced, embeddings, search, fixture, long)
MEASURES = {measure.__name__: measure for measure in _ALL}
