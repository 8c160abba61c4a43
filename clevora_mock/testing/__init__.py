"""Tools for tests: a server that runs for a block, and a client of one sandbox."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clevora_mock.testing.clevora import Clevora, MockError, Server
    from clevora_mock.testing.process import running
    from clevora_mock.testing.records import Finding, NearMiss, Request, SignedWebhook

__all__ = ["Clevora", "Finding", "MockError", "NearMiss", "Request", "Server", "SignedWebhook", "running"]

_MODULES = {"running": "process"} | dict.fromkeys(("Finding", "NearMiss", "Request", "SignedWebhook"), "records")


def __getattr__(name: str) -> Any:
    """Import on first use, since pytest imports this package in every run, for its plugin."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'clevora')}"), name)
