"""Schemas of chat completions (C1-C9, S1-S7)."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from clevora_mock.api.schemas import DEFAULT, REQUIRED, TokenUsage, documented, inferred, model_names
from clevora_mock.contract.limits import DEFAULT_MODEL

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


class TextPart(Struct):
    """One part of a message's content; only text is accepted."""

    type: Annotated[Literal["text"], inferred("Always text.")]
    text: Annotated[str, inferred("The text.")]


class Message(Struct):
    """One message of the conversation."""

    role: Annotated[Role, documented("The author's role.")]
    content: (
        Annotated[
            str | Annotated[list[TextPart], Meta(extra_json_schema={"minItems": 1})] | None,
            documented(
                "The text: a string, or an array of text parts; null only where an assistant has tool_calls.",
                {REQUIRED: True},
            ),
        ]
        | UnsetType
    ) = UNSET
    tool_calls: Annotated[list[Any] | None, inferred("An assistant's tool calls; content may be null then.")] = None

    @property
    def text(self) -> str:
        """The content as one text; parts are joined by line breaks."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content) if self.content else ""


class ChatRequest(Struct):
    """The body of ``POST /v1/chat/completions`` (C1-C4, C9)."""

    messages: Annotated[
        list[Message], documented("Conversation history. Each item is { role, content }.", min_length=1)
    ]
    model: Annotated[
        Annotated[str, model_names("chat.completions")] | None,
        documented(f"Defaults to {DEFAULT_MODEL['chat.completions']}.", {DEFAULT: DEFAULT_MODEL["chat.completions"]}),
    ] = None
    stream: Annotated[
        bool | None,
        documented("When true, the response is delivered as server-sent events. Defaults to false.", {DEFAULT: False}),
    ] = None
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None,
        documented("Sampling temperature in [0, 2]. Defaults to 1.", {DEFAULT: 1}),
    ] = None
    max_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        documented("Upper bound on generated tokens. Billed tokens never exceed this."),
    ] = None
    max_completion_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        inferred("Used when max_tokens is absent."),
    ] = None
    response_format: Annotated[
        dict[str, Any] | None,
        inferred("json_object or json_schema: the content is JSON of that form. Other types are ignored."),
    ] = None


class ReplyMessage(Struct, frozen=True):
    """The generated message."""

    role: Annotated[Literal["assistant"], documented("Always assistant.")]
    content: Annotated[str, documented("The text.")]


class Choice(Struct, frozen=True):
    """The only choice of a completion."""

    index: Annotated[int, documented("Always 0.")]
    message: Annotated[ReplyMessage, documented("What the model says.")]
    finish_reason: Annotated[Literal["stop", "length"], documented("stop, or length when max_tokens ended the text.")]


class ChatCompletion(Struct, frozen=True):
    """The response of ``POST /v1/chat/completions`` (C5)."""

    id: Annotated[str, documented("chatcmpl-...")]
    object: Annotated[Literal["chat.completion"], documented("Always chat.completion.")]
    created: Annotated[int, documented("Unix seconds.")]
    model: Annotated[str, documented("The model that was used.")]
    usage: Annotated[TokenUsage, documented("Billed tokens.")]
    choices: Annotated[list[Choice], documented("Exactly one.")]


class Delta(Struct, frozen=True, omit_defaults=True):
    """A chunk's addition: first the role, then pieces of content; empty in the last chunk."""

    role: Annotated[Literal["assistant"] | UnsetType, documented("On the first chunk.")] = UNSET
    content: Annotated[str | UnsetType, documented("The next piece of the text.")] = UNSET


class ChunkChoice(Struct, frozen=True):
    """The only choice of a chunk."""

    index: Annotated[int, documented("Always 0.")]
    delta: Annotated[Delta, documented("The addition of this chunk.")]
    finish_reason: Annotated[Literal["stop", "length"] | None, documented("On the last chunk.")]


class ChatChunk(Struct, frozen=True):
    """One event of a stream (S2-S4)."""

    id: Annotated[str, documented("The same on every chunk.")]
    object: Annotated[Literal["chat.completion.chunk"], documented("Always chat.completion.chunk.")]
    created: Annotated[int, inferred("Unix seconds.")]
    model: Annotated[str, inferred("The model that is used.")]
    choices: Annotated[list[ChunkChoice], documented("Exactly one.")]
    usage: Annotated[TokenUsage | UnsetType, documented("On the last chunk.")] = UNSET
