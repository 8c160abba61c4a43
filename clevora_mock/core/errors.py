"""Errors of the API, raised by code anywhere and rendered by one exception handler."""

from clevora_mock.contract.errors import ERROR_BY_CODE, ErrorSpec
from clevora_mock.core.messages import masked_excerpt

# A client may send any name for a field, however long.
_MAX_PATH = 200


class UnusableFileError(ValueError):
    """A user's file that cannot be used; the message names the file and each problem in it."""


class UnwritableFileError(UnusableFileError):
    """A file or directory of a flag that cannot be written; the message has the flag, the path and the reason."""


class ApiError(Exception):
    """An error response: an error of the contract, or its code.

    `hint` is an explanation by the mock, sent in a header and never in the body. `retry_after` is in whole seconds.
    `allow` lists the methods of a 405.
    """

    def __init__(
        self,
        spec: str | ErrorSpec,
        message: str | None = None,
        *,
        hint: str | None = None,
        retry_after: int | None = None,
        allow: str | None = None,
    ) -> None:
        self.spec = ERROR_BY_CODE[spec] if isinstance(spec, str) else spec
        self.message = message or self.spec.message
        self.hint = hint
        self.retry_after = retry_after
        self.allow = allow
        super().__init__(self.message)


def missing(path: str, hint: str | None = None) -> ApiError:
    """Return the error for a missing required field; `path` is like ``messages[0].role``."""
    return ApiError("missing_field", f"{masked_excerpt(path, _MAX_PATH)}: required, but missing", hint=hint)


def invalid(path: str, expected: str, got: str, hint: str | None = None) -> ApiError:
    """Return the error for an invalid field: ``messages[0].role: expected one of ..., got "robot"``."""
    field = masked_excerpt(path, _MAX_PATH) or '""'
    return ApiError("invalid_field", f"{field}: expected {expected}, got {got}", hint=hint)
