"""Facts that OpenAPI cannot express: bodies that are refused although they match, and the signatures of webhooks."""

import base64
import hashlib
import hmac
import os
import time
from typing import Any

import requests
import schemathesis

_SECRET = base64.b64decode(os.environ["FUZZ_WEBHOOK_SECRET"].removeprefix("whsec_"))
_WEBHOOK = "POST /api/dodo/webhook"


def _with_contents(body: dict[str, Any]) -> dict[str, Any]:
    """Give a content to each message that has none."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    fixed = [{**one, "content": "Hello!"} if one.get("content") in (None, []) else one for one in messages]
    return {**body, "messages": fixed}


def _with_two_decimals(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "amount": round(body["amount"], 2)}


_ACCEPTED = {
    "POST /api/developer/topup": _with_two_decimals,
    "POST /v1/chat/completions": _with_contents,
}


@schemathesis.hook
def before_load_schema(_context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Leave out the schemas of streams: the document's are of the JSON in an event, schemathesis's of the event."""
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                response.get("content", {}).get("text/event-stream", {}).pop("schema", None)


@schemathesis.hook
def map_case(_context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Change a body that matches the schema, but that the document's words refuse."""
    if not isinstance(case.body, dict) or not _is_valid(case):
        return case
    # A number such as 5.0 is an integer to JSON Schema; a model must be one of the endpoint's own.
    body = {name: _whole(value) for name, value in case.body.items()}
    if case.operation.path.startswith("/v1/"):
        body.pop("model", None)
    case.body = _ACCEPTED.get(case.operation.label, dict)(body)
    return case


def _is_valid(case: schemathesis.Case) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value == int(value) else value


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
    if case.operation.label == _WEBHOOK and _is_valid(case):
        kwargs["auth"] = _Signature()
