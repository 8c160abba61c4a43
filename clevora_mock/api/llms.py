"""``/docs/llms``: the whole API in one document for coding agents (W7), made from the same tables as the routes."""

from typing import Any

import msgspec

from clevora_mock.api.operations import OPERATIONS, statuses
from clevora_mock.contract.endpoints import CHANGELOG, ENDPOINTS, MODELS, Credential, Endpoint
from clevora_mock.contract.errors import ERRORS
from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    REQUESTS_PER_MINUTE,
    TIER,
    TOKENS_PER_DAY,
    TOPUP_MAXIMUM,
    TOPUP_MINIMUM,
)

BASE_URL = "https://developers.getclevora.xyz"

_CREDENTIALS: dict[Credential, str] = {
    "api_key": "API key as a bearer token",
    "id_token": "Firebase ID token as a bearer token",
    "signature": "Standard Webhooks signature",
    "none": "none",
}

_RULES = (
    "Send Authorization: Bearer sk_live_... to every /v1 endpoint but /v1/keys, which take a Firebase ID token.",
    "Keep keys on the server. A key is shown once, when it is created.",
    "Leave model out unless another is needed; each endpoint has its default.",
    "Set max_tokens: it bounds the answer and what it costs. The prompt is billed too.",
    "When streaming, buffer partial lines, stop at data: [DONE], and read usage from the last chunk before it.",
    "Leaving a stream early still bills what was sent.",
    "On 429 wait for Retry-After seconds. On 500 back off exponentially. Do not retry 400, 401, 402 or 403.",
    "On 402 top up: account_not_activated means that the balance never reached $15.",
    "Name the x-request-id when reporting a fault.",
)


def payload() -> dict[str, Any]:
    """The document."""
    return {
        "name": "Clevora AI API",
        "version": CHANGELOG[0][0],
        "description": "A unified REST API for semantic media search, script generation, and chat completions.",
        "baseUrl": f"{BASE_URL}/v1",
        "authentication": {
            "apiKey": "Authorization: Bearer sk_live_... (32 hex characters after the prefix) for /v1/*",
            "idToken": "Authorization: Bearer <Firebase ID token> for /v1/keys and /api/developer/*",
        },
        "models": [
            {"id": model.id, "bestFor": model.best_for, "notes": model.notes, "endpoints": model.endpoints}
            for model in MODELS
        ],
        "endpoints": [_endpoint(endpoint) for endpoint in ENDPOINTS],
        "errors": [
            {
                "status": failure.status,
                "type": failure.type,
                "code": failure.code,
                "cause": failure.cause,
                "basis": failure.basis,
            }
            for failure in ERRORS
        ],
        "pricing": {
            "currency": "USD",
            "per1kTokens": {e.name: e.rate / 1000 for e in ENDPOINTS if e.rate is not None},
            "notes": {e.name: e.price_note for e in ENDPOINTS if e.rate is not None},
            "activationThreshold": ACTIVATION_THRESHOLD / 1_000_000,
            "topup": {
                "minimum": TOPUP_MINIMUM / 1_000_000,
                "maximum": TOPUP_MAXIMUM / 1_000_000,
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


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    operation = OPERATIONS[endpoint.name]
    return {
        "name": endpoint.name,
        "method": endpoint.method,
        "path": endpoint.path,
        "aliases": endpoint.paths[1:],
        "summary": endpoint.summary,
        "authentication": _CREDENTIALS[endpoint.credential],
        "basis": endpoint.basis,
        "parameters": [
            {"name": parameter.name, "in": parameter.place, "description": parameter.description}
            for parameter in operation.parameters
        ],
        "request": None if operation.request is None else msgspec.json.schema(operation.request),
        "response": None if operation.answer is None else msgspec.json.schema(operation.answer),
        "stream": None if operation.streamed is None else msgspec.json.schema(operation.streamed),
        "errors": statuses(endpoint),
    }
