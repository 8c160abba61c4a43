"""What the API's requests and answers look like: types that parse a body, and that OpenAPI and ``/llms.json`` follow.

Every field says what it means and whether it is documented. ``null`` counts as absent (C4), so an optional field takes
None; what a type cannot say (content parts, models, decimals) is checked by the endpoint. The dashboard's shapes are in
`dashboard`.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from clevora_mock import contract


def documented(description: str, **limits: Any) -> Meta:
    return Meta(description=description, extra_json_schema={"x-clevora-basis": contract.DOCUMENTED}, **limits)


def inferred(description: str, **limits: Any) -> Meta:
    return Meta(description=description, extra_json_schema={"x-clevora-basis": contract.INFERRED}, **limits)


Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
Style = Literal["youtube", "podcast", "tiktok"]
Length = Literal["short", "medium", "long"]

# --- requests ---------------------------------------------------------------------------------------------------------


class TextPart(Struct):
    """One part of a message's content; text is the only kind."""

    type: Annotated[Literal["text"], inferred("The kind of part.")]
    text: Annotated[str, inferred("The text.")]


class Message(Struct):
    """One message of the conversation."""

    role: Annotated[Role, documented("Who speaks.")]
    content: (
        Annotated[str | list[TextPart] | None, documented("What is said: a string, or an array of text parts.")]
        | UnsetType
    ) = UNSET
    tool_calls: Annotated[list[Any] | None, inferred("An assistant's tool calls; content may be null then.")] = None

    @property
    def text(self) -> str:
        """The content as one text; parts stand on lines of their own."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content) if self.content else ""


class ChatRequest(Struct):
    """The body of ``POST /v1/chat/completions`` (C1-C4)."""

    messages: Annotated[
        list[Message], documented("Conversation history. Each item is { role, content }.", min_length=1)
    ]
    model: Annotated[str | None, documented("Defaults to clevora-1.0-turbo.")] = None
    stream: Annotated[
        bool | None,
        documented("When true, the response is delivered as server-sent events. Defaults to false."),
    ] = None
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None,
        documented("Sampling temperature in [0, 2]. Defaults to 1."),
    ] = None
    max_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        documented("Upper bound on generated tokens. Billed tokens never exceed this."),
    ] = None
    max_completion_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        inferred("Read when max_tokens is absent."),
    ] = None
    response_format: Annotated[
        dict[str, Any] | None,
        inferred("json_object or json_schema: the answer's text is JSON of that form."),
    ] = None


class EmbeddingsRequest(Struct):
    """The body of ``POST /v1/embeddings`` (E1-E3)."""

    input: Annotated[
        Annotated[str, Meta(min_length=1)]
        | Annotated[
            list[Annotated[str, Meta(min_length=1)]],
            Meta(min_length=1, max_length=contract.EMBEDDING_INPUTS),
        ],
        documented("The text(s) to embed."),
    ]
    model: Annotated[str | None, documented("Defaults to clevora-embed-1.")] = None
    encoding_format: Annotated[
        Literal["float", "base64"] | None,
        inferred("float (the default): numbers; base64: little-endian float32."),
    ] = None


class SearchRequest(Struct):
    """The body of ``POST /v1/search`` (H1)."""

    query: Annotated[str, documented("Natural-language query.", min_length=1)]
    limit: Annotated[
        Annotated[int, Meta(ge=1, le=contract.SEARCH_RESULTS)] | None,
        documented("Max results, defaults to 5."),
    ] = None
    model: Annotated[str | None, inferred("Defaults to clevora-search-1.")] = None


class ScriptRequest(Struct):
    """The body of ``POST /v1/scripts/generate`` (G1, G2)."""

    topic: Annotated[str, documented("What the script should be about.", min_length=1)]
    style: Annotated[Style | None, documented("youtube, podcast or tiktok. Defaults to youtube.")] = None
    length: Annotated[
        Length | None,
        documented("short, medium or long. Controls token budget. Defaults to medium (inferred)."),
    ] = None
    model: Annotated[str | None, inferred("Defaults to clevora-script-1.")] = None


# --- answers ----------------------------------------------------------------------------------------------------------


class Usage(Struct, frozen=True):
    """What the account is billed for."""

    prompt_tokens: Annotated[int, documented("Tokens of the prompt.")]
    completion_tokens: Annotated[int, documented("Tokens of the answer.")]
    total_tokens: Annotated[int, documented("Their sum.")]


class PromptUsage(Struct, frozen=True):
    """What the account is billed for where nothing is generated."""

    prompt_tokens: Annotated[int, inferred("Tokens of the input.")]
    total_tokens: Annotated[int, inferred("The same.")]


class Reply(Struct, frozen=True):
    """What the model says."""

    role: Annotated[Literal["assistant"], documented("Always assistant.")]
    content: Annotated[str, documented("The text.")]


class Choice(Struct, frozen=True):
    """The one choice of an answer."""

    index: Annotated[int, documented("Always 0.")]
    message: Annotated[Reply, documented("What the model says.")]
    finish_reason: Annotated[Literal["stop", "length"], documented("length when max_tokens cut the answer.")]


class ChatCompletion(Struct, frozen=True):
    """The answer of ``POST /v1/chat/completions`` (C5)."""

    id: Annotated[str, documented("chatcmpl-...")]
    object: Annotated[Literal["chat.completion"], documented("Always chat.completion.")]
    created: Annotated[int, documented("Unix seconds.")]
    model: Annotated[str, documented("The model that answered.")]
    usage: Annotated[Usage, documented("What is billed.")]
    choices: Annotated[list[Choice], documented("Exactly one.")]


class Delta(Struct, frozen=True, omit_defaults=True):
    """What a chunk adds: the role first, then pieces of content, nothing last."""

    role: Annotated[Literal["assistant"] | UnsetType, documented("On the first chunk.")] = UNSET
    content: Annotated[str | UnsetType, documented("A piece of the answer.")] = UNSET


class ChunkChoice(Struct, frozen=True):
    """The one choice of a chunk."""

    index: Annotated[int, documented("Always 0.")]
    delta: Annotated[Delta, documented("What this chunk adds.")]
    finish_reason: Annotated[Literal["stop", "length"] | None, documented("On the last chunk.")]


class ChatChunk(Struct, frozen=True):
    """One event of a stream (S2-S4)."""

    id: Annotated[str, documented("The same on every chunk.")]
    object: Annotated[Literal["chat.completion.chunk"], documented("Always chat.completion.chunk.")]
    created: Annotated[int, inferred("Unix seconds.")]
    model: Annotated[str, inferred("The model that answers.")]
    choices: Annotated[list[ChunkChoice], documented("Exactly one.")]
    usage: Annotated[Usage | UnsetType, documented("On the last chunk.")] = UNSET


class Embedding(Struct, frozen=True):
    """One input's vector."""

    object: Annotated[Literal["embedding"], inferred("Always embedding.")]
    index: Annotated[int, inferred("The input's place.")]
    embedding: Annotated[list[float] | str, inferred("1536 numbers, or their base64.")]


