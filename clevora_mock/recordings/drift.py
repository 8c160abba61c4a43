"""``--diff``: each request is also sent to the live API, and the shapes of both answers are compared.

The client gets the mock's answer. What the live API refuses for a reason of its account's, such as a 402, could not be
asked, which is no drift; neither is compared what a rule of the scenario had a part in.
"""

import asyncio
from collections import Counter
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clevora_mock.contract.endpoints import Endpoint
from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.messages import printable
from clevora_mock.recordings.masker import Masker, masker_for
from clevora_mock.recordings.recorder import MAX_ANSWER_BYTES
from clevora_mock.recordings.shape import Shape, differences, shape_of
from clevora_mock.upstream.client import UpstreamClient, UpstreamError
from clevora_mock.web.background import LONG, Background
from clevora_mock.web.exchange_recorder import get_exchange

# These depend on the account's state; 404 does so where a path has an id.
_OF_THE_ACCOUNT = frozenset({401, 402, 403, 429})
_MAX_CONCURRENT = 8
# For the requests that still run when the server stops.
_GRACE_SECONDS = 10


# Of requests that wait, and of the mock's answers to them; a request has at least some of its own.
_MAX_WAITING_BYTES = 32 * 1024 * 1024
_REQUEST_BYTES = 4 * 1024
# Of the report: its texts, and the characters of each, which has names that the live API chooses.
_MAX_TEXTS = 1_000
_MAX_TEXT = 500
_OTHERS = "others"


class MockAnswer(Struct, frozen=True):
    """An answer of the mock's; `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def shape(self) -> Shape:
        return shape_of(self.status, self.headers, self.body)


class DriftReport:
    """The differences that were found, by endpoint, and what could not be asked."""

    def __init__(self, client: UpstreamClient, background: Background) -> None:
        self.host = client.host
        self._background = background
        self._waiting_bytes = 0
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

    def compare(self, facts: RequestFacts, endpoint: Endpoint, mock: MockAnswer) -> None:
        """Send a request to the live API, and compare its answer with the mock's, later."""
        size = len(facts.body) + len(mock.body) + _REQUEST_BYTES
        if self._waiting_bytes + size > _MAX_WAITING_BYTES:
            self._count(self._unasked, "requests while too many others waited")
            return
        self._waiting_bytes += size
        task = asyncio.create_task(self._compare(facts, endpoint, mock))
        self._running.add(task)

        def end(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            self._waiting_bytes -= size
            failure = None if task.cancelled() else task.exception()
            if failure is not None:
                self._count(self._unasked, f"{endpoint.name}: the comparison failed: {type(failure).__name__}")

        task.add_done_callback(end)

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
        head = f"compared {self._compared:,} {'answer' if self._compared == 1 else 'answers'} with those of {self.host}"
        differing = f"{found:,} difference{'s' if found > 1 else ''}" if found else "no difference in shape"
        lines = [f"{head}: {differing}" if self._compared else head]
        lines += [f"drift: {text} ({count} x)" for text, count in sorted(self._differences.items())]
        lines += [f"could not be asked: {text} ({count} x)" for text, count in sorted(self._unasked.items())]
        return lines

    def _count(self, found: Counter[str], text: str) -> None:
        """Count a text; beyond some texts, only their number."""
        text = printable(text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…")
        found[text if text in found or len(found) < _MAX_TEXTS else _OTHERS] += 1

    async def _compare(self, facts: RequestFacts, endpoint: Endpoint, answer: MockAnswer) -> None:
        name = endpoint.name
        if endpoint.credential == "signature":
            self._count(self._unasked, f"{name}, whose secret is the live API's own")
            return
        masker = masker_for(facts, self._client.key, emails=False)
        try:
            async with self._turns:
                live = await self._ask(facts, masker)
        except UpstreamError as error:
            self._count(self._unasked, f"{name}: {error}")
            return
        mock = await self._background.run(len(answer.body), answer.shape)
        of_the_account = {mock.status, live.status} & (_OF_THE_ACCOUNT | ({404} if "{" in endpoint.path else set()))
        if mock.status != live.status and (of_the_account or live.status >= 500):
            hint = "; check CLEVORA_MOCK_UPSTREAM_KEY" if live.status == 401 and self._client.has_own_key(facts) else ""
            self._count(self._unasked, f"{name}: status {mock.status} here, {live.status} there{hint}")
            return
        found = differences(mock, live)
        # In the thread, since the names of fields are the live API's, and may hold the key that it was asked with.
        texts = await self._background.run(
            LONG, lambda: [masker.start(text, _MAX_TEXT + 1) for text in islice(found, _MAX_TEXTS)]
        )
        self._compared += 1
        for text in texts:
            self._count(self._differences, f"{name} {mock.status}: {text}")
        self._differences.update({_OTHERS: others} if (others := sum(1 for _ in found)) else {})

    async def _ask(self, facts: RequestFacts, masker: Masker) -> Shape:
        async with self._client.send(facts, masker.start) as answer:
            body = bytearray()
            async for part in answer.parts:
                body += part
                if len(body) > MAX_ANSWER_BYTES:
                    raise UpstreamError("its answer is too large to compare")
        return await self._background.run(len(body), lambda: shape_of(answer.status, answer.headers, bytes(body)))


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
            answer = MockAnswer(head["status"], headers, b"".join(parts))
            self._report.compare(replace(facts, body=bytes(body)), facts.endpoint, answer)
