"""Starlette routes that ignore trailing slashes; one for each path of an API."""

from collections.abc import Iterable

from starlette.routing import Match, Route
from starlette.types import Scope

from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.pipeline import OperationEndpoint, PlanSource


class TrailingSlashRoute(Route):
    """Route that matches with and without trailing slashes (W3); a redirect would lose request bodies."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope["path"]
        if path.endswith("/"):
            root: str = scope.get("root_path", "")
            scope = {**scope, "path": root + (path.removeprefix(root).rstrip("/") or "/")}
        return super().matches(scope)


def build_routes(operations: Iterable[Operation], family: ApiFamily, plan: PlanSource) -> list[TrailingSlashRoute]:
    """Return one route per path, so that the ``allow`` header of a 405 lists all methods of the path."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        for path in operation.paths:
            by_path.setdefault(path, []).append(operation)
    return [
        TrailingSlashRoute(
            path,
            OperationEndpoint(found, family, plan),
            methods=[operation.method for operation in found],
            name=found[0].name,
        )
        for path, found in by_path.items()
    ]
