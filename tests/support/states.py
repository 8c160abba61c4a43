"""Situations for clients, set up in the server's thread."""

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import REQUESTS_PER_MINUTE, TOKENS_PER_DAY
from clevora_mock.core.accounts import Key
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.sandbox import Sandbox
from tests.support.records import demo_account
from tests.support.world import World


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


def advance_frames(world: World, count: int) -> None:
    """Advance the clock until a paced stream sends `count` more frames."""
    rate = world.server.settings.tokens_per_second
    assert rate is not None
    world.advance(count / rate)
