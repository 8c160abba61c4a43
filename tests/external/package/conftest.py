"""The wheel in clean environments, one for each Python that ``PYTHONS`` names."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHONS = os.environ.get("PYTHONS", sys.executable).split()

Run = Callable[..., str]


def run(command: list[str | Path], folder: Path, **variables: str) -> str:
    """What `command` prints, away from the checkout and from what points to it."""
    away = {name: value for name, value in os.environ.items() if not name.startswith(("CLEVORA_", "PYTHONPATH"))}
    ended = subprocess.run(
        command, cwd=folder, env=away | variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, f"{' '.join(map(str, command))} ended with {ended.returncode}:\n{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, from a copy of what git would hand out: nothing that lies about gets in."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    files = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], ROOT).splitlines()
    for name in files:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source], folder)
    (built,) = folder.glob("*.whl")
    return built


class Installed:
    """A clean environment with the wheel and nothing else."""

    def __init__(self, python: str, wheel: Path, folder: Path) -> None:
        self.folder = folder
        self._environment = folder / "environment"
        run([python, "-m", "venv", self._environment], folder)
        self.pip("install", wheel)

    def pip(self, *arguments: str | Path) -> str:
        constraints: list[str | Path] = ["--constraint", ROOT / "constraints.txt"] if arguments[0] == "install" else []
        return run(
            [self._environment / "bin" / "python", "-m", "pip", "--quiet", *arguments, *constraints], self.folder
        )

    def __call__(self, program: str, *arguments: str) -> str:
        """What an installed program prints, called from a folder that has nothing to do with it."""
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        return run([self._environment / "bin" / program, *arguments], elsewhere)


@pytest.fixture(scope="session", params=PYTHONS)
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """One for each Python."""
    return Installed(request.param, wheel, tmp_path_factory.mktemp("installed"))
