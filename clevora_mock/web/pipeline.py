"""A request's way through the checks of an emulated API, in one direction.

read the body → authenticate → access → the scenario's plan → funds and limits → parse → the handler → respond (W6). An
`ApiError` on the way leaves the pipeline like any exception, and the application's exception handler renders it.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Plan
from clevora_mock.web.context import RequestContext
from clevora_mock.web.exchange_recorder import ExchangeRecorder, exchange_of
from clevora_mock.web.internal_error import internal_error
from clevora_mock.web.operation import ApiFamily, Operation
from clevora_mock.web.parsing import ignored_names, parse_body
from clevora_mock.web.request_body import read_body

# Decides what happens to an authenticated request; raises ApiError for a request that asks for nonsense.
PlanSource = Callable[[Sandbox, RequestFacts, Principal], Plan]


class OperationEndpoint:
    """The operations of one path, as an ASGI endpoint for a Starlette route."""

    def __init__(self, operations: Iterable[Operation], family: ApiFamily, resolve_plan: PlanSource) -> None:
        self.family = family
        self._operations = {operation.method: operation for operation in operations}
        self._resolve_plan = resolve_plan

    @property
    def methods(self) -> list[str]:
        """The methods that the path takes, in the table's order."""
        return [*self._operations, *(["HEAD"] if "GET" in self._operations else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = self._operations.get("GET" if scope["method"] == "HEAD" else scope["method"])
        if operation is None:
            raise HTTPException(405)
        exchange = exchange_of(scope)
        exchange.begin()
        try:
            body = await read_body(scope["method"], exchange.headers, receive)
        except ClientDisconnect:
            return
        facts = exchange.read(body or b"", operation.endpoint, operation.name or None)
        try:
            reply = await self._reply(operation, exchange, facts, scope, fits=body is not None)
        except ApiError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the client gets the contract's 500
            raise internal_error(facts.method, facts.path, error) from None
        await exchange.respond(reply)(scope, receive, send)

    async def _reply(
        self, operation: Operation, exchange: ExchangeRecorder, facts: RequestFacts, scope: Scope, *, fits: bool
    ) -> Reply:
        sandbox = exchange.sandbox
        principal = self.family.authenticate(sandbox, facts)
        exchange.identify(principal)
        sandbox.require_access(facts, principal)
        plan = self._resolve_plan(sandbox, facts, principal)
        exchange.follow(plan)
        context = RequestContext(sandbox, facts, principal, scope["path_params"], exchange, plan)
        if plan.then.error is not None:
            return await self._injected(operation, context, plan.then.error.resolve())
        sandbox.admit(principal)
        if not fits:
            raise ApiError("payload_too_large")
        reply = await self._handle(operation, context)
        return reply if plan is NO_PLAN else reply.charged(plan.then.charge)

    async def _handle(self, operation: Operation, context: RequestContext) -> Reply:
        if operation.request is None or not operation.parses_body:
            return await operation.handler(context)
        parsed, document = parse_body(context.facts.body, operation.request)
        context.exchange.ignore(ignored_names(document, operation.request))
        return await operation.handler(context, parsed)

    async def _injected(self, operation: Operation, context: RequestContext, error: ApiError) -> Reply:
        """Return the error that a rule asks for, with the price of the work where the rule charges it."""
        reply = self.family.render_error(error, context.facts)
        if not context.plan.then.charge:
            return reply
        # A request that cannot be served has nothing to charge for; the injected error goes before its own.
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
