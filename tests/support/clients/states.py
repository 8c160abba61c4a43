"""Situations for clients, set up in the server's thread."""

from time import monotonic, sleep

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import REQUESTS_PER_MINUTE, TOKENS_PER_DAY
from clevora_mock.core.accounts import Account, Key
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.sandbox import Sandbox
from tests.support.world import World

# So slow that only `World.advance` moves the clock.
STOPPED_SPEED = 1e-9


def demo_account(sandbox: Sandbox) -> Account:
    return sandbox.accounts.by_uid["demo"]


def charges(world: World) -> list[LedgerEntry]:
    """Return the demo account's charges, oldest first."""
    return world.run_in_server(
        lambda sandbox: [entry for entry in demo_account(sandbox).ledger.entries if entry.type == "charge"]
    )


def journal(world: World) -> list[JournalEntry]:
    return world.run_in_server(lambda sandbox: list(sandbox.journal.entries))


def statuses(world: World) -> list[int]:
    """Return the statuses of all requests so far."""
    return [entry.status for entry in journal(world)]


def wait_for_charges(world: World, count: int = 1, patience: float = 10) -> list[LedgerEntry]:
    """Return the charges, once there are `count` of them."""
    deadline = monotonic() + patience
    while len(found := charges(world)) < count:
        assert monotonic() < deadline, f"{len(found)} of {count} charges after {patience} s"
        sleep(0.005)
    return found


def demo_key(sandbox: Sandbox) -> Key:
    return demo_account(sandbox).keys[0]


def lose_access(world: World) -> None:
    world.run_in_server(lambda sandbox: setattr(demo_account(sandbox), "developer_access", False))


def deactivate(world: World) -> None:
    world.run_in_server(lambda sandbox: setattr(demo_account(sandbox), "activated", False))


def use_up_minute(world: World, retry_after: int = 60) -> None:
    """Use up the demo key's requests of the minute, with `retry_after` seconds to wait."""

    def fill(sandbox: Sandbox) -> None:
        before = sandbox.clock.now() - (60 - retry_after) * SECOND
        for _ in range(REQUESTS_PER_MINUTE):
            demo_key(sandbox).limiter.acquire(before, sandbox.limits)

    world.run_in_server(fill)


def use_up_day(world: World) -> None:
    """Use up the demo key's tokens of the day."""
    world.run_in_server(lambda sandbox: demo_key(sandbox).limiter.add_tokens(TOKENS_PER_DAY, sandbox.clock.now()))


class FailingRng(SeededRng):
    """A generator that fails for a number of chat completions, and then draws as before."""

    def __init__(self, sandbox: Sandbox, failures: int) -> None:
        super().__init__(sandbox.config.seed, sandbox.name, sandbox.rng.counters)
        self._failures = failures

    def next_hex(self, purpose: str, length: int = 24) -> str:
        if purpose == "chat" and self._failures:
            self._failures -= 1
            raise RuntimeError("out of luck")
        return super().next_hex(purpose, length)


def fail_chats(world: World, failures: int = 1) -> None:
    """Make the handler of the next `failures` chat completions raise."""
    world.run_in_server(lambda sandbox: setattr(sandbox, "rng", FailingRng(sandbox, failures)))


def stop_clock(world: World) -> None:
    """Slow the clock down until only `advance_frames` moves streams."""
    world.run_in_server(lambda sandbox: sandbox.clock.set_mode("scaled", STOPPED_SPEED))


def advance_frames(world: World, count: int) -> None:
    """Advance the clock until a paced stream sends `count` more frames."""
    rate = world.server.settings.tokens_per_second
    assert rate is not None
    world.advance(count / rate)
