"""Clients with their own defaults, under every scenario that is shipped: no finding accuses one that is right.

Each client runs its programs one after another, beside the others, since most of the time is pauses.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from clevora_mock.resources import scenarios
from tests.external.clients.matrix import CLIENTS, Client, npm
from tests.external.clients.worker import Worker
from tests.support import records
from tests.support.control import control
from tests.support.server import RunningServer
from tests.support.world import World

# A sandbox's clock and the client's pauses run so many times as fast.
SPEED = 20
SCENARIOS = sorted(path.name.removesuffix(".yaml") for path in scenarios().iterdir() if path.name.endswith(".yaml"))
QUESTIONS = [f"Tell me about the sea, part {number}." for number in range(4)]

NAMES = ("suite-openai", "clients-openai", "node-openai-6", "node22-openai-7", "node-ai-6", "node22-ai-7")
LANGCHAIN = ("clients-langchain", "node22-langchain")
PLAIN = (
    Client("ky", (npm("ky"),), "node22", "ky", errors={}, cut=""),
    Client("got", (npm("got"),), "node22", "got", errors={}, cut=""),
)
TESTED = {client.id: client for client in (*CLIENTS, *PLAIN) if client in PLAIN or client.id in NAMES + LANGCHAIN}
# Its adapter retries less than the package by default.
MORE: dict[str, dict[str, Any]] = {"node22-langchain": {"retries": 6}}

# A daily limit ends at midnight. OpenAI's SDK for Node waits for it in version 6, so there is little to wait for, and a
# single question does not reach the next day's limit.
CLOCKS = {"daily-cap": "2026-05-11T23:57:30Z"}
QUESTIONS_OF = {"daily-cap": QUESTIONS[:1]}

# What is found all the same, since it is so: the clients, the scenarios and the kind.
#
# They take no Retry-After of a minute or more, and ask again after a pause of their own.
IMPATIENT = {"node22-openai-7", "node-ai-6", "node22-ai-7"}
# They repeat no POST by default.
UNREPEATING = {"node22-ky", "node22-got"}
# It asks for `stream_options`, which the contract does not know.
CURIOUS = {"node22-langchain"}
TRUE = {("early_retry", client, scenario) for client in IMPATIENT for scenario in ("daily-cap", "rate-limited")}
TRUE |= {
    ("gave_up", client, scenario)
    for client in UNREPEATING
    # On a slow machine the outage is over before the program is.
    for scenario in ("brownout", "flaky", "outage", "pessimist", "rate-limited")
}
TRUE |= {("unknown_fields", client, scenario) for client in CURIOUS for scenario in SCENARIOS}


# A scenario, or None for the program that goes on after half a stream.
Program = tuple[str, str | None]


@pytest.fixture(scope="module")
def found(real_server: RunningServer) -> Iterator[dict[Program, Future[list[dict[str, Any]]]]]:
    """Provide the findings about each client in each program. All programs are begun, and stopped after the tests."""
    with ExitStack() as running:
        programs = {}
        for client_id, client in TESTED.items():
            # Its own thread, and one process in which it is loaded once.
            thread = running.enter_context(ThreadPoolExecutor(1))
            running.callback(thread.shutdown, wait=False, cancel_futures=True)
            worker = running.enter_context(Worker(client, SPEED))
            for scenario in (*SCENARIOS, None):
                programs[client_id, scenario] = thread.submit(run_program, real_server, worker, client_id, scenario)
        yield programs


def run_program(server: RunningServer, worker: Worker, client_id: str, scenario: str | None) -> list[dict[str, Any]]:
    """Run a program in a sandbox of its own, and return the findings about it."""
    world = World(server, f"conduct-{client_id}-{scenario or 'half-stream'}")
    with world.http:
        control(world, "PUT scenario", json={"name": scenario or "cut-stream"})
        if scenario is None:
            take_half_streams(client_id, worker, world)
        else:
            now = {"now": CLOCKS[scenario]} if scenario in CLOCKS else {}
            control(world, "PATCH clock", json={"mode": "scaled", "speed": SPEED} | now)
            ask_all(client_id, worker, world, QUESTIONS_OF.get(scenario, QUESTIONS))
        assert records.journal(world)
        return list(control(world, "GET conduct?final=true")["findings"])


def ask_all(client_id: str, worker: Worker, world: World, questions: list[str]) -> None:
    """Ask some questions, as a program does that stops at a wrong key, and asks again for a stream without an end."""

    def call(function: str, **arguments: Any) -> dict[str, Any]:
        more = MORE.get(client_id, {})
        outcome = worker.call(function, base_url=world.base_url, api_key=world.api_key, **arguments, **more)
        if outcome.get("error", {}).get("status") in (401, 402, 403):
            raise StopIteration
        return outcome

    for question in questions:
        request = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": question}]}
        try:
            call("chat", request=request)
            read = call("stream", request=request)
            if not read.get("finish") and read.get("error", {}).get("status") is None:
                call("stream", request=request)
            call("embed", texts=[question])
        except StopIteration:
            return


def take_half_streams(client_id: str, worker: Worker, world: World) -> None:
    """Ask for two streams without an end, and go on as if they were whole."""
    for question in QUESTIONS[:2]:
        request = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": question}]}
        more = MORE.get(client_id, {})
        worker.call("stream", base_url=world.base_url, api_key=world.api_key, request=request, **more)


# One process of the run has them all, since they share their programs.
@pytest.mark.slow
@pytest.mark.xdist_group("conduct")
@pytest.mark.parametrize("client_id", TESTED)
class TestConduct:
    @pytest.mark.parametrize("scenario", SCENARIOS)
    def test_nobody_is_accused_of_its_defaults(
        self, found: dict[Program, Future[list[dict[str, Any]]]], client_id: str, scenario: str
    ) -> None:
        findings = found[client_id, scenario].result()
        assert [one for one in findings if (one["kind"], client_id, scenario) not in TRUE] == []

    def test_a_program_that_goes_on_after_half_a_stream_is_found(
        self, found: dict[Program, Future[list[dict[str, Any]]]], client_id: str
    ) -> None:
        findings = found[client_id, None].result()
        kinds = [(one["kind"], one["count"]) for one in findings if one["kind"] != "unknown_fields"]
        assert kinds == [("half_stream", 1)]
