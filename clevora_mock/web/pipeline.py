"""The pipeline of a request to an emulated API.

read the body → authenticate → access → the scenario's plan → funds and limits → parse → the handler → respond (W6). An
`ApiError` from any step is rendered by the application's exception handler.
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial

from msgspec import Struct
from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import ANONYMOUS, Principal, RequestFacts
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, InjectedError, Plan
from clevora_mock.web.background import MAX_INLINE, Background
from clevora_mock.web.context import RequestContext
from clevora_mock.web.exchange_recorder import ExchangeRecorder, get_exchange
from clevora_mock.web.internal_error import internal_error
from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.parsing import convert_fields, ignored_names, parse_document, require_plain
from clevora_mock.web.request_body import read_body

# Bytes of memory that a byte of JSON takes, decoded: an empty array has three characters.
_DECODED = 24

# Returns the plan for an authenticated request; raises ApiError for invalid override headers.
PlanSource = Callable[[Sandbox, RequestFacts, Principal], Awaitable[Plan]]


class OperationEndpoint:
    """ASGI endpoint for a Starlette route: the operations of one path, by method."""

    def __init__(
        self, operations: Iterable[Operation], family: ApiFamily, resolve_plan: PlanSource, background: Background
    ) -> None:
        self.family = family
        self._operations = {operation.method: operation for operation in operations}
        self._resolve_plan = resolve_plan
        self._background = background

    @property
    def methods(self) -> list[str]:
        """Methods that the path takes, in the order of the table."""
        return [*self._operations, *(["HEAD"] if "GET" in self._operations else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get("GET" if scope["method"] == "HEAD" else scope["method"])
        if operation is None:
            raise HTTPException(405)
        exchange = get_exchange(scope)
        exchange.assign_id()
        try:
            response = await self._response(operation, exchange, scope, receive)
        except ClientDisconnect:
            exchange.abandon()
            return
        await response(scope, receive, send)

    async def _response(
        self, operation: Operation, exchange: ExchangeRecorder, scope: Scope, receive: Receive
    ) -> Response:
        """Read the request and return its response; the body is not kept any longer."""
        is_welcome = partial(self._is_welcome, operation, exchange)
        body = await read_body(scope["method"], exchange.headers, receive, exchange.body_memory, is_welcome)
        facts = exchange.set_facts(body.content, operation.endpoint, operation.name or None, body.size)
        try:
            return await self._respond(operation, exchange, facts, scope, fits=body.fits)
        except (ApiError, ClientDisconnect):
            raise
        except Exception as error:  # noqa: BLE001 - any other error becomes the contract's 500
            raise internal_error(facts.method, facts.path, error) from None

    def _is_welcome(self, operation: Operation, exchange: ExchangeRecorder) -> bool:
        """Tell from its head whether a request is going to be refused for its credential."""
        facts = exchange.set_facts(b"", operation.endpoint, operation.name or None)
        exchange.facts = None
        try:
            exchange.sandbox.require_access(facts, self.family.authenticate(exchange.sandbox, facts))
        except ApiError:
            return False
        return True

    async def _respond(
        self, operation: Operation, exchange: ExchangeRecorder, facts: RequestFacts, scope: Scope, *, fits: bool
    ) -> Response:
        sandbox = exchange.sandbox
        principal = self.family.authenticate(sandbox, facts)
        exchange.set_principal(principal)
        if principal is not ANONYMOUS:
            exchange.keep_sandbox()
        await self._hold_work_memory(exchange, facts)
        sandbox.require_access(facts, principal)
        plan = await self._resolve_plan(sandbox, facts, principal)
        exchange.set_plan(plan)
        context = RequestContext(sandbox, facts, principal, scope["path_params"], exchange, self._background, plan)
        return exchange.respond(await self._answer(operation, context, fits=fits))

    async def _hold_work_memory(self, exchange: ExchangeRecorder, facts: RequestFacts) -> None:
        """Wait for the memory that the decoded body takes."""
        if len(facts.body) > MAX_INLINE:
            await exchange.work_memory.hold(len(facts.body) * _DECODED)

    async def _answer(self, operation: Operation, context: RequestContext, *, fits: bool) -> Reply:
        """Return the reply of the plan, else of the handler; `fits` is False for a body that is too large."""
        plan = context.plan
        if plan.then.error is not None:
            return await self._inject_error(operation, context, plan.then.error)
        admitted = context.sandbox.admit(context.principal)
        try:
            if not fits:
                raise ApiError("payload_too_large")
            reply = await self._handle(operation, context)
        except ApiError:
            context.sandbox.take_back(context.principal, admitted)
            raise
        if operation.method != "GET":
            context.exchange.keep_sandbox()
        return reply if plan is NO_PLAN else reply.charged(plan.then.charge)

    async def _handle(self, operation: Operation, context: RequestContext) -> Reply:
        if operation.request is None or not operation.parses_body:
            return await operation.handler(context)
        body = context.facts.body
        require_plain(body, context.facts.headers)
        if not body and not operation.requires_body:
            return await operation.handler(context, operation.request())
        schema, decoded = operation.request, context.facts.known_document

        def parse() -> Struct:
            document = parse_document(body, decoded, schema)
            # Also for a body that is refused next: an unknown field may be a required one, misspelt.
            context.exchange.set_ignored(ignored_names(document, schema))
            return convert_fields(document, schema)

        parsed = await self._background.run(len(body), parse)
        return await operation.handler(context, parsed)

    async def _inject_error(self, operation: Operation, context: RequestContext, error: InjectedError) -> Reply:
        """Return the error of a rule, with the price of a successful request if the rule charges it."""
        reply = error.shape(self.family.render_error(error.resolve(), context.facts))
        if not context.plan.then.charge:
            return reply
        # An invalid request costs nothing, and the injected error takes precedence over its own.
        with suppress(ApiError):
            work = (await self._handle(operation, context)).charged(True)
            return replace(
                reply,
                prompt_tokens=work.prompt_tokens,
                completion_tokens=work.completion_tokens,
                text=work.text,
                charge=True,
            )
        return reply
