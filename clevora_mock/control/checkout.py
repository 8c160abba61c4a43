"""``/checkout/{id}``: the page where a top-up is paid (B7).

Ids are seeded, so whoever knows the seed and a sandbox's name can compute them, and knowing one must not be enough: the
page cannot be framed, and only a form of its own origin, or a program, finishes a checkout.

With ``?return_url=``, the page leads back there when the payment is over, as Dodo Payments does. Programs get errors as
JSON, browsers as a page.
"""

from html import escape
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from clevora_mock.clock import iso
from clevora_mock.control.endpoint import get_now, get_query, get_sandbox
from clevora_mock.control.pages import page_response
from clevora_mock.control.webhook_sender import WebhookSender
from clevora_mock.core import money
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.payments import Checkout, Outcome, PaymentOrder
from clevora_mock.web.parsing import query_param

State = Literal["open", "paid", "pending", "failed", "expired", "used", "unknown"]

# For each state, its sign, its heading, and what it means.
_TEXTS: dict[State, tuple[str, str, str]] = {
    "open": ("", "Pay with card", "The card is the mock's own. Each button sends the webhook event of that outcome."),
    "paid": ("✓", "Payment successful", "Paid and credited."),
    "pending": ("…", "Payment received", "Paid. The webhook event is not delivered yet, so nothing is credited."),
    "failed": ("✕", "Payment failed", "The card was declined. Nothing was charged."),
    "expired": ("!", "This checkout has expired", "It was not paid within 24 hours. Nothing was charged."),
    "used": ("✕", "This checkout was already used", "A checkout is good for one payment. Nothing more was charged."),
    "unknown": ("?", "No such checkout", "The link is wrong, or the sandbox was reset since. Nothing was charged."),
}
_BUTTONS = """<div class="card" aria-hidden="true">
<span>4242 4242 4242 4242</span><span>12 / 34</span><span>123</span>
</div>
<form method="post">
<button name="outcome" value="succeeded">Pay {amount}</button>
<button name="outcome" value="failed" class="quiet">Let the payment fail</button>
</form>"""


class CheckoutPage:
    """Handlers of the payment page; `sender` posts the payment's event to the webhook."""

    def __init__(self, sender: WebhookSender) -> None:
        self._sender = sender

    async def show(self, request: Request) -> Response:
        """Handle ``GET /checkout/{id}``."""
        try:
            checkout = find_checkout(request)
        except ApiError:
            if not _is_browser(request):
                raise
            return _render_unknown()
        return _render(request, checkout, _state_of(checkout, get_now(request)))

    async def finish(self, request: Request) -> Response:
        """Handle ``POST /checkout/{id}``: pay the checkout, or let its payment fail."""
        outcomes = parse_qs((await request.body()).decode("latin-1")).get("outcome", [])
        if outcomes not in (["succeeded"], ["failed"]):
            raise invalid("outcome", '"succeeded" or "failed"', ", ".join(outcomes)[:40] or "nothing")
        outcome: Outcome = "succeeded" if outcomes == ["succeeded"] else "failed"
        sandbox, now = get_sandbox(request), get_now(request)
        if _is_browser(request) and request.path_params["id"] not in sandbox.checkouts.by_id:
            return _render_unknown()
        checkout = find_checkout(request)
        if _is_browser(request) and not checkout.is_open(now):
            return _render(request, checkout, "used" if checkout.status != "open" else "expired", status=400)
        await self._sender.finish(request.app, sandbox, checkout, PaymentOrder(outcome), now)
        # Without scheme and host, since a proxy may have others.
        query = f"?{get_query(request)}" if get_query(request) else ""
        return RedirectResponse(f"{request.scope['root_path']}/checkout/{checkout.id}{query}", status_code=303)


def find_checkout(request: Request) -> Checkout:
    """Return the checkout in the path. Raises a 404 when there is none."""
    return get_sandbox(request).checkouts.find(request.path_params["id"])


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _state_of(checkout: Checkout, now: int) -> State:
    if checkout.status == "succeeded":
        return "paid" if checkout.credited else "pending"
    if checkout.status == "failed":
        return "failed"
    return "open" if checkout.is_open(now) else "expired"


def _render_unknown() -> Response:
    title = _TEXTS["unknown"][1]
    order, payment = '<p class="what">Credits</p>', _outcome("unknown")
    return page_response("checkout.html", 404, title=title, state="unknown", order=order, payment=payment)


def _render(request: Request, checkout: Checkout, state: State, status: int = 200) -> Response:
    amount = money.text(checkout.amount)
    facts = [("Account", checkout.email or checkout.uid), ("Checkout", checkout.id)]
    if state == "open":
        facts.append(("Valid until", _minute(checkout.expires)))
    if checkout.payment_id is not None:
        facts.append(("Payment", checkout.payment_id))
    due = checkout.due_at(get_sandbox(request).clock.set_back)
    if due is not None:
        facts.append(("Event due", _minute(due)))
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    payment = _outcome(state)
    if state == "open":
        payment += _BUTTONS.format(amount=amount)
    account = get_sandbox(request).accounts.by_uid.get(checkout.uid)
    if state == "paid" and account is not None:
        payment += f'<p class="balance">New balance <strong>{money.text(account.ledger.balance)}</strong></p>'
    return page_response(
        "checkout.html",
        status,
        title=_TEXTS[state][1] if state != "open" else f"Pay {amount}",
        state=state,
        order=f'<p class="what">Credits</p><h1>{amount}</h1><dl>{rows}</dl>',
        payment=payment + _way_back(request, checkout, state),
    )


def _outcome(state: State) -> str:
    sign, title, text = _TEXTS[state]
    shown = f'<div class="sign" aria-hidden="true">{sign}</div>' if sign else ""
    return f'{shown}<h2>{escape(title)}</h2><p role="status">{escape(text)}</p>'


def _way_back(request: Request, checkout: Checkout, state: State) -> str:
    """Return a link to the query's `return_url`, with the outcome added as Dodo Payments adds it; "" without one."""
    try:
        target = urlsplit(query_param(get_query(request), "return_url") or "")
    except ValueError:
        return ""
    if target.scheme not in ("http", "https") or not target.hostname:
        return ""
    outcome = {"paid": "succeeded", "pending": "processing", "failed": "failed"}.get(state)
    added = {"payment_id": checkout.payment_id, "status": outcome, "email": checkout.email} if outcome else {}
    query = parse_qsl(target.query, keep_blank_values=True) + [(name, text) for name, text in added.items() if text]
    link = urlunsplit(target._replace(query=urlencode(query)))
    quiet = " quiet" if state == "open" else ""
    # Without credentials, which look like the host's name: http://shop.example@evil.example.
    host = target.netloc.rpartition("@")[2]
    return f'<a class="button{quiet}" href="{escape(link)}">Back to {escape(host)}</a>'


def _minute(at: int) -> str:
    return iso(at)[:16].replace("T", " ")
