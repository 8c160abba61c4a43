"""A row of the table of requests and expected responses, and the matchers of the package's probes."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clevora_mock.verify.expectation import (
    ABSENT,
    INT,
    MOMENT,
    STRING,
    Exactly,
    ListOf,
    Matcher,
    OfType,
    OneOf,
    Text,
    Within,
    differences,
    values,
)

__all__ = [
    "ABSENT",
    "ENVELOPED",
    "ERRORS",
    "INT",
    "MOMENT",
    "STRING",
    "Exactly",
    "ListOf",
    "Matcher",
    "OfType",
    "OneOf",
    "Row",
    "Text",
    "Within",
    "differences",
    "values",
]

# A second copy of the contract's error table, on purpose: it detects mistakes in the product's table.
ERRORS: dict[str, tuple[int, str]] = {
    "invalid_json": (400, "invalid_request_error"),
    "missing_field": (400, "invalid_request_error"),
    "invalid_field": (400, "invalid_request_error"),
    "invalid_model": (400, "invalid_request_error"),
    "invalid_api_key": (401, "authentication_error"),
    "invalid_id_token": (401, "authentication_error"),
    "invalid_signature": (401, "authentication_error"),
    "account_not_activated": (402, "billing_error"),
    "insufficient_balance": (402, "billing_error"),
    "developer_access_required": (403, "permission_error"),
    "not_found": (404, "not_found_error"),
    "model_not_found": (404, "not_found_error"),
    "method_not_allowed": (405, "invalid_request_error"),
    "payload_too_large": (413, "invalid_request_error"),
    "rate_limit_exceeded": (429, "rate_limit_error"),
    "daily_token_limit_exceeded": (429, "rate_limit_error"),
    "internal_error": (500, "server_error"),
}

# Paths whose errors have `"status":"error"` beside `"error"`.
ENVELOPED = ("/v1/keys", "/v1/usage", "/api/developer")


@dataclass(frozen=True)
class Row:
    """One request and its expected response.

    `given` names situations of `situations.py`, each a name or a name with arguments. `{name}` in the path or as a
    whole string of the body stands for a value that a situation stored, such as a key's id. `credential` is a kind in
    the table `CREDENTIALS`. A row with a `code` expects that error; `field` is the start of its message. `answer` is
    the part of the body to compare, with matchers; `sends` is the part of the headers.
    """

    title: str
    clauses: tuple[str, ...]
    request: str
    body: Any = None
    raw: bytes | None = None
    credential: str = "key"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    given: tuple[Any, ...] = ()
    status: int = 200
    code: str | None = None
    field: str | None = None
    message: str | None = None
    answer: Any = None
    sends: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.request.partition(" ")[2]
