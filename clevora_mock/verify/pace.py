"""The pace of a run: at most so many requests in any 60 seconds, and what the server asks to wait."""

from collections import deque
from collections.abc import Callable

from clevora_mock.clock import MINUTE, SECOND

PER_MINUTE = 60
# A server's clock may see two requests closer together than this side sent them.
_MARGIN = SECOND // 2


class Pace:
    """Waits before a request; `now` returns microseconds, `sleep` takes seconds."""

    def __init__(self, now: Callable[[], int], sleep: Callable[[float], None]) -> None:
        self.now = now
        self._sleep = sleep
        self._recent: deque[int] = deque()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def wait(self) -> None:
        """Wait until another request keeps to the pace, and count it."""
        while self._recent and self.now() - self._recent[0] >= MINUTE + _MARGIN:
            self._recent.popleft()
        if len(self._recent) >= PER_MINUTE:
            self._sleep((self._recent[0] + MINUTE + _MARGIN - self.now()) / SECOND)
            self.wait()
            return
        self._recent.append(self.now())
