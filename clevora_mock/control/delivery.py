"""Finishes checkouts, and carries their events to the webhook through the application's front door.

The event is signed and posted like any other request, so it is verified, journaled and counted as one. The scenario may
have payments fail, or their events arrive late by the sandbox's clock.
"""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message

from clevora_mock.api.payments import signed_event
from clevora_mock.core.call import Call
from clevora_mock.core.errors import invalid
from clevora_mock.core.payments import Checkout, Outcome
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import path_of

WEBHOOK = "/api/dodo/webhook"


class Delivery:
    """Posts events to `app`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Kept, since the event loop holds its tasks weakly.
        self._under_way: set[asyncio.Task[int]] = set()

    async def finish(self, call: Call, checkout: Checkout, outcome: Outcome) -> int | None:
        """Finish an open checkout: the webhook's status, or None while the event is still on its way.

        400 when the checkout is not open any more.
        """
        if checkout.status != "open":
            raise invalid("id", "an open checkout", f"one whose payment {checkout.status}")
        if call.arrived >= checkout.expires:
            raise invalid("id", "an open checkout", "an expired one")
        payments = call.sandbox.course.scenario.payments
        checkout.status = "failed" if payments.outcome == "fail" else outcome
        if not payments.delay:
            return await self._deliver(call.sandbox, checkout)
        checkout.due = call.arrived + payments.delay
        self._await_due(call.sandbox, checkout, checkout.due)
        return None

    def resume(self, sandbox: Sandbox) -> None:
        """Take up the events that a restored sandbox was waiting for."""
        for checkout in sandbox.checkouts.by_id.values():
            if checkout.due is not None:
                self._await_due(sandbox, checkout, checkout.due)

    def _await_due(self, sandbox: Sandbox, checkout: Checkout, due: int) -> None:
        def deliver() -> None:
            # The sandbox may have been reset or restored meanwhile.
            if sandbox.checkouts.by_id.get(checkout.id) is checkout and checkout.due == due:
                task = asyncio.get_running_loop().create_task(self._deliver(sandbox, checkout))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

        sandbox.clock.call_at(due, deliver)

    async def _deliver(self, sandbox: Sandbox, checkout: Checkout) -> int:
        checkout.due = None
        headers, body = signed_event(sandbox, checkout)
        return await self._post(path_of(sandbox.name) + WEBHOOK, headers, body)

    async def _post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        statuses: list[int] = []
        sent = {"type": "http.request", "body": body, "more_body": False}

        async def receive() -> Message:
            return sent

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "scheme": "http",
            "server": ("127.0.0.1", 0),
            "headers": [
                (b"host", b"localhost"),
                (b"user-agent", b"Dodo-Payments"),
                *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
            ],
        }
        await self._app(scope, receive, send)
        return statuses[0] if statuses else 0
