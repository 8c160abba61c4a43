"""The worked examples of changes to the package: each is applied to a copy, where its own test passes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import DOCS, ROOT, Block, blocks
from tests.support.program import environment

PAGES = sorted(path for path in (DOCS / "extending").glob("*.md") if path.name != "index.md")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=[path.stem for path in PAGES])
def test_a_change_can_be_made_as_printed(page: Path, tmp_path: Path) -> None:
    """In the order of the blocks; then the page's tests and the check of all shipped scenarios run."""
    for folder in ("clevora_mock", "fixtures", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    tests = [file for block in blocks(document=page) if (file := apply_block(block, tmp_path)).startswith("tests/")]
    assert tests
    passed = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'temp'}", *tests)
    assert " passed" in passed
    run(tmp_path, "-m", "clevora_mock", "check", *map(str, (tmp_path / "scenarios").glob("*.yaml")))


def apply_block(block: Block, folder: Path) -> str:
    """Apply a block in `folder`: a diff, an addition to the end of a file, or a new file; return its path."""
    if block.language == "diff":
        command = ["git", "apply", "-C1", "-"]
        applied = subprocess.run(
            command, cwd=folder, input=block.text, env=outside_git(), capture_output=True, text=True, check=False
        )
        assert applied.returncode == 0, f"{block.place}:{block.line}: {applied.stderr}"
        return ""
    assert block.file is not None, f"{block.place}:{block.line}: a block here is a difference, or names its file"
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = block.text.partition("\n")[2]
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{text}" if path.exists() else text, encoding="utf-8")
    return block.file


def outside_git() -> dict[str, str]:
    """Provide a folder outside any git repository."""
    return {**os.environ, "GIT_CEILING_DIRECTORIES": "/", "GIT_DIR": os.devnull}


def run(folder: Path, *arguments: str) -> str:
    """Run Python with the copy as its package, and return its output."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
