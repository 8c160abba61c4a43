"""What each endpoint takes and gives, as types: what OpenAPI and ``/llms.json`` add to the contract's table."""

from msgspec import Struct

from clevora_mock.api import dashboard
from clevora_mock.api.shapes import chat, embeddings, scripts, search
from clevora_mock.contract.endpoints import DOCUMENTED, INFERRED, Basis, Endpoint
from clevora_mock.contract.limits import DEFAULT_TRANSACTIONS, DEFAULT_USAGE_DAYS, MAX_TRANSACTIONS, MAX_USAGE_DAYS


class Parameter(Struct, frozen=True):
    """A value in the path or the query. `bounds` and `default` are for whole numbers."""

    name: str
    place: str
    description: str
    basis: Basis
    bounds: tuple[int, int] | None = None
    default: int | None = None


class Operation(Struct, frozen=True):
    """The shapes of one endpoint; `streamed` is that of each event when the answer is a stream."""

    answer: type[Struct] | None
    request: type[Struct] | None = None
    streamed: type[Struct] | None = None
    parameters: tuple[Parameter, ...] = ()


OPERATIONS: dict[str, Operation] = {
    "chat.completions": Operation(chat.ChatCompletion, chat.ChatRequest, chat.ChatChunk),
    "embeddings": Operation(embeddings.EmbeddingList, embeddings.EmbeddingsRequest),
    "search": Operation(search.SearchResults, search.SearchRequest),
    "scripts.generate": Operation(scripts.Script, scripts.ScriptRequest),
    "keys.create": Operation(dashboard.NewKey, dashboard.KeyRequest),
    "keys.list": Operation(dashboard.Keys),
    "keys.revoke": Operation(
        dashboard.RevokedKey,
        parameters=(Parameter("id", "path", "The key's id, or the raw key.", INFERRED),),
    ),
    "developer.activate": Operation(dashboard.AccountView),
    "developer.account": Operation(dashboard.AccountView),
    "developer.topup": Operation(dashboard.CheckoutLink, dashboard.TopupRequest),
    "developer.transactions": Operation(
        dashboard.Transactions,
        parameters=(
            Parameter(
                "limit",
                "query",
                "How many entries.",
                INFERRED,
                (1, MAX_TRANSACTIONS),
                DEFAULT_TRANSACTIONS,
            ),
        ),
    ),
    "developer.usage": Operation(
        dashboard.UsageReport,
        parameters=(
            Parameter(
                "range",
                "query",
                "How many days, today included.",
                DOCUMENTED,
                (1, MAX_USAGE_DAYS),
                DEFAULT_USAGE_DAYS,
            ),
        ),
    ),
    "dodo.webhook": Operation(dashboard.Received, dashboard.WebhookEvent),
    "docs.llms": Operation(None),
}


def statuses(endpoint: Endpoint) -> list[int]:
    """The statuses with which `endpoint` can refuse a request."""
    possible = {500}
    if endpoint.credential != "none":
        possible.add(401)
    if endpoint.credential == "api_key":
        possible |= {402, 403, 404, 429}
    if endpoint.credential == "id_token" and not endpoint.open_to_all:
        possible.add(403)
    operation = OPERATIONS[endpoint.name]
    if operation.request is not None:
        possible |= {400, 413}
    for parameter in operation.parameters:
        possible.add(404 if parameter.place == "path" else 400)
    return sorted(possible)
