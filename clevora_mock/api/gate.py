"""One request's way through a sandbox, in one direction.

arrive -> read the body -> authenticate -> the scenario's plan -> funds, limits -> the endpoint's work -> the plan's
fault -> send -> settle. An `ApiError` on the way is rendered and goes on to the same end. The body comes first even for
who is refused without a look at it: a connection that closes before its client has sent everything is reset, and the
refusal is never read. Settling is a synchronous `finally`: when a client leaves, the server cancels what is awaited
there, and plain statements still run.
"""

import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from clevora_mock.api.answers import Answer, Json, Whole, printable
from clevora_mock.api.direction import Direction
from clevora_mock.api.stream import Departure, Transmission
from clevora_mock.clock import SECOND, http_date
from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.core.accounts import bearer, mask
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError
from clevora_mock.core.scenario import InjectedError, Then
from clevora_mock.scenarios.matching import UNDISTURBED

_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
# How much of a body over the limit is read, and dropped, before the client is cut off.
_DRAINED_BYTES = 16 * MAX_BODY_BYTES
# A snapshot holds a whole journal, with the beginning of every body.
_SNAPSHOT_BYTES = 128 * MAX_BODY_BYTES
_EXPOSED = b"retry-after, x-request-id, " + b", ".join(
    b"x-clevora-mock-" + name for name in (b"hint", b"ignored", b"rule", b"server")
)


Work = Callable[[Call], Awaitable[Answer]]


class Exchange(Struct, frozen=True):
    """The server's side of one request: what ASGI hands over."""

    scope: Scope
    receive: Receive
    send: Send


class GoneError(Exception):
    """The client left before its request was whole."""


