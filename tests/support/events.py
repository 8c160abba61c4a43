"""Payment events between the mock and receivers' or senders' libraries."""

from base64 import b64encode
from typing import NamedTuple

import httpx
from msgspec import structs

from clevora_mock.api.payments import sign_event
from clevora_mock.core.payments import Outcome
from clevora_mock.core.sandbox import Sandbox
from tests.support.world import World

# 26 and 24 bytes: only the first needs padding in base64.
PADDED = "whsec_" + b64encode(b"abcdefghijklmnopqrstuvwxyz").decode()
EVEN = "whsec_" + b64encode(b"abcdefghijklmnopqrstuvwx").decode()
SECRETS = {"padded": PADDED, "unpadded": PADDED.rstrip("="), "even": EVEN}


class Event(NamedTuple):
    """A delivered event."""

    headers: dict[str, str]
    body: bytes


def make_event(world: World, checkout: str, outcome: Outcome = "succeeded") -> Event:
    """Return the mock's event for a finished checkout, not delivered yet."""

    def announced(sandbox: Sandbox) -> tuple[dict[str, str], bytes]:
        sandbox.checkouts.by_id[checkout].status = outcome
        event = sandbox.payment_event(sandbox.checkouts.by_id[checkout], sandbox.clock.now())
        return sign_event(sandbox, event, sandbox.next_event_id())

    return Event(*world.run_in_server(announced))


def deliver(world: World, event: Event) -> httpx.Response:
    return world.http.post("/api/dodo/webhook", content=event.body, headers=event.headers)


def use_secret(world: World, secret: str) -> None:
    def change(sandbox: Sandbox) -> None:
        sandbox.config = structs.replace(sandbox.config, webhook_secret=secret)

    world.run_in_server(change)


def secret_of(world: World) -> str:
    return world.server.settings.webhook_secret
