"""LlamaIndex's model and embeddings for servers compatible with OpenAI's API."""

from collections.abc import Iterator
from importlib import metadata
from typing import Any

from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

PACKAGES = ("llama-index-llms-openai-like", "llama-index-embeddings-openai")
EMBEDDING_MODEL = "clevora-embed-1"


class Person(BaseModel):
    name: str
    age: int


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version(package) for package in PACKAGES]}


def connect(base_url: str, api_key: str, request: dict[str, Any], **settings: Any) -> OpenAILike:
    return OpenAILike(model=request["model"], api_base=base_url, api_key=api_key, is_chat_model=True, **settings)


def messages(request: dict[str, Any]) -> list[ChatMessage]:
    return [ChatMessage(role=one["role"], content=one["content"]) for one in request["messages"]]


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = connect(base_url, api_key, request).chat(messages(request))
    (choice,) = answer.raw.choices
    return {"text": answer.message.content, "finish": choice.finish_reason, "usage": answer.additional_kwargs}


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in connect(base_url, api_key, request).stream_chat(messages(request)):
        (choice,) = piece.raw.choices
        yield {"text": piece.delta}
        if choice.finish_reason:
            yield {"finish": choice.finish_reason}
        if piece.additional_kwargs:
            yield {"usage": piece.additional_kwargs}


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    model = OpenAIEmbedding(model_name=EMBEDDING_MODEL, api_base=base_url, api_key=api_key)
    return {"vectors": model.get_text_embedding_batch(texts)}


def native(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    return {"object": person(connect(base_url, api_key, request, should_use_structured_outputs=True), request)}


def prompted(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    return {"object": person(connect(base_url, api_key, request), request)}


def person(model: OpenAILike, request: dict[str, Any]) -> dict[str, Any]:
    (message,) = request["messages"]
    return model.structured_predict(Person, PromptTemplate(message["content"])).model_dump()


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}
