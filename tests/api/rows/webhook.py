"""B8-B10: verification of payment events, and their credits."""

from typing import Any

from tests.api.rows.row import Exactly, Row, Text

PAID: dict[str, Any] = {
    "type": "payment.succeeded",
    "business_id": "bus_1",
    "timestamp": "2026-01-01T00:00:00.000000Z",
    "data": {
        "payload_type": "Payment",
        "checkout_session_id": "{checkout}",
        "payment_id": "pay_1",
        "total_amount": 5999,
        "currency": "EUR",
        "tax": 999,
        "metadata": {"uid": "demo", "amount": "50.00"},
    },
}
RECEIVED = Exactly({"received": True})


INCOMPLETE = "needs webhook-id, webhook-timestamp and webhook-signature"
NO_TIMESTAMP = "webhook-timestamp must be whole seconds since 1970"
NO_MATCH = (
    "no signature matches; either its secret is not the server's --webhook-secret, "
    "or id, timestamp or body are not those that were signed"
)
NO_FORM = "no signature matches; expected v1,<base64 of 32 bytes>, and a space between several"
NO_VERSION = 'no signature matches; it begins without "v1,"'


def _refused(credential: str, hint: str) -> Row:
    return Row(
        f"an event refused: {credential}",
        ("B9", "W1"),
        "POST /api/dodo/webhook",
        body=PAID,
        credential=credential,
        given=(("checkout", 50),),
        code="invalid_signature",
        sends={"x-clevora-mock-hint": Text(hint)},
    )


def _believed(credential: str) -> Row:
    return Row(
        f"an event believed: {credential}",
        ("B9", "B10"),
        "POST /api/dodo/webhook",
        body=PAID,
        credential=credential,
        given=(("checkout", 50),),
        answer=RECEIVED,
    )


def _received(title: str, event: object) -> Row:
    return Row(
        f"an event taken note of: {title}",
        ("B10",),
        "POST /api/dodo/webhook",
        body=event,
        credential="signature",
        given=(("checkout", 50),),
        answer=RECEIVED,
    )


def _balance(title: str, dollars: float, *given: Any, clauses: tuple[str, ...] = ("B10",)) -> Row:
    return Row(
        f"the balance after {title}",
        clauses,
        "GET /api/developer/account",
        credential="token",
        given=given,
        answer={"data": {"balance": dollars}},
    )


def _paid(event_id: str = "evt_1", **data: Any) -> tuple[str, str, dict[str, Any]]:
    """Return the situation of a delivered, genuine event; `other` replaces fields of its data, None removes one."""
    whole = PAID["data"] | data
    return ("event", event_id, PAID | {"data": {key: value for key, value in whole.items() if value is not None}})


def _other(kind: str) -> tuple[str, str, dict[str, Any]]:
    return ("event", "evt_1", PAID | {"type": kind})


