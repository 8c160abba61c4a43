"""What requests and answers look like: the types that parse a body, and from which OpenAPI and ``/llms.json`` follow.

Every field says what it means and whether it is documented. ``null`` counts as absent (C4), so an optional field takes
None; what a type cannot say (content parts, models, decimals) is checked by the endpoint.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from clevora_mock import contract


def _documented(description: str, **limits: Any) -> Meta:
    return Meta(description=description, extra_json_schema={"x-clevora-basis": contract.DOCUMENTED}, **limits)


def _inferred(description: str, **limits: Any) -> Meta:
    return Meta(description=description, extra_json_schema={"x-clevora-basis": contract.INFERRED}, **limits)


Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
Style = Literal["youtube", "podcast", "tiktok"]
Length = Literal["short", "medium", "long"]

# --- requests ---------------------------------------------------------------------------------------------------------


class TextPart(Struct):
    """One part of a message's content; text is the only kind."""

    type: Annotated[Literal["text"], _inferred("The kind of part.")]
    text: Annotated[str, _inferred("The text.")]


class Message(Struct):
    """One message of the conversation."""

    role: Annotated[Role, _documented("Who speaks.")]
    content: (
        Annotated[str | list[TextPart] | None, _documented("What is said: a string, or an array of text parts.")]
        | UnsetType
    ) = UNSET
    tool_calls: Annotated[list[Any] | None, _inferred("An assistant's tool calls; content may be null then.")] = None

    @property
    def text(self) -> str:
        """The content as one text; parts stand on lines of their own."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content) if self.content else ""


class ChatRequest(Struct):
    """The body of ``POST /v1/chat/completions`` (C1-C4)."""

    messages: Annotated[
        list[Message], _documented("Conversation history. Each item is { role, content }.", min_length=1)
    ]
    model: Annotated[str | None, _documented("Defaults to clevora-1.0-turbo.")] = None
    stream: Annotated[
        bool | None,
        _documented("When true, the response is delivered as server-sent events. Defaults to false."),
    ] = None
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None,
        _documented("Sampling temperature in [0, 2]. Defaults to 1."),
    ] = None
    max_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        _documented("Upper bound on generated tokens. Billed tokens never exceed this."),
    ] = None
    max_completion_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        _inferred("Read when max_tokens is absent."),
    ] = None
    response_format: Annotated[
        dict[str, Any] | None,
        _inferred("json_object or json_schema: the answer's text is JSON of that form."),
    ] = None


class EmbeddingsRequest(Struct):
    """The body of ``POST /v1/embeddings`` (E1-E3)."""

    input: Annotated[
        Annotated[str, Meta(min_length=1)]
        | Annotated[
            list[Annotated[str, Meta(min_length=1)]],
            Meta(min_length=1, max_length=contract.EMBEDDING_INPUTS),
        ],
        _documented("The text(s) to embed."),
    ]
    model: Annotated[str | None, _documented("Defaults to clevora-embed-1.")] = None
    encoding_format: Annotated[
        Literal["float", "base64"] | None,
        _inferred("float (the default): numbers; base64: little-endian float32."),
    ] = None


class SearchRequest(Struct):
    """The body of ``POST /v1/search`` (H1)."""

    query: Annotated[str, _documented("Natural-language query.", min_length=1)]
    limit: Annotated[
        Annotated[int, Meta(ge=1, le=contract.SEARCH_RESULTS)] | None,
        _documented("Max results, defaults to 5."),
    ] = None
    model: Annotated[str | None, _inferred("Defaults to clevora-search-1.")] = None


class ScriptRequest(Struct):
    """The body of ``POST /v1/scripts/generate`` (G1, G2)."""

    topic: Annotated[str, _documented("What the script should be about.", min_length=1)]
    style: Annotated[Style | None, _documented("youtube, podcast or tiktok. Defaults to youtube.")] = None
    length: Annotated[
        Length | None,
        _documented("short, medium or long. Controls token budget. Defaults to medium (inferred)."),
    ] = None
    model: Annotated[str | None, _inferred("Defaults to clevora-script-1.")] = None


class KeyRequest(Struct):
    """The body of ``POST /v1/keys`` (K3)."""

    name: Annotated[
        str | None, _documented('A name for the key, at most 64 characters. Defaults to "Untitled key".')
    ] = None


class TopupRequest(Struct):
    """The body of ``POST /api/developer/topup`` (B7)."""

    amount: Annotated[float, _documented("Dollars, from 15 to 10000, with at most two decimals.", ge=15, le=10_000)]


class WebhookEvent(Struct):
    """The body of ``POST /api/dodo/webhook`` (B9, B10)."""

    type: Annotated[str | None, _inferred("The event; payment.succeeded credits the account.")] = None
    data: Annotated[Any, _inferred("The payment, as Dodo Payments describes it.")] = None
    business_id: Annotated[Any, _inferred("Not read.")] = None
    timestamp: Annotated[Any, _inferred("Not read.")] = None


# --- answers ----------------------------------------------------------------------------------------------------------


class Usage(Struct, frozen=True):
    """What the account is billed for."""

    prompt_tokens: Annotated[int, _documented("Tokens of the prompt.")]
    completion_tokens: Annotated[int, _documented("Tokens of the answer.")]
    total_tokens: Annotated[int, _documented("Their sum.")]


class PromptUsage(Struct, frozen=True):
    """What the account is billed for where nothing is generated."""

    prompt_tokens: Annotated[int, _inferred("Tokens of the input.")]
    total_tokens: Annotated[int, _inferred("The same.")]


class Reply(Struct, frozen=True):
    """What the model says."""

    role: Annotated[Literal["assistant"], _documented("Always assistant.")]
    content: Annotated[str, _documented("The text.")]


class Choice(Struct, frozen=True):
    """The one choice of an answer."""

    index: Annotated[int, _documented("Always 0.")]
    message: Annotated[Reply, _documented("What the model says.")]
    finish_reason: Annotated[Literal["stop", "length"], _documented("length when max_tokens cut the answer.")]


class ChatCompletion(Struct, frozen=True):
    """The answer of ``POST /v1/chat/completions`` (C5)."""

    id: Annotated[str, _documented("chatcmpl-...")]
    object: Annotated[Literal["chat.completion"], _documented("Always chat.completion.")]
    created: Annotated[int, _documented("Unix seconds.")]
    model: Annotated[str, _documented("The model that answered.")]
    usage: Annotated[Usage, _documented("What is billed.")]
    choices: Annotated[list[Choice], _documented("Exactly one.")]


class Delta(Struct, frozen=True, omit_defaults=True):
    """What a chunk adds: the role first, then pieces of content, nothing last."""

    role: Annotated[Literal["assistant"] | UnsetType, _documented("On the first chunk.")] = UNSET
    content: Annotated[str | UnsetType, _documented("A piece of the answer.")] = UNSET


class ChunkChoice(Struct, frozen=True):
    """The one choice of a chunk."""

    index: Annotated[int, _documented("Always 0.")]
    delta: Annotated[Delta, _documented("What this chunk adds.")]
    finish_reason: Annotated[Literal["stop", "length"] | None, _documented("On the last chunk.")]


class ChatChunk(Struct, frozen=True):
    """One event of a stream (S2-S4)."""

    id: Annotated[str, _documented("The same on every chunk.")]
    object: Annotated[Literal["chat.completion.chunk"], _documented("Always chat.completion.chunk.")]
    created: Annotated[int, _inferred("Unix seconds.")]
    model: Annotated[str, _inferred("The model that answers.")]
    choices: Annotated[list[ChunkChoice], _documented("Exactly one.")]
    usage: Annotated[Usage | UnsetType, _documented("On the last chunk.")] = UNSET


class Embedding(Struct, frozen=True):
    """One input's vector."""

    object: Annotated[Literal["embedding"], _inferred("Always embedding.")]
    index: Annotated[int, _inferred("The input's place.")]
    embedding: Annotated[list[float] | str, _inferred("1536 numbers, or their base64.")]


