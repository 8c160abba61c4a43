"""``/checkout/{id}``: the page where a top-up is paid (B7).

Ids are seeded, so whoever knows the seed and a sandbox's name can compute them, and knowing one must not be enough: the
page cannot be framed, and only a form of its own origin, or a program, finishes a checkout.
"""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from clevora_mock.control.endpoint import get_now, get_sandbox
from clevora_mock.control.pages import page_response
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core import money
from clevora_mock.core.errors import invalid
from clevora_mock.core.payments import Checkout, Outcome, PaymentOrder

_BUTTONS = """<form method="post">
<button name="outcome" value="succeeded">Pay {amount}</button>
<button name="outcome" value="failed" class="quiet">Let the payment fail</button>
</form>"""


class CheckoutPage:
    """Handlers of the payment page; `sender` posts the payment's event to the webhook."""

    def __init__(self, sender: WebhookSender) -> None:
        self._sender = sender

    async def show(self, request: Request) -> Response:
        """Handle ``GET /checkout/{id}``."""
        checkout = find_checkout(request)
        amount = money.text(checkout.amount)
        return page_response(
            "checkout.html",
            amount=amount,
            account=escape(checkout.email or checkout.uid),
            id=escape(checkout.id),
            state=escape(_describe_state(checkout, get_now(request))),
            buttons=_BUTTONS.format(amount=amount) if checkout.is_open(get_now(request)) else "",
        )

    async def finish(self, request: Request) -> Response:
        """Handle ``POST /checkout/{id}``: pay the checkout, or let its payment fail."""
        outcomes = parse_qs((await request.body()).decode("latin-1")).get("outcome", [])
        if outcomes not in (["succeeded"], ["failed"]):
            raise invalid("outcome", '"succeeded" or "failed"', ", ".join(outcomes)[:40] or "nothing")
        outcome: Outcome = "succeeded" if outcomes == ["succeeded"] else "failed"
        checkout = find_checkout(request)
        await self._sender.finish(request.app, get_sandbox(request), checkout, PaymentOrder(outcome), get_now(request))
        # Without scheme and host, since a proxy may have others.
        return RedirectResponse(f"{request.scope['root_path']}/checkout/{checkout.id}", status_code=303)


def find_checkout(request: Request) -> Checkout:
    """Return the checkout in the path. Raises a 404 when there is none."""
    return get_sandbox(request).checkouts.find(request.path_params["id"])


def _describe_state(checkout: Checkout, now: int) -> str:
    if checkout.status == "succeeded":
        return "Paid and credited." if checkout.credited else "Paid. The webhook event is not delivered yet."
    if checkout.status == "failed":
        return "The payment failed. Nothing was charged."
    if now >= checkout.expires:
        return "This checkout has expired. Nothing was charged."
    return "No real payment: each button sends the webhook event of that outcome."
