"""DSPy's model, modules and embedder, which name models of compatible servers `openai/...`."""

from collections.abc import AsyncIterator
from importlib import metadata
from typing import Any

import dspy

EMBEDDING_MODEL = "clevora-embed-1"


class Person(dspy.Signature):
    question: str = dspy.InputField()
    name: str = dspy.OutputField()
    age: int = dspy.OutputField()


class Answer(dspy.Module):
    """A program that passes the question on, since modules such as `Predict` ask for fields and do not stream prose."""

    def forward(self, question: str) -> dspy.Prediction:
        (text,) = dspy.settings.lm(question)
        return dspy.Prediction(answer=text)


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version("dspy")]}


def connect(base_url: str, api_key: str, request: dict[str, Any]) -> dspy.LM:
    # It would answer repeated requests from its cache on disk.
    return dspy.LM(f"openai/{request['model']}", api_base=base_url, api_key=api_key, cache=False)


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    model = connect(base_url, api_key, request)
    (message,) = request["messages"]
    (text,) = model(message["content"])
    (call,) = model.history
    return {"text": text, "finish": call["response"].finish_reason, "usage": dict(call["usage"])}


async def stream(base_url: str, api_key: str, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    (message,) = request["messages"]
    program = dspy.streamify(Answer())
    with dspy.context(lm=connect(base_url, api_key, request), track_usage=True):
        async for piece in program(question=message["content"]):
            if isinstance(piece, dspy.Prediction):
                (usage,) = piece.get_lm_usage().values()
                yield {"usage": usage}
                continue
            (choice,) = piece.choices
            yield {"text": choice.delta.content or ""}
            if choice.finish_reason:
                yield {"finish": choice.finish_reason}


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    model = dspy.Embedder(f"openai/{EMBEDDING_MODEL}", api_base=base_url, api_key=api_key, caching=False)
    return {"vectors": model(texts).tolist()}


def prompted(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    (message,) = request["messages"]
    with dspy.context(lm=connect(base_url, api_key, request), adapter=dspy.JSONAdapter()):
        found = dspy.Predict(Person)(question=message["content"])
    return {"object": found.toDict()}


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status", None), "code": getattr(error, "provider_code", None)}
