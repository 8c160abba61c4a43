"""The contract, as tables: what the Clevora AI API answers, and on whose authority.

Routes, prices, limits, errors, the OpenAPI document, ``/llms.json``, ``/__mock/fidelity`` and the README's tables all
read from here, so a rule has one place. Every row says whether Clevora's documentation states it (``documented``) or
whether it is silent and this table decides (``inferred``). The rule for a doubtful case is the stricter reading: code
that passes here must pass against every plausible real server.

Money is in micro-dollars (a millionth of a dollar), so a price per 1,000 tokens is a whole number for each token.
"""

from typing import Literal

from msgspec import Struct

Basis = Literal["documented", "inferred"]
Credential = Literal["api_key", "id_token", "signature", "none"]

DOCUMENTED: Basis = "documented"
INFERRED: Basis = "inferred"

# --- models -----------------------------------------------------------------------------------------------------------


class Model(Struct, frozen=True):
    """A named model: which endpoints take it, the first of them by default."""

    id: str
    best_for: str
    notes: str
    endpoints: tuple[str, ...]


MODELS: tuple[Model, ...] = (
    Model(
        "clevora-1.0-turbo",
        "Chat completions, scripting",
        "Default. Low-latency, balanced quality.",
        ("chat.completions",),
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
        ("scripts.generate", "chat.completions"),
    ),
)

# --- endpoints --------------------------------------------------------------------------------------------------------


class Endpoint(Struct, frozen=True):
    """One operation of the API.

    `rate` is in micro-dollars a token, None where calls are free. `enveloped` answers carry ``"status"`` beside their
    content, errors too (B12). `open_to_all` needs a credential but no developer access (K8).
    """

    name: str
    method: str
    paths: tuple[str, ...]
    summary: str
    credential: Credential
    basis: Basis
    rate: int | None = None
    price_note: str = ""
    enveloped: bool = False
    open_to_all: bool = False

    @property
    def path(self) -> str:
        return self.paths[0]


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
    ),
    Endpoint(
        "keys.create",
        "POST",
        ("/v1/keys",),
        "Create an API key; the only answer that ever shows it whole.",
        "id_token",
        DOCUMENTED,
        enveloped=True,
    ),
    Endpoint(
        "keys.list",
        "GET",
        ("/v1/keys",),
        "List the signed-in user's keys, masked.",
        "id_token",
        DOCUMENTED,
        enveloped=True,
    ),
    Endpoint(
        "keys.revoke",
        "DELETE",
        ("/v1/keys/{id}",),
        "Revoke a key, effective at once.",
        "id_token",
        DOCUMENTED,
        enveloped=True,
    ),
    Endpoint(
        "developer.activate",
        "POST",
        ("/api/developer/activate",),
        "Give the signed-in user developer access.",
        "id_token",
        INFERRED,
        enveloped=True,
        open_to_all=True,
    ),
    Endpoint(
        "developer.account",
        "GET",
        ("/api/developer/account",),
        "The account: balance, tier and whether it is activated.",
        "id_token",
        INFERRED,
        enveloped=True,
    ),
    Endpoint(
        "developer.topup",
        "POST",
        ("/api/developer/topup",),
        "Open a checkout that adds credit once it is paid.",
        "id_token",
        DOCUMENTED,
        enveloped=True,
    ),
    Endpoint(
        "developer.transactions",
        "GET",
        ("/api/developer/transactions",),
        "The ledger's newest entries.",
        "id_token",
        INFERRED,
        enveloped=True,
    ),
    Endpoint(
        "developer.usage",
        "GET",
        ("/api/developer/usage", "/v1/usage"),
        "Usage analytics for the last days.",
        "id_token",
        INFERRED,
        enveloped=True,
    ),
    Endpoint(
        "dodo.webhook",
        "POST",
        ("/api/dodo/webhook",),
        "Where Dodo Payments announces a payment.",
        "signature",
        DOCUMENTED,
    ),
    Endpoint(
        "docs.llms",
        "GET",
        ("/docs/llms", "/llms.txt", "/llms.json"),
        "The whole API in one JSON document for coding agents.",
        "none",
        DOCUMENTED,
    ),
)

# The models that serve each endpoint, the default first.
SERVING: dict[str, tuple[str, ...]] = {
    endpoint.name: tuple(
        model.id
        for model in sorted(MODELS, key=lambda model: model.endpoints[0] != endpoint.name)
        if endpoint.name in model.endpoints
    )
    for endpoint in ENDPOINTS
}

# Below these, errors carry the dashboard's envelope even where no endpoint is (B12).
ENVELOPED_PATHS = ("/api/developer/", "/v1/keys/", "/v1/usage/")

ENDPOINT: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in ENDPOINTS}

