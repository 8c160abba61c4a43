"""Operations: rows that bind an endpoint to its handler and types, and the API family that they belong to."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from clevora_mock.contract.endpoints import INFERRED, Basis, Endpoint
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox

# Takes a RequestContext and, where the operation parses one, the body.
Handler = Callable[..., Awaitable[Reply]]


class Parameter(Struct, frozen=True):
    """A value in the path or the query. `bounds` and `default` are for whole numbers."""

    name: str
    place: str
    description: str
    basis: Basis = INFERRED
    bounds: tuple[int, int] | None = None
    default: int | None = None


class Operation(Struct, frozen=True):
    """One operation of an API: its method and paths, its handler and its types.

    `endpoint` is the contract's row, None for another API's operation, which has a `name` alone. `request` is the type
    of the body, which the pipeline parses unless `parses_body` is False; `response` and `event` are the types of the
    answer and of a stream's chunks.
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


class ApiFamily(Struct, frozen=True):
    """One emulated API: how it authenticates requests, and how it prints errors.

    `authenticate` returns the caller or raises an ApiError. The facts that `render_error` gets have no endpoint where
    the path is unknown.
    """

    authenticate: Callable[[Sandbox, RequestFacts], Principal]
    render_error: Callable[[ApiError, RequestFacts], Reply]
