"""Podman: an engine that builds and runs images without a daemon."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Variables with pip's package sources; no others are passed on.
_PASSED_ON = ("index-url", "extra-index-url", "trusted-host", "proxy")
_TIMEOUT_SECONDS = 20

os.environ["CONTAINERS_CONF"] = str(Path(__file__).with_name("containers.conf"))

# A separate store, so that the tests do not touch the user's images.
_STORE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "clevora-mock", "images")
PODMAN = ("podman", "--root", f"{_STORE}/root", "--runroot", f"{_STORE}/run")


class Container:
    """A container that was started."""

    def __init__(self, identity: str, port: int) -> None:
        self.identity = identity
        self._port = port

    @property
    def url(self) -> str:
        """Return the URL of its port on this machine."""
        return "http://" + podman("port", self.identity, f"{self._port}/tcp").strip()

    @property
    def logs(self) -> str:
        return podman("logs", self.identity)

    @property
    def is_healthy(self) -> bool:
        """Run the image's healthcheck, and tell whether it passes."""
        return ask("healthcheck", "run", self.identity).returncode == 0

    def ready(self) -> dict[str, Any]:
        """Wait for the READY line, and return its fields."""
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            for line in self.logs.splitlines():
                if line.startswith("READY "):
                    said: dict[str, Any] = json.loads(line.removeprefix("READY "))
                    return said
            time.sleep(0.1)
        raise AssertionError(f"not ready: {self.logs}")

    def stop(self) -> int:
        """Send its stop signal, and return its exit status; 137 if it had to be killed."""
        podman("stop", "--time", "8", self.identity)
        return int(podman("inspect", "--format", "{{.State.ExitCode}}", self.identity))


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Podman, whatever its exit status."""
    return subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, check=False)


def podman(*arguments: str) -> str:
    """Run Podman and return its output. Fails with its messages."""
    called = ask(*arguments)
    assert called.returncode == 0, f"podman {' '.join(arguments)}: {called.stdout}{called.stderr}"
    return called.stdout


def build(context: Path, tag: str, base: str, target: str | None = None) -> None:
    """Build the image of a folder's Dockerfile on `base`."""
    with build_options(tag, base) as options:
        podman("build", *options, *(("--target", target) if target is not None else ()), str(context))


@contextmanager
def build_options(tag: str, base: str) -> Iterator[list[str]]:
    """Return build options with this machine's pip variables; the same for Podman and Buildah."""
    options = ["--format", "docker", "--tag", tag, "--build-arg", f"PYTHON_IMAGE={base}"]
    if _CERTIFICATES.exists():
        options += ["--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro"]
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        if passed_on := _pip_settings():
            settings.write("\n".join(["[global]", *passed_on]))
            settings.flush()
            options += ["--volume", f"{settings.name}:/etc/pip.conf:ro"]
        yield options


def _pip_settings() -> list[str]:
    listed = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = []
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        option, value = name.rpartition(".")[2], value.strip("'\"")
        if option in _PASSED_ON and "file:" not in value:
            settings.append(f"{option} = {value}")
    return settings
