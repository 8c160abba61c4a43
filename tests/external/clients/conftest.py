"""The programs that these tests drive. `make test-clients` installs what they need; nothing is skipped without it."""

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
    """What `command` prints when it reads `given`.

    It sees the key of `world`, and neither proxies nor dotfiles of whoever runs the tests.
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
    """Runs a shell snippet, in which curl is called."""
    program("curl")
    return lambda source: run([program("bash"), "-euc", source], world)


@pytest.fixture
def node(world: World, tmp_path: Path) -> Run:
    """Runs the text of a snippet; `await` and `return` are allowed at its top, as in a function's body."""

    def execute(source: str) -> str:
        script = tmp_path / "snippet.mjs"
        script.write_text(f"async function main() {{\n{source}\n}}\nawait main();\n", encoding="utf-8")
        return run([program("node"), str(script)], world)

    return execute


@pytest.fixture
def script() -> Script:
    """Runs a function that one of the scripts here exports, and returns what it answers."""
    node_packages()

    def execute(world: World, name: str, function: str, **arguments: Any) -> Any:
        command = [program("node"), "run.mjs", f"./{name}.mjs", function]
        return json.loads(run(command, world, json.dumps(arguments), CLEVORA_BASE_URL=world.base_url))

    return execute


@pytest.fixture
def python_script() -> Script:
    """The same for a function of a Python module here, in the environment that has the clients."""
    python = clients_python()

    def execute(world: World, name: str, function: str, **arguments: Any) -> Any:
        command = [python, "run.py", name, function]
        return json.loads(run(command, world, json.dumps(arguments), CLEVORA_BASE_URL=world.base_url))

    return execute
