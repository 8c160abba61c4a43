"""The statuses with which an endpoint can refuse a request, derived from its row as the checks are (W6)."""

from clevora_mock.web.operation import Operation


def error_statuses(operation: Operation) -> list[int]:
    """List the statuses in ascending order."""
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
        possible.add(404 if parameter.place == "path" else 400)
    return sorted(possible)
