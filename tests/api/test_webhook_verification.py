"""Receivers' libraries for payment events accept the mock's events, and the mock accepts theirs.

The libraries compare an event's time with the machine's clock, so these sandboxes run in real time.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dodopayments
import pytest
from dodopayments.types import (
    DisputeOpenedWebhookEvent,
    PaymentFailedWebhookEvent,
    PaymentSucceededWebhookEvent,
    RefundSucceededWebhookEvent,
)
from standardwebhooks import Webhook, WebhookVerificationError

from clevora_mock.clock import MINUTE
from clevora_mock.core import webhooks
from clevora_mock.core.payments import Outcome
from tests.support.events import (
    EVEN,
    SECRETS,
    Event,
    deliver,
    make_event,
    secret_of,
    use_secret,
)
from tests.support.records import balance
from tests.support.world import World


def signed(secret: str, event: dict[str, Any], event_id: str = "evt_theirs") -> Event:
    """Sign `event` with `standardwebhooks`, encoded as `json` does by default."""
    now = datetime.now(UTC)
    body = json.dumps(event, indent=2)
    headers = {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, now, body),
    }
    return Event(headers, body.encode())


class TestStandardWebhooks:
    @pytest.mark.parametrize("outcome", ["succeeded", "failed"])
    def test_it_verifies_the_mocks_events(self, live_world: World, outcome: Outcome) -> None:
        event = make_event(live_world, live_world.open_checkout(), outcome)
        verified = Webhook(secret_of(live_world)).verify(event.body, event.headers)
        assert verified["type"] == f"payment.{outcome}"
        assert verified["data"]["total_amount"] == 5000

    def test_it_refuses_a_changed_event(self, live_world: World) -> None:
        event = make_event(live_world, live_world.open_checkout())
        with pytest.raises(WebhookVerificationError):
            Webhook(secret_of(live_world)).verify(event.body.replace(b"5000", b"9000"), event.headers)

    @pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
    def test_both_decode_a_secret_alike(self, live_world: World, secret: str) -> None:
        use_secret(live_world, secret)
        ours = make_event(live_world, live_world.open_checkout())
        event = Webhook(secret).verify(ours.body, ours.headers)
        assert deliver(live_world, signed(secret, event)).json() == {"received": True}
        assert balance(live_world) == 150

    def test_the_mock_refuses_another_secret(self, live_world: World) -> None:
        answer = deliver(live_world, signed(EVEN, {"type": "payment.succeeded", "data": {}}))
        assert answer.status_code == 401

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_both_refuse_an_event_outside_the_tolerance(self, live_world: World, minutes: int) -> None:
        event = make_event(live_world, live_world.open_checkout())
        then = live_world.clock.now() + minutes * MINUTE
        stale = Event(webhooks.sign(secret_of(live_world), "evt_stale", then, event.body), event.body)
        with pytest.raises(WebhookVerificationError, match=r"too (old|new)"):
            Webhook(secret_of(live_world)).verify(stale.body, stale.headers)
        assert deliver(live_world, stale).status_code == 401

    @pytest.mark.parametrize("order", [1, -1], ids=["old first", "new first"])
    def test_both_take_either_of_two_signatures(self, live_world: World, order: int) -> None:
        """While a secret is rotated, an event has a signature by the old and one by the new secret."""
        ours = make_event(live_world, live_world.open_checkout())
        event = json.loads(ours.body)
        old, new = signed(secret_of(live_world), event), signed(EVEN, event)
        both = " ".join([old.headers["webhook-signature"], new.headers["webhook-signature"]][::order])
        rotating = Event(old.headers | {"webhook-signature": both}, old.body)
        for secret in (secret_of(live_world), EVEN):
            assert Webhook(secret).verify(rotating.body, rotating.headers) == event
            use_secret(live_world, secret)
            assert deliver(live_world, rotating).status_code == 200
        assert balance(live_world) == 150


@pytest.fixture(params=["sync", "async"])
def dodo(request: pytest.FixtureRequest, live_world: World) -> Iterator[Any]:
    """Provide the webhooks of either of the SDK's clients, with the mock's secret."""
    options: dict[str, Any] = {"bearer_token": "none", "webhook_key": secret_of(live_world)}
    if request.param == "async":
        yield dodopayments.AsyncDodoPayments(**options).webhooks
    else:
        with dodopayments.DodoPayments(**options) as client:
            yield client.webhooks


class TestDodoPayments:
    @pytest.mark.parametrize(
        ("outcome", "kind"), [("succeeded", PaymentSucceededWebhookEvent), ("failed", PaymentFailedWebhookEvent)]
    )
    def test_it_unwraps_the_mocks_events(
        self, live_world: World, dodo: Any, outcome: Outcome, kind: type[PaymentSucceededWebhookEvent]
    ) -> None:
        checkout = live_world.open_checkout()
        headers, body = make_event(live_world, checkout, outcome)
        event = dodo.unwrap(body.decode(), headers=headers)
        assert type(event) is kind
        assert event.data.status == outcome
        assert event.data.checkout_session_id == checkout
        assert (event.data.total_amount, event.data.currency) == (5000, "USD")
        assert event.data.metadata == {"uid": "demo", "amount": "50.00"}
        assert (event.data.payment_provider, event.data.card_network) == ("dodo", "visa")
        assert abs(event.timestamp - datetime.now(UTC)).total_seconds() < 60
        # Unwrapping does not validate fields; this does.
        assert kind.model_validate_json(body, strict=True) == event

    @pytest.mark.parametrize("email", [None, "zoë@clevora.example"])
    def test_an_account_of_any_name_makes_a_valid_event(self, live_world: World, dodo: Any, email: str | None) -> None:
        token = live_world.id_token("zoë ☕", email)
        bearer = {"authorization": f"Bearer {token}"}
        live_world.http.post("/api/developer/activate", headers=bearer)
        answer = live_world.http.post("/api/developer/topup", json={"amount": 15.01}, headers=bearer)
        headers, body = make_event(live_world, answer.json()["data"]["checkoutUrl"].rpartition("/")[2])
        event = dodo.unwrap(body.decode(), headers=headers)
        assert PaymentSucceededWebhookEvent.model_validate_json(body, strict=True) == event
        assert event.data.total_amount == 1501
        assert event.data.metadata == {"uid": "zoë ☕", "amount": "15.01"}

    def test_the_event_is_encoded_as_by_json_stringify(self, live_world: World) -> None:
        """Receivers verify ``JSON.stringify`` of the parsed body, which is compact and plain UTF-8."""
        _, body = make_event(live_world, live_world.open_checkout())
        assert body == json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()

    def test_it_refuses_another_key(self, live_world: World, dodo: Any) -> None:
        headers, body = make_event(live_world, live_world.open_checkout())
        with pytest.raises(WebhookVerificationError):
            dodo.unwrap(body.decode(), headers=headers, key=EVEN)

    def test_an_event_built_by_the_sdk_credits_the_account(self, live_world: World) -> None:
        checkout = live_world.open_checkout(20)
        _, body = make_event(live_world, checkout)
        event = PaymentSucceededWebhookEvent.model_validate_json(body)
        # The credit includes no tax and is in the checkout's currency.
        event.data.total_amount, event.data.tax, event.data.currency = 2142, 342, "EUR"
        assert deliver(live_world, signed(secret_of(live_world), event.model_dump(mode="json"))).status_code == 200
        assert balance(live_world) == 120

    @pytest.mark.parametrize("kind", [RefundSucceededWebhookEvent, DisputeOpenedWebhookEvent])
    def test_other_events_are_accepted_and_change_nothing(self, live_world: World, kind: Any) -> None:
        paid = make_event(live_world, live_world.open_checkout())
        deliver(live_world, paid)
        payment = json.loads(paid.body)["data"]
        common = {name: payment[name] for name in ("business_id", "created_at", "payment_id", "currency")}
        data = {
            RefundSucceededWebhookEvent: {
                "brand_id": payment["brand_id"],
                "customer": payment["customer"],
                "is_partial": False,
                "metadata": payment["metadata"],
                "refund_id": "rfd_1",
                "status": "succeeded",
                "amount": 5000,
            },
            DisputeOpenedWebhookEvent: {
                "amount": "5000",
                "dispute_id": "dsp_1",
                "dispute_stage": "dispute",
                "dispute_status": "dispute_opened",
            },
        }[kind]
        event = kind.model_validate(
            {
                "business_id": payment["business_id"],
                "type": kind.model_fields["type"].annotation.__args__[0],
                "timestamp": payment["created_at"],
                "data": common | data,
            }
        )
        answer = deliver(live_world, signed(secret_of(live_world), event.model_dump(mode="json")))
        assert (answer.status_code, answer.json()) == (200, {"received": True})
        assert balance(live_world) == 150

    def test_a_repeated_delivery_credits_once(self, live_world: World) -> None:
        """A retry has the same id and a new time; a replay from the dashboard has a new id."""
        event = make_event(live_world, live_world.open_checkout())
        content = json.loads(event.body)
        again = signed(secret_of(live_world), content, event.headers["webhook-id"])
        replayed = signed(secret_of(live_world), content, "evt_replayed")
        assert [deliver(live_world, one).status_code for one in (event, again, event, replayed)] == [200] * 4
        assert balance(live_world) == 150
