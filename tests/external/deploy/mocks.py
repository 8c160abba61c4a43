"""Servers with names, which can go and come back where they were."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx

from tests.external.deploy.nginx import Balancer, balancing, free_port
from tests.support.program import PROGRAM, environment
from tests.support.world import TLS

SERVER = "x-clevora-mock-server"
PATIENCE_SECONDS = 20


class Mock:
    """A server on a port of its own; `start` and `kill` it as often as you like."""

    def __init__(self, name: str, *flags: str) -> None:
        self.name = name
        self.port = free_port()
        self._command = [
            *PROGRAM,
            "--port",
            str(self.port),
            "--server-name",
            name,
            "--no-rate-limit",
            "--quiet",
            *flags,
        ]
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        process = subprocess.Popen(self._command, env=environment(), stdout=subprocess.PIPE, text=True)
        self._process = process
        assert process.stdout is not None
        assert process.stdout.readline().startswith("READY "), "the server did not start"

    def kill(self) -> None:
        """End it at once, with all that it holds."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate(timeout=PATIENCE_SECONDS)
            self._process = None

    def sandboxes(self) -> set[str]:
        """The names of those that this server has, asked without nginx; the default one is everybody's."""
        listed = httpx.get(f"{self.url}/__mock/sandboxes", verify=TLS).json()["sandboxes"]
        return {sandbox["name"] for sandbox in listed} - {"default"}


@dataclass(frozen=True)
class Site:
    """Some servers and nginx in front of them."""

    mocks: list[Mock]
    balancer: Balancer

    def client(self, sandbox: str = "default") -> httpx.Client:
        """A client of one sandbox, through nginx."""
        url = f"{self.balancer.url}/sandbox/{sandbox}"
        return httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, verify=TLS)

    def holder(self, sandbox: str) -> Mock:
        """The server that has the sandbox. Fails when none has, or several."""
        (holder,) = (mock for mock in self.mocks if sandbox in mock.sandboxes())
        return holder


@contextmanager
def site(number: int, *flags: str) -> Iterator[Site]:
    """`number` servers, started by `flags`, and nginx."""
    with ExitStack() as started:
        mocks = [Mock(f"mock-{index}", *flags) for index in range(1, number + 1)]
        for mock in mocks:
            started.callback(mock.kill)
            mock.start()
        balancer = started.enter_context(balancing([mock.port for mock in mocks]))
        yield Site(mocks, balancer)