# What a client that asks for an OpenAI route missing here probably wanted; only a hint header says it.
NOT_EMULATED: dict[str, str] = {
    "/v1/models": "Clevora documents no model list; its models are " + ", ".join(model.id for model in MODELS),
    "/v1/responses": "Clevora has no Responses API; use /v1/chat/completions (AI SDK: provider.chat(model))",
    "/v1/completions": "Clevora has no legacy completions; use /v1/chat/completions",
    "/chat/completions": "the base URL lacks /v1",
    "/embeddings": "the base URL lacks /v1",
}

# --- limits -----------------------------------------------------------------------------------------------------------

TIER = "preview"
REQUESTS_PER_MINUTE = 60
TOKENS_PER_DAY = 1_000_000

ACTIVATION_THRESHOLD = 15_000_000
TOPUP_MINIMUM = 15_000_000
TOPUP_MAXIMUM = 10_000_000_000

CHECKOUT_HOURS = 24
WEBHOOK_TOLERANCE_SECONDS = 300

BODY_BYTES = 4 * 1024 * 1024
KEY_NAME_CHARACTERS = 64
EMBEDDING_INPUTS = 2048
EMBEDDING_DIMENSIONS = 1536
SEARCH_RESULTS_DEFAULT = 5
SEARCH_RESULTS = 50
SCRIPT_BUDGETS: dict[str, int] = {"short": 300, "medium": 900, "long": 2400}
USAGE_DAYS_DEFAULT = 30
USAGE_DAYS = 90
RECENT_ACTIVITY = 20
TRANSACTIONS_DEFAULT = 50
TRANSACTIONS = 500
IGNORED_NAMES = 20

# --- failures ---------------------------------------------------------------------------------------------------------


class Failure(Struct, frozen=True):
    """One way to be refused: the error's ``code`` with its status, ``type`` and usual message."""

    code: str
    status: int
    type: str
    message: str
    cause: str
    basis: Basis = INFERRED


FAILURES: tuple[Failure, ...] = (
    Failure(
        "invalid_json",
        400,
        "invalid_request_error",
        "The request body must be a JSON object",
        "The body is empty, is broken JSON or is no object.",
    ),
    Failure(
        "missing_field",
        400,
        "invalid_request_error",
        "A required field is missing",
        "A required field is missing.",
    ),
    Failure(
        "invalid_field",
        400,
        "invalid_request_error",
        "A field has an invalid value",
        "A field or query parameter has the wrong type or value.",
    ),
    Failure(
        "invalid_model",
        400,
        "invalid_request_error",
        "This model does not serve this endpoint",
        "The model belongs to another endpoint.",
    ),
    Failure(
        "invalid_api_key",
        401,
        "authentication_error",
        "Invalid API key",
        "The API key is missing, malformed, unknown or revoked.",
        DOCUMENTED,
    ),
    Failure(
        "invalid_id_token",
        401,
        "authentication_error",
        "Invalid Firebase ID token",
        "The Firebase ID token is missing, malformed, expired or made for another project.",
    ),
    Failure(
        "invalid_signature",
        401,
        "authentication_error",
        "Invalid webhook signature",
        "A webhook's signature is missing, wrong or stale.",
    ),
    Failure(
        "account_not_activated",
        402,
        "billing_error",
        "Account not activated: the balance has never reached $15",
        "The balance has never reached $15.",
    ),
    Failure(
        "insufficient_balance",
        402,
        "billing_error",
        "Insufficient balance: top up to continue",
        "The balance is used up.",
    ),
    Failure(
        "developer_access_required",
        403,
        "permission_error",
        "This account lacks developer access: activate it first",
        "The account lacks developer access.",
    ),
    Failure("not_found", 404, "not_found_error", "Not found", "Unknown route or resource."),
    Failure(
        "model_not_found",
        404,
        "not_found_error",
        "This model does not exist",
        "Unknown model.",
    ),
    Failure(
        "method_not_allowed",
        405,
        "invalid_request_error",
        "Method not allowed",
        "The route exists, but not for this method.",
    ),
    Failure(
        "payload_too_large",
        413,
        "invalid_request_error",
        "The request body is larger than 4 MiB",
        "The body is over 4 MiB.",
    ),
    Failure(
        "rate_limit_exceeded",
        429,
        "rate_limit_error",
        "Rate limit exceeded: too many requests in the last minute",
        "The key made too many requests within a minute; wait for `Retry-After` seconds.",
    ),
    Failure(
        "daily_token_limit_exceeded",
        429,
        "rate_limit_error",
        "Daily token limit exceeded",
        "The key used up its tokens for the day (UTC); wait for `Retry-After` seconds.",
    ),
    Failure(
        "internal_error",
        500,
        "server_error",
        "Internal server error",
        "Something went wrong; retry with exponential backoff.",
    ),
)

