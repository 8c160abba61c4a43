"""``/docs/llms``: one JSON document about the whole API for coding agents (W7), generated from the contract.

Complete in itself: references between schemas resolve in the document, and URLs are this server's.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from clevora_mock.api.error_statuses import error_statuses
from clevora_mock.api.openapi import build_api_schemas, describe_parameter, error_schema, ref, success_schema
from clevora_mock.api.schemas import DEFAULT
from clevora_mock.api.schemas.errors import ErrorResponse
from clevora_mock.contract.endpoints import CHANGELOG, ENDPOINTS, MODELS, Credential, Endpoint
from clevora_mock.contract.errors import ERRORS
from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    CHECKOUT_HOURS,
    DEFAULT_MODEL,
    DOLLAR,
    KEY_FORMAT,
    KEY_PREFIX,
    MAX_BODY_BYTES,
    REQUESTS_PER_MINUTE,
    TIER,
    TOKENS_PER_DAY,
    TOPUP_MAXIMUM,
    TOPUP_MINIMUM,
    WEBHOOK_TOLERANCE_SECONDS,
    dollars_text,
)
from clevora_mock.core.reply import Reply
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import encode_reply
from clevora_mock.web.operation import Operation

PRODUCTION_URL = "https://developers.getclevora.xyz"

_CREDENTIALS: dict[Credential, str] = {
    "api_key": "Authorization: Bearer <API key>",
    "id_token": "Authorization: Bearer <Firebase ID token>",
    "signature": "Standard Webhooks: the headers webhook-id, webhook-timestamp and webhook-signature",
    "none": "none",
}

_EXAMPLE_KEY = KEY_PREFIX + "..."
_EXAMPLE_HEADERS: dict[Credential, dict[str, str]] = {
    "api_key": {"Authorization": f"Bearer {_EXAMPLE_KEY}"},
    "id_token": {"Authorization": "Bearer <Firebase ID token>"},
    "signature": {
        "webhook-id": "evt_1",
        "webhook-timestamp": "1767225600",
        "webhook-signature": "v1,<base64 HMAC-SHA256>",
    },
    "none": {},
}
_EXAMPLE_QUERIES = {"developer.usage": "?range=30", "developer.transactions": "?limit=20"}
_EXAMPLE_BODIES: dict[str, dict[str, Any]] = {
    "chat.completions": {
        "model": DEFAULT_MODEL["chat.completions"],
        "messages": [{"role": "user", "content": "Hello!"}],
        "max_tokens": 100,
    },
    "embeddings": {"input": ["the cat sat", "on the mat"]},
    "search": {"query": "underwater drone footage", "limit": 3},
    "scripts.generate": {"topic": "AI in 2026", "style": "youtube", "length": "medium"},
    "keys.create": {"name": "ci"},
    "developer.topup": {"amount": 50},
    "dodo.webhook": {
        "type": "payment.succeeded",
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "data": {"payment_id": "pay_1", "checkout_session_id": "cks_1"},
    },
}

_CATALOG = (
    "/v1/search queries the shared Clevora demo catalog, which is useful for prototyping but not for production "
    "traffic. To search your own media library, your catalog needs to be indexed against your workspace first: email "
    "developers@getclevora.xyz with a sample of your metadata schema. Self-serve catalog ingestion is on the roadmap."
)

_RULES = (
    f"Send Authorization: Bearer {KEY_PREFIX}... to /v1 endpoints; /v1/keys and /v1/usage take a Firebase ID token.",
    "Keep keys on the server. A key is shown once, when it is created.",
    "Leave model out unless another is needed; each endpoint has its default.",
    "Set max_tokens: it bounds the completion and its price. The prompt is billed too.",
    "When streaming, buffer partial lines, stop at data: [DONE], and read usage from the last chunk before it.",
    "Leaving a stream early still bills what was sent.",
    "On 429 wait for Retry-After seconds. On 500 back off exponentially. Do not retry 400, 401, 402 or 403.",
    f"On 402 top up: account_not_activated means that the balance never reached {dollars_text(ACTIVATION_THRESHOLD)}.",
    "Name the x-request-id when reporting a fault.",
)


class LlmsHandler:
    """Endpoint handler; `operations` may grow after construction."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations

    async def __call__(self, context: RequestContext) -> Reply:
        reply = encode_reply(build_llms_document(self._operations, context.base_url))
        return replace(reply, headers=(*reply.headers, (b"cache-control", b"public, max-age=300")))


