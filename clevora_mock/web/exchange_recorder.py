"""State of one request from its arrival until it is journaled."""

from typing import Protocol, cast

from msgspec.structs import replace
from starlette.types import Scope

from clevora_mock.contract.endpoints import Endpoint
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import ANONYMOUS, Exchange, Principal, RequestFacts
from clevora_mock.core.journal import BODY_START_BYTES, Connection
from clevora_mock.core.reply import Header, Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.core.scenario import NO_PLAN, Plan
from clevora_mock.web.cross_origin import CROSS_ORIGIN_HEADERS, is_from_another_site
from clevora_mock.web.error_rendering import with_hint
from clevora_mock.web.framed_response import (
    JOURNAL_CONNECTION,
    PIPELINED,
    FramedResponse,
    connection_control,
    stopped_reply,
)
from clevora_mock.web.header_text import header_safe
from clevora_mock.web.memory_budget import MemoryBudget, MemoryShare
from clevora_mock.web.request_body import SMALL_BODY_BYTES

# Of the bodies of requests that arrive and wait, of a whole server.
BODIES_BYTES = 32 * 1024 * 1024
# Of documents that requests are decoded to, and of large answers.
WORK_BYTES = 96 * 1024 * 1024

# A frame without its data.
_FRAME_BYTES = 200

_STATE_KEY = "exchange"

# Headers by which a request chooses its own answer.
_OWN_HEADERS = b"x-clevora-mock-"


class SentResponse(Protocol):
    """A response with what was sent of it, as in `Exchange`."""

    reply: Reply
    frames_sent: int
    answered: int
    abandoned: bool
    simulated_delay: int


class SharedState:
    """State that all requests of a server share; `latency` (microseconds) delays each response of the emulated APIs.

    Bodies have a budget of their own: a request holds its body's memory while it waits for that of its work, so with
    one budget for both, requests could wait for each other.
    """

    def __init__(self, sandboxes: Sandboxes, latency: int = 0) -> None:
        self.sandboxes = sandboxes
        self.latency = latency
        self.bodies = MemoryBudget(BODIES_BYTES)
        self.work = MemoryBudget(WORK_BYTES)


