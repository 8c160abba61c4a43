"""``POST /v1/chat/completions`` (contract C1-C9, S1-S7): what is said, and how it is told, whole or as a stream."""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from clevora_mock import contract
from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.memory import Memory
from clevora_mock.api.shapes import Usage
from clevora_mock.api.shapes import chat as shapes
from clevora_mock.api.stream import Events, Pace, Transmission
from clevora_mock.clock import SECOND
from clevora_mock.core.call import Call
from clevora_mock.core.chance import Draws, digest
from clevora_mock.core.errors import invalid, missing
from clevora_mock.models import tokens
from clevora_mock.models.chat import RESPONSE_FORMATS, Turn
from clevora_mock.models.library import Library

_DONE = b"data: [DONE]\n\n"
EVENTS = (b"content-type", b"text/event-stream")

# How an answer's JSON begins, up to its time.
_START = b'{"id":"chatcmpl-%b","object":"%b","created":%d'
_CREATED = b'"created":0'

# How many answers are remembered, and up to which size of a request.
_REMEMBERED = 512
_REMEMBERED_BYTES = 4096


class Recording(Struct, frozen=True):
    """A request whose answer is known word for word, with a usage of its own (C8)."""

    model: str
    messages: list[tuple[str, str]]
    content: str
    completion_tokens: int


class Completion(Struct, frozen=True):
    """A whole answer: its text, that text's pieces, one to a chunk, and what they are billed as."""

    text: str
    pieces: list[str]
    completion_tokens: int
    finish_reason: Literal["stop", "length"] = "stop"

    def tokens_of(self, count: int) -> int:
        """What the first `count` pieces are billed as; a recording's tokens are spread evenly over its pieces."""
        return self.completion_tokens * count // len(self.pieces) if self.pieces else 0


class Prepared(Struct, frozen=True, dict=True):
    """What follows from a body and the seed alone: the request understood, and its answer.

    The answer's JSON is rendered once, but for its start, where each request has an id and a time of its own.
    """

    model: str
    limit: int | None
    streamed: bool
    prompt_tokens: int
    completion: Completion
    ignored: tuple[str, ...]

    @cached_property
    def whole(self) -> bytes:
        """The answer in one piece, without its start."""
        completion = self.completion
        reply = shapes.Reply("assistant", completion.text)
        choices = [shapes.Choice(0, reply, completion.finish_reason)]
        answer = shapes.ChatCompletion("", "chat.completion", 0, self.model, self._usage, choices)
        return _without_start(answer)

    @cached_property
    def events(self) -> list[bytes]:
        """Each event of the stream, without its start: the role, a piece each, the end with usage and sentinel."""
        first = self._event(shapes.Delta(role="assistant"))
        # Between the first and the last, events differ in their content alone.
        before, _, after = first.partition(b'"role":"assistant"')
        before += b'"content":'
        middle = [before + msgspec.json.encode(piece) + after for piece in self.completion.pieces]
        last = self._event(shapes.Delta(), self.completion.finish_reason, self._usage)
        return [first, *middle, last + _DONE]

    def _event(
        self,
        delta: shapes.Delta,
        finish_reason: Literal["stop", "length"] | None = None,
        usage: Usage | UnsetType = UNSET,
    ) -> bytes:
        choices = [shapes.ChunkChoice(0, delta, finish_reason)]
        chunk = shapes.ChatChunk("", "chat.completion.chunk", 0, self.model, choices, usage)
        return _without_start(chunk) + b"\n\n"

    @property
    def _usage(self) -> Usage:
        prompt, answer = self.prompt_tokens, self.completion.completion_tokens
        return Usage(prompt, answer, prompt + answer)


