"""OpenAPI 3.1 document of the control plane, generated from its table of routes."""

import re
from collections.abc import Iterable
from typing import Any, get_args

from clevora_mock.api.openapi import describe_types, plain_schema
from clevora_mock.api.schemas.errors import ErrorResponse
from clevora_mock.control.journal import ENDPOINT_PATTERN
from clevora_mock.control.route import ControlRoute
from clevora_mock.control.schemas import SpendGrouping
from clevora_mock.core.journal import MAX_ENTRIES
from clevora_mock.version import __version__

_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")

# The query parameters that are not just some text, or required.
_QUERY: dict[str, dict[str, Any]] = {
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": MAX_ENTRIES}},
    "endpoint": {"schema": {"type": "string", "pattern": ENDPOINT_PATTERN}},
    "status": {"schema": {"type": "string", "pattern": "^[0-9]{3}$"}},
    "since": {"schema": {"type": "string", "format": "date-time"}},
    "group": {"schema": {"type": "string", "enum": list(get_args(SpendGrouping)), "default": "endpoint"}},
    "final": {"schema": {"type": "string", "enum": ["true", "false"]}},
    "uid": {"required": True},
}

# A whole scenario is described by the language's own schema.
_SCENARIO = {"$ref": "#/components/schemas/Scenario"}


def build_control_document(table: Iterable[ControlRoute], server: str) -> dict[str, Any]:
    """Return the document about `table`, for the sandbox at the base URL `server`."""
    from clevora_mock.scenarios.json_schema import schema  # noqa: PLC0415 - imports YAML

    rows = list(table)
    types = [ErrorResponse, *(one for row in rows for one in (*_types(row.answer), *_types(row.request)))]
    schemas, components = describe_types(types)
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(_PARAMETER.sub(r"{\1}", row.path), {})[row.method.lower()] = _describe_operation(row, by_type)
    scenario = _with_components({name: value for name, value in plain_schema(schema()).items() if name != "$schema"})
    definitions = scenario.pop("$defs")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clevora-mock's control plane",
            "version": __version__,
            "description": "Each route also exists below /sandbox/<name>. By IP address or allowed host only; no CORS.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": components | definitions | {"Scenario": scenario}},
    }


def _with_components(schema: Any) -> Any:
    """Return a schema that refers to the document's components instead of definitions of its own."""
    if isinstance(schema, dict):
        return {name: _with_components(value) for name, value in schema.items()}
    if isinstance(schema, list):
        return list(map(_with_components, schema))
    return schema.replace("#/$defs/", "#/components/schemas/") if isinstance(schema, str) else schema


def _describe_operation(row: ControlRoute, schemas: dict[str, Any]) -> dict[str, Any]:
    answer = _any_of([schemas[repr(one)] for one in _types(row.answer)])
    error = {
        "description": "Invalid request.",
        "content": {"application/json": {"schema": schemas[repr(ErrorResponse)]}},
    }
    success = {"description": "Success.", "content": {row.media_type: {"schema": answer}}}
    described: dict[str, Any] = {
        "operationId": "".join([row.method.lower(), *(word.capitalize() for word in re.findall(r"\w+", row.path))]),
        "summary": row.summary,
        "responses": {"200": success, "4XX": error},
    }
    text = {"schema": {"type": "string"}}
    in_path = [{"name": name, "in": "path", "required": True, **text} for name in _PARAMETER.findall(row.path)]
    some = {"schema": {"type": "string", "minLength": 1}}
    in_query = [{"name": name, "in": "query", "required": False, **some, **_QUERY.get(name, {})} for name in row.query]
    if parameters := in_path + in_query:
        described["parameters"] = parameters
    if row.request is not None:
        described["requestBody"] = {"required": not row.optional_body, "content": _describe_request(row, schemas)}
    return described


def _describe_request(row: ControlRoute, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[repr(row.request)]
    if not row.takes_scenario:
        return {"application/json": {"schema": schema}}
    either = {"schema": _any_of([schema, _SCENARIO])}
    return {"application/json": either, "application/yaml": either}


def _types(types: Any) -> tuple[Any, ...]:
    """Return the types of an answer or a request: none, one or several."""
    return types if isinstance(types, tuple) else () if types is None else (types,)


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
