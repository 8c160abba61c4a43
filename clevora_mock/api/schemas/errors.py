"""What every refusal looks like (contract W1)."""

from typing import Annotated

from msgspec import Struct

from clevora_mock.api.schemas import documented


class ErrorBody(Struct, frozen=True):
    """What went wrong."""

    message: Annotated[str, documented("For people; a 400 names the field and what was expected.")]
    type: Annotated[str, documented("The family.")]
    code: Annotated[str, documented("The exact cause.")]


class ErrorAnswer(Struct, frozen=True):
    """The body of every refusal (W1)."""

    error: Annotated[ErrorBody, documented("What went wrong.")]
