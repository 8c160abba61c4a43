"""A row of the table of requests and expected responses, and its matchers."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


# --- matchers ---------------------------------------------------------------------------------------------------------


class Matcher:
    """A condition on a value, for rows where more than one value is right."""

    def accepts(self, value: object) -> bool:
        raise NotImplementedError


@dataclass(frozen=True)
class OfType(Matcher):
    """A value of exactly this type; booleans are not numbers."""

    kind: type

    def accepts(self, value: object) -> bool:
        return type(value) is self.kind


@dataclass(frozen=True)
class Text(Matcher):
    """A string that matches this pattern entirely."""

    pattern: str

    def accepts(self, value: object) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value, re.DOTALL) is not None


@dataclass(frozen=True)
class Within(Matcher):
    """A number within these bounds, both included."""

    low: float
    high: float

    def accepts(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True)
class ListOf(Matcher):
    """An array of this length whose items all match `item`."""

    length: int
    item: Any = None

    def accepts(self, value: object) -> bool:
        return (
            isinstance(value, list)
            and len(value) == self.length
            and (self.item is None or all(not differences(self.item, one) for one in value))
        )


@dataclass(frozen=True)
class OneOf(Matcher):
    """Any of these values."""

    values: tuple[Any, ...]

    def accepts(self, value: object) -> bool:
        return value in self.values


@dataclass(frozen=True)
class Exactly(Matcher):
    """An object with exactly these keys, whose values match."""

    keys: Mapping[str, Any]

    def accepts(self, value: object) -> bool:
        return isinstance(value, dict) and value.keys() == self.keys.keys() and not differences(dict(self.keys), value)


class Absent:
    """A key that must be absent."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()
INT = OfType(int)
STRING = Text(".+")
MOMENT = Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def values(*given: Any) -> tuple[Any, ...]:
    """Return values of several types, for rows that differ in nothing else."""
    return given


def differences(wanted: Any, found: Any, place: str = "") -> list[str]:
    """Return the paths where `found` differs from `wanted`: objects may have further keys, arrays no further items."""
    if isinstance(wanted, Matcher):
        return [] if wanted.accepts(found) else [f"{place or 'it'}: wanted {wanted}, got {found!r}"]
    if isinstance(wanted, Mapping):
        if not isinstance(found, Mapping):
            return [f"{place or 'it'}: wanted an object, got {found!r}"]
        said: list[str] = []
        for name, part in wanted.items():
            if part is ABSENT:
                said += [f"{place}.{name}: must be absent"] if name in found else []
            elif name not in found:
                said.append(f"{place}.{name}: missing")
            else:
                said += differences(part, found[name], f"{place}.{name}")
        return said
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return [f"{place or 'it'}: wanted {len(wanted)} items, got {found!r}"]
        return [
            line
            for index, (one, other) in enumerate(zip(wanted, found, strict=True))
            for line in differences(one, other, f"{place}[{index}]")
        ]
    same = type(wanted) is type(found) or {type(wanted), type(found)} == {int, float}
    return [] if same and wanted == found else [f"{place or 'it'}: wanted {wanted!r}, got {found!r}"]
