"""The suite's versions of packages are the newest and the lowest that the package allows."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pins(file: str) -> dict[str, str]:
    """Return the versions in a file, on the oldest Python."""
    lines = (line.partition("; ") for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    pinned = (line.partition("==") for line, _, marker in lines if ">=" not in marker)
    return {name.lower(): version for name, _, version in pinned if version}


def bounds() -> dict[str, str]:
    """Return the lowest version of each direct dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [re.match(r"([a-z]+)>=([\d.]+)", dependency) for dependency in project["dependencies"]]
    return {one[1]: one[2] for one in found if one}


def padded(version: str, like: str) -> str:
    return version + ".0" * (like.count(".") - version.count("."))


def test_the_lowest_versions_are_the_lower_bounds() -> None:
    lowest = pins("constraints-lowest.txt")
    wanted = {name: padded(bound, lowest[name]) for name, bound in bounds().items()}
    assert {name: lowest[name] for name in wanted} == wanted


def test_every_dependency_has_a_newest_version() -> None:
    assert bounds().keys() <= pins("constraints.txt").keys()
