"""Paths of the programs and packages that these tests run. A missing one fails them; nothing is skipped."""

import json
import os
import shutil
import subprocess

import pytest

from tests.external.clients.matrix import EXTERNAL, ROOT

OLDEST_NODE = 22


def program(name: str) -> str:
    """Return the path of `name`; fail if it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"these tests need {name}", pytrace=False)
    return found


def node22() -> str:
    """Return the Node that npm installs for this platform, or the machine's if that is new enough."""
    for installed in EXTERNAL.glob("node_modules/node-*/bin/node"):
        return str(installed)
    found = program("node")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        pytest.fail(f"some clients need Node {OLDEST_NODE} or later; this is {said.strip()}", pytrace=False)
    return found


def chromium() -> str:
    """Return the path of Chromium or of a browser made of it."""
    for name in ("chromium", "google-chrome", "chromium-browser"):
        if found := shutil.which(name):
            return found
    pytest.fail("these tests need Chromium; run make test-browser", pytrace=False)


def go_program() -> str:
    """Return the path of the client in Go, which is compiled first."""
    built = ROOT / "build" / "clients" / "net-http"
    source = EXTERNAL / "adapters" / "net-http.go"
    # Neither packages nor another version of Go are fetched, and the user's settings do not matter.
    own = {"GOCACHE": str(built.parent / "go"), "GOENV": "off", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    command = [program("go"), "build", "-o", str(built), str(source)]
    subprocess.run(command, env={"PATH": os.environ["PATH"]} | own, check=True)
    return str(built)


def clients_python(environment: str = "clients") -> str:
    """Return the Python of an environment with clients."""
    python = ROOT / f".venv-{environment}" / "bin" / "python"
    if not python.exists():
        pytest.fail("the Python clients are not installed; run make test-clients", pytrace=False)
    return str(python)


def node_packages() -> None:
    """Fail unless npm has installed the packages."""
    for package in json.loads((EXTERNAL / "package.json").read_text(encoding="utf-8"))["dependencies"]:
        if not (EXTERNAL / "node_modules" / package).is_dir():
            pytest.fail(f"{package} is not installed; run make test-clients", pytrace=False)