class EmbeddingList(Struct, frozen=True):
    """The answer of ``POST /v1/embeddings`` (E2)."""

    object: Annotated[Literal["list"], _inferred("Always list.")]
    data: Annotated[list[Embedding], _inferred("One for each input, in order.")]
    model: Annotated[str, _inferred("clevora-embed-1.")]
    usage: Annotated[PromptUsage, _documented("What is billed.")]


class Result(Struct, frozen=True, rename="camel"):
    """One item of the catalog (H2)."""

    id: Annotated[str, _inferred("The item's id.")]
    title: Annotated[str, _inferred("Its title.")]
    type: Annotated[Literal["video", "podcast"], _inferred("Its kind.")]
    description: Annotated[str, _inferred("What it is about.")]
    creator: Annotated[str, _inferred("Who made it.")]
    url: Annotated[str, _inferred("Where it would be.")]
    thumbnail_url: Annotated[str, _inferred("Where its picture would be.")]
    duration_seconds: Annotated[int, _inferred("How long it is.")]
    published_at: Annotated[str, _inferred("When it came out.")]
    tags: Annotated[list[str], _inferred("What it is filed under.")]
    score: Annotated[float, _documented("How well it fits, in [0, 1].")]


class SearchResults(Struct, frozen=True):
    """The answer of ``POST /v1/search`` (H2)."""

    object: Annotated[Literal["search.results"], _inferred("Always search.results.")]
    model: Annotated[str, _inferred("clevora-search-1.")]
    query: Annotated[str, _inferred("The query.")]
    results: Annotated[list[Result], _documented("Best first.")]
    usage: Annotated[PromptUsage, _documented("What is billed.")]