def build_llms_document(operations: Sequence[Operation], server: str) -> dict[str, Any]:
    """Return the document about `operations` at the base URL `server` (without ``/v1``)."""
    return {
        "name": "Clevora AI API",
        "version": CHANGELOG[0][0],
        "description": "A unified REST API for semantic media search, script generation, and chat completions.",
        "baseUrl": server,
        "openaiBaseUrl": f"{server}/v1",
        "productionBaseUrl": PRODUCTION_URL,
        "authentication": {
            "apiKey": f"Authorization: Bearer {_EXAMPLE_KEY} ({KEY_FORMAT}) for /v1/*, except /v1/keys and /v1/usage",
            "idToken": "Authorization: Bearer <Firebase ID token> for /v1/keys, /v1/usage and /api/developer/*",
        },
        "models": [
            {"id": model.id, "bestFor": model.best_for, "notes": model.notes, "endpoints": model.endpoints}
            for model in MODELS
        ],
        "endpoints": [
            _describe(operation, operation.endpoint, server) for operation in operations if operation.endpoint
        ],
        "errorBody": ref(ErrorResponse),
        "errors": [
            {
                "status": error.status,
                "type": error.type,
                "code": error.code,
                "message": error.message,
                "cause": error.cause,
                "basis": error.basis,
            }
            for error in ERRORS
        ],
        "responseHeaders": {
            "x-request-id": "On every response: req_ and 24 hex digits.",
            "retry-after": "On 429: whole seconds to wait.",
        },
        "pricing": _describe_pricing(),
        "limits": _describe_limits(),
        "catalog": _CATALOG,
        "changelog": [
            {"version": version, "date": date, "highlights": highlights} for version, date, highlights in CHANGELOG
        ],
        "rulesOfThumb": _RULES,
        "components": {"schemas": _with_defaults(build_api_schemas(operations))},
    }


def _with_defaults(schema: Any) -> Any:
    """Return a schema with JSON Schema's own word for defaults, where generators of types would require the field."""
    if isinstance(schema, list):
        return [_with_defaults(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {"default" if name == DEFAULT else name: _with_defaults(value) for name, value in schema.items()}


def _describe_pricing() -> dict[str, Any]:
    return {
        "currency": "USD",
        "per1kTokens": {e.name: e.rate / 1000 for e in ENDPOINTS if e.rate is not None},
        "notes": {e.name: e.price_note for e in ENDPOINTS if e.rate is not None},
        "activationThreshold": ACTIVATION_THRESHOLD / DOLLAR,
        "gates": {
            "account_not_activated": f"402 until the balance first reaches {dollars_text(ACTIVATION_THRESHOLD)}; the "
            "account then stays activated.",
            "insufficient_balance": "402 while the balance of an activated account is not above zero.",
        },
        "topup": {
            "minimum": TOPUP_MINIMUM / DOLLAR,
            "maximum": TOPUP_MAXIMUM / DOLLAR,
            "checkoutHours": CHECKOUT_HOURS,
        },
    }


def _describe_limits() -> dict[str, Any]:
    return {
        "tier": TIER,
        "requestsPerMinute": REQUESTS_PER_MINUTE,
        "tokensPerDay": TOKENS_PER_DAY,
        "per": "API key",
        "window": "A minute is the last 60 seconds, a day is UTC.",
        "bodyBytes": MAX_BODY_BYTES,
        "webhookToleranceSeconds": WEBHOOK_TOLERANCE_SECONDS,
    }


def _describe(operation: Operation, endpoint: Endpoint, server: str) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "method": endpoint.method,
        "path": endpoint.path,
        "url": server + endpoint.path,
        "aliases": endpoint.paths[1:],
        "summary": endpoint.summary,
        "authentication": _CREDENTIALS[endpoint.credential],
        "requiresDeveloperAccess": endpoint.requires_developer_access,
        "basis": endpoint.basis,
        "parameters": [describe_parameter(parameter) for parameter in operation.parameters],
        "request": None if operation.request is None else ref(operation.request),
        "requestRequired": operation.requires_body,
        "response": success_schema(endpoint, operation),
        "stream": None if operation.event is None else _describe_stream(operation.event),
        "errorResponse": error_schema(endpoint),
        # The path's too, with another method.
        "errors": sorted({405, *error_statuses(operation)}),
        "example": _show_example(endpoint, server),
    }


def _describe_stream(event: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "when": '"stream": true',
        "contentType": "text/event-stream",
        "format": "Each event is one line, data: and a chunk as JSON, and a blank line. The first chunk has the role, "
        "the last one finish_reason and usage. The last event is data: [DONE]. A refusal is plain JSON.",
        "event": ref(event),
    }


def _show_example(endpoint: Endpoint, server: str) -> dict[str, Any]:
    path = endpoint.path.replace("{id}", "key_1") + _EXAMPLE_QUERIES.get(endpoint.name, "")
    headers, body = _EXAMPLE_HEADERS[endpoint.credential], _EXAMPLE_BODIES.get(endpoint.name)
    shown: dict[str, Any] = {"method": endpoint.method, "url": server + path, "headers": headers}
    if body is None:
        return shown
    return shown | {"headers": headers | {"Content-Type": "application/json"}, "body": body}
