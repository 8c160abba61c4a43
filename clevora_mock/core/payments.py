"""Top-ups: checkouts, and the events that turn them into credit (contract B7-B10).

A checkout is opened by a top-up and finished once, by paying or failing. Finishing moves no money: it makes an event,
as Dodo Payments would, and only that event's arrival at the webhook credits the account. The amount is the checkout's,
never the event's total, which holds tax and may be in another currency.
"""

from collections.abc import Mapping
from typing import Any, Literal

from clevora_mock.clock import SECOND, iso_micros
from clevora_mock.contract.limits import CHECKOUT_HOURS
from clevora_mock.core import money

Outcome = Literal["succeeded", "failed"]

# How many checkouts, and how many ids of events seen, are kept.
CHECKOUTS = 10_000
SEEN = 50_000


class Checkout:
    """One top-up on its way.

    `status` is what happened on the page, `due` when the event that says so is to be delivered, and `credited` whether
    the webhook has made money of it.
    """

    __slots__ = ("amount", "created", "credited", "due", "email", "id", "status", "uid")

    def __init__(self, checkout_id: str, uid: str, email: str | None, amount: int, created: int) -> None:
        self.id = checkout_id
        self.uid = uid
        self.email = email
        self.amount = amount
        self.created = created
        self.status: Literal["open", "succeeded", "failed"] = "open"
        self.credited = False
        self.due: int | None = None

    @property
    def expires(self) -> int:
        return self.created + CHECKOUT_HOURS * 3600 * SECOND


class Checkouts:
    """A sandbox's checkouts, and the events that it has already taken."""

    def __init__(self) -> None:
        self.by_id: dict[str, Checkout] = {}
        self.seen: dict[str, None] = {}

    def open(self, checkout: Checkout) -> None:
        self.by_id[checkout.id] = checkout
        if len(self.by_id) > CHECKOUTS:
            del self.by_id[next(iter(self.by_id))]

    def redeem(self, event_id: str, event: Mapping[str, Any]) -> Checkout | None:
        """The checkout that a genuine event pays, or None when it pays nothing (again)."""
        data = event.get("data")
        if event.get("type") != "payment.succeeded" or not isinstance(data, dict):
            return None
        payment = data.get("payment_id")
        marks = [f"event {event_id}", f"payment {payment}"] if isinstance(payment, str) else [f"event {event_id}"]
        if any(mark in self.seen for mark in marks):
            return None
        checkout = self._find(data)
        if checkout is None or checkout.credited:
            return None
        checkout.status, checkout.credited = "succeeded", True
        self._remember(marks)
        return checkout

    def _find(self, data: Mapping[str, Any]) -> Checkout | None:
        session = data.get("checkout_session_id")
        if session is not None:
            return self.by_id.get(session) if isinstance(session, str) else None
        metadata = data.get("metadata")
        if not isinstance(metadata, dict):
            return None
        amount = _metadata_amount(metadata.get("amount"))
        waiting = (
            checkout
            for checkout in self.by_id.values()
            if not checkout.credited and checkout.uid == metadata.get("uid") and checkout.amount == amount
        )
        return next(waiting, None)

    def _remember(self, marks: list[str]) -> None:
        for mark in marks:
            self.seen[mark] = None
        while len(self.seen) > SEEN:
            del self.seen[next(iter(self.seen))]


def event(checkout: Checkout, outcome: Outcome, payment_id: str, business_id: str, now: int) -> dict[str, Any]:
    """What Dodo Payments says once `checkout` is finished: a whole ``payment.*`` event."""
    at = iso_micros(now)
    cents = checkout.amount // (money.DOLLAR // 100)
    data = {
        "payload_type": "Payment",
        "billing": {"country": "US", "state": None, "city": None, "street": None, "zipcode": None},
        "brand_id": business_id,
        "business_id": business_id,
        "card_last_four": "4242",
        "card_network": "visa",
        "card_type": "credit",
        "checkout_session_id": checkout.id,
        "created_at": at,
        "currency": "USD",
        "customer": {
            "customer_id": f"cus_{checkout.uid}",
            "email": checkout.email or f"{checkout.uid}@clevora.example",
            "name": checkout.uid,
            "metadata": {},
        },
        "digital_products_delivered": False,
        "disputes": [],
        "error_code": None if outcome == "succeeded" else "CARD_DECLINED",
        "error_message": None if outcome == "succeeded" else "The card was declined.",
        "includes_usage": False,
        "is_multi_subscription": False,
        "is_update_payment_method": False,
        "metadata": {"uid": checkout.uid, "amount": f"{checkout.amount / money.DOLLAR:.2f}"},
        "payment_id": payment_id,
        "payment_method": "card",
        "payment_provider": "dodo",
        "refunds": [],
        "retry_attempt": 0,
        "service_periods": [],
        "settlement_amount": cents,
        "settlement_currency": "USD",
        "status": outcome,
        "subscription_ids": [],
        "tax": 0,
        "total_amount": cents,
    }
    return {"business_id": business_id, "type": f"payment.{outcome}", "timestamp": at, "data": data}


def _metadata_amount(value: object) -> int | None:
    """Metadata holds text; a number is taken as well."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return money.micros(float(value))
    except (ValueError, ArithmeticError):
        return None
