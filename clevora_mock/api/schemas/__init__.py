"""What the API's requests and answers look like: types that parse a body, and that OpenAPI and ``/llms.json`` follow.

Every field says what it means and whether it is documented. ``null`` counts as absent (C4), so an optional field takes
None; what a type cannot say (content parts, models, decimals) is checked by the endpoint. The dashboard's shapes are in
`dashboard`.

Each endpoint's shapes are a module of their own, and so is loaded for who asks that endpoint.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from clevora_mock.contract.endpoints import DOCUMENTED, INFERRED


def documented(description: str, **limits: Any) -> Meta:
    return Meta(description=description, extra_json_schema={"x-clevora-basis": DOCUMENTED}, **limits)


def inferred(description: str, **limits: Any) -> Meta:
    return Meta(description=description, extra_json_schema={"x-clevora-basis": INFERRED}, **limits)


class Usage(Struct, frozen=True):
    """What the account is billed for."""

    prompt_tokens: Annotated[int, documented("Tokens of the prompt.")]
    completion_tokens: Annotated[int, documented("Tokens of the answer.")]
    total_tokens: Annotated[int, documented("Their sum.")]


class PromptUsage(Struct, frozen=True):
    """What the account is billed for where nothing is generated."""

    prompt_tokens: Annotated[int, inferred("Tokens of the input.")]
    total_tokens: Annotated[int, inferred("The same.")]
