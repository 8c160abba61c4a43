"""What a chat's request and answers look like (contract C1-C9, S1-S7)."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from clevora_mock.api.schemas import Usage, documented, inferred
from clevora_mock.contract.limits import DEFAULT_MODEL

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


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
    """The body of ``POST /v1/chat/completions`` (C1-C4, C9)."""

    messages: Annotated[
        list[Message], documented("Conversation history. Each item is { role, content }.", min_length=1)
    ]
    model: Annotated[str | None, documented(f"Defaults to {DEFAULT_MODEL['chat.completions']}.")] = None
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
        inferred("json_object or json_schema: the answer's text is JSON of that form. Other types are ignored."),
    ] = None


class ReplyMessage(Struct, frozen=True):
    """What the model says."""

    role: Annotated[Literal["assistant"], documented("Always assistant.")]
    content: Annotated[str, documented("The text.")]


class Choice(Struct, frozen=True):
    """The one choice of an answer."""

    index: Annotated[int, documented("Always 0.")]
    message: Annotated[ReplyMessage, documented("What the model says.")]
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
