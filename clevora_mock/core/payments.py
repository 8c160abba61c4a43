"""Top-ups: checkouts, and the payment events that credit them (B7-B10).

A top-up opens a checkout, which is finished once, paid or failed. Finishing changes no balance: it makes an event, as
Dodo Payments does, and the account is credited when the webhook receives it. The credit is the checkout's amount, not
the event's total, which includes tax and may be in another currency.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Literal

from msgspec import Struct

from clevora_mock.clock import SECOND, iso_micros
from clevora_mock.contract.limits import CHECKOUT_HOURS, DOLLAR
from clevora_mock.core import money
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.rng import stable_hash
from clevora_mock.core.scenario import Payments

Outcome = Literal["succeeded", "failed"]
# The ids of an event that mark it as processed.
MarkKind = Literal["event", "payment"]

MAX_CHECKOUTS = 10_000
MAX_PROCESSED_EVENTS = 50_000
MAX_DELIVERIES = 10
_MAX_ID_CHARACTERS = 200
_NAMES_CHECKOUT = "data.checkout_session_id names one, else data.metadata with uid and amount does"
# Of a mark, which has the kind of its id before it.
MAX_MARK_CHARACTERS = len("payment ") + _MAX_ID_CHARACTERS


class PaymentOrder(Struct, frozen=True):
    """An order to finish a checkout: its outcome, the number of its event's deliveries, their delay in microseconds.

    Without a `delay`, the scenario's counts.
    """

    outcome: Outcome
    deliveries: int = 1
    delay: int | None = None


class Checkout:
    """A payment page for a top-up.

    `amount` is in micro-dollars. `due` is the elapsed time of the clock at which its event is delivered, None if none
    waits; `deliveries` is how often it is delivered. `credited` is True once the webhook has credited it.
    `payment_id` is that of its event, once there is one.
    """

    __slots__ = ("amount", "created", "credited", "deliveries", "due", "email", "id", "payment_id", "status", "uid")

    def __init__(self, checkout_id: str, uid: str, email: str | None, amount: int, created: int) -> None:
        self.id = checkout_id
        self.uid = uid
        self.email = email
        self.amount = amount
        self.created = created
        self.status: Literal["open", "succeeded", "failed"] = "open"
        self.credited = False
        self.due: int | None = None
        self.deliveries = 1
        self.payment_id: str | None = None

    @property
    def expires(self) -> int:
        return self.created + CHECKOUT_HOURS * 3600 * SECOND

    def due_at(self, set_back: int) -> int | None:
        """Return the time at which its event is delivered, by a clock that was `set_back`; None if none waits."""
        return None if self.due is None else self.due - set_back

    def is_open(self, now: int) -> bool:
        return self.status == "open" and now < self.expires

    def finish(self, order: PaymentOrder, now: int, payments: Payments) -> int:
        """Finish the checkout (B7) and return its event's delay in microseconds.

        The scenario's `payments` may make the payment fail, or delay its event. Raises a 400 if the checkout is
        finished or expired.
        """
        if self.status != "open":
            raise invalid("id", "an open checkout", f"one whose payment {self.status}")
        if not self.is_open(now):
            raise invalid("id", "an open checkout", "an expired one")
        self.status = "failed" if payments.outcome == "fail" else order.outcome
        self.deliveries = order.deliveries
        return payments.delay if order.delay is None else order.delay


class NotCreditedError(Exception):
    """The reason why an event credits nothing, a hint for people."""


class Checkouts:
    """The checkouts of a sandbox, and the events that it has processed (a dict as an ordered set)."""

    def __init__(self) -> None:
        self.by_id: dict[str, Checkout] = {}
        self.processed_events: dict[str, None] = {}

    def find(self, checkout_id: str) -> Checkout:
        """Return a checkout. Raises a 404 if there is none."""
        checkout = self.by_id.get(checkout_id)
        if checkout is None:
            raise ApiError("not_found", "No such checkout")
        return checkout

    def open(self, checkout: Checkout) -> None:
        self.by_id[checkout.id] = checkout
        if len(self.by_id) > MAX_CHECKOUTS:
            del self.by_id[next(iter(self.by_id))]

    def has_processed(self, kind: MarkKind, text: str) -> bool:
        """Tell whether an event of this id, or for a payment of this id, has been processed."""
        return _mark(kind, text) in self.processed_events

    def claim(self, event_id: str, event: Mapping[str, Any]) -> Checkout:
        """Mark the checkout that a verified event pays as credited and return it.

        Raises NotCreditedError for other types of events, unknown checkouts, and what has been processed or credited
        before (B10).
        """
        data = event.get("data")
        if event.get("type") != "payment.succeeded":
            raise NotCreditedError('only an event of type "payment.succeeded" credits something')
        if not isinstance(data, dict):
            raise NotCreditedError(f"nothing credited: data is no object; {_NAMES_CHECKOUT}")
        payment = data.get("payment_id")
        marks = [_mark("event", event_id), *([_mark("payment", payment)] if isinstance(payment, str) else [])]
        if any(mark in self.processed_events for mark in marks):
            raise NotCreditedError(
                "nothing credited: an event with this webhook-id or payment_id has been credited before"
            )
        checkout = self._find(data)
        if checkout is None:
            raise NotCreditedError(f"nothing credited: no checkout in this sandbox fits; {_NAMES_CHECKOUT}")
        if checkout.credited:
            raise NotCreditedError("nothing credited: the checkout has been credited before")
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


def _mark(kind: MarkKind, text: str) -> str:
    """Return the mark of a processed event; a long id, which may have any length, by its hash."""
    return f"{kind} {text if len(text) <= _MAX_ID_CHARACTERS else stable_hash(text).hex()}"


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
    """Return the micro-dollars of an amount in the metadata, which is text; a number is accepted as well."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return money.micros(str(value)) if isfinite(float(value)) else None
    except (ValueError, ArithmeticError):
        return None
