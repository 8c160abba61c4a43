"""The page where a top-up is paid (contract B7): shows the checkout, and finishes it once."""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from clevora_mock.control.endpoint import base_url_of, now_of, sandbox_of
from clevora_mock.control.pages import page
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core import money
from clevora_mock.core.errors import invalid
from clevora_mock.core.payments import Checkout, Outcome

_BUTTONS = """<form method="post">
<button name="outcome" value="succeeded">Pay {amount}</button>
<button name="outcome" value="failed" class="quiet">Let the payment fail</button>
</form>"""


class CheckoutPage:
    """``/checkout/{id}``: GET shows, POST finishes; the event goes to the webhook as Dodo Payments would send it."""

    def __init__(self, sender: WebhookSender) -> None:
        self._sender = sender

    async def show(self, request: Request) -> Response:
        checkout = checkout_of(request)
        amount = money.text(checkout.amount)
        return HTMLResponse(
            page(
                "checkout.html",
                amount=amount,
                account=escape(checkout.email or checkout.uid),
                id=escape(checkout.id),
                state=escape(_state(checkout, now_of(request))),
                buttons=_BUTTONS.format(amount=amount) if checkout.is_open(now_of(request)) else "",
            )
        )

    async def finish(self, request: Request) -> Response:
        outcomes = parse_qs((await request.body()).decode("latin-1")).get("outcome", [])
        if outcomes not in (["succeeded"], ["failed"]):
            raise invalid("outcome", '"succeeded" or "failed"', ", ".join(outcomes)[:40] or "nothing")
        outcome: Outcome = "succeeded" if outcomes == ["succeeded"] else "failed"
        checkout = checkout_of(request)
        await self._sender.finish(request.app, sandbox_of(request), checkout, outcome, now_of(request))
        return RedirectResponse(f"{base_url_of(request)}/checkout/{checkout.id}", status_code=303)


def checkout_of(request: Request) -> Checkout:
    """Return the checkout that the path names; 404 when there is none."""
    return sandbox_of(request).checkouts.find(request.path_params["id"])


def _state(checkout: Checkout, now: int) -> str:
    if checkout.status == "succeeded":
        return "Paid. The credit is on the account." if checkout.credited else "Paid. The event is on its way."
    if checkout.status == "failed":
        return "The payment failed. Nothing was charged."
    if now >= checkout.expires:
        return "This checkout has expired. Nothing was charged."
    return "No money moves here: paying sends the event that a real payment would."