ROWS = [
    _refused("none", INCOMPLETE),
    _refused("key", INCOMPLETE),
    _refused("token", INCOMPLETE),
    _refused("no webhook-id", INCOMPLETE),
    _refused("no webhook-timestamp", INCOMPLETE),
    _refused("no webhook-signature", INCOMPLETE),
    _refused("signature of 301 s ago", "webhook-timestamp is 301 s old by .*; 300 s are allowed"),
    _refused("signature 301 s ahead", "webhook-timestamp is 301 s in the future by .*; 300 s are allowed"),
    _refused("timestamp of 12 digits", "webhook-timestamp is 99[0-9]{10} s in the future by .*"),
    _refused("timestamp of 13 digits", NO_TIMESTAMP),
    _refused("timestamp of 400 digits", NO_TIMESTAMP),
    _refused("timestamp in words", NO_TIMESTAMP),
    _refused("signature by another secret", NO_MATCH),
    _refused("signature of another body", NO_MATCH),
    _refused("another webhook-id", NO_MATCH),
    _refused("another timestamp", NO_MATCH),
    _refused("signature without a comma", NO_FORM),
    _refused("signature of version 2", NO_VERSION),
    _refused("signature without a version", NO_VERSION),
    _refused("signature that is no base64", NO_FORM),
    *map(
        _believed,
        (
            "signature",
            "signature of 300 s ago",
            "signature 300 s ahead",
            "two signatures, the second good",
            "two signatures, the first good",
        ),
    ),
    *(
        Row(
            f"a good signature over {title}",
            ("B9", "W4"),
            "POST /api/dodo/webhook",
            raw=raw,
            credential="signature",
            code="invalid_json",
        )
        for title, raw in (
            ("nothing", b""),
            ("broken JSON", b'{"type":'),
            ("an array", b"[]"),
            ("a string", b'"payment.succeeded"'),
            ("invalid UTF-8", b'{"type":"\xff"}'),
            ("NaN", b'{"type":"payment.succeeded","data":NaN}'),
        )
    ),
    Row(
        "a bad signature over broken JSON is 401",
        ("B9", "W6"),
        "POST /api/dodo/webhook",
        raw=b"{",
        credential="signature by another secret",
        code="invalid_signature",
    ),
    *(
        _received(kind, PAID | {"type": kind})
        for kind in (
            "payment.failed",
            "payment.processing",
            "payment.cancelled",
            "refund.succeeded",
            "dispute.opened",
            "subscription.active",
            "made.up",
        )
    ),
    _received("no type", {"data": {}}),
    _received("no data", {"type": "payment.succeeded"}),
    _received("nothing at all", {}),
    _received("an unknown session", PAID | {"data": PAID["data"] | {"checkout_session_id": "cks_unknown"}}),
    _received("data that is text", PAID | {"data": "paid"}),
    _received("data that is null", PAID | {"data": None}),
    _received("a session that is a number", PAID | {"data": PAID["data"] | {"checkout_session_id": 5}}),
    _received("metadata that is text", PAID | {"data": {"metadata": "demo"}}),
    _received("a payment id that is an object", PAID | {"data": PAID["data"] | {"payment_id": {}}}),
    _balance("a payment is the checkout's more, whatever the total says", 150, ("checkout", 50), _paid()),
    _balance("a payment whose total is in cents of another amount", 65, ("balance", 15), ("checkout", 50), _paid()),
    _balance("a failed payment", 100, ("checkout", 50), _other("payment.failed"), clauses=("B8", "B10")),
    _balance("a payment under way", 100, ("checkout", 50), _other("payment.processing"), clauses=("B8",)),
    _balance("a refund", 100, ("checkout", 50), _other("refund.succeeded")),
    _balance("a dispute", 100, ("checkout", 50), _other("dispute.opened")),
    _balance("an event of no known kind", 100, ("checkout", 50), _other("payment.suceeded")),
    _balance("an unknown session", 100, ("checkout", 50), _paid(checkout_session_id="cks_unknown")),
    _balance("the same event twice", 150, ("checkout", 50), _paid(), _paid()),
    _balance("the same payment under two event ids", 150, ("checkout", 50), _paid(), _paid("evt_2")),
    _balance(
        "one event id for two checkouts",
        150,
        ("checkout", 50),
        _paid(),
        ("checkout", 20),
        _paid(payment_id="pay_2"),
    ),
    _balance("one payment id for two checkouts", 150, ("checkout", 50), _paid(), ("checkout", 20), _paid("evt_2")),
    _balance(
        "two payments of two checkouts",
        170,
        ("checkout", 50),
        _paid(),
        ("checkout", 20),
        _paid("evt_2", payment_id="pay_2"),
    ),
    _balance(
        "a second payment of one checkout, which is single use",
        150,
        ("checkout", 50),
        _paid(),
        _paid("evt_2", payment_id="pay_2"),
        clauses=("B7", "B10"),
    ),
    _balance("a payment known by its metadata", 150, ("checkout", 50), _paid(checkout_session_id=None)),
    _balance(
        "a payment whose metadata has a number",
        150,
        ("checkout", 50),
        _paid(checkout_session_id=None, metadata={"uid": "demo", "amount": 50}),
    ),
    _balance(
        "a payment whose metadata names another amount",
        100,
        ("checkout", 50),
        _paid(checkout_session_id=None, metadata={"uid": "demo", "amount": "60.00"}),
    ),
    _balance(
        "a payment whose metadata names nobody known",
        100,
        ("checkout", 50),
        _paid(checkout_session_id=None, metadata={"uid": "nobody", "amount": "50.00"}),
    ),
    _balance(
        "a payment with neither session nor metadata",
        100,
        ("checkout", 50),
        _paid(checkout_session_id=None, metadata=None),
    ),
    _balance("a payment of somebody else", 100, ("checkout of other", 50), _paid()),
    Row(
        "a payment goes to the account that opened the checkout, whatever the metadata says",
        ("B10", "B2"),
        "GET /api/developer/account",
        credential="token of other",
        given=(("checkout of other", 50), _paid()),
        answer={"data": {"balance": 50, "activated": True}},
    ),
    Row(
        "a credit of exactly $15 activates",
        ("B2",),
        "GET /api/developer/account",
        credential="token of other",
        given=(("checkout of other", 15), _paid()),
        answer={"data": {"balance": 15, "activated": True}},
    ),
    Row(
        "a credit is a transaction",
        ("B5", "B11"),
        "GET /api/developer/transactions?limit=1",
        credential="token",
        given=(("checkout", 50), _paid()),
        answer={
            "data": {
                "transactions": [
                    {"type": "credit", "endpoint": None, "tokens": 0, "amount": 50, "balanceAfter": 150},
                ]
            }
        },
    ),
]
