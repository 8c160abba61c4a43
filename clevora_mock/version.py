"""Where the version is written, once."""

__version__ = "0.1.0"
