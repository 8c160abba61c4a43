"""OpenAI's SDK for Node, with only the base URL and the key changed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS, MAX_BODY_BYTES
from tests.external.clients.conftest import Script
from tests.support import records, states
from tests.support.world import World

REQUEST = {
    "model": "clevora-1.0-turbo",
    "messages": [{"role": "user", "content": "Tell me about the sea, and why people sail on it."}],
}


def ask(world: World, **changes: Any) -> Any:
    """Return the response over plain HTTP."""
    answer = world.http.post("/v1/chat/completions", json=REQUEST | changes, headers=world.headers)
    assert answer.status_code == 200
    return answer.json()


class TestChat:
    def test_answer(self, world: World, script: Script) -> None:
        got = script(world, "openai", "chat", request=REQUEST)
        plain = ask(world)
        assert got["answer"]["choices"] == plain["choices"]
        assert got["answer"]["usage"] == plain["usage"]
        assert got["requestId"] == records.journal(world)[0].id
        assert got["contentType"] == "application/json"

    def test_stream(self, world: World, script: Script) -> None:
        chunks = script(world, "openai", "stream", request=REQUEST | {"stream_options": {"include_usage": True}})
        plain = ask(world)
        said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
        assert said == plain["choices"][0]["message"]["content"]
        assert [chunk["usage"] for chunk in chunks if "usage" in chunk] == [plain["usage"]]
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"

    def test_helper(self, world: World, script: Script) -> None:
        got = script(world, "openai", "helper", request=REQUEST)
        plain = ask(world)
        assert got["final"]["choices"][0]["message"]["content"] == plain["choices"][0]["message"]["content"]
        assert got["final"]["usage"] == plain["usage"]
        assert got["deltas"] == plain["usage"]["completion_tokens"]

    def test_a_limit_cuts_the_answer(self, world: World, script: Script) -> None:
        got = script(world, "openai", "chat", request=REQUEST | {"max_tokens": 3})["answer"]
        assert got["choices"][0]["finish_reason"] == "length"
        assert got["usage"]["completion_tokens"] == 3

    def test_an_abandoned_loop_is_billed_for_the_sent_tokens(self, live_world: World, script: Script) -> None:
        live_world.stop_clock()
        assert len(script(live_world, "openai", "leave", request=REQUEST, chunks=2)) == 2
        (charge,) = records.wait_for_charges(live_world)
        live_world.advance(3600)
        assert charge.tokens == ask(live_world)["usage"]["prompt_tokens"] + 1
        assert len(records.charges(live_world)) == 2


class TestEmbeddings:
    TEXTS = ("the cat sat", "on the mat", "naïve café ☕")

    def test_the_default_encoding_and_floats_give_the_same_vectors(self, world: World, script: Script) -> None:
        """The SDK requests base64 by default, and would misread any other encoding."""
        texts = list(self.TEXTS)
        default = script(world, "openai", "embed", input=texts)
        floats = script(world, "openai", "embed", input=texts, encoding="float")
        plain = world.http.post("/v1/embeddings", json={"input": texts}, headers=world.headers).json()
        assert default["data"] == floats["data"] == plain["data"]
        assert [len(one["embedding"]) for one in default["data"]] == [EMBEDDING_DIMENSIONS] * 3
        assert default["usage"] == floats["usage"] == plain["usage"]


def _no_preparation(world: World) -> None:
    """Change nothing in the sandbox."""


class ErrorCase(NamedTuple):
    """A request, its situation, and the SDK's exception for it."""

    prepare: Callable[[World], None]
    asked: dict[str, Any]
    error: str
    status: int
    type: str


REFUSALS = {
    "missing_field": ErrorCase(_no_preparation, {"body": {}}, "BadRequestError", 400, "invalid_request_error"),
    "invalid_api_key": ErrorCase(
        _no_preparation, {"options": {"apiKey": "sk_live_wrong"}}, "AuthenticationError", 401, "authentication_error"
    ),
    "insufficient_balance": ErrorCase(lambda world: world.balance(0), {}, "APIError", 402, "billing_error"),
    "account_not_activated": ErrorCase(states.deactivate, {}, "APIError", 402, "billing_error"),
    "developer_access_required": ErrorCase(states.lose_access, {}, "PermissionDeniedError", 403, "permission_error"),
    "not_found": ErrorCase(_no_preparation, {"path": "/responses"}, "NotFoundError", 404, "not_found_error"),
    "model_not_found": ErrorCase(
        _no_preparation, {"body": REQUEST | {"model": "gpt-4o"}}, "NotFoundError", 404, "not_found_error"
    ),
    "method_not_allowed": ErrorCase(_no_preparation, {"method": "put"}, "APIError", 405, "invalid_request_error"),
    "payload_too_large": ErrorCase(
        _no_preparation, {"body": {"filler": "a" * MAX_BODY_BYTES}}, "APIError", 413, "invalid_request_error"
    ),
    "rate_limit_exceeded": ErrorCase(states.use_up_minute, {}, "RateLimitError", 429, "rate_limit_error"),
    "daily_token_limit_exceeded": ErrorCase(states.use_up_day, {}, "RateLimitError", 429, "rate_limit_error"),
    "internal_error": ErrorCase(states.fail_chats, {}, "InternalServerError", 500, "server_error"),
}


class TestRefusals:
    @pytest.mark.parametrize(("code", "case"), REFUSALS.items(), ids=REFUSALS.keys())
    def test_each_error_has_its_own_class(self, world: World, script: Script, code: str, case: ErrorCase) -> None:
        case.prepare(world)
        request = {"path": "/chat/completions", "body": REQUEST} | case.asked
        request["options"] = {"maxRetries": 0} | request.get("options", {})
        got = script(world, "openai", "fail", **request)
        assert (got["class"], got["status"], got["type"], got["code"]) == (case.error, case.status, case.type, code)
        assert got["isApiError"]
        assert got["error"].keys() == {"message", "type", "code"}
        assert got["requestId"] == records.journal(world)[-1].id
        assert records.charges(world) == []
