"""``--diff``: each request is also sent to the live API, and the shapes of both answers are compared.

The client gets the mock's answer. What the live API refuses for a reason of its account's, such as a 402, could not be
asked, which is no drift; neither is compared what a rule of the scenario had a part in.
"""

import asyncio
from collections import Counter

from msgspec.structs import replace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.recordings.recorder import MAX_ANSWER_BYTES
from clevora_mock.recordings.shape import Shape, differences, shape_of
from clevora_mock.upstream.client import UpstreamClient, UpstreamError
from clevora_mock.web.exchange_recorder import get_exchange

# These depend on the account's state; 404 does so where a path has an id.
_OF_THE_ACCOUNT = frozenset({401, 402, 403, 429})
_MAX_CONCURRENT = 8
# For the requests that still run when the server stops.
_GRACE_SECONDS = 10


class DriftReport:
    """The differences that were found, by endpoint, and what could not be asked."""

    def __init__(self, client: UpstreamClient) -> None:
        self.host = client.host
        self._client = client
        self._differences: Counter[str] = Counter()
        self._unasked: Counter[str] = Counter()
        self._compared = 0
        self._running: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(_MAX_CONCURRENT)

    @property
    def has_drift(self) -> bool:
        return bool(self._differences)

    @property
    def has_compared(self) -> bool:
        return self._compared > 0

    def compare(self, facts: RequestFacts, mock: Shape) -> None:
        """Send a request to the live API, and compare its answer with the mock's, later."""
        task = asyncio.create_task(self._compare(facts, mock))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for what still runs."""
        if self._running:
            _, left = await asyncio.wait(self._running, timeout=_GRACE_SECONDS)
            for task in left:
                task.cancel()
            self._unasked.update({"requests that had no answer when the server stopped": len(left)} if left else {})

    def lines(self) -> list[str]:
        """Return what was found, in lines."""
        found = len(self._differences)
        head = f"compared {self._compared:,} answers with those of {self.host}"
        differing = f"{found:,} difference{'s' if found > 1 else ''}" if found else "no difference in shape"
        lines = [f"{head}: {differing}" if self._compared else head]
        lines += [f"drift: {text} ({count} x)" for text, count in sorted(self._differences.items())]
        lines += [f"could not be asked: {text} ({count} x)" for text, count in sorted(self._unasked.items())]
        return lines

    async def _compare(self, facts: RequestFacts, mock: Shape) -> None:
        endpoint = facts.endpoint
        name = "" if endpoint is None else endpoint.name
        if endpoint is not None and endpoint.credential == "signature":
            self._unasked[f"{name}, whose secret is the live API's own"] += 1
            return
        try:
            async with self._turns:
                live = await self._ask(facts)
        except UpstreamError as error:
            self._unasked[f"{name}: {error}"] += 1
            return
        of_the_account = {mock.status, live.status} & (
            _OF_THE_ACCOUNT | ({404} if endpoint is not None and "{" in endpoint.path else frozenset())
        )
        if mock.status != live.status and (of_the_account or live.status >= 500):
            self._unasked[f"{name}: status {mock.status} here, {live.status} there"] += 1
            return
        self._compared += 1
        for difference in differences(mock, live):
            self._differences[f"{name} {mock.status}: {difference}"] += 1

    async def _ask(self, facts: RequestFacts) -> Shape:
        async with self._client.send(facts) as answer:
            body = b""
            async for part in answer.parts:
                body += part
                if len(body) > MAX_ANSWER_BYTES:
                    raise UpstreamError("its answer is too large to compare")
            return shape_of(answer.status, answer.headers, body)


class DriftMiddleware:
    """ASGI middleware that has each answer of the emulated API compared, within the sandbox's middleware."""

    def __init__(self, app: ASGIApp, report: DriftReport) -> None:
        self._app = app
        self._report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head: Message = {}
        parts: list[bytes] = []
        body = bytearray()
        is_whole = False

        async def read() -> Message:
            # The journal needs only the start of it, and nothing else keeps it.
            message = await receive()
            body.extend(message.get("body", b"")[: MAX_BODY_BYTES - len(body)])
            return message

        async def watch(message: Message) -> None:
            nonlocal head, is_whole
            if message["type"] == "http.response.start":
                head = message
            else:
                parts.append(message.get("body", b""))
                is_whole = not message.get("more_body", False)
            await send(message)

        await self._app(scope, read, watch)
        exchange = get_exchange(scope)
        facts = exchange.facts
        if is_whole and facts is not None and facts.endpoint is not None and exchange.plan.rule is None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head["headers"]}
            # The sandbox's middleware adds it.
            headers["x-request-id"] = exchange.request_id
            self._report.compare(replace(facts, body=bytes(body)), shape_of(head["status"], headers, b"".join(parts)))
