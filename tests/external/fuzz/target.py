"""The server that a fuzzer attacks: a process that must answer, stay silent and lose nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx

from tests.support.program import serve_process
from tests.support.raw_client import Address
from tests.support.wait import wait_until
from tests.support.world import TLS


@dataclass(frozen=True)
class Target:
    """A running server and a client of it."""

    url: str
    pid: int
    http: httpx.Client

    @property
    def address(self) -> Address:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def check(self) -> float:
        """Check that it lives and that its journal can be read; return the seconds that its health took."""
        began = monotonic()
        assert self.http.get("/__mock/health").json()["status"] == "ok"
        took = monotonic() - began
        journal = self.http.get("/__mock/requests")
        assert journal.status_code == 200, journal.text
        assert isinstance(journal.json()["requests"], list)
        return took

    def descriptors(self) -> int:
        """Return the number of its open files and sockets."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())


@contextmanager
def attacked(*flags: str) -> Iterator[Target]:
    """Run a server; fails unless it then has no descriptor left, ends at SIGTERM and has written nothing to stderr."""
    with serve_process("serve", "--no-rate-limit", "--quiet", *flags) as server:
        with httpx.Client(base_url=server.url, timeout=30, verify=TLS) as http:
            target = Target(server.url, server.process.pid, http)
            http.get("/__mock/health")
            before = target.descriptors()
            yield target
            target.check()
            wait_until(lambda: target.descriptors() <= before, "descriptors are left")
        status, errors = server.stop()
    assert (status, errors) == (0, "")
