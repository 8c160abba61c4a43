"""``POST /api/dodo/webhook`` (B8-B10), and the signed events for it."""

import json
from typing import Any

from clevora_mock.api.schemas import dashboard
from clevora_mock.core import webhooks
from clevora_mock.core.payments import NotCreditedError
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.context import RequestContext
from clevora_mock.web.error_rendering import with_hint
from clevora_mock.web.json_response import encode_reply
from clevora_mock.web.parsing import parse_body, require_plain


async def receive_event(context: RequestContext) -> Reply:
    """Handle ``POST /api/dodo/webhook``: check the signature, then the JSON, then credit the paid checkout."""
    facts, sandbox = context.facts, context.sandbox
    event_id = webhooks.verify(sandbox.config.webhook_secret, facts.headers, facts.body, context.now)
    require_plain(facts.body, facts.headers)
    _, event = parse_body(facts.body, dashboard.WebhookEvent)
    hint = None
    try:
        sandbox.receive_payment(event_id, event, context.now)
    except NotCreditedError as reason:
        hint = str(reason)
    return with_hint(encode_reply(dashboard.WebhookReceipt(received=True)), hint)


def sign_event(sandbox: Sandbox, event: dict[str, Any], event_id: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of `event`, with a valid Standard Webhooks signature (B8)."""
    # Compact and unescaped, since receivers verify JSON.stringify of the parsed body.
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    headers = webhooks.sign(sandbox.config.webhook_secret, event_id, sandbox.clock.now(), body)
    return {"content-type": "application/json", **headers}, body
