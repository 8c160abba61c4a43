"""``/__mock/events``: journal entries as they are made, and changes of the sandbox."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clevora_mock import create_app
from clevora_mock.clock import SECOND
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import Scenario
from clevora_mock.settings import Settings
from tests.support.control import chat, control, snapshot_of
from tests.support.in_process import Client, InlineLoop
from tests.support.wait import wait_until
from tests.support.world import World

Event = tuple[str, Any]


@pytest.fixture
def events(world: World) -> "Iterator[queue.Queue[Event]]":
    """Provide the events of the sandbox, each with its name and data."""
    received: queue.Queue[Event] = queue.Queue()

    def listen() -> None:
        name = "message"
        with world.http.stream("GET", "/__mock/events") as answer:
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    received.put((name, json.loads(line.removeprefix("data: "))))
                    name = "message"
                    if received.queue[-1][1].get("reset") == "journal":
                        return

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    wait_until(lambda: bool(world.run_in_server(lambda sandbox: len(sandbox.change_listeners))))
    yield received
    control(world, "DELETE requests")
    reader.join(15)
    wait_until(lambda: not world.run_in_server(lambda sandbox: len(sandbox.change_listeners)))


def taken(events: "queue.Queue[Event]", count: int) -> list[Event]:
    return [events.get(timeout=15) for _ in range(count)]


def test_a_request_is_followed_by_its_charge(world: World, events: "queue.Queue[Event]") -> None:
    chat(world)
    (request, entry), (money, charge) = taken(events, 2)
    assert (request, entry["id"]) == ("message", control(world, "GET requests")["requests"][0]["id"])
    assert (money, charge["kind"], charge["uid"], charge["entry"]["type"]) == ("money", "money", "demo", "charge")
    assert charge["balance"] == charge["entry"]["balanceAfter"] == control(world, "GET accounts/demo")["balance"]


def pay(world: World) -> None:
    control(world, f"POST checkouts/{world.open_checkout()}/pay")


# A change, the names of its events, and a part of the last one's data.
CHANGES: list[tuple[Callable[[World], object], list[str], dict[str, Any]]] = [
    (lambda world: control(world, "PATCH clock", json={"advance": 60}), ["clock"], {"kind": "clock"}),
    (lambda world: control(world, "PUT scenario", json={"name": "flaky"}), ["scenario"], {"kind": "scenario"}),
    (lambda world: control(world, "DELETE scenario"), ["scenario"], {"kind": "scenario"}),
    (
        lambda world: control(world, "PUT scenario", json={"name": "out-of-credit"}),
        ["money", "scenario"],
        {"kind": "scenario"},
    ),
    (
        lambda world: control(world, "PUT scenario", content=b"clock: {start: 2030-01-01T00:00:00Z}"),
        ["clock", "scenario"],
        {"kind": "scenario"},
    ),
    (
        lambda world: control(world, "PATCH accounts/demo", json={"balance": 5}),
        ["money"],
        {"uid": "demo", "balance": 5},
    ),
    (
        lambda world: control(world, "PATCH accounts/demo", json={"activated": False}),
        ["account"],
        {"kind": "account"},
    ),
    (
        lambda world: control(world, "POST accounts", json={"uid": "ann", "balance": 1}),
        ["money", "account", "account"],
        {"kind": "account"},
    ),
    (
        lambda world: world.http.post("/v1/keys", headers=world.signed_in(), json={}),
        ["account", "message"],
        {"endpoint": "keys.create"},
    ),
    (pay, ["message", "money", "message"], {"endpoint": "dodo.webhook"}),
    (lambda world: control(world, "POST reset"), ["money", "account", "scenario", "reset"], {"reset": "everything"}),
    (
        lambda world: control(world, "POST reset", json={"only": "scenario"}),
        ["scenario", "reset"],
        {"reset": "scenario"},
    ),
    (
        lambda world: control(world, "POST reset", json={"only": "ledger"}),
        ["money", "account", "reset"],
        {"reset": "ledger"},
    ),
    (lambda world: control(world, "PUT state", json=snapshot_of(world)), ["reset"], {"reset": "state"}),
]


@pytest.mark.parametrize(("change", "names", "data"), CHANGES)
def test_every_change_is_an_event(
    world: World,
    events: "queue.Queue[Event]",
    change: Callable[[World], object],
    names: list[str],
    data: dict[str, Any],
) -> None:
    change(world)
    found = taken(events, len(names))
    assert [name for name, _ in found] == names
    assert {name: found[-1][1][name] for name in data} == data
    assert events.empty()


def test_what_changes_nothing_is_no_event(world: World, events: "queue.Queue[Event]") -> None:
    control(world, "PATCH accounts/demo", json={"balance": 100, "activated": True, "developerAccess": True})
    world.http.patch("/__mock/clock", json={"advance": -1})
    control(world, "GET state")
    control(world, "POST tokens", json={"uid": "demo"})
    assert events.empty()


class SlowReader:
    """A reader of the events of a sandbox that gets none of them until it reads."""

    def __init__(self) -> None:
        app, self._loop = create_app(Settings(clock="frozen")), InlineLoop()
        self.sandbox: Sandbox = app.state.sandboxes.default
        self._exchange = Client(app, self._loop).open("GET", "/__mock/events")

    def read(self) -> list[Any]:
        """Return the data of all events so far."""
        self._loop.run_until_idle()
        lines = self._exchange.body.decode().split("\n")
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    def leave(self) -> None:
        self._exchange.leave()
        self._loop.run_until_idle()
        self._loop.close()


@pytest.fixture
def slow_reader() -> Iterator[SlowReader]:
    reader = SlowReader()
    yield reader
    reader.leave()


def test_a_slow_reader_misses_the_oldest_events_beyond_a_thousand(slow_reader: SlowReader) -> None:
    sandbox = slow_reader.sandbox
    for _ in range(1002):
        sandbox.clock.set(sandbox.clock.now() + SECOND)
        sandbox.announce("clock")
    told = [event["clock"]["now"] for event in slow_reader.read()]
    assert (len(told), told[0], told[-1]) == (1000, "2026-01-01T00:00:03.000Z", "2026-01-01T00:16:42.000Z")


def test_the_stream_ends_when_the_sandbox_is_removed(world: World) -> None:
    """The next sandbox of this name is another one, whose events it would never have."""
    with world.http.stream("GET", "/__mock/events") as answer:
        lines = answer.iter_lines()
        assert next(lines) == ": listening"
        assert world.http.delete("/").json() == {"removed": world.name}
        assert [line for line in lines if line] == []


def start_long_scenario(sandbox: Sandbox, name: str) -> None:
    sandbox.start_scenario(Scenario(name, source="#" * 300_000))


def test_a_slow_reader_misses_the_oldest_events_beyond_a_mebibyte(slow_reader: SlowReader) -> None:
    for name in "abcdef":
        start_long_scenario(slow_reader.sandbox, name)
    assert [event["scenario"]["name"] for event in slow_reader.read()] == ["d", "e", "f"]


def test_a_reader_that_reads_misses_no_long_event(slow_reader: SlowReader) -> None:
    for read in range(1, 6):
        for name in "ab":
            start_long_scenario(slow_reader.sandbox, name)
        assert len(slow_reader.read()) == 2 * read
