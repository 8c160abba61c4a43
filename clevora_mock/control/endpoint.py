"""Endpoints of the control plane: Starlette handlers behind the origin check."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.control.origin_check import LocalOnly
from clevora_mock.core.errors import ApiError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.exchange_recorder import ExchangeRecorder, get_exchange
from clevora_mock.web.internal_error import internal_error
from clevora_mock.web.parsing import require_plain
from clevora_mock.web.request_body import SMALL_BODY_BYTES, read_body

# A snapshot includes the journal, with the first bytes of every body.
MAX_SNAPSHOT_BYTES = 11 * MAX_BODY_BYTES

# Memory of an answer that grows with the sandbox, besides its journal's entries; and of a copied account or key.
_LONG_BYTES = 4 * 1024 * 1024
_RECORD_BYTES = 1_000

ControlHandler = Callable[[Request], Awaitable[Response]]


class ControlAction(NamedTuple):
    """A change through the control plane, or one that was refused with the message `error`.

    `at` is the sandbox's time after it, in microseconds.
    """

    at: int
    method: str
    path: str
    body: bytes
    error: str | None = None


# Called with the name of the sandbox, and each change that was made to it or refused.
ControlListener = Callable[[str, ControlAction], None]


class ControlEndpoint:
    """The handlers of one path by method, as an ASGI endpoint for a Starlette route.

    `local_only` is None for a path that answers under every host name; `limits` has, by method, the largest body.
    `long` are the methods whose answers grow with the sandbox, `makes` those that make one. `on_change` has, by method,
    the listeners to changes, also to refused ones.
    """

    def __init__(
        self,
        handlers: Mapping[str, ControlHandler],
        local_only: LocalOnly | None,
        limits: Mapping[str, int],
        long: frozenset[str] = frozenset(),
        makes: frozenset[str] = frozenset(),
        on_change: Mapping[str, ControlListener] | None = None,
    ) -> None:
        self._handlers = handlers
        self._local_only = local_only
        self._limits = limits
        self._long = long
        self._makes = makes
        self._on_change = on_change or {}

    @property
    def methods(self) -> list[str]:
        """Methods that the path takes, in the order of the table."""
        return [*self._handlers, *(["HEAD"] if "GET" in self._handlers else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        exchange = get_exchange(scope)
        exchange.assign_id(emulated=False)
        refusal = self._refusal(Request(scope))
        limit = self._limits[method]
        try:
            body = await read_body(
                method, exchange.headers, receive, exchange.body_memory, lambda: refusal is None, limit
            )
        except ClientDisconnect:
            return
        request = BufferedRequest(scope, receive, body.content)
        try:
            if refusal is not None:
                raise refusal
            if not body.fits:
                raise ApiError("payload_too_large", f"The request body is larger than {limit // 1024:,} KiB")
            response = await self._handle(method, request, exchange)
        except ClientDisconnect:
            return
        except ApiError as error:
            self._notify(exchange, method, body.content, error.message)
            raise
        except Exception as error:  # noqa: BLE001 - any other error becomes a 500 in JSON
            raise internal_error(method, exchange.path, error) from None
        self._notify(exchange, method, body.content)
        # The body is not needed for the answer.
        del body, request
        exchange.body_memory.shrink(0)
        if not isinstance(response, StreamingResponse):
            exchange.work_memory.shrink(len(response.body) if len(response.body) > SMALL_BODY_BYTES else 0)
        await response(scope, receive, send)

    async def _handle(self, method: str, request: "BufferedRequest", exchange: ExchangeRecorder) -> Response:
        require_plain(await request.body(), exchange.headers)
        if method in self._long:
            sandbox = exchange.sandbox
            copied = sandbox.accounts.size * _RECORD_BYTES
            await exchange.work_memory.hold(_LONG_BYTES + sandbox.journal.bytes + copied)
        response = await self._handlers[method](request)
        if method in self._makes:
            exchange.keep_sandbox()
        return response

    def _refusal(self, request: Request) -> ApiError | None:
        """Return the error of a request that is refused for its head."""
        try:
            if self._local_only is not None:
                self._local_only.check(request)
        except ApiError as error:
            return error
        return None

    def _notify(self, exchange: ExchangeRecorder, method: str, body: bytes, error: str | None = None) -> None:
        if method in self._on_change:
            sandbox = exchange.sandbox
            action = ControlAction(sandbox.clock.now(), method, exchange.path, body, error)
            self._on_change[method](sandbox.name, action)


class BufferedRequest(Request):
    """Starlette request whose body has been read."""

    def __init__(self, scope: Scope, receive: Receive, body: bytes) -> None:
        super().__init__(scope, receive)
        self._body = body


def get_sandbox(request: Request) -> Sandbox:
    """Return the sandbox in the request's path."""
    return get_exchange(request.scope).sandbox


def get_now(request: Request) -> int:
    """Return the request's arrival, in microseconds of the sandbox's clock."""
    return get_exchange(request.scope).arrived


def get_base_url(request: Request) -> str:
    """Return the URL under which the client reached the sandbox."""
    return get_exchange(request.scope).base_url


def get_query(request: Request) -> str:
    """Return the undecoded query string."""
    return str(request.scope["query_string"], "latin-1")
