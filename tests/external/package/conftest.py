"""The wheel in clean environments, one for each Python in ``PYTHONS``."""

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
    """Return the output of `command`, run outside the checkout and without variables that refer to it."""
    away = {name: value for name, value in os.environ.items() if not name.startswith(("CLEVORA_", "PYTHONPATH"))}
    ended = subprocess.run(
        command, cwd=folder, env=away | variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, f"{' '.join(map(str, command))} ended with {ended.returncode}:\n{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the files that git tracks, and provide its path."""
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
    """A clean environment with only the wheel."""

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
        """Return the output of an installed program, run in an unrelated directory."""
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        return run([self._environment / "bin" / program, *arguments], elsewhere)


@pytest.fixture(scope="session", params=PYTHONS)
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Provide an environment for each Python."""
    return Installed(request.param, wheel, tmp_path_factory.mktemp("installed"))
