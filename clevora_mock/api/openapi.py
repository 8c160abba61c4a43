"""OpenAPI 3.1 document of the emulated API, generated from the contract and the schemas.

Each operation and field has ``x-clevora-basis``: documented or inferred.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from clevora_mock.api.error_statuses import error_statuses
from clevora_mock.api.schemas import REQUIRED
from clevora_mock.api.schemas.errors import ErrorResponse
from clevora_mock.contract.endpoints import CHANGELOG, DOCUMENTED, INFERRED, Credential, Endpoint
from clevora_mock.contract.errors import ERRORS, STATUSES
from clevora_mock.contract.limits import KEY_FORMAT
from clevora_mock.evidence import Evidence, status_of
from clevora_mock.version import __version__
from clevora_mock.web.operation import Operation, Parameter

_CLAUSES = re.compile(r" \([A-Z]\d[^)]*\)")

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


# The clauses about each operation, by the first letter of their ids.
_CLAUSE_LETTERS = {
    "chat.completions": "CS",
    "embeddings": "E",
    "search": "H",
    "scripts.generate": "G",
    "keys.create": "K",
    "keys.list": "K",
    "keys.revoke": "K",
    "developer.activate": "K",
    "developer.account": "B",
    "developer.topup": "B",
    "developer.transactions": "B",
    "developer.usage": "U",
    "dodo.webhook": "B",
    "docs.llms": "W",
}


def build_openapi_document(
    operations: Sequence[Operation], server: str, evidence: Evidence | None = None
) -> dict[str, Any]:
    """Return the document about `operations` at the base URL `server` (without ``/v1``).

    With `evidence`, ``x-verified`` of an operation has the clauses about it by their verdicts.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        for path in operation.paths:
            if operation.endpoint is not None:
                described = _describe_operation(operation, operation.endpoint, path)
                if evidence is not None:
                    described["x-verified"] = _verdicts(operation.endpoint.name, evidence)
                paths.setdefault(path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clevora AI API",
            "version": CHANGELOG[0][0],
            "summary": "A unified REST API for semantic media search, script generation and chat completions.",
            "description": f"Emulated by clevora-mock {__version__}. x-clevora-basis is documented for what Clevora's "
            "documentation states, and inferred for what it leaves open.",
            "x-verified": status_of(evidence),
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": build_api_schemas(operations), "securitySchemes": _SCHEMES},
    }


def _verdicts(name: str, evidence: Evidence) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for clause, row in evidence.clauses.items():
        if clause[0] in _CLAUSE_LETTERS[name]:
            found.setdefault(row.verdict, []).append(clause)
    return found


def describe_types(types: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the JSON Schema of each type, and those of the structs that they refer to, by name."""
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for schema in components.values():
        # From docstrings, whose clause ids and markup say nothing to readers of the schema.
        schema["description"] = _CLAUSES.sub("", schema["description"]).replace("``", "")
    return plain_schema([*schemas]), plain_schema(components)


def plain_schema(schema: Any) -> Any:
    """Return a schema as generators of types read it.

    They take a field with a default of null for one that is always there, an object of which nothing is said for one
    that is always empty, and alternatives that only require names for values of any type.
    """
    if isinstance(schema, list):
        return [plain_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: plain_schema(value) for name, value in schema.items() if name != "default" or value is not None}
    if plain.get("type") == "object" and plain.keys().isdisjoint(("properties", "additionalProperties")):
        plain["additionalProperties"] = True
    if all(one.keys() == {"required"} for one in plain.get("anyOf", [])):
        plain.pop("anyOf", None)
    required = [name for name, field in plain.get("properties", {}).items() if field.pop(REQUIRED, False)]
    return plain | {"required": [*plain["required"], *required]} if required else plain


def build_api_schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the JSON Schemas of all requests, responses, events and errors of `operations`, by name."""
    types: list[type[msgspec.Struct]] = [ErrorResponse]
    for operation in operations:
        types += [schema for schema in (operation.request, operation.response, operation.event) if schema is not None]
    return describe_types(types)[1]


def _describe_operation(operation: Operation, endpoint: Endpoint, path: str) -> dict[str, Any]:
    alias = "" if path == endpoint.path else "." + path.strip("/").replace("/", ".")
    described: dict[str, Any] = {
        "operationId": endpoint.name + alias,
        "summary": endpoint.summary,
        "x-clevora-basis": endpoint.basis if not alias or endpoint.name == "docs.llms" else INFERRED,
        "security": [] if endpoint.credential == "none" else [{endpoint.credential: []}],
        "responses": {"200": _describe_success(endpoint, operation)}
        | {str(status): _describe_error(status, endpoint) for status in error_statuses(operation)},
    }
    if endpoint.rate is not None:
        described["x-clevora-price-per-1k-tokens"] = endpoint.rate / 1000
    if operation.parameters:
        described["parameters"] = [describe_parameter(parameter) for parameter in operation.parameters]
    if operation.request is not None:
        described["requestBody"] = {
            "required": operation.requires_body,
            "content": _json_content(ref(operation.request)),
        }
    return described


def describe_parameter(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter as OpenAPI has it, with its bounds and default."""
    schema: dict[str, Any] = {"type": "string"}
    if parameter.bounds is not None:
        low, high = parameter.bounds
        schema = {"type": "integer", "minimum": low, "maximum": high, "default": parameter.default}
    return {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.location != "query",
        "description": parameter.description,
        "schema": schema,
        "x-clevora-basis": parameter.basis,
    }


def success_schema(endpoint: Endpoint, operation: Operation) -> dict[str, Any]:
    """Return the JSON Schema of a success's body, with the dashboard's envelope."""
    schema: dict[str, Any] = (
        {"type": "object", "additionalProperties": True} if operation.response is None else ref(operation.response)
    )
    if not endpoint.enveloped:
        return schema
    return {
        "type": "object",
        "required": ["status", "data"],
        "properties": {
            "status": {"const": "success", "x-clevora-basis": DOCUMENTED},
            "data": schema | {"x-clevora-basis": DOCUMENTED},
        },
    }


def error_schema(endpoint: Endpoint) -> dict[str, Any]:
    """Return the JSON Schema of an error's body, with the dashboard's envelope (B12)."""
    schema = ref(ErrorResponse)
    if not endpoint.enveloped:
        return schema
    status_field = {"const": "error", "x-clevora-basis": INFERRED}
    return {"allOf": [schema, {"type": "object", "required": ["status"], "properties": {"status": status_field}}]}


def _describe_success(endpoint: Endpoint, operation: Operation) -> dict[str, Any]:
    content = _json_content(success_schema(endpoint, operation))
    if operation.event is not None:
        content["text/event-stream"] = {
            "schema": ref(operation.event),
            "x-clevora-note": "One chunk for each `data:` line; the last line is `data: [DONE]`.",
        }
    return {"description": "Success.", "headers": _headers(), "content": content}


def _describe_error(status: int, endpoint: Endpoint) -> dict[str, Any]:
    codes = [error.code for error in ERRORS if error.status == status]
    headers = _headers()
    if status == 429:
        headers["retry-after"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    title, _, cause = STATUSES[status]
    return {
        "description": f"{title}. {cause} Codes: {', '.join(codes)}.",
        "headers": headers,
        "content": _json_content(error_schema(endpoint)),
    }


def _headers() -> dict[str, Any]:
    return {"x-request-id": {"description": "The request's id, for bug reports.", "schema": {"type": "string"}}}


def _json_content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def ref(schema: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a reference to the schema of a type, in a document with those of `build_api_schemas` as its components."""
    return {"$ref": f"#/components/schemas/{schema.__name__}"}
