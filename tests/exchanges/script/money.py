"""Keys, the dashboard, top-ups, the checkout's page and the webhook."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from typing import Any

from tests.exchanges.script.models import ASKS, SEARCH
from tests.exchanges.steps import ISSUED, KEY, UNKNOWN_KEY, Capture, Session, bearer, request, token

_SECRET = b64encode(b"clevora-mock-webhook-secret").decode()
_WEBHOOK = "POST /api/dodo/webhook"


def keys() -> Session:
    """Making, listing and revoking keys."""
    session = Session("keys", "keys")
    made = (Capture("key", "data.key"), Capture("key_id", "data.id"))
    session.dash("the first list", "GET /v1/keys")
    session.dash("made", "POST /v1/keys", {"name": "ci"}, captures=made)
    names: dict[str, Any] = {
        "no name": {},
        "null": {"name": None},
        "a blank one": {"name": "  \t "},
        "one to trim": {"name": "  my key \n"},
        "64 characters": {"name": "é" * 64},
        "an unknown field": {"name": "ci", "scope": "all"},
        "65 characters": {"name": "n" * 65},
        "a number": {"name": 5},
        "an object": {"name": {"is": "ci"}},
    }
    for name, body in names.items():
        session.dash(f"named by {name}", "POST /v1/keys", body)
    session.ask("it works", SEARCH, ASKS["search"][1], bearer("<<key>>"))
    session.ask("it opens no other door", "GET /v1/keys", None, bearer("<<key>>"))
    session.dash("the list", "GET /v1/keys")
    session.dash("revoked", "DELETE /v1/keys/<<key_id>>")
    session.dash("revoked again", "DELETE /v1/keys/<<key_id>>/")
    session.ask("it works no more", SEARCH, ASKS["search"][1], bearer("<<key>>"))
    session.ask("nor for a stream", *ASKS["stream"], bearer("<<key>>"))
    session.dash("made again", "POST /v1/keys", {"name": "raw"}, captures=made)
    session.dash("revoked by itself", "DELETE /v1/keys/<<key>>")
    session.dash("an unknown one", "DELETE /v1/keys/key_000000000000000000000000")
    session.dash("an unknown raw one", f"DELETE /v1/keys/{UNKNOWN_KEY}")
    session.dash("by a preview", "DELETE /v1/keys/sk_live_0123456789ab...ef")
    session.dash("a wrong verb with a raw one", "PUT /v1/keys/<<key>>", {})
    session.dash("an unknown path with a raw one", "GET /v1/keys/<<key>>/usage")
    other = bearer(token("other"))
    session.ask("other has no access", "POST /v1/keys", {}, other)
    session.ask("other is activated", "POST /api/developer/activate", None, other)
    session.ask("other is activated again", "POST /api/developer/activate", b"", other)
    session.ask("other has a key", "POST /v1/keys", {"name": "theirs"}, other, captures=made)
    session.ask("other has no money", SEARCH, ASKS["search"][1], bearer("<<key>>"))
    session.dash("another's key", "DELETE /v1/keys/<<key_id>>")
    session.ask("the demo's key is revoked", "DELETE /v1/keys/" + KEY, None, other)
    session.dash("the last list", "GET /v1/keys")
    session.ask("other's list", "GET /v1/keys", None, other)
    session.books("afterwards", 40)
    session.state("afterwards")
    return session


_AMOUNTS = (
    "15",
    "15.01",
    "99.9",
    "1e2",
    "10000",
    "14.99",
    "0",
    "-15",
    "10000.01",
    "15.001",
    '"50"',
    "true",
    "null",
    "[]",
    "1e400",
    "NaN",
)
_QUERIES = (
    "range=1",
    "range=90",
    "range=7&range=8",
    "range=0",
    "range=91",
    "range=",
    "range=1.0",
    "range=x",
    "range=%31",
    "range=%FF",
    "other=1",
)
_LIMITS = ("limit=1", "limit=500", "limit=0", "limit=501", "limit=", "limit=+1", "limit=1&limit=2", "LIMIT=1")


def dashboard() -> Session:
    """The account, top-ups, transactions, usage."""
    session = Session("dashboard", "dashboard")
    session.dash("the account", "GET /api/developer/account")
    for name in ("chat", "stream", "embeddings", "search", "script"):
        session.call(name, *ASKS[name])
    session.advance(86_400)
    session.call("a day later", *ASKS["chat"])
    session.call("a failure", ASKS["chat"][0], {})
    session.chat("an error", headers={"x-clevora-mock-error": "500"})
    for amount in _AMOUNTS:
        session.dash(f"a top-up of {amount}", "POST /api/developer/topup", f'{{"amount": {amount}}}'.encode())
    session.dash("a top-up of nothing", "POST /api/developer/topup", {})
    session.ask("a top-up without a token", "POST /api/developer/topup", {"amount": 50})
    for query in _QUERIES:
        session.dash(f"usage with {query}", f"GET /api/developer/usage?{query}")
    session.dash("usage at its other path", "GET /v1/usage?range=2")
    for query in _LIMITS:
        session.dash(f"transactions with {query}", f"GET /api/developer/transactions?{query}")
    session.dash("all transactions", "GET /api/developer/transactions")
    session.dash("an activation with a body", "POST /api/developer/activate", {"a": 1})
    session.ask("the token expires", "PATCH /__mock/clock", {"now": "2030-01-01T00:00:00Z"})
    session.ask("an old token", "GET /api/developer/account", None, bearer(token(exp=1_893_456_000)))
    session.ask("a good one", "GET /api/developer/account", None, bearer(token(exp=1_893_456_001)))
    session.books("afterwards", 10)
    return session


_CHECKOUT = Capture("checkout", "data.checkoutUrl", r"cks_\w+")


def checkouts() -> Session:
    """The page where a top-up is paid, its buttons, and the routes that do the same."""
    session = Session("checkouts", "checkouts")
    form: dict[str, str | None] = {"content-type": "application/x-www-form-urlencoded"}

    def opened(name: str, amount: float = 50) -> None:
        session.dash(f"{name} is opened", "POST /api/developer/topup", {"amount": amount}, captures=(_CHECKOUT,))

    opened("one")
    session.ask("one is shown", "GET /checkout/<<checkout>>")
    session.ask("one is shown with a slash", "GET /checkout/<<checkout>>/")
    session.ask("one's head", "HEAD /checkout/<<checkout>>")
    session.ask("one with no outcome", "POST /checkout/<<checkout>>", b"", form)
    session.ask("one with a strange outcome", "POST /checkout/<<checkout>>", b"outcome=perhaps", form)
    session.ask("one with two outcomes", "POST /checkout/<<checkout>>", b"outcome=failed&outcome=succeeded", form)
    session.ask(
        "one from another page",
        "POST /checkout/<<checkout>>",
        b"outcome=succeeded",
        form | {"origin": "https://evil.example"},
    )
    session.ask("one is paid", "POST /checkout/<<checkout>>", b"outcome=succeeded", form)
    session.ask("one is paid again", "POST /checkout/<<checkout>>", b"outcome=succeeded", form)
    session.ask("one is shown paid", "GET /checkout/<<checkout>>")
    opened("two", 15.5)
    session.ask("two fails", "POST /checkout/<<checkout>>", b"outcome=failed", form)
    session.ask("two is shown failed", "GET /checkout/<<checkout>>")
    opened("three", 10_000)
    session.ask("three is paid", "POST /__mock/checkouts/<<checkout>>/pay")
    session.ask("three is paid again", "POST /__mock/checkouts/<<checkout>>/pay")
    session.ask("three does not fail any more", "POST /__mock/checkouts/<<checkout>>/fail", {})
    opened("four")
    session.ask("four fails", "POST /__mock/checkouts/<<checkout>>/fail", b"nonsense")
    opened("five")
    session.advance(86_400)
    session.ask("five is shown late", "GET /checkout/<<checkout>>")
    session.ask("five is paid late", "POST /__mock/checkouts/<<checkout>>/pay")
    session.ask("five is paid late on its page", "POST /checkout/<<checkout>>", b"outcome=succeeded", form)
    for line in (
        "GET /checkout/cks_none",
        "POST /__mock/checkouts/cks_none/pay",
        "POST /__mock/checkouts/cks_none/fail",
    ):
        session.ask(f"nobody's {line}", line)
    session.scenario("payments fail", "payment-fails")
    opened("six")
    session.ask("six is paid, and fails", "POST /checkout/<<checkout>>", b"outcome=succeeded", form)
    session.ask("six is shown", "GET /checkout/<<checkout>>")
    session.scenario("payments are late", "late-payment")
    opened("seven")
    session.ask("seven is paid", "POST /__mock/checkouts/<<checkout>>/pay")
    session.ask("seven is shown under way", "GET /checkout/<<checkout>>")
    session.advance(299)
    session.dash("no credit yet", "GET /api/developer/account")
    session.advance(1)
    session.dash("the credit", "GET /api/developer/account", rest=0.03)
    session.ask("seven is shown", "GET /checkout/<<checkout>>")
    session.books("afterwards", 40)
    session.state("afterwards")
    return session


def _paid(checkout: str = "<<checkout>>", payment: str = "pay_1", kind: str = "payment.succeeded", **data: Any) -> Any:
    said: dict[str, Any] = {
        "payload_type": "Payment",
        "checkout_session_id": checkout,
        "payment_id": payment,
        "total_amount": 5999,
        "currency": "EUR",
        "metadata": {"uid": "demo", "amount": "50.00"},
    } | data
    return {
        "type": kind,
        "business_id": "bus_1",
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "data": {name: value for name, value in said.items() if value is not None},
    }


def _signed(body: bytes, at: int = ISSUED, event: str = "evt_1", secret: str = _SECRET) -> dict[str, str | None]:
    """The headers of an event, made by hand."""
    mac = hmac.digest(b64decode(secret), f"{event}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": event,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
    }


def _signatures(body: bytes) -> dict[str, dict[str, str | None]]:
    good = _signed(body)
    bare = str(good["webhook-signature"]).removeprefix("v1,")
    wrong = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    return {
        "none": {},
        "no id": good | {"webhook-id": None},
        "no timestamp": good | {"webhook-timestamp": None},
        "no signature": good | {"webhook-signature": None},
        "301 s ago": _signed(body, ISSUED - 301),
        "301 s ahead": _signed(body, ISSUED + 301),
        "another secret": _signed(body, secret="YW5vdGhlcg=="),
        "another body": _signed(body + b" "),
        "another id": good | {"webhook-id": "evt_2"},
        "another timestamp": good | {"webhook-timestamp": str(ISSUED - 1)},
        "a timestamp in words": good | {"webhook-timestamp": "now"},
        "a long timestamp": good | {"webhook-timestamp": "1" * 400},
        "no version": good | {"webhook-signature": bare},
        "version 2": good | {"webhook-signature": f"v2,{bare}"},
        "no base64": good | {"webhook-signature": "v1,!"},
        "not ASCII": good | {"webhook-signature": "v1,\xe9"},
        "a key beside it": good | bearer(KEY),
        "300 s ago": _signed(body, ISSUED - 300, "evt_old"),
        "300 s ahead": _signed(body, ISSUED + 300, "evt_new"),
        "two, the first good": good | {"webhook-signature": f"v1,{bare} {wrong}", "webhook-id": "evt_1"},
        "two, the second good": good | {"webhook-signature": f"{wrong} v1,{bare}"},
    }


_EVENTS: dict[str, Any] = {
    "no type": {"data": {}},
    "no data": {"type": "payment.succeeded"},
    "nothing": {},
    "an unknown kind": {"type": "made.up", "data": {"a": 1}},
    "a refund": _paid("cks_none", kind="refund.succeeded"),
    "an unknown session": _paid("cks_unknown", "pay_9"),
    "data that is text": {"type": "payment.succeeded", "data": "paid"},
    "a session that is a number": {"type": "payment.succeeded", "data": {"checkout_session_id": 5}},
    "a type that is a number": {"type": 5},
}
_BROKEN = {"nothing at all": b"", "broken JSON": b'{"type":', "an array": b"[]", "a byte": b'{"type":"\xff"}'}


def webhooks() -> Session:
    """Events that are believed, and that are not."""
    session = Session("webhooks", "webhooks")
    body = json.dumps(_EVENTS["an unknown kind"]).encode()
    for name, headers in _signatures(body).items():
        session.ask(f"signed by {name}", _WEBHOOK, body, headers)
    for name, event in _EVENTS.items():
        content = json.dumps(event).encode()
        session.ask(f"an event with {name}", _WEBHOOK, content, _signed(content))
    for name, content in _BROKEN.items():
        session.ask(f"a good signature over {name}", _WEBHOOK, content, _signed(content))
        session.ask(f"a bad signature over {name}", _WEBHOOK, content, _signed(b"x"))
    _genuine(session)
    session.books("afterwards", 60)
    return session


def _genuine(session: Session) -> None:
    """Events that credit an account, signed by the mock itself."""
    captures = tuple(Capture(f"w_{name}", f"headers.webhook-{name}") for name in ("id", "timestamp", "signature"))
    headers = {f"webhook-{name}": f"<<w_{name}>>" for name in ("id", "timestamp", "signature")}
    captures += (Capture("w_body", "body"),)
    events: dict[str, Any] = {
        "a payment": _paid(),
        "the same payment by another event": _paid(),
        "a second payment of the same session": _paid(payment="pay_2"),
        "a failed one": _paid(kind="payment.failed"),
        "one known by its metadata": _paid(payment="pay_3", checkout_session_id=None),
        "one of another amount": _paid(
            payment="pay_4", checkout_session_id=None, metadata={"uid": "demo", "amount": 1}
        ),
    }
    session.dash("a session is opened", "POST /api/developer/topup", {"amount": 50}, captures=(_CHECKOUT,))
    for name, event in events.items():
        session.ask(f"{name} is signed", "POST /__mock/webhooks/sign", {"payload": event}, captures=captures)
        session.ask(name, _WEBHOOK, b"<<w_body>>", headers)
        if name in ("a payment", "one known by its metadata"):
            session.ask(f"{name}, delivered again", _WEBHOOK, b"<<w_body>>", headers)
        session.dash(f"the account after {name}", "GET /api/developer/account")
        if name == "a failed one":
            session.dash("another is opened", "POST /api/developer/topup", {"amount": 50}, captures=(_CHECKOUT,))
    for name, body in {"no payload": {}, "text": {"payload": "x"}, "more": {"payload": {}, "a": 1}}.items():
        session.ask(f"signing {name}", "POST /__mock/webhooks/sign", body)
    session.raw("signing nothing", request("POST /__mock/webhooks/sign", b"", prefix=session.prefix))
