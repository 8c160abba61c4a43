"""Starlette routes for operations, one for each path."""

from collections.abc import Iterable

from starlette.routing import Route

from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.pipeline import OperationEndpoint, PlanSource


def operation_routes(operations: Iterable[Operation], family: ApiFamily, plan: PlanSource) -> list[Route]:
    """Group `operations` by path, since two routes of one path would each name but their own methods in a 405."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        for path in operation.paths:
            by_path.setdefault(path, []).append(operation)
    return [
        Route(
            path,
            OperationEndpoint(found, family, plan),
            methods=[operation.method for operation in found],
            name=found[0].name,
        )
        for path, found in by_path.items()
    ]
