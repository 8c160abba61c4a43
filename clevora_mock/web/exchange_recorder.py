"""State of one request from its arrival until it is journaled."""

from typing import Protocol, cast

from starlette.types import Scope

from clevora_mock.contract.endpoints import Endpoint
from clevora_mock.core.exchange import ANONYMOUS, Exchange, Principal, RequestFacts
from clevora_mock.core.reply import Header, Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Plan
from clevora_mock.web.cross_origin import CROSS_ORIGIN_HEADERS
from clevora_mock.web.framed_response import FramedResponse
from clevora_mock.web.header_text import header_safe

_STATE_KEY = "exchange"


class SentResponse(Protocol):
    """A response with what was sent of it, as in `Exchange`."""

    reply: Reply
    frames_sent: int
    answered: int
    abandoned: bool
    simulated_delay: int


class ExchangeRecorder:
    """Record of one request to a sandbox.

    The middleware creates it, each step of the pipeline sets its part, and `finish` journals the result as an
    `Exchange`. The URL's path is `prefix`, which names the sandbox, and `path`. `latency` (microseconds) delays each
    response of the emulated APIs.
    """

    def __init__(self, sandbox: Sandbox, scope: Scope, prefix: str, path: str, latency: int = 0) -> None:
        self.sandbox = sandbox
        self.arrived = sandbox.clock.now()
        self.path = path
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        # Several make one list, which is no credential (W9).
        credentials = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(credentials) > 1:
            self.headers[b"authorization"] = b", ".join(credentials)
        self.request_id = ""
        self.facts: RequestFacts | None = None
        self.principal: Principal = ANONYMOUS
        self.plan: Plan = NO_PLAN
        self.ignored: tuple[str, ...] = ()
        # The status that was sent, 0 until the response starts.
        self.status = 0
        self._scope = scope
        self._prefix = prefix
        self._latency = latency
        self._response: SentResponse | None = None

    @property
    def base_url(self) -> str:
        """URL under which the client reached this sandbox."""
        host = self.headers.get(b"host", b"").decode("latin-1") or "{}:{}".format(*self._scope["server"])
        return f"{self._scope['scheme']}://{host}{self._prefix}"

    def assign_id(self, *, emulated: bool = True) -> None:
        """Assign the request id.

        The control plane draws ids from its own sequence, so that reading state does not change API ids.
        """
        self.request_id = "req_" + self.sandbox.rng.next_hex("request" if emulated else "own request")

    def set_facts(self, body: bytes, endpoint: Endpoint | None = None, operation: str | None = None) -> RequestFacts:
        """Set and return the facts of a request whose route and body are known."""
        self.facts = RequestFacts(
            id=self.request_id,
            arrived=self.arrived,
            method=self._scope["method"],
            path=self.path,
            query=self._scope["query_string"].decode("latin-1"),
            headers=self.headers,
            header_lines=self._scope["headers"],
            body=body,
            endpoint=endpoint,
            operation=operation,
        )
        return self.facts

    def set_principal(self, principal: Principal) -> None:
        """Set the caller that the journal shows."""
        self.principal = principal

    def set_plan(self, plan: Plan) -> None:
        """Set the scenario's plan for the request."""
        self.plan = plan

    def set_ignored(self, names: tuple[str, ...]) -> None:
        """Set the names of body fields that are not in the contract (C4)."""
        self.ignored = names

    def respond(self, reply: Reply) -> FramedResponse:
        """Apply the plan's faults and delay to `reply`, and return the response that sends it."""
        then = self.plan.then
        for fault in then.faults:
            reply = fault.try_apply(reply)
        delay = self._latency if self.facts is not None else 0
        if then.delay is not None:
            delay += then.delay.sample(self.sandbox.rng, f"delay of {self.plan.purpose}")
        response = self._response = FramedResponse(reply, self.sandbox, delay)
        return response

    def set_response(self, response: SentResponse) -> None:
        """Set a response that does not come from a complete reply."""
        self._response = response

    def common_headers(self) -> list[Header]:
        """Return the headers that every response carries, except id, date and server."""
        if not self.request_id:
            self.assign_id(emulated=False)
        headers: list[Header] = []
        if self.plan.rule is not None:
            headers.append((b"x-clevora-mock-rule", header_safe(self.plan.rule).encode()))
        if self.ignored:
            headers.append((b"x-clevora-mock-ignored", ", ".join(self.ignored).encode()))
        if self.facts is not None and b"origin" in self.headers:
            headers += CROSS_ORIGIN_HEADERS
        return headers

    def finish(self) -> None:
        """Journal the exchange, unless the client disconnected before its request was read.

        A response from outside the pipeline, such as an embedder's exception handler, is journaled by its status alone.
        """
        facts = self.facts
        if facts is None or not (self.status or self._response):
            return
        response: SentResponse = self._response or FramedResponse(Reply(status=self.status), self.sandbox)
        exchange = Exchange(
            facts=facts,
            principal=self.principal,
            reply=response.reply,
            status=self.status,
            frames_sent=response.frames_sent,
            answered=response.answered,
            plan=self.plan,
            ignored=self.ignored,
            abandoned=response.abandoned,
            simulated_delay=response.simulated_delay,
        )
        self.sandbox.record(exchange, self.sandbox.clock.now())


def get_exchange(scope: Scope) -> ExchangeRecorder:
    """Return the request's recorder, which the sandbox middleware has put into its scope."""
    return cast("ExchangeRecorder", scope["state"][_STATE_KEY])


def add_exchange(scope: Scope, recorder: ExchangeRecorder) -> Scope:
    """Return `scope` with the request's recorder in it, and without an endpoint of an application around this one."""
    return {**scope, "endpoint": None, "state": {**scope.get("state", {}), _STATE_KEY: recorder}}
