"""The errors of the API by status and code, and those of a gateway in front of it."""

from typing import NamedTuple

from msgspec import Struct

from clevora_mock.contract.endpoints import DOCUMENTED, INFERRED, Basis
from clevora_mock.contract.limits import ACTIVATION_THRESHOLD, MAX_BODY_TEXT, dollars_text


class Status(NamedTuple):
    """A row of the documentation's table of statuses, with the `type` of its errors."""

    title: str
    type: str
    cause: str


STATUSES: dict[int, Status] = {
    400: Status("Bad request", "invalid_request_error", "Missing or malformed body fields."),
    401: Status("Unauthorized", "authentication_error", "Missing, invalid, or revoked API key."),
    402: Status(
        "Payment Required",
        "billing_error",
        f"Account not activated (< {dollars_text(ACTIVATION_THRESHOLD)}) or balance depleted.",
    ),
    403: Status("Forbidden", "permission_error", "Account lacks developer access."),
    404: Status("Not found", "not_found_error", "Unknown route or resource."),
    405: Status("Method not allowed", "invalid_request_error", "Known route, wrong verb."),
    413: Status("Payload too large", "invalid_request_error", f"A body over {MAX_BODY_TEXT}."),
    429: Status("Too many requests", "rate_limit_error", "Rate limit exceeded."),
    500: Status("Server error", "server_error", "Retry with exponential backoff."),
    502: Status("Bad gateway", "server_error", "A gateway got no proper answer."),
    503: Status("Service unavailable", "server_error", "The service is down or overloaded."),
    504: Status("Gateway timeout", "server_error", "A gateway waited too long."),
}


class ErrorSpec(Struct, frozen=True):
    """An error with its default message, and its cause for the documentation."""

    code: str
    status: int
    message: str
    cause: str
    basis: Basis = INFERRED

    @property
    def type(self) -> str:
        return STATUSES[self.status].type


class CustomErrorSpec(ErrorSpec, frozen=True):
    """An error of a scenario, which the contract does not have."""

    own_type: str = ""

    @property
    def type(self) -> str:
        return self.own_type


_THRESHOLD = dollars_text(ACTIVATION_THRESHOLD)

ERRORS: tuple[ErrorSpec, ...] = (
    ErrorSpec(
        "invalid_json",
        400,
        "The request body must be a JSON object",
        "The body is empty, is broken JSON or is no object.",
    ),
    ErrorSpec("missing_field", 400, "A required field is missing", "A required field is missing."),
    ErrorSpec(
        "invalid_field",
        400,
        "A field has an invalid value",
        "A field or query parameter has the wrong type or value.",
    ),
    ErrorSpec(
        "invalid_model",
        400,
        "This model does not serve this endpoint",
        "The model belongs to another endpoint.",
    ),
    ErrorSpec(
        "invalid_api_key",
        401,
        "Invalid API key",
        "The API key is missing, malformed, unknown or revoked.",
        DOCUMENTED,
    ),
    ErrorSpec(
        "invalid_id_token",
        401,
        "Invalid Firebase ID token",
        "The Firebase ID token is missing, malformed, expired or made for another project.",
    ),
    ErrorSpec(
        "invalid_signature",
        401,
        "Invalid webhook signature",
        "A webhook's signature is missing, wrong or stale.",
    ),
    ErrorSpec(
        "account_not_activated",
        402,
        f"Account not activated: the balance has never reached {_THRESHOLD}",
        f"The balance has never reached {_THRESHOLD}.",
    ),
    ErrorSpec(
        "insufficient_balance",
        402,
        "Insufficient balance: top up to continue",
        "The balance is used up.",
    ),
    ErrorSpec(
        "developer_access_required",
        403,
        "This account lacks developer access: activate it first",
        "The account lacks developer access.",
    ),
    ErrorSpec("not_found", 404, "Not found", STATUSES[404].cause),
    ErrorSpec("model_not_found", 404, "This model does not exist", "Unknown model."),
    ErrorSpec(
        "method_not_allowed",
        405,
        "Method not allowed",
        "The route exists, but not for this method.",
    ),
    ErrorSpec(
        "payload_too_large",
        413,
        f"The request body is larger than {MAX_BODY_TEXT}",
        f"The body is over {MAX_BODY_TEXT}.",
    ),
    ErrorSpec(
        "rate_limit_exceeded",
        429,
        "Rate limit exceeded: too many requests in the last minute",
        "The key made too many requests within a minute; wait for `Retry-After` seconds.",
    ),
    ErrorSpec(
        "daily_token_limit_exceeded",
        429,
        "Daily token limit exceeded",
        "The key used up its tokens for the day (UTC); wait for `Retry-After` seconds.",
    ),
    ErrorSpec(
        "internal_error",
        500,
        "Internal server error",
        "Something went wrong; retry with exponential backoff.",
    ),
)

ERROR_BY_CODE: dict[str, ErrorSpec] = {error.code: error for error in ERRORS}

SERVICE_UNAVAILABLE = ErrorSpec("service_unavailable", 503, "Service unavailable", STATUSES[503].cause)

# Only scenarios and headers, and the server's own limits and end, cause these.
GATEWAY_ERRORS: tuple[ErrorSpec, ...] = (
    ErrorSpec("bad_gateway", 502, "Bad gateway", STATUSES[502].cause),
    SERVICE_UNAVAILABLE,
    ErrorSpec("gateway_timeout", 504, "Gateway timeout", STATUSES[504].cause),
)

# The default codes of statuses whose first code in the table is not the usual one.
_USUAL_CODE = {400: "invalid_field", 402: "insufficient_balance"}

INJECTABLE_ERRORS: dict[int, tuple[ErrorSpec, ...]] = {
    status: tuple(
        sorted(
            (error for error in (*ERRORS, *GATEWAY_ERRORS) if error.status == status),
            key=lambda error: error.code != _USUAL_CODE.get(error.status, error.code),
        )
    )
    for status in sorted({error.status for error in (*ERRORS, *GATEWAY_ERRORS)})
}
"""The errors that a scenario can inject, by status; the default of a status comes first."""

STATUS_BY_CODE: dict[str, int] = {
    error.code: status for status, errors in INJECTABLE_ERRORS.items() for error in errors
}

# The default of ``Retry-After``, in seconds, for injected errors.
DEFAULT_RETRY_AFTER: dict[int, int] = {429: 1}
