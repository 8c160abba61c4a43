"""The models and endpoints of the API, and the changelog."""

from typing import Literal

from msgspec import Struct

Basis = Literal["documented", "inferred"]
Credential = Literal["api_key", "id_token", "signature", "none"]

DOCUMENTED: Basis = "documented"
INFERRED: Basis = "inferred"


class Model(Struct, frozen=True):
    """A named model and the endpoints that accept it; it is the default of the first one."""

    id: str
    best_for: str
    notes: str
    endpoints: tuple[str, ...]


MODELS: tuple[Model, ...] = (
    Model(
        "clevora-1.0-turbo",
        "Chat completions, scripting",
        "Default. Low-latency, balanced quality.",
        ("chat.completions", "scripts.generate"),
    ),
    Model(
        "clevora-embed-1",
        "Embeddings for vector search",
        "Returns a fixed-length vector per input.",
        ("embeddings",),
    ),
    Model("clevora-search-1", "Semantic media retrieval", "Optimized for video / podcast catalogs.", ("search",)),
    Model(
        "clevora-script-1",
        "YouTube / podcast scripting",
        "Tuned for structured long-form output.",
        ("scripts.generate",),
    ),
)


# Responses below these paths have ``"status"`` beside their content (B12).
ENVELOPED_PATHS = ("/api/developer/", "/v1/keys/", "/v1/usage/")


class Endpoint(Struct, frozen=True):
    """One operation of the API.

    `rate` is in micro-dollars per token, None for free endpoints. `message_field` is the field of the body with the
    user's text, `reply_field` the field of a scenario's `reply` that replaces the model's answer; both are None for
    endpoints without a model.
    """

    name: str
    method: str
    paths: tuple[str, ...]
    summary: str
    credential: Credential
    basis: Basis
    rate: int | None = None
    price_note: str = ""
    requires_developer_access: bool = True
    message_field: str | None = None
    reply_field: str | None = None

    @property
    def path(self) -> str:
        return self.paths[0]

    @property
    def enveloped(self) -> bool:
        """True if responses have ``"status"`` (B12)."""
        return f"{self.path}/".startswith(ENVELOPED_PATHS)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "chat.completions",
        "POST",
        ("/v1/chat/completions",),
        "Generate a chat completion, whole or as a stream of server-sent events.",
        "api_key",
        DOCUMENTED,
        rate=500,
        price_note="Includes both prompt and completion tokens.",
        message_field="messages",
        reply_field="content",
    ),
    Endpoint(
        "embeddings",
        "POST",
        ("/v1/embeddings",),
        "Turn one or many texts into vectors.",
        "api_key",
        DOCUMENTED,
        rate=100,
        price_note="Cheapest endpoint. Useful for bulk indexing.",
        message_field="input",
        reply_field="vector",
    ),
    Endpoint(
        "search",
        "POST",
        ("/v1/search",),
        "Search the demo catalog of videos and podcasts in natural language.",
        "api_key",
        DOCUMENTED,
        rate=200,
        price_note="Charged on query tokens.",
        message_field="query",
        reply_field="results",
    ),
    Endpoint(
        "scripts.generate",
        "POST",
        ("/v1/scripts/generate",),
        "Write a structured script for a video, a podcast or a short clip.",
        "api_key",
        DOCUMENTED,
        rate=1000,
        price_note="Higher rate reflects longer generations.",
        message_field="topic",
        reply_field="script",
    ),
    Endpoint(
        "keys.create",
        "POST",
        ("/v1/keys",),
        "Create an API key; the only answer that ever shows it whole.",
        "id_token",
        DOCUMENTED,
    ),
    Endpoint(
        "keys.list",
        "GET",
        ("/v1/keys",),
        "List the signed-in user's keys, masked.",
        "id_token",
        DOCUMENTED,
    ),
    Endpoint(
        "keys.revoke",
        "DELETE",
        ("/v1/keys/{id}",),
        "Revoke a key, effective at once.",
        "id_token",
        DOCUMENTED,
    ),
    Endpoint(
        "developer.activate",
        "POST",
        ("/api/developer/activate",),
        "Give the signed-in user developer access.",
        "id_token",
        INFERRED,
        requires_developer_access=False,
    ),
    Endpoint(
        "developer.account",
        "GET",
        ("/api/developer/account",),
        "The account: balance, tier and whether it is activated.",
        "id_token",
        INFERRED,
        requires_developer_access=False,
    ),
    Endpoint(
        "developer.topup",
        "POST",
        ("/api/developer/topup",),
        "Open a checkout that adds credit once it is paid.",
        "id_token",
        DOCUMENTED,
    ),
    Endpoint(
        "developer.transactions",
        "GET",
        ("/api/developer/transactions",),
        "The ledger's newest entries.",
        "id_token",
        INFERRED,
    ),
    Endpoint(
        "developer.usage",
        "GET",
        ("/api/developer/usage", "/v1/usage"),
        "Usage analytics for the last days.",
        "id_token",
        INFERRED,
    ),
    Endpoint(
        "dodo.webhook",
        "POST",
        ("/api/dodo/webhook",),
        "Where Dodo Payments announces a payment.",
        "signature",
        DOCUMENTED,
        requires_developer_access=False,
    ),
    Endpoint(
        "docs.llms",
        "GET",
        ("/docs/llms", "/llms.txt", "/llms.json"),
        "The whole API in one JSON document for coding agents.",
        "none",
        DOCUMENTED,
        requires_developer_access=False,
    ),
)

# The models of each endpoint, the default first.
MODELS_BY_ENDPOINT: dict[str, tuple[str, ...]] = {
    endpoint.name: tuple(
        model.id
        for model in sorted(MODELS, key=lambda model: model.endpoints[0] != endpoint.name)
        if endpoint.name in model.endpoints
    )
    for endpoint in ENDPOINTS
}

ENDPOINT_BY_NAME: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in ENDPOINTS}

CHANGELOG: tuple[tuple[str, str, str], ...] = (
    (
        "v3-early-access",
        "2026-05-11",
        "Usage analytics dashboard, key revocation, expanded endpoint set, full developer docs.",
    ),
    ("v2", "2026-04", "Unified developer portal + Firebase-based auth."),
    ("v1", "2026-03", "Initial preview of the /v1/chat/completions endpoint."),
)
