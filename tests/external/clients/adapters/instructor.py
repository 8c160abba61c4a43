"""instructor in its JSON modes, which request an object of a class and validate it."""

from collections.abc import Iterator
from importlib import metadata
from typing import Any

import instructor
from openai import OpenAI
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version("instructor")]}


def connect(base_url: str, api_key: str, mode: instructor.Mode = instructor.Mode.JSON) -> instructor.Instructor:
    return instructor.from_openai(OpenAI(base_url=base_url, api_key=api_key), mode=mode)


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    create = connect(base_url, api_key).chat.completions.create_with_completion
    person, answer = create(response_model=Person, **request)
    (choice,) = answer.choices
    return {"text": person.model_dump_json(), "finish": choice.finish_reason, "usage": answer.usage.model_dump()}


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    create = connect(base_url, api_key).chat.completions.create_partial
    for person in create(response_model=Person, **request):
        yield {"text": person.model_dump_json()}


def json_schema(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    return {"object": person(connect(base_url, api_key, instructor.Mode.JSON_SCHEMA), request)}


def md_json(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    return {"object": person(connect(base_url, api_key, instructor.Mode.MD_JSON), request)}


def person(client: instructor.Instructor, request: dict[str, Any]) -> dict[str, Any]:
    return client.chat.completions.create(response_model=Person, **request).model_dump()


def described(error: Exception) -> dict[str, Any]:
    # The SDK's exception is the cause of instructor's own.
    cause = error.__cause__
    return {"status": getattr(cause, "status_code", None), "code": getattr(cause, "code", None)}
