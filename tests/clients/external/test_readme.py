"""The README's commands and scripts, section by section, each section against a server of its own."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clevora_mock.settings import Settings
from tests.clients.external.programs import clients_python, node_packages, program
from tests.clients.matrix import EXTERNAL
from tests.readme import ADDRESS, ROOT, Block, blocks
from tests.server import Running, running
from tests.support.program import environment

BIN = ROOT / ".venv" / "bin"
SECTIONS = list(dict.fromkeys(block.section for block in blocks("clients")))
# What begins and never ends by itself, or would run this very suite.
SERVED = "make run\n"
OF_THE_PROJECT = "Work on it"

PACKAGE = {
    "name": "printed",
    "type": "module",
    "scripts": {"test": "node -e \"fetch(process.env.CLEVORA_MOCK_URL + '/__mock/health').then((a) => a.json())\""},
}


@pytest.fixture
def server() -> Iterator[Running]:
    with running(Settings()) as fresh:
        yield fresh


def run(command: list[str], folder: Path, **variables: str) -> str:
    """What a command prints, with the project's program in its path."""
    path = f"{BIN}:{os.environ['PATH']}"
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment(PATH=path, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
    return ended.stdout


def shell(block: Block, server: Running, folder: Path) -> str:
    """A shell's block; it stands beside the project's own programs."""
    program("curl")
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "package.json").write_text(json.dumps(PACKAGE), encoding="utf-8")
    return run(["bash", "-euo", "pipefail", "-c", block.at(server.url.removeprefix("http://"))], folder)


def python(block: Block, server: Running, folder: Path) -> str:
    """A program for whichever of the two environments has what it imports."""
    interpreter = clients_python() if "firebase_admin" in block.text else str(BIN / "python")
    return run([interpreter, "-c", block.at(server.url.removeprefix("http://"))], folder, ID_TOKEN=token())


def javascript(block: Block, server: Running, folder: Path) -> str:
    """A module that finds its packages where npm has put them."""
    node_packages()
    file = EXTERNAL / "node_modules" / f"printed-{block.line}-{os.getpid()}.mjs"
    file.write_text(block.at(server.url.removeprefix("http://")), encoding="utf-8")
    try:
        return run([program("node"), str(file)], folder, ID_TOKEN=token())
    finally:
        file.unlink()


def token() -> str:
    return run([str(BIN / "clevora-mock"), "token"], ROOT).strip()


RUN: dict[str, Callable[[Block, Running, Path], str]] = {"sh": shell, "python": python, "js": javascript}


@pytest.mark.parametrize("section", [section for section in SECTIONS if section != OF_THE_PROJECT])
def test_a_section_can_be_followed_step_by_step(section: str, server: Running, tmp_path: Path) -> None:
    """Every block as printed, but for the address; what it says that it prints, it prints."""
    steps = [
        block
        for block in blocks()
        if block.section == section and block.language in RUN and block.text != SERVED and "def test_" not in block.text
    ]
    assert steps
    for block in steps:
        printed = RUN[block.language](block, server, tmp_path)
        assert printed or "curl -s -o /dev/null" in block.text, f"line {block.line} prints nothing"
        if block.promised:
            assert printed.split() == block.promised, f"line {block.line}"


def test_the_first_command_serves(tmp_path: Path) -> None:
    """``make run``: what to copy, and READY; Ctrl-C ends it."""
    (block,) = (block for block in blocks("clients") if block.text == SERVED)
    with subprocess.Popen(
        ["bash", "-c", f"exec {block.text}"],
        cwd=ROOT,
        env=environment(CLEVORA_MOCK_PORT="0"),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as served:
        assert served.stdout is not None
        said = ""
        while "READY {" not in said:
            line = served.stdout.readline()
            assert line, said
            said += line
        os.killpg(served.pid, signal.SIGINT)
    # make says what became of itself, not of the server.
    assert served.returncode in {0, -signal.SIGINT}
    assert "export CLEVORA_BASE_URL=http://127.0.0.1:" in said
    assert ADDRESS not in said


def test_the_projects_own_commands_are_there() -> None:
    """Each target of make that the README names; what they do is run by whoever runs this."""
    (block,) = (block for block in blocks("clients") if block.section == OF_THE_PROJECT)
    for line in block.text.splitlines():
        command = line.partition("#")[0].split()
        assert command[0] == "make"
        assert run(["make", "--dry-run", "--always-make", *command[1:]], ROOT)
