"""Error statuses of an endpoint, derived from its row in the contract, as the pipeline's checks are (W6)."""

from clevora_mock.web.operation import Operation


def error_statuses(operation: Operation) -> list[int]:
    """List the error statuses that `operation` can return, in ascending order."""
    endpoint = operation.endpoint
    possible = {500}
    if endpoint is not None and endpoint.credential != "none":
        possible.add(401)
    if endpoint is not None and endpoint.credential == "api_key":
        possible |= {402, 404, 429}
    if endpoint is not None and endpoint.requires_developer_access:
        possible.add(403)
    if operation.request is not None:
        possible |= {400, 413}
    for parameter in operation.parameters:
        possible.add(404 if parameter.location == "path" else 400)
    return sorted(possible)
