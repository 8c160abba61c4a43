"""LangChain's chat model and embeddings for servers compatible with OpenAI's API."""

from collections.abc import Iterator
from importlib import metadata
from typing import Any

from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

EMBEDDING_MODEL = "clevora-embed-1"


class Person(BaseModel):
    name: str
    age: int


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version("langchain-openai")]}


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    model = ChatOpenAI(base_url=base_url, api_key=api_key, model=request["model"])
    answer = model.invoke(request["messages"])
    return {"text": answer.text, "finish": answer.response_metadata["finish_reason"], "usage": counts(answer)}


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    model = ChatOpenAI(base_url=base_url, api_key=api_key, model=request["model"])
    for chunk in model.stream(request["messages"]):
        yield {"text": chunk.text}
        if "finish_reason" in chunk.response_metadata:
            yield {"finish": chunk.response_metadata["finish_reason"]}
        if chunk.usage_metadata:
            yield {"usage": counts(chunk)}


def native(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    model = ChatOpenAI(base_url=base_url, api_key=api_key, model=request["model"])
    return {
        "object": model.with_structured_output(Person, method="json_schema").invoke(request["messages"]).model_dump()
    }


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    # By default it downloads a tokenizer to split texts into token ids, which only OpenAI's models accept.
    model = OpenAIEmbeddings(
        base_url=base_url, api_key=api_key, model=EMBEDDING_MODEL, check_embedding_ctx_length=False
    )
    return {"vectors": model.embed_documents(texts)}


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}


def counts(message: AIMessage) -> dict[str, int]:
    usage = message.usage_metadata
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
    }
