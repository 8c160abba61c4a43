"""Contract files: rows of the contract set otherwise, where the live API is known to do otherwise.

``serve --contract FILE`` reads YAML or JSON. Entries that are left out stay as the contract has them. Scenarios, the
journal and the control plane keep the contract's names of errors, whatever the API calls them.
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from clevora_mock.contract.errors import ERROR_BY_CODE, CustomErrorSpec, ErrorSpec
from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS, REQUESTS_PER_MINUTE, TOKENS_PER_DAY
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.limits import Counting, Limit, Limits, Window
from clevora_mock.core.messages import did_you_mean, one_of
from clevora_mock.text.tokens import Tokenizer

Word = Annotated[str, Meta(min_length=1, max_length=100)]


class ContractError(UnusableFileError):
    """A contract file that cannot be used; the message names the file, the field and what is expected."""


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

    dimensions: Annotated[int, Meta(ge=1, le=8192)] = EMBEDDING_DIMENSIONS


class ErrorRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The form of an error, by its code in the contract."""

    status: Annotated[int, Meta(ge=400, le=599)] | UnsetType = UNSET
    type: Word | UnsetType = UNSET
    code: Word | UnsetType = UNSET


class ContractFile(Struct, frozen=True, forbid_unknown_fields=True):
    """What a contract file may set."""

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
    try:
        read = msgspec.convert(document if document is not None else {}, ContractFile)
    except msgspec.ValidationError as error:
        raise ContractError(f"{path}: {_explain(str(error), document)}") from None
    for code in read.errors:
        if code not in ERROR_BY_CODE:
            known = one_of(ERROR_BY_CODE)
            raise ContractError(f'{path}: errors: expected {known}, got "{code}"{did_you_mean(code, ERROR_BY_CODE)}')
    return read


def _changed(spec: ErrorSpec, row: ErrorRow) -> ErrorSpec:
    return CustomErrorSpec(
        spec.code if row.code is UNSET else row.code,
        spec.status if row.status is UNSET else row.status,
        spec.message,
        spec.cause,
        spec.basis,
        own_type=spec.type if row.type is UNSET else row.type,
    )


def _explain(message: str, document: object) -> str:
    """Return a validation error with the field first, the expectation, and the value: ``limits.window: expected …``."""
    expected, _, place = message.partition(" - at `$")
    field = place.rstrip("`").lstrip(".") or "the file"
    value: Any = document
    for name in filter(None, field.split(".") if place else []):
        value = value.get(name) if isinstance(value, dict) else value
    return f"{field}: {expected[:1].lower()}{expected[1:]}, got {value!r}"
