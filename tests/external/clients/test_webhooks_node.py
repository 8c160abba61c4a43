"""Receivers' Node libraries for payment events, which compare an event's time with the machine's clock."""

import json
from typing import Any

import pytest

from tests.external.clients.conftest import Script
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


def given(secret: str, event: Event) -> dict[str, Any]:
    return {"secret": secret, "headers": event.headers, "body": event.body.decode()}


@pytest.mark.parametrize("function", ["verify", "verifyParsed", "unwrap"])
def test_they_accept_the_mocks_event(live_world: World, script: Script, function: str) -> None:
    event = make_event(live_world, live_world.open_checkout())
    assert script(live_world, "webhooks", function, **given(secret_of(live_world), event)) == json.loads(event.body)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_both_decode_a_secret_alike(live_world: World, script: Script, secret: str) -> None:
    use_secret(live_world, secret)
    ours = make_event(live_world, live_world.open_checkout())
    event = script(live_world, "webhooks", "unwrap", **given(secret, ours))
    body = json.dumps(event)
    seconds = live_world.clock.now() // 1_000_000
    signature = script(live_world, "webhooks", "sign", secret=secret, id="evt_theirs", seconds=seconds, body=body)
    headers = {"webhook-id": "evt_theirs", "webhook-timestamp": str(seconds), "webhook-signature": signature}
    assert deliver(live_world, Event(headers, body.encode())).status_code == 200
    assert balance(live_world) == 150


def test_they_refuse_another_secret_and_another_body(live_world: World, script: Script) -> None:
    event = make_event(live_world, live_world.open_checkout())
    changed = event._replace(body=event.body.replace(b"5000", b"9000"))
    assert script(live_world, "webhooks", "refuse", **given(secret_of(live_world), event)) == [None] * 3
    for secret, sent in ((EVEN, event), (secret_of(live_world), changed)):
        assert script(live_world, "webhooks", "refuse", **given(secret, sent)) == ["WebhookVerificationError"] * 3
