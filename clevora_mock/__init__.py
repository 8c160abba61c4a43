"""A local server that stands in for the Clevora AI API."""

from typing import TYPE_CHECKING, Any

from clevora_mock.version import __version__

if TYPE_CHECKING:
    from clevora_mock.app import create_app
    from clevora_mock.testing.running import running

__all__ = ["__version__", "create_app", "running"]


def __getattr__(name: str) -> Any:
    """Load what is asked for; pytest, which loads this package in every run, asks for nothing."""
    if name == "running":
        from clevora_mock.testing.running import running  # noqa: PLC0415

        return running
    if name == "create_app":
        from clevora_mock.app import create_app  # noqa: PLC0415

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
