"""Payment events, carried to the webhook through the application's own front door.

The event is signed and posted like any other request, so it is verified, journaled and counted as one.
"""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message

from clevora_mock.api.payments import checkout_event
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.payments import Checkout, Outcome
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import path_of
from clevora_mock.web.framed_response import CONNECTION_CONTROL

_WEBHOOK = ENDPOINT_BY_NAME["dodo.webhook"].path

# How long an answer may take, in wall time.
_TIMEOUT_SECONDS = 15


class WebhookSender:
    """Finishes checkouts and posts their events to the application that each call names."""

    def __init__(self) -> None:
        # Kept, since the event loop holds its tasks weakly.
        self._running: set[asyncio.Task[int]] = set()

    async def finish(
        self, app: ASGIApp, sandbox: Sandbox, checkout: Checkout, outcome: Outcome, now: int
    ) -> int | None:
        """Finish an open checkout; return the webhook's status, or None while the event is still on its way.

        The scenario may have the payment fail, or its event arrive late by the sandbox's clock. Raises a 400 when the
        checkout is not open any more.
        """
        payments = sandbox.scenario_run.scenario.payments
        checkout.finish(outcome, now, payments)
        if not payments.delay:
            return await self._deliver(app, sandbox, checkout)
        self._await_due(app, sandbox, checkout, now + payments.delay)
        return None

    def resume(self, app: ASGIApp, sandbox: Sandbox) -> None:
        """Wait for the events that a restored sandbox still has to deliver."""
        for checkout in sandbox.checkouts.by_id.values():
            if checkout.due is not None:
                self._await_due(app, sandbox, checkout, checkout.due)

    def _await_due(self, app: ASGIApp, sandbox: Sandbox, checkout: Checkout, due: int) -> None:
        def deliver() -> None:
            # The sandbox may have been reset or restored meanwhile.
            if sandbox.checkouts.by_id.get(checkout.id) is checkout and checkout.due == due:
                task = asyncio.get_running_loop().create_task(self._deliver(app, sandbox, checkout))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

        sandbox.clock.call_at(due, deliver)

    async def _deliver(self, app: ASGIApp, sandbox: Sandbox, checkout: Checkout) -> int:
        checkout.due = None
        headers, body = checkout_event(sandbox, checkout)
        return await _post(app, path_of(sandbox.name) + _WEBHOOK, headers, body)


class _InProcess:
    """A connection within this process, for faults to break: nothing is left to do, since no more will be sent."""

    def close(self) -> None: ...

    def reset(self) -> None: ...


async def _post(app: ASGIApp, path: str, headers: dict[str, str], body: bytes) -> int:
    """Post to `app` in this process, and return the status of the answer; 0 without one."""
    statuses: list[int] = []
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(_TIMEOUT_SECONDS)
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
        "extensions": {CONNECTION_CONTROL: _InProcess()},
        "headers": [
            (b"host", b"localhost"),
            (b"user-agent", b"Dodo-Payments"),
            *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
        ],
    }
    await app(scope, receive, send)
    return statuses[0] if statuses else 0
