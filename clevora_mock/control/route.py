"""One of the mock's own routes, as a row of their table."""

from typing import NamedTuple

from msgspec import Struct

from clevora_mock.control.endpoint import ControlHandler


class ControlRoute(NamedTuple):
    """A method of a path: its handler, its summary, and the body and query that it takes."""

    method: str
    path: str
    handler: ControlHandler
    summary: str
    request: type[Struct] | None = None
    query: tuple[str, ...] = ()

    @classmethod
    def row(
        cls,
        where: str,
        handler: ControlHandler,
        summary: str,
        request: type[Struct] | None = None,
        query: tuple[str, ...] = (),
    ) -> "ControlRoute":
        """Make a row; `where` is the method and the path: ``GET /__mock/clock``."""
        method, path = where.split(" ")
        return cls(method, path, handler, summary, request, query)
