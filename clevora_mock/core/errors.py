"""Errors of the API, raised by code anywhere and rendered by one handler at the edge."""

from clevora_mock.contract.errors import ERROR_BY_CODE, ErrorSpec


class UnusableFileError(ValueError):
    """A user's file that cannot be used; the message names it and all that is wrong, line by line."""


class ApiError(Exception):
    """A refused request: a row of the contract's table of errors, named by its code.

    `hint` explains what the mock knows beyond the contract; it goes into a header, never into the body.
    `retry_after` is in whole seconds. `allow` lists the methods of a 405.
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


def missing(path: str) -> ApiError:
    """Return the error for a required field that is absent; `path` as in ``messages[0].role``."""
    return ApiError("missing_field", f"{path}: required, but missing")


def invalid(path: str, expected: str, got: str, hint: str | None = None) -> ApiError:
    """Return the error for a wrong field: ``messages[0].role: expected one of ..., got "robot"``."""
    return ApiError("invalid_field", f"{path}: expected {expected}, got {got}", hint=hint)
