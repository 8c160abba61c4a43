"""Named servers, which can be stopped and started again on the same ports."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx

from tests.external.deploy.nginx import Balancer, balancing
from tests.support.ports import free_port
from tests.support.program import PROGRAM, environment
from tests.support.world import TLS

SERVER = "x-clevora-mock-server"
TIMEOUT_SECONDS = 20


class Mock:
    """A server on a fixed port, which can be started and killed repeatedly."""

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
        """Kill the server, with all its state."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate(timeout=TIMEOUT_SECONDS)
            self._process = None

    def sandboxes(self) -> set[str]:
        """Return the names of this server's sandboxes, without the default one, which every server has."""
        listed = httpx.get(f"{self.url}/__mock/sandboxes", verify=TLS).json()["sandboxes"]
        return {sandbox["name"] for sandbox in listed} - {"default"}


@dataclass(frozen=True)
class Site:
    """Several servers, and nginx in front of them."""

    mocks: list[Mock]
    balancer: Balancer

    def client(self, sandbox: str = "default") -> httpx.Client:
        """Return a client of one sandbox, through nginx."""
        url = f"{self.balancer.url}/sandbox/{sandbox}"
        return httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, verify=TLS)

    def holder(self, sandbox: str) -> Mock:
        """Return the server that has the sandbox. Fails if none has it, or several."""
        (holder,) = (mock for mock in self.mocks if sandbox in mock.sandboxes())
        return holder


@contextmanager
def site(number: int, *flags: str) -> Iterator[Site]:
    """Run `number` servers, started with `flags`, and nginx."""
    with ExitStack() as started:
        mocks = [Mock(f"mock-{index}", *flags) for index in range(1, number + 1)]
        for mock in mocks:
            started.callback(mock.kill)
            mock.start()
        balancer = started.enter_context(balancing([mock.port for mock in mocks]))
        yield Site(mocks, balancer)
