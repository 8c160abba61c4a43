"""``POST /api/dodo/webhook`` (contract B8-B10), and the event that a finished checkout sends there."""

import json
from typing import Any

from clevora_mock.api import dashboard, parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.core import webhooks
from clevora_mock.core.call import Call
from clevora_mock.core.payments import Checkout
from clevora_mock.core.sandbox import Sandbox


async def webhook(call: Call) -> Answer:
    """Take a payment's event: the signature first, then the JSON, then the credit, if there is any to give."""
    secret = call.sandbox.beginning.webhook_secret
    event_id = webhooks.verify(secret, call.headers, call.body, call.arrived)
    parsing.request(call, dashboard.WebhookEvent)
    if isinstance(call.document, dict):
        call.sandbox.receive_payment(event_id, call.document, call.arrived)
    return Json(dashboard.Received(received=True))


def signed_event(sandbox: Sandbox, checkout: Checkout) -> tuple[dict[str, str], bytes]:
    """The headers and body that announce how `checkout` ended, ready for the webhook."""
    return signed(sandbox, sandbox.payment_event(checkout, sandbox.clock.now()))


def signed(sandbox: Sandbox, event: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """Any event with a signature that the webhook takes."""
    # Compact and plain UTF-8, since receivers verify JSON.stringify of what they parsed.
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    event_id = "evt_" + sandbox.chance.hex("event")
    headers = webhooks.sign(sandbox.beginning.webhook_secret, event_id, sandbox.clock.now(), body)
    return {"content-type": "application/json", **headers}, body
