"""Firebase's errors: Google's format, with messages that the SDKs map to ``auth/...`` codes."""

from typing import Any

from clevora_mock.contract.errors import ErrorSpec
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.masking import masked_text
from clevora_mock.core.passwords import MIN_CHARACTERS
from clevora_mock.core.reply import Reply
from clevora_mock.web.error_rendering import with_error_headers
from clevora_mock.web.json_response import encode_reply

_LOGIN = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)

# Code, status and message (None: the code itself); the SDKs ignore the part of a message after " : ".
_ROWS: tuple[tuple[str, int, str | None], ...] = (
    ("EMAIL_EXISTS", 400, None),
    ("INVALID_ARGUMENT", 400, "Invalid JSON payload received."),
    ("INVALID_EMAIL", 400, None),
    ("INVALID_GRANT_TYPE", 400, None),
    ("INVALID_ID_TOKEN", 400, None),
    ("INVALID_LOGIN_CREDENTIALS", 400, None),
    ("INVALID_REFRESH_TOKEN", 400, None),
    ("INVALID_REQ_TYPE", 400, "INVALID_REQ_TYPE : Unsupported request parameters."),
    ("MISSING_EMAIL", 400, None),
    ("MISSING_GRANT_TYPE", 400, None),
    ("MISSING_ID_TOKEN", 400, None),
    ("MISSING_PASSWORD", 400, None),
    ("MISSING_REFRESH_TOKEN", 400, None),
    ("QUOTA_EXCEEDED", 400, "QUOTA_EXCEEDED : Exceeded quota for creating accounts."),
    ("TOKEN_EXPIRED", 400, None),
    ("UNEXPECTED_PARAMETER", 400, "UNEXPECTED_PARAMETER : User ID"),
    ("USER_NOT_FOUND", 400, None),
    ("WEAK_PASSWORD", 400, f"WEAK_PASSWORD : Password should be at least {MIN_CHARACTERS} characters"),
    ("UNAUTHENTICATED", 401, f"Request had invalid authentication credentials. {_LOGIN}"),
    ("PERMISSION_DENIED", 403, "The request is missing a valid API key."),
    ("NOT_IMPLEMENTED", 501, "NOT_IMPLEMENTED : This is not emulated."),
)
CODES = frozenset(code for code, _, _ in _ROWS)
_SPECS = {code: ErrorSpec(code, status, message or code, "") for code, status, message in _ROWS}

# Google's name for each status; other errors have none.
_NAMES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    500: "INTERNAL",
    501: "NOT_IMPLEMENTED",
}
_REASONS = {401: "authError", 403: "forbidden", 404: "notFound", 500: "backendError", 501: "unimplemented"}

# Codes of the pipeline for bodies that do not parse.
_BODY_ERRORS = frozenset({"invalid_json", "missing_field", "invalid_field"})


def firebase_error(code: str, message: str | None = None, hint: str | None = None) -> ApiError:
    """Return the error with one of Firebase's codes; `hint` is sent in a header."""
    return ApiError(_SPECS[code], message, hint=hint)


def not_emulated(what: str) -> ApiError:
    """Return the error for a feature of Firebase that is not emulated."""
    return firebase_error("NOT_IMPLEMENTED", f"NOT_IMPLEMENTED : {what} is not emulated.")


def google_error(error: ApiError, facts: RequestFacts) -> Reply:
    """Render `error`, also one of the mock itself, in the format of Google's APIs."""
    if error.spec.code in _BODY_ERRORS:
        error = firebase_error("INVALID_ARGUMENT", f"Invalid JSON payload received. {error.message}", error.hint)
    status, message = error.spec.status, masked_text(error.message)
    item = {"message": message, "domain": "global", "reason": _REASONS.get(status, "invalid")}
    body: dict[str, Any] = {"code": status, "message": message, "errors": [item]}
    name = _NAMES.get(status) or ("INVALID_ARGUMENT" if error.spec.code == "INVALID_ARGUMENT" else None)
    if name is not None:
        body["status"] = name
    return with_error_headers(encode_reply({"error": body}, status), error)
