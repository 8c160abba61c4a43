"""Row in the control plane's table of routes."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

ControlHandler = Callable[[Request], Awaitable[Response]]


class ControlRoute(NamedTuple):
    """A method and path (``GET /__mock/clock``), its handler and summary, its answer, and the body and query it takes.

    `answer` is a type or a tuple of types: of the answer, or of a stream's events. `media_type` is the answer's.
    `max_body` is the largest body in bytes; `takes_scenario` is True if it may also be a whole scenario, and
    `optional_body` if it may be absent. `is_long` is True for an answer that grows with the sandbox. `changes` is False
    for a route that leaves the sandbox as it is, whatever its method, `removes` True for one that removes what a new
    sandbox does not have, `any_host` for one that answers under every host name, and `any_peer` for one that answers
    every machine, whatever the setting `control` says.
    """

    where: str
    handler: ControlHandler
    summary: str
    answer: Any = None
    request: type[Struct] | None = None
    query: tuple[str, ...] = ()
    changes: bool = True
    any_host: bool = False
    any_peer: bool = False
    media_type: str = "application/json"
    takes_scenario: bool = False
    max_body: int = 64 * 1024
    optional_body: bool = False
    is_long: bool = False
    removes: bool = False

    @property
    def method(self) -> str:
        return self.where.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.where.partition(" ")[2]

    @property
    def is_change(self) -> bool:
        return self.changes and self.method != "GET"

    @property
    def makes_sandbox(self) -> bool:
        """True if the request makes a sandbox: any change does, except for a payment and those that only remove."""
        return self.is_change and not (self.any_peer or self.removes)
