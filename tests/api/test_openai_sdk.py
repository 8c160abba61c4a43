"""OpenAI's Python SDK, synchronous and asynchronous, with only the base URL and the key changed."""

import asyncio
import inspect
import json
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import anyio
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS, MAX_BODY_BYTES
from tests.support import records, states
from tests.support.documentation import printed
from tests.support.world import World

TURBO = "clevora-1.0-turbo"
EMBED = "clevora-embed-1"
MESSAGES = [{"role": "user", "content": "Tell me about the sea, and why people sail on it."}]
ASKED: dict[str, Any] = {"model": TURBO, "messages": MESSAGES}


class Client:
    """Either of the SDK's clients; calls of the asynchronous one are run to completion."""

    def __init__(self, sdk: OpenAI | AsyncOpenAI, runner: asyncio.Runner) -> None:
        self.sdk: Any = sdk
        self.is_async = isinstance(sdk, AsyncOpenAI)
        self._runner = runner

    def __call__(self, ask: Callable[[Any], Any]) -> Any:
        """Return the SDK's result of `ask`."""
        answer = ask(self.sdk)
        return self._runner.run(_awaited(answer)) if inspect.isawaitable(answer) else answer

    def chat(self, **changes: Any) -> Any:
        return self(lambda sdk: sdk.chat.completions.create(**(ASKED | changes)))

    def chunks(self, **changes: Any) -> list[ChatCompletionChunk]:
        """Return all chunks of a stream."""
        return self.items(self.chat(stream=True, **changes))

    def embed(self, texts: str | list[str], **changes: Any) -> CreateEmbeddingResponse:
        answer = self(lambda sdk: sdk.embeddings.create(model=EMBED, input=texts, **changes))
        assert isinstance(answer, CreateEmbeddingResponse)
        return answer

    def items(self, stream: Any) -> list[Any]:
        return self._runner.run(_listed(stream)) if hasattr(stream, "__aiter__") else list(stream)


async def _awaited(answer: Any) -> Any:
    return await answer


async def _listed(stream: Any) -> list[Any]:
    return [item async for item in stream]


Connect = Callable[..., Client]


