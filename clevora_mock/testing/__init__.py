"""For tests: a server while a block runs, and what it knows of one sandbox."""

from clevora_mock.testing.clevora import Clevora, MockError, Server
from clevora_mock.testing.records import Finding, NearMiss, Request
from clevora_mock.testing.running import running

__all__ = ["Clevora", "Finding", "MockError", "NearMiss", "Request", "Server", "running"]
