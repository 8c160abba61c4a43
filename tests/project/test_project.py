"""The project's own files: make's targets, hooks, workflows, and the map for contributors."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.documents import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make without the flags of a make that runs this suite."""
    environ = {name: value for name, value in os.environ.items() if name not in {"MAKELEVEL", "MAKEFLAGS", "MFLAGS"}}
    return subprocess.run(["make", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_make_alone_lists_every_target() -> None:
    listed = make(ROOT)
    assert listed.returncode == 0
    assert [line.split()[1] for line in listed.stdout.splitlines()] == TARGETS
    assert re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[0].split() == TARGETS


def test_an_old_python_is_named_in_one_line(tmp_path: Path) -> None:
    """With its version, the required one, and the command with another Python."""
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\ncase "$1" in --version) echo Python 3.10.13 ;; *) exit 1 ;; esac\n', encoding="utf-8")
    old.chmod(0o755)
    refused = make(tmp_path, "run", f"PYTHON={old}")
    assert refused.returncode != 0
    said, *rest = refused.stderr.splitlines()
    assert said == (
        f"clevora-mock needs Python 3.11 or later, and {old} is Python 3.10.13. "
        "Name another: make run PYTHON=python3.12"
    )
    assert [line for line in rest if not line.startswith("make: ***")] == []


def test_every_installing_target_prints_a_message() -> None:
    """Targets that download packages print a line first, since they take a while."""
    recipes = re.findall(r"^(\S+)\.stamp:(.*(?:\n\t.*)*)", MAKEFILE, re.MULTILINE)
    installing = {target for target, recipe in recipes if re.search(r"\$\(INSTALL\)|pip .*install", recipe)}
    assert installing == {
        *("$(VENV)/run", "$(VENV)/test", "$(VENV)/docs", "$(VENV)/lint", "$(VENV)-lowest/test", ".venv-%/clients"),
        *(".venv-fuzz/schemathesis", "benchmarks/external/peers"),
    }
    silent = {target for target, recipe in recipes if target in installing and '@echo "Installing' not in recipe}
    assert silent == {"benchmarks/external/peers"}


def test_only_one_target_changes_the_published_benchmarks() -> None:
    recipes: list[tuple[str, str]] = re.findall(r"^([a-z-]+):.*((?:\n\t.*)*)", MAKEFILE, re.MULTILINE)
    assert [target for target, recipe in recipes if "benchmarks/results" in recipe] == ["bench-publish"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_workflows_run_existing_targets(workflow: Path) -> None:
    """Each step's target of make exists, and each job declares its permissions."""
    document: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert document["permissions"] == {"contents": "read"}
    for job in document["jobs"].values():
        for step in job["steps"]:
            for command in re.findall(r"^make ([a-z -]+)", step.get("run", ""), re.MULTILINE):
                assert set(command.split()) <= set(TARGETS), command


def test_the_tests_run_on_every_python_that_the_package_names() -> None:
    document = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    named = [found[1] for line in PROJECT["project"]["classifiers"] if (found := re.search(r":: (3\.\d+)$", line))]
    assert document["jobs"]["test"]["strategy"]["matrix"]["python"] == named


def test_hooks_run_the_commands_of_lint() -> None:
    document = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook["entry"] for repository in document["repos"] for hook in repository["hooks"]]
    assert hooks == [".venv/bin/ruff check --fix", ".venv/bin/ruff format", ".venv/bin/mypy"]


def test_the_contributors_map_has_existing_paths() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where things go")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| .+? \| (.+) \|$", table, re.MULTILINE)[2:]
    places = [place for row in rows for place in re.findall(r"`([\w/.]+)`", row)]
    assert len(places) > len(rows) - 1
    package = ROOT / "clevora_mock"
    assert [place for place in places if not (ROOT / place).exists() and not (package / place).exists()] == []


def test_the_documentation_is_pinned() -> None:
    """Each package has a range in pyproject.toml and a version in the constraints."""
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    for requirement in PROJECT["project"]["optional-dependencies"]["docs"]:
        name = re.split(r"[<>=]", requirement)[0]
        assert re.search(rf"^{name}==", pinned, re.MULTILINE), name
