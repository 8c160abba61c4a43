"""Waits for another thread or process."""

from collections.abc import Callable
from time import monotonic, sleep

from tests.support.raw_client import TIMEOUT_SECONDS


def wait_until(condition: Callable[[], object], message: str = "it never came true") -> None:
    """Return once `condition` holds; fail with `message` after a timeout."""
    deadline = monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert monotonic() < deadline, message
        sleep(0.003)
