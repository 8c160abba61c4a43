"""Operations: an endpoint with its handler and types; and the API family that they belong to."""

from collections.abc import Awaitable, Callable

from msgspec import Struct, structs

from clevora_mock.contract.endpoints import INFERRED, Basis, Endpoint
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.parsing import int_param

# Takes a RequestContext and, if the operation parses it, the body.
Handler = Callable[..., Awaitable[Reply]]


class Parameter(Struct, frozen=True):
    """A parameter in the ``path``, ``query`` or ``header``; one with `bounds` (inclusive) is an integer."""

    name: str
    location: str
    description: str
    basis: Basis = INFERRED
    bounds: tuple[int, int] | None = None
    default: int = 0

    def read(self, query: str) -> int:
        """Return the integer in a query string; the default without one, a 400 outside the bounds."""
        return int_param(query, self.name, self.bounds or (0, 0), self.default)


class Operation(Struct, frozen=True):
    """One operation of an API.

    `endpoint` is its row in the contract, None outside Clevora's API. `request` is the type of the body, which the
    pipeline parses unless `parses_body` is False. `response` and `event` are the types of the response and of a
    stream's chunks.
    """

    name: str
    method: str
    paths: tuple[str, ...]
    handler: Handler
    endpoint: Endpoint | None = None
    request: type[Struct] | None = None
    response: type[Struct] | None = None
    event: type[Struct] | None = None
    parameters: tuple[Parameter, ...] = ()
    parses_body: bool = True

    @property
    def requires_body(self) -> bool:
        """True unless each field is optional, where Clevora takes an absent body for ``{}`` (W4); true for webhooks."""
        fields = () if self.request is None else structs.fields(self.request)
        return self.endpoint is None or not self.parses_body or any(field.required for field in fields)


class ApiFamily(Struct, frozen=True):
    """One emulated API: its authentication and its error format.

    `authenticate` returns the caller or raises an ApiError. `render_error` gets facts without an endpoint when the path
    is unknown.
    """

    authenticate: Callable[[Sandbox, RequestFacts], Principal]
    render_error: Callable[[ApiError, RequestFacts], Reply]
