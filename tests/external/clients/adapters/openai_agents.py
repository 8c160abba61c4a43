"""OpenAI's agents SDK, with its model for chat completions; by default it calls `/v1/responses`."""

from collections.abc import AsyncIterator
from importlib import metadata
from typing import Any

from agents import Agent, OpenAIChatCompletionsModel, Runner, Usage, set_tracing_disabled
from openai import AsyncOpenAI
from pydantic import BaseModel

# It would send a trace of each run to OpenAI.
set_tracing_disabled(True)


class Person(BaseModel):
    name: str
    age: int


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version("openai-agents")]}


def agent(client: AsyncOpenAI, request: dict[str, Any], output_type: type | None = None) -> Agent:
    return Agent("assistant", model=OpenAIChatCompletionsModel(request["model"], client), output_type=output_type)


async def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    async with AsyncOpenAI(base_url=base_url, api_key=api_key) as client:
        result = await Runner.run(agent(client, request), request["messages"])
    return {"text": result.final_output, "usage": counts(result.context_wrapper.usage)}


async def stream(base_url: str, api_key: str, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    async with AsyncOpenAI(base_url=base_url, api_key=api_key) as client:
        result = Runner.run_streamed(agent(client, request), request["messages"])
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                yield {"text": event.data.delta}
    yield {"usage": counts(result.context_wrapper.usage)}


async def native(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    async with AsyncOpenAI(base_url=base_url, api_key=api_key) as client:
        result = await Runner.run(agent(client, request, Person), request["messages"])
    return {"object": result.final_output.model_dump()}


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}


def counts(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }
