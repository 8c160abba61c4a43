"""Starlette routes that ignore trailing slashes, and those of operations."""

from collections.abc import Iterable

from starlette.routing import Match, Route
from starlette.types import Scope

from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.pipeline import OperationEndpoint, PlanSource


class TrailingSlashRoute(Route):
    """A route that matches with and without trailing slashes (W3); a redirect would lose bodies."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope["path"]
        if path.endswith("/"):
            root: str = scope.get("root_path", "")
            scope = {**scope, "path": root + (path.removeprefix(root).rstrip("/") or "/")}
        return super().matches(scope)


def operation_routes(operations: Iterable[Operation], family: ApiFamily, plan: PlanSource) -> list[TrailingSlashRoute]:
    """Return a route for each path of each operation; those of one path share an endpoint, which knows all methods."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        for path in operation.paths:
            by_path.setdefault(path, []).append(operation)
    return [
        TrailingSlashRoute(path, endpoint, methods=[operation.method], name=operation.name)
        for path, found in by_path.items()
        for endpoint in (OperationEndpoint(found, family, plan),)
        for operation in found
    ]
