"""The documentation's commands and scripts, by section, each section against a separate server."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clevora_mock.settings import Settings
from tests.external.clients.matrix import EXTERNAL
from tests.external.clients.programs import clients_python, node22, node_packages, program
from tests.support.documents import ADDRESS, ROOT, Block, blocks, is_json, is_printed, sections, write_files
from tests.support.program import environment
from tests.support.server import RunningServer, serve_settings

BIN = ROOT / ".venv" / "bin"
# Commands that do not end by themselves, or that would run this suite.
SERVED = "make run\n"
OF_THE_PROJECT = ROOT / "CONTRIBUTING.md"
SECTIONS = [(document, section) for document, section in sections("clients") if document != OF_THE_PROJECT]

PACKAGE = {
    "name": "printed",
    "type": "module",
    "scripts": {"test": "node -e \"fetch(process.env.CLEVORA_MOCK_URL + '/__mock/health').then((a) => a.json())\""},
}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with serve_settings(Settings()) as fresh:
        yield fresh


def run(command: list[str], folder: Path, node: str = "", **variables: str) -> str:
    """Run a command and return its output, with the project's program and the right `node` first in its path."""
    path = f"{Path(node).parent}:{BIN}:{os.environ['PATH']}" if node else f"{BIN}:{os.environ['PATH']}"
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


def shell(block: Block, server: RunningServer, folder: Path) -> str:
    """Run a shell block, beside the project's programs, its scenarios and the npm packages."""
    program("curl")
    for link, target in (
        (".venv", ROOT / ".venv"),
        ("scenarios", ROOT / "scenarios"),
        ("node_modules", EXTERNAL / "node_modules"),
    ):
        if not (folder / link).exists() and target.exists():
            (folder / link).symlink_to(target)
    if not (folder / "package.json").exists():
        (folder / "package.json").write_text(json.dumps(PACKAGE), encoding="utf-8")
    node = ""
    if "npx" in block.text or "node " in block.text:
        node_packages()
        node = node22()
    return run(["bash", "-euo", "pipefail", "-c", block.at(server.url.removeprefix("http://"))], folder, node)


def python(block: Block, server: RunningServer, folder: Path) -> str:
    """Run a program by the environment that has its imports."""
    interpreter = clients_python() if "firebase_admin" in block.text else str(BIN / "python")
    return run([interpreter, "-c", block.at(server.url.removeprefix("http://"))], folder, ID_TOKEN=token())


def javascript(block: Block, server: RunningServer, folder: Path) -> str:
    """Run a module with access to the npm packages."""
    node_packages()
    file = EXTERNAL / "node_modules" / f"printed-{block.line}-{os.getpid()}.mjs"
    file.write_text(block.at(server.url.removeprefix("http://")), encoding="utf-8")
    try:
        return run([program("node"), str(file)], folder, ID_TOKEN=token())
    finally:
        file.unlink()


def token() -> str:
    return run([str(BIN / "clevora-mock"), "token"], ROOT).strip()


RUN: dict[str, Callable[[Block, RunningServer, Path], str]] = {"sh": shell, "python": python, "js": javascript}


def is_step(block: Block) -> bool:
    """Tell whether a block is run here; files and tests are only written."""
    return block.language in RUN and block.file is None and block.text != SERVED and "def test_" not in block.text


@pytest.mark.parametrize(
    ("document", "section"),
    SECTIONS,
    ids=[f"{document.relative_to(ROOT)}, {section}" for document, section in SECTIONS],
)
def test_a_section_can_be_followed_step_by_step(
    document: Path, section: str, server: RunningServer, tmp_path: Path
) -> None:
    """Each block runs as printed except for the address, and prints the output that is shown."""
    address = server.url.removeprefix("http://")
    steps = [block for block in blocks(document=document) if block.section == section]
    printed: str | None = None
    for block in steps:
        if is_step(block):
            write_files(document, tmp_path, address, before=block.line)
            printed = RUN[block.language](block, server, tmp_path)
            assert printed or "curl -s -o /dev/null" in block.text, f"line {block.line} prints nothing"
            if block.promised:
                assert printed.split() == block.promised, f"line {block.line}"
        elif printed is not None and block.language == "text":
            assert is_printed(block.at(address), printed), f"line {block.line}: {printed}"
        elif printed is not None and block.language == "json":
            assert is_json(json.loads(block.at(address)), json.loads(printed)), f"line {block.line}: {printed}"
        else:
            printed = None


def test_the_first_command_serves(tmp_path: Path) -> None:
    """``make run`` prints the banner and READY; Ctrl-C ends it."""
    block = next(block for block in blocks("clients") if block.text == SERVED)
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
        # To its end, since make would not survive a pipe that is closed.
        served.stdout.read()
    # make reports its own exit, not the server's.
    assert served.returncode in {0, -signal.SIGINT}
    assert "export CLEVORA_BASE_URL=http://127.0.0.1:" in said
    assert ADDRESS not in said


def test_the_projects_own_commands_are_there() -> None:
    """Each target of make that CONTRIBUTING.md names exists."""
    named = [block for block in blocks("clients") if block.document == OF_THE_PROJECT]
    assert named
    for line in (line for block in named for line in block.text.splitlines()):
        command = line.partition("#")[0].split()
        assert command[0] == "make"
        assert run(["make", "--dry-run", "--always-make", *command[1:]], ROOT)
