"""Schema of errors (W1)."""

from typing import Annotated

from msgspec import Struct

from clevora_mock.api.schemas import documented


class ErrorBody(Struct, frozen=True):
    """An error."""

    message: Annotated[str, documented("Human-readable; that of a 400 names the field and what was expected.")]
    type: Annotated[str, documented("The kind of error.")]
    code: Annotated[str, documented("The exact error.")]


class ErrorResponse(Struct, frozen=True):
    """The body of every error response (W1)."""

    error: Annotated[ErrorBody, documented("The error.")]
