"""Paths of the data files: beside the package in a checkout, inside it once installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def fixture(name: str) -> Path:
    """Return the path of a file of the models, such as ``catalog.jsonl``."""
    installed = _PACKAGE / "fixtures"
    return (installed if installed.is_dir() else _PACKAGE.parent / "fixtures") / name


def scenarios() -> Path:
    """Return the directory of the shipped scenarios."""
    installed = _PACKAGE / "shipped_scenarios"
    return installed if installed.is_dir() else _PACKAGE.parent / "scenarios"
