"""A local server that stands in for the Clevora AI API."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from clevora_mock.version import __version__

if TYPE_CHECKING:
    from clevora_mock.app import create_app
    from clevora_mock.settings import Settings
    from clevora_mock.testing.clevora import Clevora, MockError
    from clevora_mock.testing.process import running

__all__ = ["Clevora", "MockError", "Settings", "__version__", "create_app", "running"]

_MODULES = {
    "Clevora": "clevora_mock.testing",
    "MockError": "clevora_mock.testing",
    "Settings": "clevora_mock.settings",
    "create_app": "clevora_mock.app",
    "running": "clevora_mock.testing",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use; pytest loads this package in every run, for its plugin."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
