"""What the OpenAPI documents cannot say: which valid bodies are refused all the same, and how webhooks are signed."""

import base64
import hashlib
import hmac
import os
import time
from decimal import Decimal
from typing import Any

import requests
import schemathesis

_SECRET = base64.b64decode(os.environ["FUZZ_WEBHOOK_SECRET"].removeprefix("whsec_"))
_WEBHOOK = "POST /api/dodo/webhook"


def _has_two_decimals(body: dict[str, Any]) -> bool:
    """Tell whether the amount has at most two decimals."""
    amount = body.get("amount")
    return not isinstance(amount, float) or Decimal(repr(amount)) * 100 % 1 == 0


def _has_contents(body: dict[str, Any]) -> bool:
    """Tell whether each message has a content, or is an assistant's with tool calls."""
    messages = body.get("messages")
    return not isinstance(messages, list) or all(
        not isinstance(one, dict) or one.get("content") or (one.get("role") == "assistant" and one.get("tool_calls"))
        for one in messages
    )


def _is_accepted(_body: dict[str, Any]) -> bool:
    return True


_PREDICATES = {
    "POST /api/developer/topup": _has_two_decimals,
    "POST /v1/chat/completions": _has_contents,
}


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    """Skip a body that the document's words refuse."""
    body = case.body
    if not isinstance(body, dict):
        return True
    # A number such as 5.0 is an integer to JSON Schema; a model must be one of the endpoint's own.
    has_whole_floats = any(isinstance(value, float) and value == int(value) for value in body.values())
    has_model = case.operation.path.startswith("/v1/") and body.get("model") is not None
    return not (has_whole_floats or has_model) and _PREDICATES.get(case.operation.label, _is_accepted)(body)


class _Signature(requests.auth.AuthBase):
    """Signs a request's body as Standard Webhooks does."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        sent = {"webhook-id": "evt_fuzz", "webhook-timestamp": str(int(time.time()))}
        signed = b".".join([*(value.encode() for value in sent.values()), body])
        code = base64.b64encode(hmac.new(_SECRET, signed, hashlib.sha256).digest()).decode()
        request.headers.update({**sent, "webhook-signature": f"v1,{code}"})
        return request


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Sign webhooks, but for those that should be refused."""
    is_valid = case.meta is None or case.meta.generation.mode.is_positive
    if case.operation.label == _WEBHOOK and is_valid:
        kwargs["auth"] = _Signature()
