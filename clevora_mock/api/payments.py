"""``POST /api/dodo/webhook`` (B8-B10), and the events that the mock sends there."""

import json
from typing import Any

from clevora_mock.api.schemas import dashboard
from clevora_mock.core import webhooks
from clevora_mock.core.payments import Checkout
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import json_answer
from clevora_mock.web.parsing import parse_body


async def webhook(context: RequestContext) -> Reply:
    """Handle a payment's event: check the signature, then the JSON, then credit the checkout that it pays."""
    facts, sandbox = context.facts, context.sandbox
    event_id = webhooks.verify(sandbox.config.webhook_secret, facts.headers, facts.body, context.now)
    _, event = parse_body(facts.body, dashboard.WebhookEvent)
    sandbox.receive_payment(event_id, event, context.now)
    return json_answer(dashboard.Received(received=True))


def checkout_event(sandbox: Sandbox, checkout: Checkout) -> tuple[dict[str, str], bytes]:
    """Return the headers and body that announce the end of `checkout` to the webhook."""
    return signed_event(sandbox, sandbox.payment_event(checkout, sandbox.clock.now()))


def signed_event(sandbox: Sandbox, event: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """Return any event as headers and body, with a signature that the webhook takes."""
    # Compact and plain UTF-8, since receivers verify JSON.stringify of what they parsed.
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    event_id = "evt_" + sandbox.rng.next_hex("event")
    headers = webhooks.sign(sandbox.config.webhook_secret, event_id, sandbox.clock.now(), body)
    return {"content-type": "application/json", **headers}, body
