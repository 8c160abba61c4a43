"""The worked examples of changes to the package, in `docs/extending`: their application to a copy of the project."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.documents import DOCS, ROOT, Block, blocks

PAGES = sorted(path for path in (DOCS / "extending").glob("*.md") if path.name != "index.md")

_PARTS = ("benchmarks", "clevora_mock", "docs", "examples", "fixtures", "scenarios", "tests")
_OMITTED = shutil.ignore_patterns("__pycache__", "node_modules", ".*")


def copy_project(folder: Path) -> None:
    """Copy what the tests, the tables and the checks of style and types use."""
    for part in _PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=_OMITTED)
    for file in ("CONTRIBUTING.md", "Makefile", "README.md", "SECURITY.md", "constraints.txt", "pyproject.toml"):
        shutil.copy2(ROOT / file, folder)


def apply_change(page: Path, folder: Path) -> None:
    """Make the change of a page in `folder`, in the order of its blocks."""
    for block in blocks(document=page):
        if block.language != "sh":
            apply_block(block, folder)


def commands(page: Path) -> list[str]:
    """Return the commands that a page prints."""
    text = "".join(block.text for block in blocks(document=page) if block.language == "sh")
    return text.replace("\\\n", "").splitlines()


def apply_block(block: Block, folder: Path) -> None:
    """Apply a diff, add to the end of a file, or write a new one."""
    if block.language == "diff":
        command = ["git", "apply", "-C1", "-"]
        applied = subprocess.run(
            command, cwd=folder, input=block.text, env=_outside_git(), capture_output=True, text=True, check=False
        )
        assert applied.returncode == 0, f"{block.place}:{block.line}: {applied.stderr}"
        return
    assert block.file is not None, f"{block.place}:{block.line}: a block here is a difference, or names its file"
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = block.text.partition("\n")[2]
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{text}" if path.exists() else text, encoding="utf-8")


def _outside_git() -> dict[str, str]:
    """Return an environment in which a folder is outside any git repository."""
    return {**os.environ, "GIT_CEILING_DIRECTORIES": "/", "GIT_DIR": os.devnull}
