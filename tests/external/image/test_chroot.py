"""The image without a container engine: built and run by Buildah in a chroot, as on a small CI machine."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from clevora_mock.settings import DEMO_KEY
from tests.external.image.conftest import CHECKOUT
from tests.external.image.podman import build_options, podman

_CHROOT = ("--isolation", "chroot", "--network", "host")


class Buildah:
    """Buildah with a store in `folder`, with a full copy for each layer, since a chroot has no overlay mounts."""

    def __init__(self, folder: Path) -> None:
        self._command = ["buildah", "--storage-driver", "vfs", "--root", f"{folder}/root", "--runroot", f"{folder}/run"]

    def __call__(self, *arguments: str) -> str:
        called = self.run(*arguments)
        assert called.returncode == 0, f"buildah {' '.join(arguments)}: {called.stdout}{called.stderr}"
        return called.stdout.strip()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._command, *arguments], capture_output=True, text=True, check=False)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen([*self._command, *arguments], stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def buildah(base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    """Provide Buildah with the image, built on the same base."""
    folder = tmp_path_factory.mktemp("buildah")
    program = Buildah(folder)
    podman("save", "--quiet", "--output", str(folder / "base.tar"), base)
    program("pull", "--quiet", f"docker-archive:{folder}/base.tar")
    with build_options("clevora-mock", base) as options:
        program("build", "--quiet", *_CHROOT, *options, str(CHECKOUT))
    yield program
    program("rm", "--all")
    program("rmi", "--all", "--force")


@pytest.fixture
def container(buildah: Buildah) -> str:
    return buildah("from", "clevora-mock")


def test_its_user_is_not_root(buildah: Buildah, container: str) -> None:
    assert buildah("run", *_CHROOT, container, "id", "-u") == "10001"


def test_it_serves_is_healthy_and_stops(buildah: Buildah, container: str) -> None:
    free = ("--env", "CLEVORA_MOCK_PORT=0", "--env", "CLEVORA_MOCK_QUIET=1")
    with buildah.start("run", *_CHROOT, *free, container, "clevora-mock") as server:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline().removeprefix("READY "))
        port = ready["url"].rpartition(":")[2]
        answer = httpx.post(
            f"{ready['url']}/v1/chat/completions",
            headers={"authorization": f"Bearer {DEMO_KEY}"},
            json={"messages": [{"role": "user", "content": "Hello!"}]},
        )
        chosen = ("--env", f"CLEVORA_MOCK_PORT={port}")
        healthy = buildah.run("run", *_CHROOT, *chosen, container, "clevora-mock", "healthcheck").returncode
        os.kill(ready["pid"], signal.SIGTERM)
        status = server.wait(10)
        unhealthy = buildah.run("run", *_CHROOT, *chosen, container, "clevora-mock", "healthcheck").returncode
    assert answer.json()["usage"]["total_tokens"] == 40
    assert (healthy, status, unhealthy) == (0, 0, 1)