@pytest.fixture(params=[OpenAI, AsyncOpenAI], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Provide a function that makes clients of a sandbox, with options of the SDK."""
    clients: list[Client] = []
    with asyncio.Runner() as runner:

        def make(world: World, **options: Any) -> Client:
            sdk = request.param(**({"base_url": world.base_url, "api_key": world.api_key} | options))
            clients.append(Client(sdk, runner))
            return clients[-1]

        yield make
        for client in clients:
            client(lambda sdk: sdk.close())


@pytest.fixture
def client(connect: Connect, world: World) -> Client:
    """Provide a client with the SDK's defaults."""
    return connect(world)


class TestChat:
    def test_the_documented_example_gets_the_documented_answer(self, client: Client) -> None:
        answer = client.chat(messages=[{"role": "user", "content": "Hello!"}])
        documented = json.loads(printed("Chat Completions", "json"))
        for changing in ("id", "created"):
            documented.pop(changing)
        assert answer.model_dump(exclude_unset=True, exclude={"id", "created"}) == documented
        assert answer.id.startswith("chatcmpl-")

    def test_an_answer_is_valid_for_the_sdks_type(self, client: Client, world: World) -> None:
        raw = client(lambda sdk: sdk.chat.completions.with_raw_response.create(**ASKED))
        answer = ChatCompletion.model_validate_json(raw.content, strict=True)
        assert answer == raw.parse()
        (choice,) = answer.choices
        assert choice.message.role == "assistant"
        assert choice.message.content
        assert choice.finish_reason == "stop"
        assert answer.model == TURBO
        assert answer.created == world.clock.now() // 1_000_000

    def test_usage_matches_the_ledger(self, client: Client, world: World) -> None:
        usage = client.chat().usage
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        (charge,) = records.charges(world)
        assert charge.tokens == usage.total_tokens
        assert charge.amount == usage.total_tokens * 500

    def test_the_request_id_is_the_journals(self, client: Client, world: World) -> None:
        answer = client.chat()
        assert [entry.id for entry in records.journal(world)] == [answer._request_id]

    def test_a_raw_response_shows_the_headers(self, client: Client) -> None:
        raw = client(lambda sdk: sdk.chat.completions.with_raw_response.create(**ASKED, seed=7, n=1, user="somebody"))
        assert raw.headers["content-type"] == "application/json"
        assert raw.headers["x-request-id"] == raw.request_id
        assert raw.headers["x-clevora-mock-ignored"] == "n, seed, user"
        assert not [name for name in raw.headers if "ratelimit" in name]

    def test_the_default_model_is_turbo(self, client: Client) -> None:
        assert client.chat(model=openai.omit).model == TURBO

    @pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
    def test_a_limit_cuts_the_answer(self, client: Client, name: str) -> None:
        whole, cut = client.chat(), client.chat(**{name: 3})
        assert cut.choices[0].finish_reason == "length"
        assert cut.usage.completion_tokens == 3
        assert cut.usage.prompt_tokens == whole.usage.prompt_tokens
        assert whole.choices[0].message.content.startswith(cut.choices[0].message.content)

    def test_content_parts_are_the_same_as_their_text(self, client: Client) -> None:
        parts = [{"type": "text", "text": MESSAGES[0]["content"]}]
        assert client.chat(messages=[{"role": "user", "content": parts}]).choices == client.chat().choices

    def test_concurrent_requests_are_each_billed(self, connect: Connect, world: World) -> None:
        client = connect(world)

        def ask(sdk: Any) -> Any:
            if isinstance(sdk, OpenAI):
                with ThreadPoolExecutor(20) as pool:
                    return list(pool.map(lambda _: sdk.chat.completions.create(**ASKED), range(20)))
            return asyncio.gather(*(sdk.chat.completions.create(**ASKED) for _ in range(20)))

        answers = client(ask)
        assert len({answer.id for answer in answers}) == 20
        assert sorted(answer.usage.total_tokens for answer in answers) == [
            charge.tokens for charge in records.wait_for_charges(world, 20)
        ]


class TestStream:
    def test_chunks_join_to_the_unstreamed_answer(self, client: Client) -> None:
        whole, chunks = client.chat(), client.chunks()
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
        assert chunks[-1].usage == whole.usage
        assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason

    def test_the_first_chunk_has_the_role_and_the_last_the_finish_reason(self, client: Client) -> None:
        first, *middle, last = client.chunks()
        assert first.choices[0].delta.model_dump(exclude_unset=True) == {"role": "assistant"}
        assert all(chunk.choices[0].delta.model_dump(exclude_unset=True).keys() == {"content"} for chunk in middle)
        assert last.choices[0].delta.model_dump(exclude_unset=True) == {}
        assert [chunk.choices[0].finish_reason for chunk in (first, *middle)] == [None] * (len(middle) + 1)
        assert len({(chunk.id, chunk.created, chunk.model) for chunk in (first, *middle, last)}) == 1

    @pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": True}}], ids=["plain", "with usage"])
    def test_usage_comes_once_and_last(self, client: Client, options: dict[str, Any]) -> None:
        chunks = client.chunks(**options)
        assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert all(len(chunk.choices) == 1 for chunk in chunks)

    def test_a_limit_cuts_the_stream(self, client: Client) -> None:
        *content, last = client.chunks(max_tokens=3)
        assert len(content) == 4
        assert last.choices[0].finish_reason == "length"
        assert last.usage is not None
        assert last.usage.completion_tokens == 3

    def test_every_frame_is_a_valid_chunk(self, connect: Connect, world: World) -> None:
        client = connect(world)
        raw = client(lambda sdk: sdk.chat.completions.with_raw_response.create(**ASKED, stream=True))
        assert raw.headers["content-type"] == "text/event-stream"
        body = client(lambda _: raw.http_response.aread() if client.is_async else raw.http_response.read())
        *frames, sentinel, rest = body.decode().split("\n\n")
        assert (sentinel, rest) == ("data: [DONE]", "")
        for frame in frames:
            ChatCompletionChunk.model_validate_json(frame.removeprefix("data: "), strict=True)

    def test_the_stream_helper_accumulates_the_answer(self, connect: Connect, world: World) -> None:
        client = connect(world)
        whole = client.chat()

        def read_stream() -> tuple[list[str], ChatCompletion]:
            with client.sdk.chat.completions.stream(**ASKED) as stream:
                return [event.type for event in stream], stream.get_final_completion()

        async def read_stream_async() -> tuple[list[str], ChatCompletion]:
            async with client.sdk.chat.completions.stream(**ASKED) as stream:
                return [event.type async for event in stream], await stream.get_final_completion()

        types, final = client(lambda _: read_stream_async() if client.is_async else read_stream())
        assert final.choices[0].message.content == whole.choices[0].message.content
        assert final.choices[0].finish_reason == "stop"
        assert final.usage == whole.usage
        assert types.count("content.delta") == whole.usage.completion_tokens
        assert types.count("content.done") == 1

    def test_a_refused_stream_raises_the_usual_error(self, client: Client, world: World) -> None:
        world.balance(0)
        with pytest.raises(openai.APIStatusError) as caught:
            client.chat(stream=True)
        assert caught.value.code == "insufficient_balance"

    def test_a_paced_stream_has_the_same_content(self, connect: Connect, live_world: World) -> None:
        client = connect(live_world)
        whole, chunks = client.chat(), client.chunks()
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
        assert chunks[-1].usage == whole.usage


class TestEmbeddings:
    TEXTS = ("the cat sat", "on the mat", "the cat sat on the mat")

    def test_a_vector_has_unit_length(self, client: Client) -> None:
        (only,) = client.embed("the cat sat").data
        assert len(only.embedding) == EMBEDDING_DIMENSIONS == 1536
        assert math.isclose(math.hypot(*only.embedding), 1, abs_tol=1e-5)

    def test_the_default_and_floats_are_the_same_vectors(self, client: Client) -> None:
        """The SDK requests base64 by default, and decodes it."""
        texts = list(self.TEXTS)
        default, floats = client.embed(texts), client.embed(texts, encoding_format="float")
        assert [one.embedding for one in default.data] == [one.embedding for one in floats.data]
        assert default.usage == floats.usage

    def test_base64_can_be_requested(self, client: Client) -> None:
        encoded = client.embed("the cat sat", encoding_format="base64").data[0].embedding
        assert isinstance(encoded, str)
        assert len(encoded) == 1536 * 4 * 4 // 3

    def test_a_batch_keeps_its_order(self, client: Client) -> None:
        batch = client.embed(list(self.TEXTS))
        assert [one.index for one in batch.data] == [0, 1, 2]
        assert [one.embedding for one in batch.data] == [client.embed(text).data[0].embedding for text in self.TEXTS]

    def test_usage_matches_the_ledger(self, client: Client, world: World) -> None:
        usage = client.embed(list(self.TEXTS)).usage
        assert usage.total_tokens == usage.prompt_tokens == 12
        (charge,) = records.charges(world)
        assert (charge.tokens, charge.amount) == (12, 1200)

    def test_an_answer_is_valid_for_the_sdks_type(self, client: Client) -> None:
        raw = client(
            lambda sdk: sdk.embeddings.with_raw_response.create(
                model=EMBED, input=list(self.TEXTS), encoding_format="float"
            )
        )
        CreateEmbeddingResponse.model_validate_json(raw.content, strict=True)

    def test_token_ids_are_refused(self, client: Client) -> None:
        with pytest.raises(openai.BadRequestError) as caught:
            client(lambda sdk: sdk.embeddings.create(model=EMBED, input=[[1, 2, 3]]))
        assert caught.value.code == "invalid_field"
        assert "check_embedding_ctx_length=False" in caught.value.response.headers["x-clevora-mock-hint"]


def _no_preparation(world: World) -> None:
    """Change nothing in the sandbox."""


def _chat(**changes: Any) -> Callable[[Any], Any]:
    return lambda sdk: sdk.chat.completions.create(**(ASKED | changes))


class ErrorCase(NamedTuple):
    """A request, its situation, and the SDK's exception for it."""

    prepare: Callable[[World], None]
    ask: Callable[[Any], Any]
    error: type[openai.APIStatusError]
    status: int
    type: str
    code: str


REFUSALS = {
    "bad role": ErrorCase(
        _no_preparation,
        _chat(messages=[{"role": "robot", "content": "Hi"}]),
        openai.BadRequestError,
        400,
        "invalid_request_error",
        "invalid_field",
    ),
    "no messages": ErrorCase(
        _no_preparation,
        _chat(messages=openai.omit),
        openai.BadRequestError,
        400,
        "invalid_request_error",
        "missing_field",
    ),
    "another family's model": ErrorCase(
        _no_preparation,
        _chat(model=EMBED),
        openai.BadRequestError,
        400,
        "invalid_request_error",
        "invalid_model",
    ),
    "unknown key": ErrorCase(
        _no_preparation,
        lambda sdk: sdk.with_options(api_key="sk_live_" + "0" * 32).chat.completions.create(**ASKED),
        openai.AuthenticationError,
        401,
        "authentication_error",
        "invalid_api_key",
    ),
    "no balance": ErrorCase(
        lambda world: world.balance(0),
        _chat(),
        openai.APIStatusError,
        402,
        "billing_error",
        "insufficient_balance",
    ),
    "not activated": ErrorCase(
        states.deactivate,
        _chat(),
        openai.APIStatusError,
        402,
        "billing_error",
        "account_not_activated",
    ),
    "no developer access": ErrorCase(
        states.lose_access,
        _chat(),
        openai.PermissionDeniedError,
        403,
        "permission_error",
        "developer_access_required",
    ),
    "unknown model": ErrorCase(
        _no_preparation,
        _chat(model="gpt-4o"),
        openai.NotFoundError,
        404,
        "not_found_error",
        "model_not_found",
    ),
    "models are not listed": ErrorCase(
        _no_preparation,
        lambda sdk: sdk.models.retrieve(TURBO),
        openai.NotFoundError,
        404,
        "not_found_error",
        "not_found",
    ),
    "no Responses API": ErrorCase(
        _no_preparation,
        lambda sdk: sdk.responses.create(model=TURBO, input="Hello!"),
        openai.NotFoundError,
        404,
        "not_found_error",
        "not_found",
    ),
    "wrong verb": ErrorCase(
        _no_preparation,
        lambda sdk: sdk.get("/chat/completions", cast_to=object),
        openai.APIStatusError,
        405,
        "invalid_request_error",
        "method_not_allowed",
    ),
    "too large": ErrorCase(
        _no_preparation,
        _chat(messages=[{"role": "user", "content": "a" * MAX_BODY_BYTES}]),
        openai.APIStatusError,
        413,
        "invalid_request_error",
        "payload_too_large",
    ),
    "minute used up": ErrorCase(
        states.use_up_minute,
        _chat(),
        openai.RateLimitError,
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
    ),
    "day used up": ErrorCase(
        states.use_up_day,
        _chat(),
        openai.RateLimitError,
        429,
        "rate_limit_error",
        "daily_token_limit_exceeded",
    ),
    "broken": ErrorCase(
        states.fail_chats,
        _chat(),
        openai.InternalServerError,
        500,
        "server_error",
        "internal_error",
    ),
}


class TestRefusals:
    @pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS.keys())
    def test_each_error_has_its_own_class(self, connect: Connect, world: World, case: ErrorCase) -> None:
        case.prepare(world)
        with pytest.raises(openai.APIStatusError) as caught:
            connect(world, max_retries=0)(case.ask)
        error = caught.value
        assert type(error) is case.error
        assert (error.status_code, error.type, error.code) == (case.status, case.type, case.code)
        assert error.request_id == records.journal(world)[-1].id
        assert isinstance(error.body, dict)
        said = error.body["message"]
        assert error.body == {"message": said, "type": case.type, "code": case.code}
        assert said in error.message
        assert records.charges(world) == []

    def test_a_path_that_is_not_emulated_is_explained_in_a_header(self, client: Client) -> None:
        with pytest.raises(openai.NotFoundError) as caught:
            client(lambda sdk: sdk.responses.create(model=TURBO, input="Hello!"))
        assert "/v1/chat/completions" in caught.value.response.headers["x-clevora-mock-hint"]


