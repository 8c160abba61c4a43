"""A server in a thread of this process: ``with serve_settings() as server: ...``."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.applications import Starlette

from clevora_mock.app import create_app
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.settings import Settings
from tests.support.asgi import serve_in_thread
from tests.support.raw_client import TIMEOUT_SECONDS

T = TypeVar("T")


class RunningServer:
    """A server that accepts connections at `url`."""

    def __init__(self, app: Starlette, settings: Settings, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.app = app
        self.settings = settings
        self.url = url
        self.base_url = f"{url}/v1"
        self.api_key = settings.api_key
        self._loop = loop

    def sandbox(self, name: str = "default") -> Sandbox:
        """Return the state behind ``/sandbox/<name>``; access it in the server's thread, between two requests."""
        sandboxes: Sandboxes = self.app.state.sandboxes
        return self.run_in_server(lambda: sandboxes.get(name))

    def run_in_server(self, work: Callable[[], T]) -> T:
        """Run `work` in the server's thread, and return its result."""

        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(TIMEOUT_SECONDS)


@contextmanager
def serve_settings(settings: Settings | None = None, **changes: Any) -> Iterator[RunningServer]:
    """Serve on a free port until the block ends; `changes` are settings by name."""
    chosen = settings or Settings(**changes)
    app = create_app(chosen)
    loops: list[asyncio.AbstractEventLoop] = []
    with serve_in_thread(app, ready=lambda: loops.append(asyncio.get_running_loop())) as (host, port):
        yield RunningServer(app, chosen, f"http://{host}:{port}", loops[0])