class EmbeddingList(Struct, frozen=True):
    """The answer of ``POST /v1/embeddings`` (E2)."""

    object: Annotated[Literal["list"], inferred("Always list.")]
    data: Annotated[list[Embedding], inferred("One for each input, in order.")]
    model: Annotated[str, inferred("clevora-embed-1.")]
    usage: Annotated[PromptUsage, documented("What is billed.")]


class Result(Struct, frozen=True, rename="camel"):
    """One item of the catalog (H2)."""

    id: Annotated[str, inferred("The item's id.")]
    title: Annotated[str, inferred("Its title.")]
    type: Annotated[Literal["video", "podcast"], inferred("Its kind.")]
    description: Annotated[str, inferred("What it is about.")]
    creator: Annotated[str, inferred("Who made it.")]
    url: Annotated[str, inferred("Where it would be.")]
    thumbnail_url: Annotated[str, inferred("Where its picture would be.")]
    duration_seconds: Annotated[int, inferred("How long it is.")]
    published_at: Annotated[str, inferred("When it came out.")]
    tags: Annotated[list[str], inferred("What it is filed under.")]
    score: Annotated[float, documented("How well it fits, in [0, 1].")]


class SearchResults(Struct, frozen=True):
    """The answer of ``POST /v1/search`` (H2)."""

    object: Annotated[Literal["search.results"], inferred("Always search.results.")]
    model: Annotated[str, inferred("clevora-search-1.")]
    query: Annotated[str, inferred("The query.")]
    results: Annotated[list[Result], documented("Best first.")]
    usage: Annotated[PromptUsage, documented("What is billed.")]


class ScriptSection(Struct, frozen=True, rename="camel"):
    """One section of a script."""

    heading: Annotated[str, inferred("Its heading.")]
    content: Annotated[str, inferred("What is said and shown.")]
    duration_seconds: Annotated[int, inferred("How long it runs.")]


class ScriptBody(Struct, frozen=True, rename="camel"):
    """A structured script (G3)."""

    title: Annotated[str, inferred("Its title.")]
    hook: Annotated[str, inferred("The opening line.")]
    sections: Annotated[list[ScriptSection], inferred("Its sections, in order.")]
    call_to_action: Annotated[str, inferred("The closing line.")]


class Script(Struct, frozen=True):
    """The answer of ``POST /v1/scripts/generate`` (G3)."""

    id: Annotated[str, inferred("script_...")]
    object: Annotated[Literal["script"], inferred("Always script.")]
    created: Annotated[int, inferred("Unix seconds.")]
    model: Annotated[str, inferred("clevora-script-1.")]
    topic: Annotated[str, inferred("The topic.")]
    style: Annotated[Style, inferred("The style.")]
    length: Annotated[Length, inferred("The length.")]
    script: Annotated[ScriptBody, documented("The script.")]
    usage: Annotated[Usage, documented("What is billed.")]


class ErrorBody(Struct, frozen=True):
    """What went wrong."""

    message: Annotated[str, documented("For people; a 400 names the field and what was expected.")]
    type: Annotated[str, documented("The family.")]
    code: Annotated[str, documented("The exact cause.")]


class ErrorAnswer(Struct, frozen=True):
    """The body of every refusal (W1)."""

    error: Annotated[ErrorBody, documented("What went wrong.")]
