"""A local server that stands in for the Clevora AI API."""

from clevora_mock.version import __version__

__all__ = ["__version__"]
