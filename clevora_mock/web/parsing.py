"""From bytes to a typed request, or to a 400 that names the field and says what was expected.

Two steps: the body becomes a JSON document, strictly (W4), then the document becomes a struct. msgspec does both; its
complaints are put into the contract's words here.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from clevora_mock.contract.endpoints import MODELS, MODELS_BY_ENDPOINT, Endpoint
from clevora_mock.contract.limits import MAX_IGNORED_NAMES
from clevora_mock.core.errors import ApiError, invalid, missing

T = TypeVar("T", bound=msgspec.Struct)

_PLACE = r" - at `\$(.*)`$"
_UNKNOWN = r"contains unknown field `(.*?)`"
_ABSENT = r"missing required field `(.*?)`"
_UNSAFE = r"[^!-+\--~]"


def parse_document(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; 400 `invalid_json` for anything else, whatever the content type was."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _broken(body, str(error)) from None
    except RecursionError:
        raise ApiError("invalid_json", "The request body is nested too deeply") from None
    if not isinstance(document, dict):
        raise ApiError("invalid_json", f"The request body must be a JSON object, got {quoted(document)}")
    # A key that occurs twice is one colon more than there are keys; colons in texts send some bodies the slow way.
    if body.count(b":") > _count_keys(document):
        _refuse_duplicates(body)
    return document


def parse_body(body: bytes, schema: type[T]) -> tuple[T, dict[str, Any]]:
    """Return `body` as a `schema`, and the document that it was made of. Raises a 400 that names the field."""
    document = parse_document(body)
    try:
        return msgspec.convert(document, schema), document
    except msgspec.ValidationError as error:
        raise _explained(str(error), document, schema) from None


def parse_optional_body(body: bytes, schema: type[T]) -> T:
    """Return `body` as a `schema`; an empty one leaves every field at its default."""
    return parse_body(body, schema)[0] if body.strip() else schema()


def ignored_names(document: dict[str, Any], schema: type[msgspec.Struct]) -> tuple[str, ...]:
    """List the fields of `document` that the contract does not know (C4), made fit for a header."""
    known = schema.__struct_encode_fields__
    if len(document) <= len(known) and document.keys() <= set(known):
        return ()
    return tuple(_header_safe(name) for name in document if name not in known)[:MAX_IGNORED_NAMES]


def query_names(query: str) -> set[str]:
    """Return the names in a query string."""
    return {name for name, _ in parse_qsl(query, keep_blank_values=True)}


def query_param(query: str, name: str) -> str | None:
    """Return the last value of `name` in a query string, None when it is not given."""
    given = _values(query, name)
    return given[-1] if given else None


def int_param(query: str, name: str, bounds: tuple[int, int], default: int) -> int:
    """Return a whole number from a query string, within `bounds`; anything else is 400."""
    given = _values(query, name)
    if not given:
        return default
    low, high = bounds
    text = given[0]
    if len(given) > 1 or not (text.isascii() and text.isdigit() and len(text) <= 9) or not low <= int(text) <= high:
        raise invalid(name, f"a whole number from {low} to {high}", quoted(", ".join(given)))
    return int(text)


def _values(query: str, name: str) -> list[str]:
    return [value for key, value in parse_qsl(query, keep_blank_values=True) if key == name]


def choose_model(endpoint: Endpoint, name: str | None) -> str:
    """Return the model that serves the request (C2): the endpoint's default unless another of its own is named."""
    serving = MODELS_BY_ENDPOINT[endpoint.name]
    if name is None:
        return serving[0]
    if name in serving:
        return name
    code = "invalid_model" if any(name == model.id for model in MODELS) else "model_not_found"
    fitting = " or ".join(serving)
    raise ApiError(code, f"model: expected {fitting} for {endpoint.path}, got {quoted(name)}")


def quoted(value: object) -> str:
    """Return a value as an error message quotes it: short, and on one line."""
    if isinstance(value, list):
        return f"an array of {len(value)}" if value else "an empty array"
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _broken(body: bytes, reason: str) -> ApiError:
    if not body.strip():
        return ApiError(
            "invalid_json", "The request body is empty; expected a JSON object", hint="send {} for no fields"
        )
    said = reason.removeprefix("JSON is malformed: ").partition(" - at ")[0]
    return ApiError("invalid_json", f"The request body is not valid JSON: {said}")


def _count_keys(read: object) -> int:
    """Count the keys of all objects in a document."""
    count = 0
    left: list[Any] = [read]
    # The list grows as it is walked; texts and numbers never get into it.
    for value in left:
        inner = value
        if type(value) is dict:
            count += len(value)
            inner = value.values()
        left += [one for one in inner if type(one) is dict or type(one) is list]
    return count


def _refuse_duplicates(body: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) < len(pairs):
            times = Counter(name for name, _ in pairs)
            twice = next(name for name in times if times[name] > 1)
            raise ApiError("invalid_json", f"The request body has the key {quoted(twice)} twice in one object")
        return read

    try:
        json.loads(body, object_pairs_hook=unique)
    except RecursionError:
        raise ApiError("invalid_json", "The request body is nested too deeply") from None


def _explained(complaint: str, read: dict[str, Any], schema: type[msgspec.Struct]) -> ApiError:
    """Put msgspec's `complaint` into the contract's words."""
    found = re.search(_PLACE, complaint)
    place = found[1].removeprefix(".") if found else ""
    absent = re.search(_ABSENT, complaint)
    if absent:
        return missing(f"{place}.{absent[1]}" if place else absent[1])
    unknown = re.search(_UNKNOWN, complaint)
    if unknown:
        known = ", ".join(schema.__struct_encode_fields__)
        return invalid(f"{place}.{unknown[1]}" if place else unknown[1], f"one of {known}", "an unknown field")
    from clevora_mock.web.type_words import expected  # noqa: PLC0415 - only a refusal needs it

    wanted, value = expected(schema, read, place)
    if value is None:
        return missing(place)
    return invalid(place, wanted, quoted(value), _hint(place, value))


def _hint(place: str, value: object) -> str | None:
    if place.startswith("input") and _is_token_ids(value):
        return "token ids are not supported; with LangChain use OpenAIEmbeddings(check_embedding_ctx_length=False)"
    return None


def _is_token_ids(value: object) -> bool:
    return type(value) is int or (isinstance(value, Sequence) and bool(value) and type(value[0]) is int)


def _header_safe(name: str) -> str:
    """Make a field's name fit for a header's list."""
    return re.sub(_UNSAFE, "?", name[:64]) or "?"