FAILURE: dict[str, Failure] = {failure.code: failure for failure in FAILURES}

# What the documentation says of each status.
STATUSES: dict[int, tuple[str, str]] = {
    400: ("Bad request", "Missing or malformed body fields."),
    401: ("Unauthorized", "Missing, invalid, or revoked API key."),
    402: ("Payment Required", "Account not activated (< $15) or balance depleted."),
    403: ("Forbidden", "Account lacks developer access."),
    404: ("Not found", "Unknown route or resource."),
    405: ("Method not allowed", "Known route, wrong verb."),
    413: ("Payload too large", "A body over 4 MiB."),
    429: ("Too many requests", "Rate limit exceeded."),
    500: ("Server error", "Retry with exponential backoff."),
}

# --- changelog --------------------------------------------------------------------------------------------------------

CHANGELOG: tuple[tuple[str, str, str], ...] = (
    (
        "v3-early-access",
        "2026-05-11",
        "Usage analytics dashboard, key revocation, expanded endpoint set, full developer docs.",
    ),
    ("v2", "2026-04", "Unified developer portal + Firebase-based auth."),
    ("v1", "2026-03", "Initial preview of the /v1/chat/completions endpoint."),
)

# --- clauses ----------------------------------------------------------------------------------------------------------


class Clause(Struct, frozen=True):
    """A checkable sentence of the contract: what the documentation says, and what was inferred where it is silent."""

    id: str
    documented: str = ""
    inferred: str = ""

    @property
    def basis(self) -> tuple[Basis, ...]:
        return tuple(basis for basis, text in ((DOCUMENTED, self.documented), (INFERRED, self.inferred)) if text)


