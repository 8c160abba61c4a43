"""What each endpoint takes and gives, as types: what OpenAPI and ``/llms.json`` add to the contract's table."""

from msgspec import Struct

from clevora_mock import contract
from clevora_mock.api import dashboard
from clevora_mock.api.shapes import chat, embeddings, scripts, search


class Parameter(Struct, frozen=True):
    """A value in the path or the query. `bounds` and `default` are for whole numbers."""

    name: str
    place: str
    description: str
    basis: contract.Basis
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
        parameters=(Parameter("id", "path", "The key's id, or the raw key.", contract.INFERRED),),
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
                contract.INFERRED,
                (1, contract.TRANSACTIONS),
                contract.TRANSACTIONS_DEFAULT,
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
                contract.DOCUMENTED,
                (1, contract.USAGE_DAYS),
                contract.USAGE_DAYS_DEFAULT,
            ),
        ),
    ),
    "dodo.webhook": Operation(dashboard.Received, dashboard.WebhookEvent),
    "docs.llms": Operation(None),
}


def statuses(endpoint: contract.Endpoint) -> list[int]:
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
