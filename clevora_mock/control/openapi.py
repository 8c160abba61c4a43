"""The control plane as an OpenAPI 3.1 document, made of its table of routes."""

import re
from collections.abc import Iterable
from typing import Any

from clevora_mock.api.openapi import schemas_of
from clevora_mock.api.schemas.errors import ErrorAnswer
from clevora_mock.control.route import ControlRoute
from clevora_mock.version import __version__

_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")


def control_document(table: Iterable[ControlRoute], server: str) -> dict[str, Any]:
    """Return the document, for the sandbox at the base URL `server`."""
    rows = list(table)
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(_PARAMETER.sub(r"{\1}", row.path), {})[row.method.lower()] = _operation(row)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "clevora-mock's own routes",
            "version": __version__,
            "description": "Each also below /sandbox/<name>. Only for this machine and allowed hosts; no CORS.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": schemas_of([ErrorAnswer, *(row.request for row in rows if row.request is not None)])},
    }


def _operation(row: ControlRoute) -> dict[str, Any]:
    refused = {
        "description": "Refused: what was wrong, by field.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}},
    }
    described: dict[str, Any] = {
        "operationId": f"{row.method.lower()} {row.path}",
        "summary": row.summary,
        "responses": {"200": {"description": "Success."}, "4XX": refused},
    }
    places = [(name, "path") for name in _PARAMETER.findall(row.path)] + [(name, "query") for name in row.query]
    if places:
        described["parameters"] = [
            {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}
            for name, place in places
        ]
    if row.request is not None:
        schema = {"$ref": f"#/components/schemas/{row.request.__name__}"}
        described["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return described