class Gate:
    """The pipeline. `direction` plans what happens to each request; `latency`, in microseconds, delays them all.

    `server` is what every answer says of the server that gave it; without it none says anything.
    """

    def __init__(self, direction: Direction, latency: int = 0, server: str | None = None) -> None:
        self._direction = direction
        self._latency = latency
        self._server = None if server is None else (b"x-clevora-mock-server", server.encode())
        self._date = (0, (b"date", b""))

    async def __call__(self, call: Call, work: Work, exchange: Exchange) -> None:
        """Serve `call` by `work`: the endpoint's own part, once the gates are passed."""
        try:
            answer = await self._answer(call, work, exchange.receive)
        except GoneError:
            return
        call.status = answer.status_code
        self._dress(call, answer)
        try:
            delay = self._delay(call)
            if not delay or await self._wait(call, delay, exchange.receive):
                if call.retry_after is not None:
                    # The client counts from its first byte, and may have read it before the sending is over.
                    call.told = call.sandbox.clock.now()
                await answer(exchange.scope, exchange.receive, exchange.send)
            else:
                _leave(call, answer)
        finally:
            if call.status == 0:
                # Nobody has read the refusal.
                call.code = call.retry_after = None
            call.sandbox.settle(call, call.sandbox.clock.now())

    async def _answer(self, call: Call, work: Work, receive: Receive) -> Answer:
        try:
            fits = call.method in _BODILESS or await read_body(call, receive)
            authenticate(call)
            call.sandbox.require_access(call)
            plan = call.plan = self._direction(call) if call.endpoint is not None else UNDISTURBED
            if plan.then.error is not None:
                return await inject(call, plan.then.error, plan.then, work)
            call.sandbox.admit(call)
            if not fits and call.routed:
                raise ApiError("payload_too_large")
            answer = await work(call)
            return answer if plan is UNDISTURBED else direct(call, answer, plan.then)
        except ApiError as error:
            answer = _turn_down(call, error)
            return answer if call.plan is None else spoil(call, answer, call.plan.then)
        except GoneError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the client gets the contract's 500
            return _turn_down(call, _report(call, error))

    def _delay(self, call: Call) -> int:
        """How long the answer is to be held back."""
        if call.plan is None or call.plan.then.delay is None:
            return self._latency
        from clevora_mock.scenarios.injection import wait_of  # noqa: PLC0415 - few servers see a scenario

        return self._latency + wait_of(call.plan.then.delay, call.sandbox.chance, f"delay of {call.plan.purpose}")

    async def _wait(self, call: Call, delay: int, receive: Receive) -> bool:
        """Hold the answer back for `delay`; False when the client left meanwhile."""
        pacemaker = call.sandbox.pacemaker
        if pacemaker is not call.sandbox.clock:
            call.waited += delay
        if pacemaker is None:
            return True
        departure = Departure(receive)
        try:
            await departure.or_moment(pacemaker, pacemaker.now() + delay)
        finally:
            departure.forget()
        return not departure.happened

    def _dress(self, call: Call, answer: Answer) -> None:
        """Add the headers that every answer carries."""
        headers = answer.raw_headers
        headers.append((b"x-request-id", call.id.encode()))
        headers.append(self._date_at(call.arrived // SECOND))
        if self._server is not None:
            headers.append(self._server)
        if call.plan is not None and call.plan.rule is not None:
            headers.append((b"x-clevora-mock-rule", printable(call.plan.rule).encode()))
        if call.ignored:
            headers.append((b"x-clevora-mock-ignored", ", ".join(call.ignored).encode()))
        if call.emulated and b"origin" in call.headers:
            headers.append((b"access-control-allow-origin", b"*"))
            headers.append((b"access-control-expose-headers", _EXPOSED))

    def _date_at(self, second: int) -> tuple[bytes, bytes]:
        if self._date[0] != second:
            self._date = (second, (b"date", http_date(second).encode()))
        return self._date[1]


async def inject(call: Call, error: InjectedError, then: Then, work: Work) -> Answer:
    """The error that a rule asks for, in place of funds, limits and work; the work is done if it is to be charged."""
    if then.charge:
        # A request that cannot be served leaves nothing to charge for; the injected error goes before its own.
        with suppress(ApiError):
            charge_whole(call, await work(call))
            call.charge = True
    from clevora_mock.scenarios.injection import error_of  # noqa: PLC0415

    return spoil(call, _refuse(call, error_of(error)), then)


def direct(call: Call, answer: Answer, then: Then) -> Answer:
    """`answer` as the plan wants it: its fault, and its price."""
    call.charge = then.charge
    if then.charge:
        charge_whole(call, answer)
    return spoil(call, answer, then)


def spoil(call: Call, answer: Answer, then: Then) -> Answer:
    """`answer` with the plan's fault, if it has one; a page of the mock's own never has."""
    if then.fault is None or not isinstance(answer, Whole | Transmission):
        return answer
    from clevora_mock.api.wire import disturb  # noqa: PLC0415 - few servers see a fault

    return disturb(answer, then.fault, call)


def charge_whole(call: Call, answer: Answer) -> None:
    """Have all of `answer` billed, however much of it the client gets."""
    if isinstance(answer, Transmission):
        answer.settle(len(answer.frames))
        answer.settle = lambda sent: None


def _turn_down(call: Call, error: ApiError) -> Json:
    """Refuse a request whose work was not done, or not to its end."""
    call.prompt_tokens = call.completion_tokens = 0
    return _refuse(call, error)


def _refuse(call: Call, error: ApiError) -> Json:
    call.code, call.retry_after = error.failure.code, error.retry_after
    return call.surface.refuse(error, call)


def _leave(call: Call, answer: Answer) -> None:
    """The client left before the first byte."""
    call.abandoned, call.status = True, 0
    if isinstance(answer, Transmission):
        answer.settle(0)


def authenticate(call: Call) -> None:
    """Find out who calls, by the credential that the endpoint asks for (K2); 401 when it is not good."""
    if call.endpoint is None:
        return
    if call.endpoint.credential == "api_key":
        call.key = call.sandbox.accounts.known_key(call.header(b"authorization"))
        call.account = call.key.account
        call.key.require_valid()
    elif call.endpoint.credential == "id_token":
        from clevora_mock.core import identity  # noqa: PLC0415 - most clients have a key

        token = bearer(call.header(b"authorization"))
        project = call.sandbox.beginning.firebase_project
        call.identity = identity.verify(token, project, call.arrived)
        call.account = call.sandbox.accounts.by_uid.get(call.identity.uid)


async def read_body(call: Call, receive: Receive) -> bool:
    """Read the request's body into `call`; False, and nothing kept, when it is over the limit (W5)."""
    most, drained = (MAX_BODY_BYTES, _DRAINED_BYTES) if call.emulated else (_SNAPSHOT_BYTES, _SNAPSHOT_BYTES)
    announced = call.headers.get(b"content-length", b"0")
    fits = not (announced.isdigit() and int(announced[:12]) > most)
    if not fits and b"expect" in call.headers:
        # Such a client waits until its body is asked for.
        return False
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body") and size < drained:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            fits = fits and size <= most
            if fits:
                parts.append(part)
            else:
                parts.clear()
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise GoneError
    if fits:
        call.body = body
    return fits


def _report(call: Call, error: Exception) -> ApiError:
    """A fault of the mock's own: one line for whoever runs it, the contract's 500 for the client."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename.rpartition('clevora_mock')[2]}:{frame.tb_lineno}" if frame else "?"
    said = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:300]
    line = f"{said} ({place.lstrip('/')})"
    sys.stderr.write(mask(f"clevora-mock: internal error in {call.method} {call.path}: {line}\n"))
    return ApiError("internal_error", hint=line)
