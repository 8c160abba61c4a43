"""``POST /v1/chat/completions`` (C1-C9, S1-S7), as one body or as a stream."""

import re
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from clevora_mock.api.schemas import TokenUsage
from clevora_mock.api.schemas.chat import (
    ChatChunk,
    ChatCompletion,
    ChatRequest,
    Choice,
    ChunkChoice,
    Delta,
    Message,
    ReplyMessage,
)
from clevora_mock.api.stream_pacing import StreamPacing
from clevora_mock.clock import SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.contract.limits import DEFAULT_MODEL, MAX_IGNORED_NAMES
from clevora_mock.core.errors import invalid, missing
from clevora_mock.core.reply import DONE, Frame, Reply
from clevora_mock.core.rng import RandomStream, stable_hash
from clevora_mock.models.chat import RESPONSE_FORMATS, Turn
from clevora_mock.models.json_requests import mentions_json
from clevora_mock.models.registry import Models
from clevora_mock.text.tokens import TOKENIZER, Tokenizer
from clevora_mock.web.background import LONG
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import encode_reply
from clevora_mock.web.parsing import choose_model

EVENT_STREAM = (b"content-type", b"text/event-stream")

_NAME = "chat.completions"

# Placeholders in the content of a scenario, and the characters of a message that are filled in.
_PLACEHOLDER = re.compile(r"\{(message|model|n)\}")
_MAX_MESSAGE = 10_000

# Contents of one stream; beyond it, each has several tokens.
MAX_PIECES = 32_768
# Memory of a token, as a piece of text and then in a frame.
_PIECE_BYTES = 100

FinishReason = Literal["stop", "length"]


class RecordedAnswer(Struct, frozen=True):
    """A documented example: the response text and usage for one conversation (C8)."""

    model: str
    messages: list[tuple[str, str]]
    content: str
    completion_tokens: int


