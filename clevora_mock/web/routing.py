"""Starlette routes that ignore a trailing slash."""

from collections.abc import Callable, Iterable

from starlette.routing import Match, Route
from starlette.types import Scope

from clevora_mock.web.background import Background
from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.pipeline import OperationEndpoint, PlanSource

EndpointMaker = Callable[[Iterable[Operation], ApiFamily, PlanSource, Background], OperationEndpoint]


class TrailingSlashRoute(Route):
    """Route that matches with and without a trailing slash (W3); a redirect would lose request bodies."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope["path"]
        if path.endswith("/"):
            root: str = scope.get("root_path", "")
            scope = {**scope, "path": root + (path.removeprefix(root).removesuffix("/") or "/")}
        return super().matches(scope)


def build_routes(
    operations: Iterable[Operation],
    family: ApiFamily,
    plan: PlanSource,
    background: Background,
    make_endpoint: EndpointMaker = OperationEndpoint,
) -> list[TrailingSlashRoute]:
    """Return a route per path and operation; all of one path share an endpoint, so that a 405 lists all methods."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        for path in operation.paths:
            by_path.setdefault(path, []).append(operation)
    return [
        TrailingSlashRoute(path, endpoint, methods=[operation.method], name=operation.name)
        for path, found in by_path.items()
        for endpoint in (make_endpoint(found, family, plan, background),)
        for operation in found
    ]
