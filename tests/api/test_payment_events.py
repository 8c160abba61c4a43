"""B8-B10 over several events: the amount, the time and the number of credits."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from clevora_mock.clock import SECOND
from tests.support.records import balance, entry_json
from tests.support.situations import OTHER_SECRET, StoredValues, set_up, signed_headers

if TYPE_CHECKING:
    from tests.support.world import World


def body_of(session: str, payment: str = "pay_1", kind: str = "payment.succeeded", **data: Any) -> bytes:
    return json.dumps({"type": kind, "data": {"checkout_session_id": session, "payment_id": payment, **data}}).encode()


def deliver(world: "World", body: bytes, event_id: str = "evt_1", **changes: Any) -> httpx.Response:
    headers = signed_headers(world, body, event_id=event_id) | changes
    return world.http.post("/api/dodo/webhook", headers=headers, content=body)


@pytest.mark.clause("B8")
def test_nothing_is_credited_before_the_event(world: "World") -> None:
    session = world.open_checkout()
    assert balance(world) == 100
    body = body_of(session)
    forged = signed_headers(world, body, secret=OTHER_SECRET)
    assert world.http.post("/api/dodo/webhook", headers=forged, content=body).status_code == 401
    assert balance(world) == 100
    assert deliver(world, body).json() == {"received": True}
    assert balance(world) == 150


@pytest.mark.clause("B9")
def test_signatures_by_standardwebhooks_are_accepted(world: "World") -> None:
    """The signatures are made by the package standardwebhooks."""
    body = body_of(world.open_checkout()).decode()
    now = datetime.fromtimestamp(world.clock.now() / SECOND, UTC)
    signed = Webhook(world.server.settings.webhook_secret).sign("evt_1", now, body)
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signed,
    }
    assert world.http.post("/api/dodo/webhook", headers=headers, content=body).status_code == 200
    assert balance(world) == 150


@pytest.mark.clause("B9")
@pytest.mark.parametrize("good_first", [True, False])
def test_two_signatures_while_a_secret_is_rotated(world: "World", good_first: bool) -> None:
    """The valid signature may come first or second; the event is credited once."""
    body = body_of(world.open_checkout())
    good = signed_headers(world, body)["webhook-signature"]
    old = signed_headers(world, body, secret=OTHER_SECRET)["webhook-signature"]
    both = f"{good} {old}" if good_first else f"{old} {good}"
    assert deliver(world, body, **{"webhook-signature": both}).status_code == 200
    assert balance(world) == 150


@pytest.mark.clause("B9")
def test_two_invalid_signatures_are_refused(world: "World") -> None:
    body = body_of(world.open_checkout())
    wrong = signed_headers(world, body, secret=OTHER_SECRET)["webhook-signature"]
    assert deliver(world, body, **{"webhook-signature": " ".join([wrong] * 50)}).status_code == 401
    assert balance(world) == 100


@pytest.mark.clause("B9")
def test_the_tolerance_is_by_the_sandboxs_clock(world: "World") -> None:
    body = body_of(world.open_checkout())
    headers = signed_headers(world, body)
    world.advance(301)
    assert world.http.post("/api/dodo/webhook", headers=headers, content=body).status_code == 401
    assert deliver(world, body).status_code == 200


@pytest.mark.clause("B9")
def test_the_signature_covers_the_bytes(world: "World") -> None:
    body = body_of(world.open_checkout())
    headers = signed_headers(world, body)
    respelled = json.dumps(json.loads(body), indent=1).encode()
    assert world.http.post("/api/dodo/webhook", headers=headers, content=respelled).status_code == 401
    assert world.http.post("/api/dodo/webhook", headers=headers, content=body).status_code == 200


@pytest.mark.clause("B10")
def test_a_retried_event_counts_once(world: "World") -> None:
    """The same webhook-id with a new timestamp, as Dodo Payments retries."""
    body = body_of(world.open_checkout())
    for seconds in (0, 5, 300, 1800, 7200):
        world.advance(seconds)
        assert deliver(world, body).json() == {"received": True}
    assert balance(world) == 150


@pytest.mark.clause("B10")
def test_one_payment_under_many_ids_counts_once(world: "World") -> None:
    """The payment_id identifies the payment."""
    body = body_of(world.open_checkout())
    for number in range(5):
        assert deliver(world, body, f"evt_{number}").status_code == 200
    assert balance(world) == 150


@pytest.mark.clause("B10")
def test_concurrent_deliveries_of_an_event_count_once(world: "World") -> None:
    body = body_of(world.open_checkout())
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: deliver(world, body, f"evt_{number % 2}").status_code, range(16)))
    assert statuses == [200] * 16
    assert balance(world) == 150


@pytest.mark.clause("B10", "B9")
def test_a_refused_event_does_not_use_up_its_id(world: "World") -> None:
    body = body_of(world.open_checkout())
    forged = signed_headers(world, body, secret=OTHER_SECRET)
    assert world.http.post("/api/dodo/webhook", headers=forged, content=body).status_code == 401
    assert deliver(world, body).status_code == 200
    assert balance(world) == 150


@pytest.mark.clause("B10")
def test_the_checkouts_amount_is_credited_not_the_total(world: "World") -> None:
    """The event's total includes tax and is in another currency."""
    body = body_of(world.open_checkout(50), total_amount=7_140, tax=1_140, currency="EUR", settlement_amount=1)
    assert deliver(world, body).status_code == 200
    assert balance(world) == 150


