"""Contract files: rows of the contract set otherwise, where the live API is known to do otherwise.

``serve --contract FILE`` reads YAML or JSON. Entries that are left out stay as the contract has them. Scenarios, the
journal and the control plane keep the contract's names of errors, whatever the API calls them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs
from msgspec.inspect import type_info

from clevora_mock.contract.errors import ERROR_BY_CODE, CustomErrorSpec, ErrorSpec
from clevora_mock.contract.limits import (
    EMBEDDING_DIMENSIONS,
    MAX_EMBEDDING_DIMENSIONS,
    REQUESTS_PER_MINUTE,
    TOKENS_PER_DAY,
)
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.limits import Counting, Limit, Limits, Window
from clevora_mock.core.messages import did_you_mean, masked_excerpt, one_of, printable
from clevora_mock.text.tokens import Tokenizer
from clevora_mock.web.type_words import describe_type

Word = Annotated[str, Meta(min_length=1, max_length=100)]


class ContractError(UnusableFileError):
    """A contract file that cannot be used; a line for each mistake: field, expectation, value."""


class LimitRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of a key (L1-L3); null is off. `window` is how a minute's requests leave it."""

    requests_per_minute: Limit | None = REQUESTS_PER_MINUTE
    tokens_per_day: Limit | None = TOKENS_PER_DAY
    window: Window = "sliding"
    count_failed: bool = True
    count_refused: bool = False


class TokenRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The counting of tokens (C7): characters of a word to a token, and what a prompt has beside its texts."""

    word_characters: Annotated[int, Meta(ge=1, le=1000)] = 12
    per_message: Annotated[int, Meta(ge=0, le=1000)] = 3
    per_prompt: Annotated[int, Meta(ge=0, le=1000)] = 3


class EmbeddingRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The vectors (E3)."""

    dimensions: Annotated[int, Meta(ge=1, le=MAX_EMBEDDING_DIMENSIONS)] = EMBEDDING_DIMENSIONS


class ErrorRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The form of an error, by its code in the contract."""

    status: Annotated[int, Meta(ge=400, le=599)] | UnsetType = UNSET
    type: Word | UnsetType = UNSET
    code: Word | UnsetType = UNSET


class ContractFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The entries of a contract file."""

    limits: LimitRow = LimitRow()
    tokens: TokenRow = TokenRow()
    embeddings: EmbeddingRow = EmbeddingRow()
    errors: dict[str, ErrorRow] = {}

    @property
    def key_limits(self) -> Limits:
        return Limits(self.limits.requests_per_minute, self.limits.tokens_per_day)

    @property
    def counting(self) -> Counting:
        return Counting(self.limits.window, self.limits.count_failed, self.limits.count_refused)

    @property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer(self.tokens.word_characters, self.tokens.per_message, self.tokens.per_prompt)

    @property
    def error_specs(self) -> dict[str, ErrorSpec]:
        """The errors that have another form, by their code in the contract."""
        return {code: _changed(ERROR_BY_CODE[code], row) for code, row in self.errors.items()}

    def overrides(self) -> dict[str, Any]:
        """Return what differs from the contract, as the file says it."""
        changed = msgspec.to_builtins(self)
        usual = msgspec.to_builtins(ContractFile())
        parts = {
            part: {name: value for name, value in changed[part].items() if value != usual[part].get(name, UNSET)}
            for part in changed
        }
        return {part: entries for part, entries in parts.items() if entries}


def read_contract(path: Path) -> ContractFile:
    """Read a contract file. Raises ContractError."""
    import yaml  # noqa: PLC0415 - slow to import, and only a contract file needs it

    try:
        document = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        raise ContractError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ContractError(f"{path}: expected YAML or JSON: {' '.join(str(error).split())}") from None
    given = {} if document is None else document
    if problems := [*_problems(given, _TYPES)]:
        raise ContractError("\n".join(f"{path}: {problem}" for problem in problems))
    return msgspec.convert(given, ContractFile)


def _changed(spec: ErrorSpec, row: ErrorRow) -> ErrorSpec:
    return CustomErrorSpec(
        spec.code if row.code is UNSET else row.code,
        spec.status if row.status is UNSET else row.status,
        spec.message,
        spec.cause,
        spec.basis,
        own_type=spec.type if row.type is UNSET else row.type,
    )


def _types(model: type[Struct]) -> dict[str, Any]:
    """Return the type of each field."""
    return {field.name: field.type for field in structs.fields(model)}


# The types of all entries, by the names that lead to them.
_TYPES = {
    "limits": _types(LimitRow),
    "tokens": _types(TokenRow),
    "embeddings": _types(EmbeddingRow),
    "errors": dict.fromkeys(ERROR_BY_CODE, _types(ErrorRow)),
}


def _problems(value: Any, expected: Any, place: str = "") -> Iterator[str]:
    """Yield each mistake in a value that should be of a type, or an object of those `expected` by name."""
    if isinstance(expected, dict) and isinstance(value, dict):
        for name, entry in value.items():
            if name in expected:
                yield from _problems(entry, expected[name], f"{place}.{name}".lstrip("."))
            else:
                hint = did_you_mean(str(name), expected)
                yield f"{place or 'the file'}: expected {one_of(expected)}, got {_text(name)}{hint}"
    elif isinstance(expected, dict):
        yield f"{place or 'the file'}: expected an object, got {_text(value)}"
    else:
        try:
            msgspec.convert(value, expected)
        except msgspec.ValidationError:
            yield f"{place}: expected {describe_type(type_info(expected))}, got {_text(value)}"


def _text(value: object) -> str:
    return masked_excerpt(printable(repr(value)), 60)
