"""Top-ups: checkouts, and the events that turn them into credit (B7-B10).

A checkout is opened by a top-up and finished once, by paying or failing. Finishing moves no money: it makes an event,
as Dodo Payments would, and only that event's arrival at the webhook credits the account. The amount is the checkout's,
never the event's total, which holds tax and may be in another currency.
"""

from collections.abc import Mapping
from typing import Any, Literal

from clevora_mock.clock import SECOND, iso_micros
from clevora_mock.contract.limits import CHECKOUT_HOURS, DOLLAR
from clevora_mock.core import money
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.scenario import Payments

Outcome = Literal["succeeded", "failed"]

# Bounds on the checkouts and the ids of processed events that are kept.
MAX_CHECKOUTS = 10_000
MAX_PROCESSED_EVENTS = 50_000


class Checkout:
    """A top-up's page of payment.

    `status` is the outcome of the page, `due` the moment at which its event is to be delivered, and `credited` is True
    once the webhook has credited it.
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

    def is_open(self, now: int) -> bool:
        return self.status == "open" and now < self.expires

    def finish(self, outcome: Outcome, now: int, payments: Payments) -> None:
        """Finish the page once, within its lifetime (B7); `payments` may have the payment fail or its event come late.

        Raises a 400 when the checkout is finished or expired.
        """
        if self.status != "open":
            raise invalid("id", "an open checkout", f"one whose payment {self.status}")
        if not self.is_open(now):
            raise invalid("id", "an open checkout", "an expired one")
        self.status = "failed" if payments.outcome == "fail" else outcome
        self.due = now + payments.delay


class Checkouts:
    """A sandbox's checkouts, and the events that it has already processed."""

    def __init__(self) -> None:
        self.by_id: dict[str, Checkout] = {}
        self.processed_events: dict[str, None] = {}

    def find(self, checkout_id: str) -> Checkout:
        """Return a checkout; 404 when there is none."""
        checkout = self.by_id.get(checkout_id)
        if checkout is None:
            raise ApiError("not_found", "No such checkout")
        return checkout

    def open(self, checkout: Checkout) -> None:
        self.by_id[checkout.id] = checkout
        if len(self.by_id) > MAX_CHECKOUTS:
            del self.by_id[next(iter(self.by_id))]

    def claim(self, event_id: str, event: Mapping[str, Any]) -> Checkout | None:
        """Return the checkout that a genuine event pays, marked as credited; None when it pays nothing (again)."""
        data = event.get("data")
        if event.get("type") != "payment.succeeded" or not isinstance(data, dict):
            return None
        payment = data.get("payment_id")
        marks = [f"event {event_id}", f"payment {payment}"] if isinstance(payment, str) else [f"event {event_id}"]
        if any(mark in self.processed_events for mark in marks):
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
            self.processed_events[mark] = None
        while len(self.processed_events) > MAX_PROCESSED_EVENTS:
            del self.processed_events[next(iter(self.processed_events))]


def event(checkout: Checkout, outcome: Outcome, payment_id: str, business_id: str, now: int) -> dict[str, Any]:
    """Build the ``payment.*`` event that Dodo Payments sends once `checkout` is finished."""
    at = iso_micros(now)
    cents = checkout.amount // (DOLLAR // 100)
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
        "metadata": {"uid": checkout.uid, "amount": f"{checkout.amount / DOLLAR:.2f}"},
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
