"""The compose file: the mock, the example and its tests, and several mocks behind nginx."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.external.image.base import nginx
from tests.external.image.compose import Compose, engine, health_asked
from tests.external.image.conftest import CHECKOUT
from tests.external.image.podman import build
from tests.support.documents import blocks
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def compose(base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """Provide the project, built and started by `up`, and removed at the end."""
    with engine(tmp_path_factory.mktemp("engine")) as address, health_asked():
        ports = {name: str(free_port()) for name in ("MOCK_PORT", "RUNDOWN_PORT", "CLEVORA_PORT")}
        project = Compose(CHECKOUT, address, NGINX_IMAGE=nginx(), **ports)
        for service in (service for service in project.services.values() if "build" in service):
            build(Path(service["build"]["context"]), service["image"], base, service["build"].get("target"))
        try:
            project("up", "--detach", "--wait")
            yield project
        finally:
            project("--profile", "*", "down", "--volumes", "--timeout", "5")


def published(compose: Compose, service: str) -> str:
    """Return the published address of a service."""
    (port,) = compose.services[service]["ports"]
    return f"http://{port['host_ip']}:{port['published']}"


def test_nothing_is_published_beyond_this_machine(compose: Compose) -> None:
    ports = [port for service in compose.services.values() for port in service.get("ports", [])]

    assert len(ports) == 3
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


def test_the_examples_tests_pass_beside_the_mock(compose: Compose) -> None:
    printed = compose("run", "--rm", "--no-TTY", "tests")

    assert " passed in " in printed


def test_the_example_serves_the_mocks_responses(compose: Compose) -> None:
    app = published(compose, "app")

    outline = httpx.post(f"{app}/outline", json={"topic": "black holes"}, timeout=20)

    assert outline.status_code == 200
    assert outline.json()["script"]["sections"]


def test_the_users_scenarios_are_there_by_name(compose: Compose) -> None:
    mock = published(compose, "clevora-mock")

    put = httpx.put(f"{mock}/sandbox/evening/__mock/scenario", json={"name": "premiere-night"})

    assert put.status_code == 200


def servers(compose: Compose) -> dict[str, str]:
    """Return the name and start of the mock behind nginx that responds, for several sandboxes."""
    url = published(compose, "clevora")

    def ask(name: str) -> str:
        server: str = httpx.get(f"{url}/sandbox/{name}/__mock/health", timeout=20).json()["server"]
        return server

    names = [str(number) for number in range(20)]
    # In parallel, since nginx waits for the connection to a stopped container.
    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(ask, names), strict=True))


def test_sandboxes_move_between_mocks_behind_nginx(compose: Compose) -> None:
    """After one stops, the other serves its sandboxes; they return when it starts again."""
    compose("up", "--detach", "--wait", "clevora")
    before = servers(compose)
    assert {server.rpartition("-")[0] for server in before.values()} == {"mock-1", "mock-2"}

    compose("stop", "clevora-mock-1")
    assert {server.rpartition("-")[0] for server in servers(compose).values()} == {"mock-2"}

    compose("start", "clevora-mock-1")
    after = servers(compose)
    assert {name for name in before if after[name] != before[name]} == {
        name for name in before if before[name].startswith("mock-1-")
    }


def test_the_control_plane_answers_other_containers(compose: Compose) -> None:
    health = httpx.get(f"{published(compose, 'clevora')}/__mock/health", headers={"host": "clevora:2538"})

    assert health.status_code == 200


def test_the_readmes_commands_work(compose: Compose) -> None:
    """The last command of each block removes the containers; the images are already built."""
    compose("--profile", "*", "down", "--timeout", "5")
    for block in blocks("image"):
        commands = [line.split()[2:] for line in block.text.splitlines() if "compose" in line]
        for words in commands:
            if words[0] == "run":
                words.insert(1, "--no-TTY")
            compose(*(word for word in words if word != "--build"))
        assert not commands or "down" in commands[-1]
        assert compose("ps", "--all", "--quiet") == ""
