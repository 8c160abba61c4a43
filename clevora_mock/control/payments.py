"""``/__mock/checkouts`` and ``/__mock/webhooks``: payments without a page, and signed events."""

from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.api.payments import signed_event
from clevora_mock.control.checkout import checkout_of
from clevora_mock.control.endpoint import ControlHandler, now_of, sandbox_of
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core.payments import Outcome
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_body


class SignRequest(Struct, forbid_unknown_fields=True):
    """An event to be signed."""

    payload: dict[str, Any]


def finish_checkout(sender: WebhookSender, outcome: Outcome) -> ControlHandler:
    """Handle ``POST /__mock/checkouts/{id}/pay`` and ``/fail``: finish the checkout and deliver its event."""

    async def finish(request: Request) -> Response:
        checkout = checkout_of(request)
        status = await sender.finish(request.app, sandbox_of(request), checkout, outcome, now_of(request))
        return json_response({"id": checkout.id, "status": checkout.status, "webhookStatus": status})

    return finish


async def sign_webhook(request: Request) -> Response:
    """Handle ``POST /__mock/webhooks/sign``: headers and body that the webhook takes, for tests that post events."""
    asked, _ = parse_body(await request.body(), SignRequest)
    headers, body = signed_event(sandbox_of(request), asked.payload)
    return json_response({"headers": headers, "body": body.decode()})
