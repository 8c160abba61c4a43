"""Exception handlers of the application: every error, also 404 and 405, in its API's format."""

from collections.abc import Callable
from typing import cast
from urllib.parse import quote

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clevora_mock.contract.errors import ERROR_BY_CODE
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.masking import masked_text
from clevora_mock.core.messages import closest_spelling
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.sandboxes import path_of
from clevora_mock.web.cross_origin import is_preflight, preflight_reply
from clevora_mock.web.exchange_recorder import get_exchange
from clevora_mock.web.operation import ApiFamily
from clevora_mock.web.path_hints import PATH_SIMILARITY, hint_for
from clevora_mock.web.pipeline import OperationEndpoint
from clevora_mock.web.request_body import read_body, refuse

# Unknown paths below these are not journaled: they belong to the mock itself, or browsers request them unprompted.
_CONTROL = "/__mock/"
_OWN_PREFIXES = (_CONTROL, "/favicon.ico/")


# Called with the sandbox, the method and the path of a refused request, and the reason.
RefusalListener = Callable[[Sandbox, str, str, str], None]


class ErrorHandlers:
    """Exception handlers for a Starlette application; unknown paths get the error format of `default`.

    `on_refusal` is called for each request below the mock's own paths that no route takes, and each to one of its
    routes with a method that it does not take; other refusals are the route's to tell.
    """

    def __init__(self, default: ApiFamily, on_refusal: RefusalListener | None = None) -> None:
        self._default = default
        self._on_refusal = on_refusal

    async def api_error(self, request: Request, error: Exception) -> Response:
        """Render an ApiError that an endpoint raised."""
        exchange = get_exchange(request.scope)
        facts = exchange.facts or _anonymous_facts(request)
        # They hold the request's body, as long as the response is sent.
        error.__traceback__ = error.__context__ = None
        return exchange.respond(self._family(request).render_error(cast("ApiError", error), facts))

    async def server_error(self, request: Request, error: Exception) -> Response:
        """Render an unhandled exception of an embedder's route; Starlette raises it again for the server's log."""
        spec = ERROR_BY_CODE["internal_error"]
        body = {"error": {"message": spec.message, "type": spec.type, "code": spec.code}}
        return JSONResponse(body, spec.status)

    async def not_found(self, request: Request, error: Exception) -> Response:
        """Render the 404 of an unknown path (W3), or of an embedder's route."""
        if request.scope["endpoint"] is not None:
            return self._render_raised(request, ApiError("not_found", cast("HTTPException", error).detail), error)
        exchange = get_exchange(request.scope)
        # Encoded slashes are left in the path as they came.
        message = f"No route {request.method} {quote(masked_text(exchange.path)[:200], safe='/%*')}"
        is_own = f"{exchange.path}/".startswith(_OWN_PREFIXES)
        hint = hint_for(exchange.path, path_of(exchange.sandbox.name), _own_paths(request))
        error = ApiError("not_found", message, hint=hint)
        if f"{exchange.path}/".startswith(_CONTROL):
            self._tell(request, error)
        return await self._unrouted(request, error, is_own=is_own)

    async def method_not_allowed(self, request: Request, error: Exception) -> Response:
        """Render the 405 of a known path (W3), or answer a preflight (W8)."""
        endpoint = request.scope["endpoint"]
        # A Starlette route holds its methods as an unordered set; this application's endpoints list them in order.
        methods: list[str] | None = getattr(endpoint, "methods", None)
        if methods is None:
            return self._render_raised(
                request, ApiError("method_not_allowed", cast("HTTPException", error).detail), error
            )
        allowed = ", ".join(methods)
        message = f"{get_exchange(request.scope).path} does not take {request.method}; expected {allowed}"
        is_own = not isinstance(endpoint, OperationEndpoint)
        error = ApiError("method_not_allowed", message, hint=_method_hint(request, is_own=is_own), allow=allowed)
        if is_own:
            self._tell(request, error)
        return await self._unrouted(request, error, is_own=is_own)

    def _render_raised(self, request: Request, error: ApiError, raised: Exception) -> Response:
        """Render an error of an embedder's route, which may have read the body and set headers."""
        reply = self._default.render_error(error, _anonymous_facts(request))
        added = cast("HTTPException", raised).headers or {}
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in added.items()]
        return get_exchange(request.scope).respond(replace(reply, headers=(*reply.headers, *headers)))

    async def _unrouted(self, request: Request, error: ApiError, *, is_own: bool) -> Response:
        exchange = get_exchange(request.scope)
        exchange.assign_id(emulated=not is_own)
        try:
            body = await read_body(request.method, exchange.headers, request.receive, exchange.body_memory, refuse)
        except ClientDisconnect:
            return Response()
        facts = _anonymous_facts(request) if is_own else exchange.set_facts(body.content, body_bytes=body.size)
        # Also of an unknown path, so that the browser sends the request and shows its error.
        if not is_own and is_preflight(request.method, exchange.headers):
            return exchange.respond(preflight_reply(exchange.headers, error.allow))
        return exchange.respond(self._family(request).render_error(error, facts))

    def _tell(self, request: Request, error: ApiError) -> None:
        exchange = get_exchange(request.scope)
        if self._on_refusal is not None:
            self._on_refusal(exchange.sandbox, request.method, exchange.path, error.message)

    def _family(self, request: Request) -> ApiFamily:
        endpoint = request.scope["endpoint"]
        return endpoint.family if isinstance(endpoint, OperationEndpoint) else self._default


def _method_hint(request: Request, *, is_own: bool) -> str | None:
    if is_own:
        own = _own_paths(request, request.method)
        close = closest_spelling(get_exchange(request.scope).path, own, PATH_SIMILARITY)
        return None if close is None else f"did you mean {request.method} {close}?"
    if request.method not in ("GET", "HEAD"):
        return None
    return "a browser's address bar, curl without -d and a client that followed a redirect send GET"


def _own_paths(request: Request, method: str | None = None) -> list[str]:
    """Return the paths of the control plane, all or those that take `method`."""
    routes = [route for route in request.app.routes if isinstance(route, Route) and route.path.startswith(_CONTROL)]
    return [route.path for route in routes if method is None or method in (route.methods or ())]


def _anonymous_facts(request: Request) -> RequestFacts:
    """Return facts for rendering an error of a request that is not journaled."""
    exchange = get_exchange(request.scope)
    return RequestFacts(exchange.request_id, exchange.arrived, request.method, exchange.path)
