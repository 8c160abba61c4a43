"""OpenAPI 3.1 document of the control plane, generated from its table of routes."""

import re
from collections.abc import Iterable
from typing import Any

from clevora_mock.api.openapi import build_schemas
from clevora_mock.api.schemas.errors import ErrorResponse
from clevora_mock.control.route import ControlRoute
from clevora_mock.version import __version__

_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")


def build_control_document(table: Iterable[ControlRoute], server: str) -> dict[str, Any]:
    """Return the document about `table`, for the sandbox at the base URL `server`."""
    rows = list(table)
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(_PARAMETER.sub(r"{\1}", row.path), {})[row.method.lower()] = _describe_operation(row)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clevora-mock's control plane",
            "version": __version__,
            "description": "Each route also exists below /sandbox/<name>. By IP address or allowed host only; no CORS.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": build_schemas([ErrorResponse, *(row.request for row in rows if row.request)])},
    }


def _describe_operation(row: ControlRoute) -> dict[str, Any]:
    error = {
        "description": "Invalid request.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}},
    }
    described: dict[str, Any] = {
        "operationId": f"{row.method.lower()} {row.path}",
        "summary": row.summary,
        "responses": {"200": {"description": "Success."}, "4XX": error},
    }
    parameters = [(name, "path") for name in _PARAMETER.findall(row.path)] + [(name, "query") for name in row.query]
    if parameters:
        described["parameters"] = [
            {"name": name, "in": location, "required": location == "path", "schema": {"type": "string"}}
            for name, location in parameters
        ]
    if row.request is not None:
        schema = {"$ref": f"#/components/schemas/{row.request.__name__}"}
        described["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return described
