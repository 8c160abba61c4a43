"""Pydantic AI's agents and embedder, with its provider for servers compatible with OpenAI's API."""

from collections.abc import AsyncIterator
from importlib import metadata
from typing import Any

from pydantic import BaseModel
from pydantic_ai import Agent, Embedder, NativeOutput, PromptedOutput, RequestUsage, RunUsage
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.output import OutputSpec
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

EMBEDDING_MODEL = "clevora-embed-1"


class Person(BaseModel):
    name: str
    age: int


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version("pydantic-ai-slim")]}


def model(base_url: str, api_key: str, request: dict[str, Any]) -> OpenAIChatModel:
    provider = OpenAICompatibleProvider("clevora", base_url=base_url, api_key=api_key)
    return OpenAIChatModel(request["model"], provider=provider)


async def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    (message,) = request["messages"]
    result = await Agent(model(base_url, api_key, request)).run(message["content"])
    return {"text": result.output, "finish": result.response.finish_reason, "usage": counts(result.usage)}


async def stream(base_url: str, api_key: str, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    (message,) = request["messages"]
    async with Agent(model(base_url, api_key, request)).run_stream(message["content"]) as result:
        async for text in result.stream_text(delta=True, debounce_by=None):
            yield {"text": text}
        yield {"finish": result.response.finish_reason, "usage": counts(result.usage)}


async def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    provider = OpenAICompatibleProvider("clevora", base_url=base_url, api_key=api_key)
    result = await Embedder(OpenAIEmbeddingModel(EMBEDDING_MODEL, provider=provider)).embed_documents(texts)
    return {"vectors": result.embeddings, "usage": counts(result.usage)}


async def native(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    return {"object": await person(model(base_url, api_key, request), request, NativeOutput(Person))}


async def prompted(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    return {"object": await person(model(base_url, api_key, request), request, PromptedOutput(Person))}


async def person(asked: OpenAIChatModel, request: dict[str, Any], form: OutputSpec[Person]) -> dict[str, Any]:
    (message,) = request["messages"]
    result = await Agent(asked, output_type=form).run(message["content"])
    return result.output.model_dump()


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "code": getattr(error, "provider_error_code", None)}


def counts(usage: RequestUsage | RunUsage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
