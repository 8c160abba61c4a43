"""``/docs/llms``: one JSON document about the whole API for coding agents (W7), generated from the contract."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from clevora_mock.api.error_statuses import error_statuses
from clevora_mock.contract.endpoints import CHANGELOG, ENDPOINTS, MODELS, Credential, Endpoint
from clevora_mock.contract.errors import ERRORS
from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    DOLLAR,
    KEY_DIGITS,
    KEY_PREFIX,
    REQUESTS_PER_MINUTE,
    TIER,
    TOKENS_PER_DAY,
    TOPUP_MAXIMUM,
    TOPUP_MINIMUM,
    dollars_text,
)
from clevora_mock.core.reply import Reply
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import encode_reply
from clevora_mock.web.operation import Operation

BASE_URL = "https://developers.getclevora.xyz"

_CREDENTIALS: dict[Credential, str] = {
    "api_key": "API key as a bearer token",
    "id_token": "Firebase ID token as a bearer token",
    "signature": "Standard Webhooks signature",
    "none": "none",
}

_RULES = (
    f"Send Authorization: Bearer {KEY_PREFIX}... to every /v1 endpoint but /v1/keys, which take a Firebase ID token.",
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
        reply = encode_reply(build_llms_document(self._operations))
        return replace(reply, headers=(*reply.headers, (b"cache-control", b"public, max-age=300")))


def build_llms_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the document about `operations`."""
    return {
        "name": "Clevora AI API",
        "version": CHANGELOG[0][0],
        "description": "A unified REST API for semantic media search, script generation, and chat completions.",
        "baseUrl": f"{BASE_URL}/v1",
        "authentication": {
            "apiKey": f"Authorization: Bearer {KEY_PREFIX}... ({KEY_DIGITS} hex characters after the prefix) for /v1/*",
            "idToken": "Authorization: Bearer <Firebase ID token> for /v1/keys and /api/developer/*",
        },
        "models": [
            {"id": model.id, "bestFor": model.best_for, "notes": model.notes, "endpoints": model.endpoints}
            for model in MODELS
        ],
        "endpoints": [_describe(operation, operation.endpoint) for operation in operations if operation.endpoint],
        "errors": [
            {
                "status": error.status,
                "type": error.type,
                "code": error.code,
                "cause": error.cause,
                "basis": error.basis,
            }
            for error in ERRORS
        ],
        "pricing": {
            "currency": "USD",
            "per1kTokens": {e.name: e.rate / 1000 for e in ENDPOINTS if e.rate is not None},
            "notes": {e.name: e.price_note for e in ENDPOINTS if e.rate is not None},
            "activationThreshold": ACTIVATION_THRESHOLD / DOLLAR,
            "topup": {
                "minimum": TOPUP_MINIMUM / DOLLAR,
                "maximum": TOPUP_MAXIMUM / DOLLAR,
            },
        },
        "limits": {
            "tier": TIER,
            "requestsPerMinute": REQUESTS_PER_MINUTE,
            "tokensPerDay": TOKENS_PER_DAY,
            "per": "API key",
        },
        "changelog": [
            {"version": version, "date": date, "highlights": highlights} for version, date, highlights in CHANGELOG
        ],
        "rulesOfThumb": _RULES,
    }


def _describe(operation: Operation, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "method": endpoint.method,
        "path": endpoint.path,
        "aliases": endpoint.paths[1:],
        "summary": endpoint.summary,
        "authentication": _CREDENTIALS[endpoint.credential],
        "basis": endpoint.basis,
        "parameters": [
            {"name": parameter.name, "in": parameter.location, "description": parameter.description}
            for parameter in operation.parameters
        ],
        "request": None if operation.request is None else msgspec.json.schema(operation.request),
        "response": None if operation.response is None else msgspec.json.schema(operation.response),
        "stream": None if operation.event is None else msgspec.json.schema(operation.event),
        "errors": error_statuses(operation),
    }
