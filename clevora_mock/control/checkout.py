"""The page where a top-up is paid (contract B7): shows the checkout, and finishes it once."""

from html import escape
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse

from clevora_mock.api.answers import Answer
from clevora_mock.control.delivery import Delivery
from clevora_mock.control.pages import page
from clevora_mock.core import money
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.payments import Checkout, Outcome

_BUTTONS = """<form method="post">
<button name="outcome" value="succeeded">Pay {amount}</button>
<button name="outcome" value="failed" class="quiet">Let the payment fail</button>
</form>"""


class CheckoutPage:
    """``/checkout/{id}``: GET shows, POST finishes; the event goes to the webhook as Dodo Payments would send it."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    async def show(self, call: Call) -> Answer:
        checkout = find(call)
        amount = money.text(checkout.amount)
        open_now = checkout.status == "open" and call.arrived < checkout.expires
        return HTMLResponse(
            page(
                "checkout.html",
                amount=amount,
                account=escape(checkout.email or checkout.uid),
                id=escape(checkout.id),
                state=escape(_state(checkout, call.arrived)),
                buttons=_BUTTONS.format(amount=amount) if open_now else "",
            )
        )

    async def finish(self, call: Call) -> Answer:
        outcomes = parse_qs(call.body.decode("latin-1")).get("outcome", [])
        if outcomes not in (["succeeded"], ["failed"]):
            raise invalid("outcome", '"succeeded" or "failed"', ", ".join(outcomes)[:40] or "nothing")
        outcome: Outcome = "succeeded" if outcomes == ["succeeded"] else "failed"
        await self._delivery.finish(call, find(call), outcome)
        return RedirectResponse(f"{call.base_url}/checkout/{call.parameters['id']}", status_code=303)


def find(call: Call) -> Checkout:
    """The checkout that the path names; 404 when there is none."""
    checkout = call.sandbox.checkouts.by_id.get(call.parameters["id"])
    if checkout is None:
        raise ApiError("not_found", "No such checkout")
    return checkout


def _state(checkout: Checkout, now: int) -> str:
    if checkout.status == "succeeded":
        return "Paid. The credit is on the account." if checkout.credited else "Paid. The event is on its way."
    if checkout.status == "failed":
        return "The payment failed. Nothing was charged."
    if now >= checkout.expires:
        return "This checkout has expired. Nothing was charged."
    return "No money moves here: paying sends the event that a real payment would."