class Chat:
    """The endpoint. `pace` is None for streams that leave at once."""

    def __init__(self, library: Library, recordings: Sequence[Recording], pace: Pace | None) -> None:
        self._library = library
        self._recorded = {
            (recording.model, tuple(recording.messages)): Completion(
                recording.content, tokens.pieces(recording.content), recording.completion_tokens
            )
            for recording in recordings
        }
        self._pace = pace
        self._remembered: Memory[tuple[int, bytes], Prepared] = Memory(_REMEMBERED)

    async def __call__(self, call: Call) -> Answer:
        seed = call.sandbox.beginning.seed
        prepared = self._remembered.get((seed, call.body)) or self._prepare(call, seed)
        call.ignored, call.prompt_tokens = prepared.ignored, prepared.prompt_tokens
        if call.canned is not None and call.canned.content is not None:
            canned = _cut(call.canned.content, prepared.limit)
            canned = structs.replace(canned, finish_reason=call.canned.finish_reason or canned.finish_reason)
            prepared = structs.replace(prepared, completion=canned)
        return self._stream(call, prepared) if prepared.streamed else _whole(call, prepared)

    def _prepare(self, call: Call, seed: int) -> Prepared:
        """Understand the body of `call` and answer it; what is small is remembered, as tests ask the same again."""
        request = parsing.request(call, shapes.ChatRequest)
        for index, message in enumerate(request.messages):
            check_content(message, f"messages[{index}]")
        if request.response_format is not None and request.response_format.get("type") not in RESPONSE_FORMATS:
            call.ignored = (*call.ignored, "response_format")[: contract.IGNORED_NAMES]
        model = parsing.choose_model(contract.ENDPOINT["chat.completions"], request.model)
        turns = [Turn(message.role, message.text) for message in request.messages]
        limit = request.max_tokens or request.max_completion_tokens
        prepared = Prepared(
            model=model,
            limit=limit,
            streamed=bool(request.stream),
            prompt_tokens=tokens.prompt([turn.text for turn in turns]),
            completion=self._complete(request, model, turns, limit, seed),
            ignored=call.ignored,
        )
        if len(call.body) <= _REMEMBERED_BYTES:
            self._remembered.keep((seed, call.body), prepared)
        return prepared

    def _complete(
        self, request: shapes.ChatRequest, model: str, turns: list[Turn], limit: int | None, seed: int
    ) -> Completion:
        """The answer to `request`, the same for the same request and seed."""
        if limit is None and request.response_format is None:
            recorded = self._recorded.get((model, tuple(turns)))
            if recorded is not None:
                return recorded
        # Model and temperature change what is said, as they would; the usual pair costs no hash.
        temperature = 1.0 if request.temperature is None else request.temperature
        if (model, temperature) != (contract.MODELS[0].id, 1.0):
            seed = int.from_bytes(digest(seed, model, temperature)[:8])
        return _cut(self._library.chat.reply(turns, seed=seed, response_format=request.response_format), limit)

    def _stream(self, call: Call, prepared: Prepared) -> Answer:
        completion = prepared.completion
        pieces = completion.pieces

        def settle(sent: int) -> None:
            # The first frame holds the role, the last one no content.
            count = min(max(0, sent - 1), len(pieces))
            call.completion_tokens = completion.tokens_of(count)
            call.produced = completion.text if count == len(pieces) else "".join(pieces[:count])

        events = Events(b"data: " + _start(call, "chat.completion.chunk"), prepared.events)
        stream = Transmission(events, [EVENTS], call, settle)
        pace = self._pace_of(call)
        if pace is not None:
            draws = Draws(bytes.fromhex(call.sandbox.chance.hex("pace")))
            stream.deadlines = pace.deadlines(len(stream.frames), draws)
        return stream

    def _pace_of(self, call: Call) -> Pace | None:
        """The scenario's pace for this stream, else the server's."""
        asked = call.plan.then.stream if call.plan is not None else None
        if asked is None:
            return self._pace
        return Pace(asked.tokens_per_second, asked.ttft, asked.jitter)


def check_content(message: shapes.Message, path: str) -> None:
    """What the type cannot say (C1): only an assistant that calls tools may say nothing."""
    if isinstance(message.content, str):
        return
    if message.content == []:
        raise invalid(f"{path}.content", "a string or a non-empty array of text parts", "an empty array")
    if not message.content and not (message.role == "assistant" and message.tool_calls):
        raise missing(f"{path}.content")


def _cut(text: str, limit: int | None) -> Completion:
    """`text` as an answer of at most `limit` tokens (C6)."""
    pieces = tokens.pieces(text)
    if limit is not None and len(pieces) > limit:
        pieces = pieces[:limit]
        return Completion("".join(pieces), pieces, limit, "length")
    return Completion(text, pieces, len(pieces))


def _whole(call: Call, prepared: Prepared) -> Answer:
    call.completion_tokens = prepared.completion.completion_tokens
    call.produced = prepared.completion.text
    return Json(_start(call, "chat.completion") + prepared.whole)


def _start(call: Call, kind: str) -> bytes:
    """How the JSON of an answer to `call` begins: with what no other answer has."""
    return _START % (call.sandbox.chance.hex("chat").encode(), kind.encode(), call.arrived // SECOND)


def _without_start(answer: shapes.ChatCompletion | shapes.ChatChunk) -> bytes:
    return msgspec.json.encode(answer).partition(_CREATED)[2]
