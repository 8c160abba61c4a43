"""``/__mock/checkouts`` and ``/__mock/webhooks``: finish payments, and sign events."""

from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.api.payments import sign_event
from clevora_mock.control.checkout import find_checkout
from clevora_mock.control.endpoint import ControlHandler, get_now, get_sandbox
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core.payments import Outcome
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_body


class SignRequest(Struct, forbid_unknown_fields=True):
    """An event to sign."""

    payload: dict[str, Any]


def finish_checkout(sender: WebhookSender, outcome: Outcome) -> ControlHandler:
    """Handle ``POST /__mock/checkouts/{id}/pay`` and ``/fail``: finish the checkout and deliver its event."""

    async def finish(request: Request) -> Response:
        checkout = find_checkout(request)
        status = await sender.finish(request.app, get_sandbox(request), checkout, outcome, get_now(request))
        return json_response({"id": checkout.id, "status": checkout.status, "webhookStatus": status})

    return finish


async def sign_webhook(request: Request) -> Response:
    """Handle ``POST /__mock/webhooks/sign``: return headers and body to post to the webhook."""
    event, _ = parse_body(await request.body(), SignRequest)
    headers, body = sign_event(get_sandbox(request), event.payload)
    return json_response({"headers": headers, "body": body.decode()})
