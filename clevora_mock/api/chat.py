"""``POST /v1/chat/completions`` (C1-C9, S1-S7): the completion, whole or as a stream."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from clevora_mock.api.schemas import Usage
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
from clevora_mock.core.chance import Draws, digest
from clevora_mock.core.errors import invalid, missing
from clevora_mock.core.reply import DONE, Frame, Reply
from clevora_mock.models import tokens
from clevora_mock.models.chat import RESPONSE_FORMATS, Turn
from clevora_mock.models.registry import Models
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import json_answer
from clevora_mock.web.parsing import choose_model

EVENT_STREAM = (b"content-type", b"text/event-stream")

_NAME = "chat.completions"

FinishReason = Literal["stop", "length"]


class RecordedAnswer(Struct, frozen=True):
    """A request whose answer is known word for word, with a usage of its own (C8)."""

    model: str
    messages: list[tuple[str, str]]
    content: str
    completion_tokens: int


class Completion(Struct, frozen=True):
    """A completion: its text, the pieces that a stream sends, and the tokens that it is billed for."""

    text: str
    pieces: list[str]
    completion_tokens: int
    finish_reason: FinishReason = "stop"

    @classmethod
    def of(cls, text: str, limit: int | None, finish_reason: FinishReason | None = None) -> "Completion":
        """Cut `text` to at most `limit` tokens (C6)."""
        pieces = tokens.pieces(text)
        if limit is None or len(pieces) <= limit:
            return cls(text, pieces, len(pieces), finish_reason or "stop")
        pieces = pieces[:limit]
        return cls("".join(pieces), pieces, limit, finish_reason or "length")

    @property
    def piece_tokens(self) -> list[int]:
        """The tokens of each piece; a recorded answer's are spread evenly over its pieces."""
        count = len(self.pieces)
        shares = [self.completion_tokens * index // count for index in range(count + 1)] if count else []
        return [after - before for before, after in pairwise(shares)]


class ChatHandler:
    """The endpoint. `pacing` is None for streams that are sent at once."""

    def __init__(self, models: Models, recorded: Sequence[RecordedAnswer], pacing: StreamPacing | None) -> None:
        self._models = models
        self._recorded = {
            (answer.model, tuple(answer.messages)): Completion(
                answer.content, tokens.pieces(answer.content), answer.completion_tokens
            )
            for answer in recorded
        }
        self._pacing = pacing

    async def __call__(self, context: RequestContext, request: ChatRequest) -> Reply:
        for index, message in enumerate(request.messages):
            _check_content(message, f"messages[{index}]")
        model = choose_model(ENDPOINT_BY_NAME[_NAME], request.model)
        response_format = request.response_format
        if response_format is not None and response_format.get("type") not in RESPONSE_FORMATS:
            context.exchange.ignore((*context.exchange.ignored, "response_format")[:MAX_IGNORED_NAMES])
        turns = [Turn(message.role, message.text) for message in request.messages]
        completion = self._complete(context, request, model, turns)
        prompt_tokens = tokens.prompt([turn.text for turn in turns])
        usage = Usage(prompt_tokens, completion.completion_tokens, prompt_tokens + completion.completion_tokens)
        completion_id = "chatcmpl-" + context.sandbox.chance.hex("chat")
        created = context.now // SECOND
        if request.stream:
            chunk = ChatChunk(completion_id, "chat.completion.chunk", created, model, [])
            return self._streamed(context, completion, usage, chunk)
        choices = [Choice(0, ReplyMessage("assistant", completion.text), completion.finish_reason)]
        body = ChatCompletion(completion_id, "chat.completion", created, model, usage, choices)
        return replace(
            json_answer(body),
            prompt_tokens=prompt_tokens,
            completion_tokens=completion.completion_tokens,
            text=completion.text,
        )

    def _complete(self, context: RequestContext, request: ChatRequest, model: str, turns: list[Turn]) -> Completion:
        """Answer `request`: the scenario's content, a recorded answer, or the model's."""
        limit = request.max_tokens or request.max_completion_tokens
        if context.scripted.content is not None:
            return Completion.of(context.scripted.content, limit, context.scripted.finish_reason)
        if limit is None and request.response_format is None:
            recorded = self._recorded.get((model, tuple(turns)))
            if recorded is not None:
                return recorded
        seed = context.sandbox.config.seed
        # Model and temperature change the answer, as they would; the usual pair costs no hash.
        temperature = 1.0 if request.temperature is None else request.temperature
        if (model, temperature) != (DEFAULT_MODEL[_NAME], 1.0):
            seed = int.from_bytes(digest(seed, model, temperature)[:8])
        text = self._models.chat.reply(turns, seed=seed, response_format=request.response_format)
        return Completion.of(text, limit)

    def _streamed(self, context: RequestContext, completion: Completion, usage: Usage, chunk: ChatChunk) -> Reply:
        events = _events(chunk, completion, usage)
        # The first event holds the role, the last one no content.
        billed = [0, *completion.piece_tokens, 0]
        texts = ["", *completion.pieces, ""]
        frames = tuple(map(Frame, events, billed, texts))
        pacing = self._pacing_of(context)
        if pacing is not None:
            draws = Draws(bytes.fromhex(context.sandbox.chance.hex("pace")))
            frames = pacing.paced(frames, draws)
        return Reply(frames, (EVENT_STREAM,), prompt_tokens=usage.prompt_tokens, is_stream=True)

    def _pacing_of(self, context: RequestContext) -> StreamPacing | None:
        """Return the scenario's pace for this stream, else the server's."""
        pace = context.plan.then.stream
        return self._pacing if pace is None else StreamPacing(pace.tokens_per_second, pace.ttft, pace.jitter)


def _events(chunk: ChatChunk, completion: Completion, usage: Usage) -> list[bytes]:
    """Render a stream's events: the role, one for each piece, and the end with usage and sentinel (S1, S2)."""
    first = _event(chunk, Delta(role="assistant"))
    # Between the first and the last, events differ in their content alone.
    before, _, after = first.partition(b'"role":"assistant"')
    before += b'"content":'
    encode = msgspec.json.encode
    middle = [before + encode(piece) + after for piece in completion.pieces]
    return [first, *middle, _event(chunk, Delta(), completion.finish_reason, usage) + DONE]


def _event(
    chunk: ChatChunk, delta: Delta, finish_reason: FinishReason | None = None, usage: Usage | UnsetType = UNSET
) -> bytes:
    choices = [ChunkChoice(0, delta, finish_reason)]
    return b"data: " + msgspec.json.encode(replace(chunk, choices=choices, usage=usage)) + b"\n\n"


def _check_content(message: Message, path: str) -> None:
    """Check what the type cannot say (C1): only an assistant that calls tools may say nothing."""
    if isinstance(message.content, str):
        return
    if message.content == []:
        raise invalid(f"{path}.content", "a string or a non-empty array of text parts", "an empty array")
    if not message.content and not (message.role == "assistant" and message.tool_calls):
        raise missing(f"{path}.content")
