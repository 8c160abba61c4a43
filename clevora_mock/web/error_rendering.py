"""Errors as replies: the contract's JSON, and headers with hints beyond the contract."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from clevora_mock.contract.endpoints import ENVELOPED_PATHS
from clevora_mock.contract.errors import ErrorSpec
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.masking import masked_text
from clevora_mock.core.reply import Header, Reply
from clevora_mock.web.header_text import header_safe
from clevora_mock.web.json_response import encode_reply


def error_reply(error: ApiError, facts: RequestFacts, changed: Mapping[str, ErrorSpec] | None = None) -> Reply:
    """Render `error` in the contract's format (W1); the dashboard's endpoints add ``"status":"error"`` (B12).

    Secrets that the message quotes are masked (K3). `changed` has errors of another form, by their code.
    """
    spec = (changed or {}).get(error.spec.code, error.spec)
    body: dict[str, Any] = {"error": {"message": masked_text(error.message), "type": spec.type, "code": spec.code}}
    if f"{facts.path}/".startswith(ENVELOPED_PATHS):
        body = {"status": "error"} | body
    return with_error_headers(encode_reply(body, spec.status), error)


def with_error_headers(reply: Reply, error: ApiError) -> Reply:
    """Add the headers ``retry-after``, ``allow`` and hint of `error`, and what the journal keeps of it."""
    headers: list[Header] = []
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if error.allow is not None:
        headers.append((b"allow", error.allow.encode()))
    reply = replace(
        reply,
        headers=(*reply.headers, *headers),
        code=error.spec.code,
        message=error.message,
        retry_after=error.retry_after,
    )
    return with_hint(reply, error.hint)


def with_hint(reply: Reply, hint: str | None) -> Reply:
    """Add the header with `hint`, the mock's explanation, if there is one."""
    if hint is None:
        return reply
    header = (b"x-clevora-mock-hint", header_safe(hint).encode())
    return replace(reply, headers=(*reply.headers, header), hint=hint)
