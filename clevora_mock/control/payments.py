"""``/__mock/checkouts`` and ``/__mock/webhooks``: payments without a page, and events of one's own."""

from typing import Any

from msgspec import Struct

from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.gate import Work
from clevora_mock.api.payments import signed
from clevora_mock.control.checkout import find
from clevora_mock.control.delivery import Delivery
from clevora_mock.core.call import Call
from clevora_mock.core.payments import Outcome


class SignRequest(Struct, forbid_unknown_fields=True):
    """An event to be signed."""

    payload: dict[str, Any]


def finishing(delivery: Delivery, outcome: Outcome) -> Work:
    """``POST /__mock/checkouts/{id}/pay`` and ``/fail``: finish the checkout and deliver the event."""

    async def finish(call: Call) -> Answer:
        checkout = find(call)
        status = await delivery.finish(call, checkout, outcome)
        return Json({"id": checkout.id, "status": checkout.status, "webhookStatus": status})

    return finish


async def sign(call: Call) -> Answer:
    """``POST /__mock/webhooks/sign``: the headers and the body that the webhook takes, for tests that post events."""
    headers, body = signed(call.sandbox, parsing.request(call, SignRequest).payload)
    return Json({"headers": headers, "body": body.decode()})