class ExchangeRecorder:
    """Record of one request to a sandbox.

    The middleware creates it, each step of the pipeline sets its part, and `finish` journals the result as an
    `Exchange`. The URL's path is `prefix`, which names the sandbox, and `path`. `body_memory` and `work_memory` are the
    request's shares until its end.
    """

    def __init__(self, sandbox: Sandbox, scope: Scope, prefix: str, path: str, shared: SharedState) -> None:
        self.sandbox = sandbox
        self._sandboxes, self._latency = shared.sandboxes, shared.latency
        self._client = connection_control(scope)
        self.body_memory = MemoryShare(shared.bodies, self._client)
        self.work_memory = MemoryShare(shared.work, self._client)
        self.arrived = sandbox.clock.now()
        extensions = scope.get("extensions", {})
        self._connection: Connection | None = extensions.get(JOURNAL_CONNECTION)
        self._follows = None
        if self._connection is not None and PIPELINED not in extensions:
            self._follows = sandbox.journal.ended_before(self._connection)
        self._changes, self._is_real = sandbox.changes, sandbox.clock.mode == "real"
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
        # The status that was sent, 0 until then; and True from the attempt on.
        self.status = 0
        self.is_begun = False
        self._scope = scope
        self._prefix = prefix
        self._response: SentResponse | None = None

    @property
    def base_url(self) -> str:
        """URL under which the client reached this sandbox."""
        host = self.headers.get(b"host", b"").decode("latin-1") or "{}:{}".format(*self._scope["server"])
        return f"{self._scope['scheme']}://{host}{self._prefix}"

    def keep_sandbox(self) -> None:
        """Keep the sandbox of an accepted request. Raises a 404 for a page of another site, which makes none."""
        if self.sandbox.is_kept:
            return
        if self.is_foreign:
            name = self.sandbox.name
            hint = f"a page of another site makes no sandbox; POST /sandbox/{name}/__mock/reset makes it"
            raise ApiError("not_found", f"No sandbox {name}", hint=hint)
        self._sandboxes.keep(self.sandbox)

    @property
    def is_foreign(self) -> bool:
        """True if a page of another site sends the request."""
        return is_from_another_site(self.headers)

    def assign_id(self, *, emulated: bool = True) -> None:
        """Assign the request id.

        The control plane draws ids from its own sequence, so that reading state does not change API ids.
        """
        self.request_id = "req_" + self.sandbox.rng.next_hex("request" if emulated else "own request")

    def set_facts(
        self, body: bytes, endpoint: Endpoint | None = None, operation: str | None = None, body_bytes: int = 0
    ) -> RequestFacts:
        """Set and return the facts of a request whose route and body are known.

        `body_bytes` is the size of a body that was not kept whole.
        """
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
            body_bytes=body_bytes,
            follows=self._follows,
            changes=None if any(name.startswith(_OWN_HEADERS) for name in self.headers) else self._changes,
            is_real=self._is_real,
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
        then, hint = self.plan.then, reply.hint
        for fault in then.faults:
            reply = fault.try_apply(reply)
        if reply.hint != hint:
            reply = with_hint(reply, reply.hint)
        delay = self._latency if self.facts is not None else 0
        if then.delay is not None:
            delay += then.delay.sample(self.sandbox.rng, f"delay of {self.plan.purpose}")
        self._shrink(reply)
        response = self._response = FramedResponse(reply, self.sandbox, delay)
        return response

    def set_response(self, response: SentResponse) -> None:
        """Set a response that does not come from a complete reply."""
        self._response = response

    def respond_stopped(self) -> FramedResponse:
        """Return the response in place of one that the end of the server prevents."""
        response = self._response = FramedResponse(stopped_reply(), self.sandbox)
        return response

    def start(self, status: int) -> None:
        """Note that the head is sent, which may have waited for the client to take earlier responses, or to leave."""
        if self._client is None or not self._client.is_lost:
            self.status = status

    def abandon(self) -> None:
        """Note that the client has disconnected; before its request was read, nothing is journaled."""
        if self.facts is not None:
            self._response = FramedResponse(Reply(undelivered=True), self.sandbox)
            self._response.abandoned = True

    def _shrink(self, reply: Reply) -> None:
        """Keep of the request what the journal needs, and give back the memory that the reply does not take."""
        facts = self.facts
        if facts is not None and (len(facts.body) > BODY_START_BYTES or vars(facts)):
            # A copy has no decoded document.
            size = facts.body_bytes or len(facts.body)
            self.facts = replace(facts, body=facts.body[:BODY_START_BYTES], body_bytes=size)
        self.body_memory.shrink(0)
        size = sum(len(frame.data) for frame in reply.frames)
        self.work_memory.shrink(0 if size <= SMALL_BODY_BYTES else size + len(reply.frames) * _FRAME_BYTES)

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

        One from a page of another site without a valid credential is not journaled either, so that such pages cannot
        drive out other entries. A response from outside the pipeline, such as an embedder's exception handler, is
        journaled by its status alone.
        """
        self.body_memory.shrink(0)
        self.work_memory.shrink(0)
        facts = self.facts
        if facts is None or not (self.status or self._response):
            return
        if self.principal is ANONYMOUS and self.is_foreign:
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
        if self._connection is not None:
            self.sandbox.journal.note_end(self._connection)


def get_exchange(scope: Scope) -> ExchangeRecorder:
    """Return the request's recorder, which the sandbox middleware has put into its scope."""
    return cast("ExchangeRecorder", scope["state"][_STATE_KEY])


def add_exchange(scope: Scope, recorder: ExchangeRecorder) -> Scope:
    """Return `scope` with the request's recorder in it, and without an endpoint of an application around this one."""
    return {**scope, "endpoint": None, "state": {**scope.get("state", {}), _STATE_KEY: recorder}}
