"""Table of the emulated API's operations: each endpoint of the contract with its handler and types."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from clevora_mock.api import developer, keys, payments
from clevora_mock.api.llms import LlmsHandler
from clevora_mock.api.parameters import KEY_ID, LIMIT, RANGE, WEBHOOK_HEADERS
from clevora_mock.api.schemas import chat, dashboard, embeddings, scripts, search
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.web.operation import Handler, Operation


def build_operations(models: Mapping[str, Handler]) -> list[Operation]:
    """Return all operations; `models` has the handlers that use fake models, by endpoint."""
    rows = [
        _row(
            "chat.completions",
            models["chat.completions"],
            chat.ChatCompletion,
            chat.ChatRequest,
            event=chat.ChatChunk,
        ),
        _row("embeddings", models["embeddings"], embeddings.EmbeddingList, embeddings.EmbeddingsRequest),
        _row("search", models["search"], search.SearchResults, search.SearchRequest),
        _row("scripts.generate", models["scripts.generate"], scripts.ScriptResponse, scripts.ScriptRequest),
        _row("keys.create", keys.create_key, dashboard.NewKey, dashboard.KeyRequest),
        _row("keys.list", keys.list_keys, dashboard.KeyList),
        _row("keys.revoke", keys.revoke_key, dashboard.RevokedKey, parameters=(KEY_ID,)),
        _row("developer.activate", developer.activate_account, dashboard.AccountView),
        _row("developer.account", developer.show_account, dashboard.AccountView),
        _row("developer.topup", developer.create_topup, dashboard.CheckoutLink, dashboard.TopupRequest),
        _row("developer.transactions", developer.list_transactions, dashboard.TransactionList, parameters=(LIMIT,)),
        _row("developer.usage", developer.show_usage, dashboard.UsageReport, parameters=(RANGE,)),
        # The handler checks the signature before it parses the body.
        _row(
            "dodo.webhook",
            payments.receive_event,
            dashboard.WebhookReceipt,
            dashboard.WebhookEvent,
            parameters=WEBHOOK_HEADERS,
            parses_body=False,
        ),
    ]
    rows.append(_row("docs.llms", LlmsHandler(rows)))
    return rows


def _row(
    name: str,
    handler: Handler,
    response: type[Struct] | None = None,
    request: type[Struct] | None = None,
    **options: Any,
) -> Operation:
    endpoint = ENDPOINT_BY_NAME[name]
    return Operation(
        name, endpoint.method, endpoint.paths, handler, endpoint, request=request, response=response, **options
    )