@pytest.mark.clause("B10")
def test_metadata_identifies_a_checkout_without_a_session(world: "World") -> None:
    world.open_checkout(25.5)
    event = {
        "type": "payment.succeeded",
        "data": {"payment_id": "pay_9", "metadata": {"uid": "demo", "amount": "25.50"}},
    }
    body = json.dumps(event).encode()
    assert deliver(world, body).status_code == 200
    assert balance(world) == 125.5
    again = json.dumps(event | {"data": event["data"] | {"payment_id": "pay_10"}}).encode()  # type: ignore[operator]
    assert deliver(world, again, "evt_2").status_code == 200
    assert balance(world) == 125.5


@pytest.mark.clause("B10")
@pytest.mark.parametrize(
    "kind",
    ["refund.succeeded", "refund.failed", "dispute.opened", "dispute.lost", "payment.failed", "payment.cancelled"],
)
def test_later_events_of_a_payment_change_no_balance(world: "World", kind: str) -> None:
    session = world.open_checkout()
    assert deliver(world, body_of(session, kind=kind), "evt_0").json() == {"received": True}
    assert balance(world) == 100
    assert deliver(world, body_of(session), "evt_1").status_code == 200
    assert deliver(world, body_of(session, kind=kind), "evt_2").json() == {"received": True}
    assert balance(world) == 150


@pytest.mark.clause("B10", "B5")
def test_each_credit_is_one_entry(world: "World") -> None:
    for number in range(3):
        body = body_of(world.open_checkout(20 + number), f"pay_{number}")
        for _ in range(2):
            deliver(world, body, f"evt_{number}")
    shown = world.http.get("/api/developer/transactions", headers=world.signed_in()).json()["data"]["transactions"]
    assert [(item["type"], item["amount"]) for item in shown] == [
        ("credit", 22),
        ("credit", 21),
        ("credit", 20),
        ("credit", 100),
    ]


@pytest.mark.clause("B10")
def test_an_event_finds_its_account_by_the_checkout_alone(world: "World") -> None:
    memory: StoredValues = {}
    set_up(world, memory, ("checkout of other", 50))
    body = body_of(memory["checkout"], metadata={"uid": "demo", "amount": "50.00"})
    assert deliver(world, body).status_code == 200
    assert (balance(world), balance(world, "other")) == (100, 50)


# An event that credits nothing, and the start of its hint; `{}` stands for an open checkout.
CREDITING_NOTHING = [
    ({"type": "payment.suceeded", "data": {"checkout_session_id": "{}"}}, 'only an event of type "payment.succeeded"'),
    ({"type": "payment.succeeded"}, "nothing credited: data is no object"),
    ({"type": "payment.succeeded", "data": {}}, "nothing credited: no checkout in this sandbox fits"),
    (
        {"type": "payment.succeeded", "data": {"metadata": {"uid": "nobody", "amount": "50.00"}}},
        "nothing credited: no checkout in this sandbox fits",
    ),
]


@pytest.mark.parametrize(("event", "start"), CREDITING_NOTHING)
def test_an_event_that_credits_nothing_has_a_hint(world: "World", event: dict[str, Any], start: str) -> None:
    body = json.dumps(event).replace("{}", world.open_checkout()) if start.startswith("only") else json.dumps(event)
    answer = deliver(world, body.encode())
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert answer.headers["x-clevora-mock-hint"].startswith(start)
    assert entry_json(world)["hint"] == answer.headers["x-clevora-mock-hint"]


def test_an_event_has_a_hint_only_the_second_time(world: "World") -> None:
    body = body_of(world.open_checkout())
    assert "x-clevora-mock-hint" not in deliver(world, body).headers
    again = deliver(world, body).headers["x-clevora-mock-hint"]
    assert again == "nothing credited: an event with this webhook-id or payment_id has been credited before"
    third = deliver(world, body_of(json.loads(body)["data"]["checkout_session_id"], "pay_2"), "evt_2")
    assert third.headers["x-clevora-mock-hint"] == "nothing credited: the checkout has been credited before"