class TestRetries:
    @pytest.fixture
    def waits(self, monkeypatch: pytest.MonkeyPatch, world: World) -> list[float]:
        """Provide the list of the SDK's sleeps, which advance the sandbox's clock instead of blocking."""
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            world.advance(seconds)

        async def sleep_async(seconds: float) -> None:
            sleep(seconds)

        monkeypatch.setattr(time, "sleep", sleep)
        monkeypatch.setattr(anyio, "sleep", sleep_async)
        return slept

    @pytest.mark.parametrize("seconds", [60, 7, 1])
    def test_the_sdk_waits_for_retry_after_and_succeeds(
        self, client: Client, world: World, waits: list[float], seconds: int
    ) -> None:
        states.use_up_minute(world, seconds)
        assert client.chat().choices
        assert waits == [seconds]
        assert records.statuses(world) == [429, 200]
        assert len(records.charges(world)) == 1

    def test_a_stream_is_retried_too(self, client: Client, world: World, waits: list[float]) -> None:
        states.use_up_minute(world)
        assert client.chunks()[-1].usage is not None
        assert waits == [60]
        assert records.statuses(world) == [429, 200]

    def test_the_sdk_does_not_wait_until_midnight(self, client: Client, world: World, waits: list[float]) -> None:
        states.use_up_day(world)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat()
        assert caught.value.response.headers["retry-after"] == "86400"
        assert waits == []

    def test_a_server_error_is_retried(self, client: Client, world: World, waits: list[float]) -> None:
        states.fail_chats(world, 2)
        assert client.chat().choices
        assert records.statuses(world) == [500, 500, 200]
        assert len(waits) == 2
        assert len(records.charges(world)) == 1

    def test_a_lasting_server_error_is_raised(self, client: Client, world: World, waits: list[float]) -> None:
        states.fail_chats(world, 3)
        with pytest.raises(openai.InternalServerError):
            client.chat()
        assert records.statuses(world) == [500, 500, 500]
        assert len(waits) == 2
        assert records.charges(world) == []

    @pytest.mark.parametrize("case", ["no balance", "no developer access", "unknown key", "bad role", "unknown model"])
    def test_other_errors_are_not_retried(self, client: Client, world: World, waits: list[float], case: str) -> None:
        refusal = REFUSALS[case]
        refusal.prepare(world)
        with pytest.raises(refusal.error):
            client(refusal.ask)
        assert records.statuses(world) == [refusal.status]
        assert waits == []