class ScriptSection(Struct, frozen=True, rename="camel"):
    """One section of a script."""

    heading: Annotated[str, _inferred("Its heading.")]
    content: Annotated[str, _inferred("What is said and shown.")]
    duration_seconds: Annotated[int, _inferred("How long it runs.")]


class ScriptBody(Struct, frozen=True, rename="camel"):
    """A structured script (G3)."""

    title: Annotated[str, _inferred("Its title.")]
    hook: Annotated[str, _inferred("The opening line.")]
    sections: Annotated[list[ScriptSection], _inferred("Its sections, in order.")]
    call_to_action: Annotated[str, _inferred("The closing line.")]


class Script(Struct, frozen=True):
    """The answer of ``POST /v1/scripts/generate`` (G3)."""

    id: Annotated[str, _inferred("script_...")]
    object: Annotated[Literal["script"], _inferred("Always script.")]
    created: Annotated[int, _inferred("Unix seconds.")]
    model: Annotated[str, _inferred("clevora-script-1.")]
    topic: Annotated[str, _inferred("The topic.")]
    style: Annotated[Style, _inferred("The style.")]
    length: Annotated[Length, _inferred("The length.")]
    script: Annotated[ScriptBody, _documented("The script.")]
    usage: Annotated[Usage, _documented("What is billed.")]


class NewKey(Struct, frozen=True, rename="camel"):
    """A key at its creation (K3)."""

    id: Annotated[str, _inferred("The key's id.")]
    key: Annotated[str, _documented("The whole key, shown this once.")]
    name: Annotated[str, _documented("Its name.")]
    created_at: Annotated[str, _inferred("When it was made.")]


class KeyView(Struct, frozen=True, rename="camel"):
    """A key in the list (K4)."""

    id: Annotated[str, _inferred("The key's id.")]
    name: Annotated[str, _documented("Its name.")]
    preview: Annotated[str, _documented("Its first 20 characters and its last 2.")]
    status: Annotated[Literal["active", "revoked"], _inferred("Whether it works.")]
    created_at: Annotated[str, _inferred("When it was made.")]
    last_used: Annotated[str | None, _documented("When it was last used.")]
    requests: Annotated[int, _documented("How many requests it made.")]
    tokens: Annotated[int, _documented("How many tokens they were billed for.")]


class Keys(Struct, frozen=True):
    """The user's keys, newest first."""

    keys: Annotated[list[KeyView], _inferred("The keys.")]


class RevokedKey(Struct, frozen=True):
    """A key after its revocation (K5)."""

    id: Annotated[str, _inferred("The key's id.")]
    status: Annotated[Literal["revoked"], _inferred("Always revoked.")]


