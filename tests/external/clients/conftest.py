"""The programs that these tests run. `make test-clients` installs them; nothing is skipped without them."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.external.clients.matrix import EXTERNAL
from tests.external.clients.programs import clients_python, node_packages, program
from tests.support.world import World

Run = Callable[..., str]
Script = Callable[..., Any]


def run(command: list[str], world: World, given: str = "", **variables: str) -> str:
    """Return the output of `command` for the input `given`.

    Its environment has the key of `world`, and neither proxies nor the user's dotfiles.
    """
    environment = {"PATH": os.environ["PATH"], "CLEVORA_API_KEY": world.api_key} | variables
    ended = subprocess.run(
        command,
        input=given,
        env=environment,
        cwd=EXTERNAL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, f"{command[0]} ended with {ended.returncode}:\n{ended.stderr}{ended.stdout}"
    return ended.stdout


@pytest.fixture
def bash(world: World) -> Run:
    """Provide a function that runs a shell snippet, for curl."""
    program("curl")
    return lambda source: run([program("bash"), "-euc", source], world)


@pytest.fixture
def node(world: World, tmp_path: Path) -> Run:
    """Provide a function that runs a snippet of JavaScript; `await` and `return` are allowed at its top level."""

    def execute(source: str) -> str:
        script = tmp_path / "snippet.mjs"
        script.write_text(f"async function main() {{\n{source}\n}}\nawait main();\n", encoding="utf-8")
        return run([program("node"), str(script)], world)

    return execute


@pytest.fixture
def script() -> Script:
    """Provide a function that calls an exported function of a script here, and returns its result."""
    node_packages()

    def execute(world: World, name: str, function: str, **arguments: Any) -> Any:
        command = [program("node"), "run.mjs", f"./{name}.mjs", function]
        return json.loads(run(command, world, json.dumps(arguments), CLEVORA_BASE_URL=world.base_url))

    return execute


@pytest.fixture
def python_script() -> Script:
    """Provide the same for a function of a Python module here, in the environment with the clients."""
    python = clients_python()

    def execute(world: World, name: str, function: str, **arguments: Any) -> Any:
        command = [python, "run.py", name, function]
        return json.loads(run(command, world, json.dumps(arguments), CLEVORA_BASE_URL=world.base_url))

    return execute
