"""Row in the control plane's table of routes."""

from typing import NamedTuple

from msgspec import Struct

from clevora_mock.control.endpoint import ControlHandler


class ControlRoute(NamedTuple):
    """One route; `where` is method and path (``GET /__mock/clock``), `query` the names of its query parameters."""

    where: str
    handler: ControlHandler
    summary: str
    request: type[Struct] | None = None
    query: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        return self.where.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.where.partition(" ")[2]
