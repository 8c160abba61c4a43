"""A refusal, by name: whoever finds a fault raises it, and one handler at the edge renders it."""

from clevora_mock import contract
from clevora_mock.contract import Failure


class UnusableFileError(ValueError):
    """A file of the user's that cannot be used; the message names it and says all that is wrong, line by line."""


class ApiError(Exception):
    """A request that is refused with a row of the contract's table of failures, named by its code.

    `hint` explains what the mock knows beyond the contract; it goes into a header, never into the body.
    `retry_after` is in whole seconds. `allow` lists the methods of a 405.
    """

    def __init__(
        self,
        failure: str | Failure,
        message: str | None = None,
        *,
        hint: str | None = None,
        retry_after: int | None = None,
        allow: str | None = None,
    ) -> None:
        self.failure = contract.FAILURE[failure] if isinstance(failure, str) else failure
        self.message = message or self.failure.message
        self.hint = hint
        self.retry_after = retry_after
        self.allow = allow
        super().__init__(self.message)


def missing(path: str) -> ApiError:
    """A required field is not there; `path` as in ``messages[0].role``."""
    return ApiError("missing_field", f"{path}: required, but missing")


def invalid(path: str, expected: str, got: str, hint: str | None = None) -> ApiError:
    """A field is there but wrong: ``messages[0].role: expected one of ..., got "robot"``."""
    return ApiError("invalid_field", f"{path}: expected {expected}, got {got}", hint=hint)
