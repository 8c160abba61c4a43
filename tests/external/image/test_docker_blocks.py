"""The README's docker commands, run by Podman with the same arguments."""

import re
import subprocess

import pytest

from tests.external.image.conftest import CHECKOUT, IMAGE
from tests.external.image.podman import PODMAN, ask, podman
from tests.support.documents import blocks
from tests.support.ports import free_port

COMMANDS = [line for block in blocks("image") for line in block.text.splitlines() if "compose" not in line]
PORT = "127.0.0.1:2538:2538"


def test_the_build_command_is_that_of_the_image_fixture(image: dict[str, object]) -> None:
    """Except for this machine's options for pip."""
    assert COMMANDS[0] == "docker build --tag clevora-mock ."
    assert (CHECKOUT / "Dockerfile").exists()
    assert image["RepoTags"] == [f"{IMAGE}:latest"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if "--publish" in command])
def test_serving(command: str, image: dict[str, object]) -> None:
    assert PORT in command
    words = command.replace(PORT, f"127.0.0.1:{free_port()}:2538").split()[1:]
    words.insert(1, "--name=printed")
    with subprocess.Popen([*PODMAN, *words], stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        assert any(line.startswith("READY ") for line in served.stdout)
        podman("stop", "--time", "8", "printed")
    assert served.returncode == 0


@pytest.mark.parametrize("command", [command for command in COMMANDS[1:] if "--publish" not in command])
def test_commands_that_end(command: str, image: dict[str, object]) -> None:
    words = command.replace('"$PWD/', f'"{CHECKOUT}/').replace('"', "").split()[1:]
    ended = ask(*words)
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(r"1 file: nothing wrong\n|eyJ[\w.-]+\n", ended.stdout)
