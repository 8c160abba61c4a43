"""Delivery of payment events to the webhook.

An event is posted to the ASGI application in this process, so it is verified, journaled and counted like any request.
Delays of the webhook are not waited for, since they would delay the control plane's answer.
"""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from starlette.types import ASGIApp, Message

from clevora_mock.api.payments import sign_event
from clevora_mock.clock import Timer
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.payments import Checkout, PaymentOrder
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import path_of
from clevora_mock.web.framed_response import CONNECTION_CONTROL, WITHOUT_WAITING

_WEBHOOK = ENDPOINT_BY_NAME["dodo.webhook"].path


class WebhookSender:
    """Sender of the events of finished checkouts, to the application that each call names."""

    def __init__(self) -> None:
        # For the next event of each sandbox that has events to come.
        self._timers: WeakKeyDictionary[Sandbox, Timer] = WeakKeyDictionary()
        # The event loop itself keeps only weak references to tasks.
        self._running: set[asyncio.Task[None]] = set()

    async def finish(
        self, app: ASGIApp, sandbox: Sandbox, checkout: Checkout, order: PaymentOrder, now: int
    ) -> list[int]:
        """Finish an open checkout; return the webhook's status for each delivery, none when the event is delayed.

        The scenario may fail the payment, or delay its event by the sandbox's clock. Raises a 400 when the checkout is
        not open.
        """
        delay = checkout.finish(order, now, sandbox.scenario_run.scenario.payments)
        if not delay:
            return await self._deliver(app, sandbox, checkout)
        checkout.due = sandbox.clock.elapsed() + delay
        self.resume(app, sandbox)
        return []

    def resume(self, app: ASGIApp, sandbox: Sandbox) -> None:
        """Schedule the next of the sandbox's undelivered events, in place of the one that was scheduled."""
        timer = self._timers.pop(sandbox, None)
        if timer is not None:
            timer.cancel()
        due = min(
            (checkout.due for checkout in sandbox.checkouts.by_id.values() if checkout.due is not None), default=None
        )
        if due is not None:
            self._timers[sandbox] = sandbox.clock.call_at(due, lambda: self._start(app, sandbox))

    def _start(self, app: ASGIApp, sandbox: Sandbox) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver_due(app, sandbox))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _deliver_due(self, app: ASGIApp, sandbox: Sandbox) -> None:
        """Deliver what is due, one event after the other, so that other requests go on meanwhile."""
        waiting = [checkout for checkout in sandbox.checkouts.by_id.values() if checkout.due is not None]
        for checkout in sorted(waiting, key=lambda checkout: checkout.due or 0):
            due, now = checkout.due, sandbox.clock.elapsed()
            # The sandbox may have been reset or restored.
            if due is not None and due <= now and sandbox.checkouts.by_id.get(checkout.id) is checkout:
                await self._deliver(app, sandbox, checkout)
                await asyncio.sleep(0)
        self.resume(app, sandbox)

    async def _deliver(self, app: ASGIApp, sandbox: Sandbox, checkout: Checkout) -> list[int]:
        """Deliver the event as often as the checkout says: with the same id, each with a timestamp of its own."""
        checkout.due = None
        # By the clock that the webhook will go by, which a scenario that is over may have set.
        sandbox.end_expired_scenario()
        event = sandbox.payment_event(checkout, sandbox.clock.now())
        event_id = sandbox.next_event_id()
        statuses = []
        for _ in range(checkout.deliveries):
            headers, body = sign_event(sandbox, event, event_id)
            statuses.append(await _post(app, path_of(sandbox.name) + _WEBHOOK, headers, body))
        return statuses


class _InProcess:
    """`ConnectionControl` for requests without a connection, which a fault cannot break."""

    is_lost = False

    def look(self) -> None: ...

    def give_way(self) -> None: ...

    def close(self) -> None: ...

    def reset(self) -> None: ...


async def _post(app: ASGIApp, path: str, headers: dict[str, str], body: bytes) -> int:
    """Post to `app` in this process; return the status of the response, 0 if there is none."""
    statuses: list[int] = []
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 0),
        "extensions": {CONNECTION_CONTROL: _InProcess(), WITHOUT_WAITING: {}},
        "headers": [
            (b"host", b"localhost"),
            (b"user-agent", b"Dodo-Payments"),
            *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
        ],
    }
    await app(scope, receive, send)
    return statuses[0] if statuses else 0
