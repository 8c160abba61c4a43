"""A server in a thread of this process: ``with running() as server: ...``."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.applications import Starlette

from clevora_mock.app import create_app
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.server.run import UvicornServer
from clevora_mock.server.sockets import listen, url_of
from clevora_mock.settings import Settings
from tests.support.raw_client import TIMEOUT_SECONDS

T = TypeVar("T")


class RunningServer:
    """A server that accepts connections at `url`."""

    def __init__(self, app: Starlette, settings: Settings, url: str) -> None:
        self.app = app
        self.settings = settings
        self.url = url
        self.base_url = f"{url}/v1"
        self.api_key = settings.api_key
        self.loop: asyncio.AbstractEventLoop | None = None
        self.server: UvicornServer | None = None

    def sandbox(self, name: str = "default") -> Sandbox:
        """Return the state behind ``/sandbox/<name>``; access it in the server's thread, between two requests."""
        sandboxes: Sandboxes = self.app.state.sandboxes
        return self.run_in_server(lambda: sandboxes.get(name))

    def run_in_server(self, work: Callable[[], T]) -> T:
        """Run `work` in the server's thread, and return its result."""
        if self.loop is None:
            raise RuntimeError("the server is not running")

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(TIMEOUT_SECONDS)


@contextmanager
def running(settings: Settings | None = None, **changes: Any) -> Iterator[RunningServer]:
    """Serve on a free port until the block ends; `changes` are settings by name."""
    chosen = settings or Settings(**changes)
    app = create_app(chosen)
    listener = listen(chosen.host, 0)
    running_server = RunningServer(app, chosen, url_of(listener))
    accepting = threading.Event()

    def ready() -> None:
        running_server.loop = asyncio.get_running_loop()
        accepting.set()

    server = running_server.server = UvicornServer(app, ready)
    thread = threading.Thread(target=server.run, args=([listener],), name="clevora-mock", daemon=True)
    thread.start()
    try:
        if not accepting.wait(TIMEOUT_SECONDS):
            raise RuntimeError("the server did not start")
        yield running_server
    finally:
        server.should_exit = True
        thread.join(TIMEOUT_SECONDS)
