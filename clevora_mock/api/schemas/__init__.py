"""Schemas of requests and responses, for parsing bodies and for ``/openapi.json`` and ``/llms.json``.

Each field has a description and its basis, documented or inferred. ``null`` counts as absent (C4), so optional fields
take None. Endpoints check what a type cannot express (content parts, models, decimals).
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from clevora_mock.contract.endpoints import DOCUMENTED, INFERRED, MODELS_BY_ENDPOINT

# The pattern of a text that is not blank.
NOT_BLANK = r"\S"


# Of the schema of a field: its value where it is absent, and that it is required although a request may lack it.
DEFAULT, REQUIRED = "x-clevora-default", "x-clevora-required"


def documented(description: str, schema: dict[str, Any] | None = None, **limits: Any) -> Meta:
    """Describe a documented field; `schema` is added to its JSON Schema, `limits` are those of `msgspec.Meta`."""
    return Meta(description=description, extra_json_schema={"x-clevora-basis": DOCUMENTED} | (schema or {}), **limits)


def inferred(description: str, schema: dict[str, Any] | None = None, **limits: Any) -> Meta:
    """Describe an inferred field; `schema` is added to its JSON Schema, `limits` are those of `msgspec.Meta`."""
    return Meta(description=description, extra_json_schema={"x-clevora-basis": INFERRED} | (schema or {}), **limits)


def model_names(endpoint: str) -> Meta:
    """Describe the models that an endpoint takes; others are refused by the endpoint, with an error of their own."""
    return Meta(extra_json_schema={"enum": list(MODELS_BY_ENDPOINT[endpoint])})


class TokenUsage(Struct, frozen=True):
    """Tokens that are billed."""

    prompt_tokens: Annotated[int, documented("Tokens of the prompt.")]
    completion_tokens: Annotated[int, documented("Tokens of the completion.")]
    total_tokens: Annotated[int, documented("The sum of both.")]


class PromptUsage(Struct, frozen=True):
    """Tokens that are billed where no text is generated."""

    prompt_tokens: Annotated[int, inferred("Tokens of the input.")]
    total_tokens: Annotated[int, inferred("Equal to prompt_tokens.")]
