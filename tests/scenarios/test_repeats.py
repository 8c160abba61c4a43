"""The same seed, scenario and requests give the same bytes, and concurrent connections are counted correctly."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from clevora_mock.settings import Settings
from tests.support import records
from tests.support import scenarios as support
from tests.support.raw_client import TIMEOUT_SECONDS, Ending, RawResponse, connect, read
from tests.support.scenarios import CHAT, REQUEST_EXAMPLES, SEARCH, send, start_rules, start_shipped_scenario
from tests.support.server import RunningServer, serve_settings
from tests.support.world import World

CROWD = 32


def run(world: World, scenario: str, count: int = 40) -> list[tuple[bytes, Ending]]:
    """Return every byte and every ending of a series of requests."""
    start_shipped_scenario(world, scenario)
    found = []
    for number in range(count):
        seen = send(world, REQUEST_EXAMPLES[number % len(REQUEST_EXAMPLES)])
        found.append((seen.raw, seen.ending))
        world.advance(1)
    return found


@pytest.mark.parametrize("scenario", ["brownout", "broken-stream", "connection-drops", "slow-stream"])
def test_a_reset_sandbox_repeats_itself(world: World, scenario: str) -> None:
    first = run(world, scenario)
    before = [(entry.latency, entry.rule, entry.draw, entry.misses) for entry in records.journal(world)]
    world.http.post("/__mock/reset").raise_for_status()
    assert run(world, scenario) == first
    after = [(entry.latency, entry.rule, entry.draw, entry.misses) for entry in records.journal(world)]
    assert after == before
    if scenario != "slow-stream":
        assert len({rule for _, rule, _, _ in after}) > 2 - (scenario == "brownout")


@pytest.mark.parametrize("scenario", ["brownout", "broken-stream", "connection-drops"])
def test_another_server_of_the_same_seed_repeats_it(frozen_server: RunningServer, scenario: str) -> None:
    """A draw depends on the sandbox's name, not on the server."""
    name = f"again-{scenario}"
    with serve_settings(Settings(clock="frozen")) as other:
        one, two = World(frozen_server, name), World(other, name)
        with one.http, two.http:
            assert run(one, scenario, 20) == run(two, scenario, 20)


def test_another_seed_is_another_series(world: World) -> None:
    first = run(world, "connection-drops")
    with serve_settings(Settings(clock="frozen", seed=1)) as other:
        second = World(other, world.name)
        with second.http:
            assert [ending for _, ending in run(second, "connection-drops")] != [ending for _, ending in first]


def test_other_traffic_shifts_nothing(world: World) -> None:
    rule = {"name": "some", "when": {"endpoint": "chat.completions", "chance": 0.5}, "then": {"fault": "reset"}}
    start_rules(world, rule)
    alone = [send(world, CHAT).ending for _ in range(12)]
    assert len(set(alone)) == 2
    start_rules(world, rule)
    mixed = []
    for _ in range(12):
        assert send(world, SEARCH).ending == "whole"
        mixed.append(send(world, CHAT).ending)
    assert mixed == alone


@pytest.mark.parametrize(("then", "failed"), [({"error": 500}, (500, "whole")), ({"fault": "reset"}, (None, "reset"))])
def test_concurrent_connections_see_exactly_two_failures(
    world: World, then: dict[str, object], failed: tuple[int | None, str]
) -> None:
    """32 connections are open before the first request; two of the requests fail."""
    start_rules(world, {"name": "two", "when": {"calls": "1-2"}, "then": then}, limits={"requests_per_minute": None})
    together = threading.Barrier(CROWD)

    def example() -> RawResponse:
        with connect(world.address) as connection:
            together.wait(TIMEOUT_SECONDS)
            connection.sendall(support.request_bytes(world, CHAT))
            return read(connection, RawResponse())

    with ThreadPoolExecutor(CROWD) as pool:
        seen = [one.result() for one in [pool.submit(example) for _ in range(CROWD)]]
    outcomes: list[tuple[int | None, str]] = [(one.status, one.ending) for one in seen]
    assert outcomes.count(failed) == 2
    assert outcomes.count((200, "whole")) == CROWD - 2
    entries = records.wait_for_entries(world, CROWD)
    assert [entry.rule for entry in entries].count("two") == 2
    assert len(records.charges(world)) == CROWD - 2
    records.check_totals(world)
