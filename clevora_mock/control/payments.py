"""``/__mock/checkouts`` and ``/__mock/webhooks``: list and finish payments, and sign events."""

from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.api.payments import sign_event
from clevora_mock.clock import LONGEST, MAX_DURATION, iso
from clevora_mock.control.checkout import find_checkout
from clevora_mock.control.endpoint import get_base_url, get_now, get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import CheckoutDetails, CheckoutDetailsList, FinishedCheckout, SignedEvent
from clevora_mock.control.seconds import Seconds, to_micros
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core import money
from clevora_mock.core.errors import invalid
from clevora_mock.core.payments import MAX_DELIVERIES, Checkout, Outcome, PaymentOrder
from clevora_mock.web.background import Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.long_json import encode_parts, long_response
from clevora_mock.web.parsing import parse_body, parse_optional_body, value_text

# The work that a checkout is, for `Background.run`.
_SIZE = 50


class DeliveryRequest(Struct, forbid_unknown_fields=True):
    """The number of deliveries of a payment's event, and their delay; by default one, as the scenario says."""

    deliveries: Annotated[int, Meta(ge=1, le=MAX_DELIVERIES)] | None = None
    delay: Seconds | None = None


class SignRequest(Struct, forbid_unknown_fields=True):
    """An event to sign."""

    payload: dict[str, Any]


def list_checkouts(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/checkouts``."""

    async def show(request: Request) -> Response:
        base = get_base_url(request)
        set_back = get_sandbox(request).clock.set_back
        checkouts = [*get_sandbox(request).checkouts.by_id.values()]
        rendered = (_render_checkout(checkout, base, set_back) for checkout in checkouts)
        parts = encode_parts(CheckoutDetailsList([]), checkouts=rendered)
        return await long_response(background, _SIZE * len(checkouts), parts)

    return show


def finish_checkout(sender: WebhookSender, outcome: Outcome) -> ControlHandler:
    """Handle ``POST /__mock/checkouts/{id}/pay`` and ``/fail``: finish the checkout and deliver its event."""

    async def finish(request: Request) -> Response:
        checkout = find_checkout(request)
        body = parse_optional_body(await request.body(), DeliveryRequest)
        delay = None if body.delay is None else to_micros("delay", body.delay)
        if delay is not None and delay > MAX_DURATION:
            raise invalid("delay", f"at most {LONGEST}, a year", value_text(body.delay))
        order = PaymentOrder(outcome, body.deliveries or 1, delay)
        statuses = await sender.finish(request.app, get_sandbox(request), checkout, order, get_now(request))
        status: Outcome = "failed" if checkout.status == "failed" else "succeeded"
        return json_response(FinishedCheckout(checkout.id, status, statuses[-1] if statuses else None, statuses))

    return finish


def sign_webhook(background: Background) -> ControlHandler:
    """Handle ``POST /__mock/webhooks/sign``: return headers and body to post to the webhook."""

    async def sign(request: Request) -> Response:
        body = await request.body()
        event, _ = await background.run(len(body), lambda: parse_body(body, SignRequest))
        sandbox = get_sandbox(request)
        headers, signed = sign_event(sandbox, event.payload, sandbox.next_event_id())
        return json_response(SignedEvent(headers, signed.decode()))

    return sign


def _render_checkout(checkout: Checkout, base_url: str, set_back: int) -> CheckoutDetails:
    due = checkout.due_at(set_back)
    return CheckoutDetails(
        id=checkout.id,
        url=f"{base_url}/checkout/{checkout.id}",
        uid=checkout.uid,
        email=checkout.email,
        amount=money.dollars(checkout.amount),
        status=checkout.status,
        credited=checkout.credited,
        created_at=iso(checkout.created),
        expires_at=iso(checkout.expires),
        due_at=None if due is None else iso(due),
    )
