"""smolagents' model for servers compatible with OpenAI's API."""

import json
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from smolagents import OpenAIModel
from smolagents.monitoring import TokenUsage

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version("smolagents")]}


def connect(base_url: str, api_key: str, request: dict[str, Any]) -> OpenAIModel:
    # After the SDK's own retries it would wait two minutes or more for a 429, twice, whatever Retry-After says.
    return OpenAIModel(request["model"], api_base=base_url, api_key=api_key, retry=False)


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = connect(base_url, api_key, request).generate(request["messages"])
    finish = answer.raw.choices[0].finish_reason
    return {"text": answer.content, "finish": finish, "usage": counts(answer.token_usage)}


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for delta in connect(base_url, api_key, request).generate_stream(request["messages"]):
        yield {"text": delta.content or ""}
        if delta.token_usage:
            yield {"usage": counts(delta.token_usage)}


def native(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    answer = connect(base_url, api_key, request).generate(request["messages"], response_format=schema)
    return {"object": json.loads(answer.content)}


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}


def counts(usage: TokenUsage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