class Completion(Struct, frozen=True):
    """A completion's text and its billed tokens."""

    text: str
    completion_tokens: int
    finish_reason: FinishReason = "stop"

    @classmethod
    def of(
        cls, tokenizer: Tokenizer, text: str, limit: int | None, finish_reason: FinishReason | None = None
    ) -> "Completion":
        """Cut `text` to at most `limit` tokens (C6)."""
        count = tokenizer.count(text)
        if limit is None or count <= limit:
            return cls(text, count, finish_reason or "stop")
        return cls("".join(tokenizer.pieces(text)[:limit]), limit, finish_reason or "length")

    def share_tokens(self, parts: int) -> list[int]:
        """Return the tokens of each part; those of a recorded answer are spread evenly."""
        shares = [self.completion_tokens * index // parts for index in range(parts + 1)] if parts else []
        return [after - before for before, after in pairwise(shares)]


class ChatHandler:
    """Endpoint handler. `pacing` is None for streams without delays."""

    def __init__(
        self,
        models: Models,
        recorded: Sequence[RecordedAnswer],
        pacing: StreamPacing | None,
        tokenizer: Tokenizer = TOKENIZER,
    ) -> None:
        self._models = models
        self._tokenizer = tokenizer
        self._recorded = {
            (answer.model, tuple(answer.messages)): Completion(answer.content, answer.completion_tokens)
            for answer in recorded
        }
        self._pacing = pacing

    async def __call__(self, context: RequestContext, request: ChatRequest) -> Reply:
        model = choose_model(ENDPOINT_BY_NAME[_NAME], request.model)
        response_format = request.response_format
        if response_format is not None and response_format.get("type") not in RESPONSE_FORMATS:
            context.exchange.set_ignored((*context.exchange.ignored, "response_format")[:MAX_IGNORED_NAMES])
        work = partial(self._answer, context, request, model)
        completion, prompt_tokens = await context.background.run(_size(context, request), work)
        usage = TokenUsage(prompt_tokens, completion.completion_tokens, prompt_tokens + completion.completion_tokens)
        completion_id = "chatcmpl-" + context.sandbox.rng.next_hex("chat")
        created = context.now // SECOND
        if request.stream:
            await context.exchange.work_memory.hold(completion.completion_tokens * _PIECE_BYTES)
            chunk = ChatChunk(completion_id, "chat.completion.chunk", created, model, [])
            return self._stream(context, completion, usage, chunk)
        choices = [Choice(0, ReplyMessage("assistant", completion.text), completion.finish_reason)]
        body = ChatCompletion(completion_id, "chat.completion", created, model, usage, choices)
        return replace(
            encode_reply(body),
            prompt_tokens=prompt_tokens,
            completion_tokens=completion.completion_tokens,
            text=completion.text,
        )

    def _answer(self, context: RequestContext, request: ChatRequest, model: str) -> tuple[Completion, int]:
        """Return the completion and the prompt's tokens. Raises a 400 for unusable content."""
        for index, message in enumerate(request.messages):
            _check_content(message, f"messages[{index}]")
        turns = [Turn(message.role, message.text) for message in request.messages]
        return self._complete(context, request, model, turns), self._tokenizer.prompt([turn.text for turn in turns])

    def _complete(self, context: RequestContext, request: ChatRequest, model: str, turns: list[Turn]) -> Completion:
        """Return the scenario's content, else a recorded answer, else the fake model's."""
        limit = request.max_tokens or request.max_completion_tokens
        if context.scripted.content is not None:
            text = _fill_placeholders(context.scripted.content, context, model)
            return Completion.of(self._tokenizer, text, limit, context.scripted.finish_reason)
        if limit is None and request.response_format is None:
            recorded = self._recorded.get((model, tuple(turns)))
            if recorded is not None:
                return recorded
        seed = context.sandbox.config.seed
        # The answer depends on model and temperature; the default pair skips the hash.
        temperature = 1.0 if request.temperature is None else request.temperature
        if (model, temperature) != (DEFAULT_MODEL[_NAME], 1.0):
            seed = int.from_bytes(stable_hash(seed, model, temperature)[:8])
        response_format = _of_objects(request.response_format)
        text = self._models.chat.reply(turns, seed=seed, response_format=response_format)
        return Completion.of(self._tokenizer, text, limit)

    def _stream(self, context: RequestContext, completion: Completion, usage: TokenUsage, chunk: ChatChunk) -> Reply:
        pieces = _joined(self._tokenizer.pieces(completion.text))
        events = _render_events(chunk, pieces, completion.finish_reason, usage)
        # The first event holds the role, the last one the usage.
        billed = [0, *completion.share_tokens(len(pieces)), 0]
        texts = ["", *pieces, ""]
        frames = tuple(map(Frame, events, billed, texts))
        pacing = self._choose_pacing(context)
        if pacing is not None:
            draws = RandomStream(bytes.fromhex(context.sandbox.rng.next_hex("pace")))
            frames = pacing.pace(frames, draws)
        return Reply(frames, (EVENT_STREAM,), prompt_tokens=usage.prompt_tokens, is_stream=True)

    def _choose_pacing(self, context: RequestContext) -> StreamPacing | None:
        """Return the pacing of the scenario's plan, else the server's."""
        pace = context.plan.then.stream
        return self._pacing if pace is None else StreamPacing(pace.tokens_per_second, pace.ttft, pace.jitter)


def _joined(pieces: Sequence[str]) -> Sequence[str]:
    """Join the pieces of a very long answer, so that its frames do not take a hundred times its memory."""
    together = -(-len(pieces) // MAX_PIECES)
    return pieces if together <= 1 else ["".join(pieces[i : i + together]) for i in range(0, len(pieces), together)]


def _size(context: RequestContext, request: ChatRequest) -> int:
    """Return the size of the work; a value by a schema takes long, however short that is."""
    size = len(context.facts.body)
    if request.response_format is not None:
        return LONG
    return LONG if size < LONG and any(mentions_json(message.text) for message in request.messages) else size


def _fill_placeholders(content: str, context: RequestContext, model: str) -> str:
    """Fill in the last user message, the model and the number of the rule's request; other braces are kept."""
    values = {"message": context.facts.last_message[:_MAX_MESSAGE], "model": model, "n": str(context.plan.count)}
    return _PLACEHOLDER.sub(lambda found: values[found[1]], content)


def _render_events(
    chunk: ChatChunk, pieces: Sequence[str], finish_reason: FinishReason, usage: TokenUsage
) -> list[bytes]:
    """Render a stream's events: role, pieces, and the last with usage and ``[DONE]`` (S1, S2)."""
    first = _render_event(chunk, Delta(role="assistant"))
    # The events between the first and the last differ only in their content.
    before, _, after = first.partition(b'"role":"assistant"')
    before += b'"content":'
    encode = msgspec.json.encode
    middle = [before + encode(piece) + after for piece in pieces]
    return [first, *middle, _render_event(chunk, Delta(), finish_reason, usage) + DONE]


def _render_event(
    chunk: ChatChunk, delta: Delta, finish_reason: FinishReason | None = None, usage: TokenUsage | UnsetType = UNSET
) -> bytes:
    choices = [ChunkChoice(0, delta, finish_reason)]
    return b"data: " + msgspec.json.encode(replace(chunk, choices=choices, usage=usage)) + b"\n\n"


def _of_objects(response_format: dict[str, Any] | None) -> dict[str, Any] | None:
    """Narrow the schema of a `json_object` to objects; null and true narrow nothing, and are dropped (C9)."""
    if response_format is None or response_format.get("type") != "json_object" or "schema" not in response_format:
        return response_format
    schema = response_format["schema"]
    if schema is None or schema is True:
        return {"type": "json_object"}
    if isinstance(schema, dict) and "type" not in schema:
        return response_format | {"schema": schema | {"type": "object"}}
    return response_format


def _check_content(message: Message, path: str) -> None:
    """Raise a 400 for empty content, which only an assistant message with tool calls may have (C1)."""
    if isinstance(message.content, str):
        return
    if message.content == []:
        raise invalid(f"{path}.content", "a string or a non-empty array of text parts", "an empty array")
    if not message.content and not (message.role == "assistant" and message.tool_calls):
        raise missing(f"{path}.content")
