"""The image, built once, and containers of it, removed after their test."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

import pytest

from tests.external.image.base import base as made_base
from tests.external.image.podman import Container, ask, build, podman

CHECKOUT = Path(__file__).parents[3]
IMAGE = "localhost/clevora-mock"

_SIZES = pytest.StashKey[str]()


class Start(Protocol):
    """A function that starts a container of the image: its arguments, Podman's options, and the published port."""

    def __call__(self, *arguments: str, options: tuple[str, ...] = (), port: int = 2538) -> Container: ...


class Run(Protocol):
    """A function that runs a container of the image to its end: its arguments, and Podman's options."""

    def __call__(self, *arguments: str, options: tuple[str, ...] = ()) -> CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def base() -> str:
    return made_base()


@pytest.fixture(scope="session")
def image(base: str) -> dict[str, Any]:
    """Build the image, and provide Podman's description of it."""
    build(CHECKOUT, IMAGE, base)
    known: dict[str, Any] = json.loads(podman("inspect", "--type", "image", IMAGE))[0]
    return known


@pytest.fixture(scope="session")
def top(image: dict[str, Any], base: str, request: pytest.FixtureRequest) -> int:
    """Provide the size of the image without its base, in bytes."""
    more: int = image["Size"] - int(podman("inspect", "--type", "image", "--format", "{{.Size}}", base))
    request.config.stash[_SIZES] = (
        f"the image: {image['Size'] / 1e6:.0f} MB, of which {more / 1e6:.0f} on top of its base"
    )
    return more


@pytest.fixture
def start(image: dict[str, Any]) -> Iterator[Start]:
    started: list[str] = []

    def run(*arguments: str, options: tuple[str, ...] = (), port: int = 2538) -> Container:
        identity = podman("run", "--detach", "--publish", f"127.0.0.1::{port}", *options, IMAGE, *arguments)
        started.append(identity.strip())
        return Container(started[-1], port)

    yield run
    if started:
        podman("rm", "--force", "--time", "0", *started)


@pytest.fixture
def run(image: dict[str, Any]) -> Run:
    def call(*arguments: str, options: tuple[str, ...] = ()) -> CompletedProcess[str]:
        return ask("run", "--rm", *options, IMAGE, *arguments)

    return call


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if sizes := terminalreporter.config.stash.get(_SIZES, ""):
        terminalreporter.write_line(sizes)