CLAUSES: tuple[Clause, ...] = (
    Clause("W1", "Every answer is JSON; an error holds message, type and code, no more."),
    Clause("W2", inferred="Every answer carries x-request-id: req_ and 24 hex digits."),
    Clause(
        "W3",
        "An unknown route is 404.",
        "not_found, whatever the credentials; a wrong verb is 405 with Allow; a trailing slash changes nothing.",
    ),
    Clause(
        "W4",
        inferred="The body is read as JSON whatever its content type. Empty, broken, non-object, NaN, duplicate keys, "
        "bad UTF-8: 400 invalid_json.",
    ),
    Clause("W5", inferred="A body over 4 MiB is 413 payload_too_large."),
    Clause(
        "W6",
        inferred="Checks run in the order 404/405, 401, 403, 402, 429, 400; then the work; then the bill.",
    ),
    Clause("W7", "/docs/llms, /llms.txt and /llms.json serve the same JSON, cached for 5 minutes, to anyone."),
    Clause("W8", inferred="CORS is open on the emulated API and closed on the control plane."),
    Clause(
        "K1",
        "A key is sk_live_ and 32 hex digits, sent as a bearer token; the scheme's case does not matter.",
    ),
    Clause(
        "K2",
        "An API key opens /v1 except /v1/keys; an ID token opens /v1/keys and /api/developer; never both.",
    ),
    Clause(
        "K3",
        "Creating a key shows it whole, once.",
        'The answer\'s fields; name: trimmed, at most 64 characters, "Untitled key" by default.',
    ),
    Clause(
        "K4",
        "Listing keys gives previews and usage, never the secret.",
        "Newest first, own keys only, with these fields.",
    ),
    Clause(
        "K5",
        "DELETE revokes a key.",
        "Repeating it changes nothing; another's key is 404; the raw key is an id.",
    ),
    Clause("K6", "A revoked key is refused from the next request on; other keys and running streams go on."),
    Clause("K7", inferred="An ID token is an unsigned emulator JWT; iss, aud, sub and exp are checked."),
    Clause("K8", inferred="A user never seen is refused with 403 until POST /api/developer/activate, idempotent."),
    Clause("K9", inferred="Developer access (403) and activation by funds (402) are two flags."),
    Clause("B1", "Rates per 1,000 tokens: chat $0.50, embeddings $0.10, search $0.20, scripts $1.00."),
    Clause("B2", "An account is activated when a credit first brings its balance to $15.00, and stays so."),
    Clause("B3", "Once activated, the gate is a balance above zero."),
    Clause(
        "B4",
        "A successful request is billed once, when it completes; failures are free.",
        "The last request may take the balance below zero, and requests in flight all pass.",
    ),
    Clause("B5", "Every charge and credit is a ledger entry, and they sum to the balance."),
    Clause("B6", "A request's usage is its ledger entry's tokens and the rollups' increment."),
    Clause(
        "B7",
        "A top-up is between $15 and $10,000 and answers with a checkout's URL.",
        "A JSON number with at most two decimals; the checkout is the mock's own page, single use, valid for 24 h.",
    ),
    Clause("B8", "Nothing is credited before payment.succeeded arrives at the webhook."),
    Clause("B9", inferred="The webhook speaks Standard Webhooks; a bad, stale or missing signature is 401."),
    Clause("B10", inferred="The checkout's amount is credited, once for each webhook-id and each payment."),
    Clause(
        "B11",
        inferred="The account and the transactions, newest first, in dollars with at most six decimals.",
    ),
    Clause("B12", inferred='Errors of the dashboard\'s endpoints carry "status":"error" beside "error".'),
    Clause("L1", "Each key has 60 requests a minute and 1,000,000 tokens a day."),
    Clause(
        "L2",
        inferred="The minute is a sliding window of admitted requests; Retry-After is exact, between 1 and 60.",
    ),
    Clause("L3", inferred="The day is UTC; the request that crosses the line is served; then 429 until midnight."),
    Clause("L4", "No other rate-limit header is documented, so none is sent."),
    Clause(
        "C1",
        "messages is a non-empty array of {role, content}.",
        "Six roles; content is a string or text parts, null only beside an assistant's tool calls.",
    ),
    Clause(
        "C2",
        "model defaults to clevora-1.0-turbo.",
        "clevora-script-1 chats too; unknown is 404, another family's 400.",
    ),
    Clause("C3", "stream is a boolean, temperature a number in [0, 2], max_tokens a whole number from 1."),
    Clause(
        "C4",
        inferred="max_completion_tokens stands in for max_tokens; null is absent; other fields are ignored and named.",
    ),
    Clause("C5", "The answer has id, object, created, model, usage and one choice, as printed."),
    Clause(
        "C6",
        "An answer is never longer than max_tokens.",
        "Cut, its finish_reason is length; the prompt is billed on top.",
    ),
    Clause(
        "C7",
        inferred="Tokens are words of at most 12 characters and single signs; a prompt adds 3 a message and 3.",
    ),
    Clause("C8", "The documented example gets the documented answer."),
    Clause(
        "C9",
        inferred="response_format: json_schema gives a value valid by its schema; json_object a JSON object, valid by "
        "schema beside it where there is one; a malformed schema is 400; an unknown type is ignored and named so.",
    ),
    Clause("S1", "A stream is data: lines, each ended by a blank line, and data: [DONE]."),
    Clause("S2", "The first chunk has the role, the last finish_reason and usage; each has one choice."),
    Clause("S3", inferred="Every chunk also has created and model."),
    Clause(
        "S4",
        "The usage stands on the last chunk.",
        "Exactly once, whatever stream_options says; no chunk is without choices.",
    ),
    Clause("S5", "A stream joined equals the same answer unstreamed, usage included."),
    Clause("S6", "A client that leaves early pays the prompt and what was sent, once, and is logged so."),
    Clause("S7", "A refusal before the stream is a plain status.", "With a JSON error, not an event."),
    Clause(
        "E1",
        "input is a string or an array of strings.",
        "Non-empty, at most 2048; arrays of token ids are 400 with a hint.",
    ),
    Clause("E2", "One vector for each input.", "In OpenAI's list shape, in order, with usage."),
    Clause("E3", inferred="1536 dimensions, unit length, float32; encoding_format base64 or float."),
    Clause("E4", inferred="A vector depends on text and model alone; similar texts lie closer."),
    Clause("H1", "query is required; limit defaults to 5.", "limit is between 1 and 50."),
    Clause("H2", inferred="The answer's shape, and each result's."),
    Clause("H3", "Results are ranked by a score in [0, 1], ties by id, never more than limit."),
    Clause(
        "H4",
        "Everyone searches the same demo catalog.",
        "Several hundred made-up videos and podcasts; a catalog of one's own can take its place.",
    ),
    Clause("G1", "topic is required; style is youtube, podcast or tiktok; length short, medium or long."),
    Clause("G2", inferred="length defaults to medium; budgets of 300, 900 and 2400 tokens, met within 30 %."),
    Clause("G3", inferred="The script's shape; structure and voice differ by style."),
    Clause("U1", inferred="GET /api/developer/usage, and /v1/usage with the same credentials."),
    Clause("U2", "range is a whole number from 1 to 90.", "30 by default; anything else is 400."),
    Clause("U3", "The printed shape, whole."),
    Clause("U4", "The average is of the range; the series has a row for each day, oldest first."),
    Clause("U5", inferred="successRate has one decimal and is 100 when there is nothing."),
    Clause("U6", "recentActivity holds the 20 newest.", "endpointBreakdown holds the range's endpoints."),
    Clause(
        "U7",
        inferred="Successes, abandoned streams, 400 and 500 are recorded; refusals at the gates are not.",
    ),
    Clause("U8", "The four places in Firestore can be read, as plain JSON on the control plane."),
)