class AccountView(Struct, frozen=True, rename="camel"):
    """The signed-in user's account (B11)."""

    uid: Annotated[str, _inferred("The Firebase uid.")]
    email: Annotated[str | None, _inferred("The user's address.")]
    developer_access: Annotated[bool, _inferred("Whether the dashboard and the API are open.")]
    activated: Annotated[bool, _documented("Whether the balance ever reached $15.")]
    balance: Annotated[float, _documented("Dollars.")]
    tier: Annotated[Literal["preview"], _documented("The rate limits' tier.")]


class CheckoutLink(Struct, frozen=True, rename="camel"):
    """Where a top-up is paid (B7)."""

    checkout_url: Annotated[str, _documented("The page to send the user to.")]


class Transaction(Struct, frozen=True, rename="camel"):
    """One ledger entry (B11)."""

    id: Annotated[str, _inferred("The entry's id.")]
    type: Annotated[Literal["charge", "credit", "adjustment"], _inferred("Which way the money went.")]
    endpoint: Annotated[str | None, _documented("What was charged.")]
    tokens: Annotated[int, _documented("For how many tokens.")]
    amount: Annotated[float, _documented("Dollars.")]
    balance_after: Annotated[float, _inferred("Dollars left.")]
    created_at: Annotated[str, _inferred("When.")]


class Transactions(Struct, frozen=True):
    """The newest ledger entries, newest first."""

    transactions: Annotated[list[Transaction], _inferred("The entries.")]


class Received(Struct, frozen=True):
    """The webhook's thanks (B10)."""

    received: Annotated[bool, _inferred("Always true.")]


class UsageSummary(Struct, frozen=True, rename="camel"):
    """The nine figures on top of the dashboard (U3-U5)."""

    total_requests: Annotated[int, _documented("Requests since the beginning.")]
    total_tokens: Annotated[int, _documented("Tokens since the beginning.")]
    range_requests: Annotated[int, _documented("Requests of the range.")]
    range_tokens: Annotated[int, _documented("Tokens of the range.")]
    requests_today: Annotated[int, _documented("Requests of this UTC day.")]
    tokens_today: Annotated[int, _documented("Tokens of this UTC day.")]
    avg_tokens_per_request: Annotated[int, _documented("Of the range, rounded.")]
    success_rate: Annotated[float, _documented("Per cent of the range, one decimal.")]
    last_used: Annotated[str | None, _documented("When the last request completed.")]


class UsageDay(Struct, frozen=True):
    """One day of the series."""

    date: Annotated[str, _documented("YYYY-MM-DD, UTC.")]
    requests: Annotated[int, _documented("Requests of the day.")]
    tokens: Annotated[int, _documented("Tokens of the day.")]
    errors: Annotated[int, _documented("Failed requests of the day.")]


class EndpointUsage(Struct, frozen=True):
    """One endpoint's share of the range."""

    requests: Annotated[int, _documented("Its requests.")]
    tokens: Annotated[int, _documented("Its tokens.")]


class RecentActivity(Struct, frozen=True, rename="camel"):
    """One of the newest requests."""

    endpoint: Annotated[str, _documented("What was called.")]
    tokens: Annotated[int, _documented("What was billed.")]
    status: Annotated[Literal["success", "error"], _documented("How it ended.")]
    latency_ms: Annotated[int, _documented("How long it took.")]


class UsageReport(Struct, frozen=True, rename="camel"):
    """The answer of ``GET /api/developer/usage`` (U3)."""

    range: Annotated[int, _documented("Days.")]
    summary: Annotated[UsageSummary, _documented("The figures on top.")]
    daily_series: Annotated[list[UsageDay], _documented("One row for each day, oldest first.")]
    endpoint_breakdown: Annotated[dict[str, EndpointUsage], _documented("By endpoint, those that were used.")]
    recent_activity: Annotated[list[RecentActivity], _documented("The 20 newest requests, newest first.")]


class ErrorBody(Struct, frozen=True):
    """What went wrong."""

    message: Annotated[str, _documented("For people; a 400 names the field and what was expected.")]
    type: Annotated[str, _documented("The family.")]
    code: Annotated[str, _documented("The exact cause.")]


class ErrorAnswer(Struct, frozen=True):
    """The body of every refusal (W1)."""

    error: Annotated[ErrorBody, _documented("What went wrong.")]
