"""Endpoints of the control plane: Starlette handlers behind the origin check."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.control.origin_check import LocalOnly
from clevora_mock.control.route import ControlRoute
from clevora_mock.core.errors import ApiError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.exchange_recorder import ExchangeRecorder, get_exchange
from clevora_mock.web.header_overrides import require_known
from clevora_mock.web.internal_error import internal_error
from clevora_mock.web.parsing import require_plain
from clevora_mock.web.request_body import SMALL_BODY_BYTES, read_body

# A snapshot includes the journal, with the first bytes of every body.
MAX_SNAPSHOT_BYTES = 11 * MAX_BODY_BYTES

# Memory of an answer that grows with the sandbox, besides its journal's entries; and of a copied account or key.
_LONG_BYTES = 4 * 1024 * 1024
_RECORD_BYTES = 1_000


class ControlAction(NamedTuple):
    """A change through the control plane, or a request to it that was refused with the message `error`.

    `at` is the sandbox's time after it, in microseconds.
    """

    at: int
    method: str
    path: str
    body: bytes
    error: str | None = None


# Called with the name of the sandbox, and each change that was made to it or request that was refused.
ControlListener = Callable[[str, ControlAction], None]


class ControlEndpoint:
    """The routes of one path, as an ASGI endpoint for a Starlette route.

    `local_only` is None for a path that answers under every host name. `listener` gets each change, and each refused
    request of any method.
    """

    def __init__(
        self,
        rows: Sequence[ControlRoute],
        local_only: LocalOnly | None,
        listener: ControlListener | None = None,
    ) -> None:
        self._rows = {row.method: row for row in rows}
        self._local_only = local_only
        self._listener = listener

    @property
    def methods(self) -> list[str]:
        """Methods that the path takes, in the order of the table."""
        return [*self._rows, *(["HEAD"] if "GET" in self._rows else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        row = self._rows["GET" if scope["method"] == "HEAD" else scope["method"]]
        exchange = get_exchange(scope)
        exchange.assign_id(emulated=False)
        refusal = self._refusal(Request(scope))
        try:
            body = await read_body(
                row.method, exchange.headers, receive, exchange.body_memory, lambda: refusal is None, row.max_body
            )
        except ClientDisconnect:
            return
        request = BufferedRequest(scope, receive, body.content)
        try:
            if refusal is not None:
                raise refusal
            if not body.fits:
                raise ApiError("payload_too_large", f"The request body is larger than {row.max_body // 1024:,} KiB")
            response = await self._handle(row, request, exchange)
        except ClientDisconnect:
            return
        except ApiError as error:
            self._notify(exchange, scope["method"], body.content, error.message)
            raise
        except Exception as error:  # noqa: BLE001 - any other error becomes a 500 in JSON, with a line of its own
            raise internal_error(row.method, exchange.path, error) from None
        if row.is_change:
            self._notify(exchange, row.method, body.content)
        # The body is not needed for the answer.
        del body, request
        exchange.body_memory.shrink(0)
        if not isinstance(response, StreamingResponse):
            exchange.work_memory.shrink(len(response.body) if len(response.body) > SMALL_BODY_BYTES else 0)
        await response(scope, receive, send)

    async def _handle(self, row: ControlRoute, request: "BufferedRequest", exchange: ExchangeRecorder) -> Response:
        require_plain(await request.body(), exchange.headers)
        if row.is_long:
            sandbox = exchange.sandbox
            copied = sandbox.accounts.size * _RECORD_BYTES
            await exchange.work_memory.hold(_LONG_BYTES + sandbox.journal.bytes + copied)
        response = await row.handler(request)
        if row.makes_sandbox:
            exchange.keep_sandbox()
        return response

    def _refusal(self, request: Request) -> ApiError | None:
        """Return the error of a request that is refused for its head."""
        try:
            if self._local_only is not None:
                self._local_only.check(request)
            # Known ones have no effect, so that a client can send them with all of its requests.
            require_known(request.scope["headers"])
        except ApiError as error:
            return error
        return None

    def _notify(self, exchange: ExchangeRecorder, method: str, body: bytes, error: str | None = None) -> None:
        if self._listener is not None:
            sandbox = exchange.sandbox
            self._listener(sandbox.name, ControlAction(sandbox.clock.now(), method, exchange.path, body, error))


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
