"""The emulated API as an OpenAPI 3.1 document, made from the contract's tables and the shapes.

``x-clevora-basis`` on each operation and field says whether it is documented or inferred.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from clevora_mock.api.error_statuses import error_statuses
from clevora_mock.api.schemas.errors import ErrorAnswer
from clevora_mock.contract.endpoints import CHANGELOG, DOCUMENTED, INFERRED, Credential, Endpoint
from clevora_mock.contract.errors import ERRORS, STATUSES
from clevora_mock.contract.limits import KEY_FORMAT
from clevora_mock.version import __version__
from clevora_mock.web.operation import Operation, Parameter

_SCHEMES: dict[Credential, dict[str, Any]] = {
    "api_key": {"type": "http", "scheme": "bearer", "description": f"An API key: {KEY_FORMAT}."},
    "id_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A Firebase ID token."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: v1,<base64 HMAC-SHA256>, beside webhook-id and webhook-timestamp.",
    },
}


def openapi_document(operations: Sequence[Operation], server: str) -> dict[str, Any]:
    """Return the document, for the API at the base URL `server` (without ``/v1``)."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        for path in operation.paths:
            if operation.endpoint is not None:
                described = _operation(operation, operation.endpoint, path)
                paths.setdefault(path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clevora AI API",
            "version": CHANGELOG[0][0],
            "summary": "A unified REST API for semantic media search, script generation and chat completions.",
            "description": f"As clevora-mock {__version__} emulates it. x-clevora-basis tells what Clevora's "
            "documentation states (documented) from what it leaves open (inferred).",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": _schemas(operations), "securitySchemes": _SCHEMES},
    }


def schemas_of(types: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    """Return the JSON Schemas of `types` and of all that they mention, by name."""
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return components


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    wanted: list[type[msgspec.Struct]] = [ErrorAnswer]
    for operation in operations:
        wanted += [shape for shape in (operation.request, operation.response, operation.event) if shape is not None]
    return schemas_of(wanted)


def _operation(operation: Operation, endpoint: Endpoint, path: str) -> dict[str, Any]:
    alias = "" if path == endpoint.path else "." + path.strip("/").replace("/", ".")
    described: dict[str, Any] = {
        "operationId": endpoint.name + alias,
        "summary": endpoint.summary,
        "x-clevora-basis": endpoint.basis if not alias or endpoint.name == "docs.llms" else INFERRED,
        "security": [] if endpoint.credential == "none" else [{endpoint.credential: []}],
        "responses": {"200": _success(endpoint, operation)}
        | {str(status): _refusal(status, endpoint) for status in error_statuses(operation)},
    }
    if endpoint.rate is not None:
        described["x-clevora-price-per-1k-tokens"] = endpoint.rate / 1000
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.request is not None:
        described["requestBody"] = {"required": True, "content": _json(_ref(operation.request))}
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if parameter.bounds is not None:
        low, high = parameter.bounds
        schema = {"type": "integer", "minimum": low, "maximum": high, "default": parameter.default}
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": schema,
        "x-clevora-basis": parameter.basis,
    }


def _success(endpoint: Endpoint, operation: Operation) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"} if operation.response is None else _ref(operation.response)
    if endpoint.enveloped:
        schema = {
            "type": "object",
            "required": ["status", "data"],
            "properties": {
                "status": {"const": "success", "x-clevora-basis": DOCUMENTED},
                "data": schema | {"x-clevora-basis": DOCUMENTED},
            },
        }
    content = _json(schema)
    if operation.event is not None:
        content["text/event-stream"] = {
            "schema": _ref(operation.event),
            "x-clevora-note": "One chunk for each `data:` line; the last line is `data: [DONE]`.",
        }
    return {"description": "Success.", "headers": _headers(), "content": content}


def _refusal(status: int, endpoint: Endpoint) -> dict[str, Any]:
    codes = [error.code for error in ERRORS if error.status == status]
    headers = _headers()
    if status == 429:
        headers["retry-after"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    schema: dict[str, Any] = _ref(ErrorAnswer)
    if endpoint.enveloped:
        status_field = {"const": "error", "x-clevora-basis": INFERRED}
        enveloped = {"type": "object", "required": ["status"], "properties": {"status": status_field}}
        schema = {"allOf": [schema, enveloped]}
    title, _, cause = STATUSES[status]
    return {
        "description": f"{title}. {cause} Codes: {', '.join(codes)}.",
        "headers": headers,
        "content": _json(schema),
    }


def _headers() -> dict[str, Any]:
    return {"x-request-id": {"description": "Names the request in a bug report.", "schema": {"type": "string"}}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}
