"""B7-B10: top-ups, and the webhook that credits them."""

import json
from typing import Any
from urllib.parse import urlsplit

from clevora_mock.clock import SECOND
from clevora_mock.core import webhooks
from clevora_mock.verify.answers import compare_status, json_of
from clevora_mock.verify.ask import Ask
from clevora_mock.verify.client import Answer, CannotCheckError, Request
from clevora_mock.verify.expectation import Difference, Exactly, Text, compare
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.session import ACCOUNT, Session
from clevora_mock.verify.spending import Charge

TOPUP = Ask("POST /api/developer/topup", raw=b'{"amount": 15}', credential="token")
_WEBHOOK = "/api/dodo/webhook"
_RECEIVED = Exactly({"received": True})


def _opened(session: Session) -> str:
    """Open a checkout of $15 that nobody pays, once a run, and return its URL."""
    answer = session.answer(TOPUP)
    data = json_of(answer).get("data") if answer.status == 200 else None
    url = data.get("checkoutUrl") if isinstance(data, dict) else None
    if not isinstance(url, str):
        raise CannotCheckError(f"a top-up of $15 answered {answer.status}, without a checkoutUrl")
    return url


def _refused(amount: str) -> Probe:
    raw = b'{"amount": %s}' % amount.encode()
    return asking(f"no top-up of {amount}", "B7", TOPUP.request, raw=raw, credential="token", error="invalid_field")


def _accepted(amount: str) -> Probe:
    raw = b'{"amount": %s}' % amount.encode()
    wanted = Exactly({"status": "success", "data": Exactly({"checkoutUrl": Text("https?://.+")})})
    return asking(f"a top-up of {amount}", "B7", TOPUP.request, raw=raw, credential="token", answer=wanted, shape=True)


def _no_credit(session: Session) -> list[Difference]:
    """Check that a checkout that was opened credits nothing."""
    before = session.balance()
    answer = session.ask(TOPUP)
    if answer.status != 200:
        raise CannotCheckError(f"a top-up of $15 answered {answer.status}")
    return (
        [] if session.balance() == before else [Difference("balance after opening a checkout", "unchanged", "changed")]
    )


def _deliver(
    session: Session, event: Any, event_id: str, *, age: int = 0, expected: int = 200, spoil: bool = False
) -> Answer:
    """Deliver a signed event; `age` is that of its signature, in seconds."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    # Before it is signed, so that the signature does not grow old meanwhile.
    session.pace.wait()
    signed_at = (session.wall_seconds() - age) * SECOND
    headers = webhooks.sign(session.credentials.webhook_secret or "", event_id, signed_at, body)
    if spoil:
        body += b" "
    request = Request("POST", _WEBHOOK, tuple(headers.items()), body)
    # It may credit the account.
    return session.send(request, expected=expected, charge=Charge(_WEBHOOK, 0), unpaced=True)


def _event_id(session: Session, name: str) -> str:
    """Return an id that no earlier run has used."""
    return f"evt_verify_{session.wall_seconds()}_{name}"


_NOTHING = {"type": "customer.updated", "data": {}}


def _not_signed(title: str, **headers: str) -> Probe:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return asking(
        f"an event refused: {title}",
        "B9",
        f"POST {_WEBHOOK}",
        body=_NOTHING,
        credential="none",
        headers=given,
        error="invalid_signature",
    )


def _believed(session: Session) -> list[Difference]:
    answer = _deliver(session, _NOTHING, _event_id(session, "known"))
    refused = session.errors.form("invalid_signature").status
    return [Difference("status", "of an event that is believed", refused)] if answer.status == refused else []


def _not_believed(title: str, **how: Any) -> Probe:
    def check(session: Session) -> list[Difference]:
        answer = _deliver(session, _NOTHING, _event_id(session, title), expected=401, **how)
        return session.errors.compare("invalid_signature", answer)

    return checking(f"an event refused: {title}", "B9", check, "webhook_secret", requests=1)


def _broken(session: Session) -> list[Difference]:
    """Check that a good signature under broken JSON is 400."""
    answer = _deliver(session, b"{", _event_id(session, "broken"), expected=400)
    return session.errors.compare("invalid_json", answer)


def _no_effect(kind: str) -> Probe:
    def check(session: Session) -> list[Difference]:
        before = session.balance()
        answer = _deliver(session, {"type": kind, "data": {}}, _event_id(session, kind))
        found = compare_status(200, answer) or compare(_RECEIVED, json_of(answer))
        return found or (
            [] if session.balance() == before else [Difference(f"balance after {kind}", "unchanged", "changed")]
        )

    return checking(f"an event without effect: {kind}", "B10", check, "webhook_secret", "id_token", requests=3)


def _credited(session: Session) -> list[Difference]:
    """Check that a payment credits the checkout's amount, once for its id and once for its payment."""
    checkout = urlsplit(_opened(session)).path.rpartition("/")[2]
    uid = session.data(ACCOUNT).get("uid")
    stamp = session.wall_seconds()
    event = {
        "type": "payment.succeeded",
        "data": {
            "payload_type": "Payment",
            "checkout_session_id": checkout,
            "payment_id": f"pay_verify_{stamp}",
            "total_amount": 1785,
            "currency": "EUR",
            "metadata": {"uid": uid, "amount": "15.00"},
        },
    }
    before = session.balance()
    found = compare_status(200, _deliver(session, event, _event_id(session, "paid")))
    credited = session.balance() - before
    if credited != 15_000_000:
        found.append(Difference("credit for a checkout of $15", "$15", f"${credited / 1_000_000:g}"))
    for name in ("paid", "paid-again"):
        _deliver(session, event, _event_id(session, name))
    if session.balance() - before != credited:
        found.append(Difference("credit for the same payment again", "nothing", "a credit"))
    return found


PROBES = (
    _accepted("15"),
    _accepted("15.50"),
    _accepted("10000"),
    *map(_refused, ("14.99", "10000.01", "15.001", '"50"', "true")),
    asking("no top-up of nothing", "B7", TOPUP.request, raw=b"{}", credential="token", error="missing_field"),
    checking("no credit before a payment", "B8", _no_credit, "id_token", requests=3),
    _not_signed("not signed"),
    _not_signed("a wrong signature", webhook_id="evt_1", webhook_timestamp="1767225600", webhook_signature="v1,AAAA"),
    checking("an event believed", "B9", _believed, "webhook_secret", requests=1),
    # The server's clock and this machine's may differ by some seconds.
    _not_believed("a signature of 6 minutes ago", age=360),
    _not_believed("a signature 6 minutes ahead", age=-360),
    _not_believed("another body", spoil=True),
    checking("broken JSON, well signed", "B9", _broken, "webhook_secret", requests=1),
    _no_effect("customer.updated"),
    _no_effect("refund.succeeded"),
    checking("a payment", "B10", _credited, "webhook_secret", "id_token", "destructive", requests=8),
)
