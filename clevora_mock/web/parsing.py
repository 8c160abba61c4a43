"""Parsing of bodies and queries. Errors are 400s with the field, the expectation and the value.

A body is decoded as strict JSON (W4), then converted to a struct. msgspec does both; its errors are translated here.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from clevora_mock.contract.endpoints import MODELS, MODELS_BY_ENDPOINT, Endpoint
from clevora_mock.contract.limits import MAX_IGNORED_NAMES
from clevora_mock.core import documents
from clevora_mock.core.errors import ApiError, invalid, missing
from clevora_mock.core.masking import is_secret_name, masked_start
from clevora_mock.core.messages import closest_match, duration_hint, json_text, masked_excerpt, quoted

T = TypeVar("T", bound=msgspec.Struct)

# Far more than there are; a long query would take long to read.
_MAX_PARAMETERS = 100

_KEY_OR_BRACE = re.compile(rb'(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+")(?:[ \t\r\n]*+(?P<colon>:))?|[{}]', re.DOTALL)
_UNKNOWN = r"contains unknown field `(.*?)`"
_MISSING = r"missing required field `(.*?)`"
_UNSAFE = r"[^!-+\--~]"


def parse_document(body: bytes, decoded: object = None, schema: type[msgspec.Struct] | None = None) -> dict[str, Any]:
    """Return the JSON object in `body`, ignoring the content type. Raises a 400 `invalid_json` for anything else.

    `decoded` is the JSON if it is known already; the hint for an empty body names the fields that `schema` requires.
    """
    try:
        document = documents.decode(body) if decoded is None else decoded
    except documents.TooLargeDocumentError as error:
        raise ApiError("invalid_json", f"The request body has {error}") from None
    except ValueError as error:
        raise invalid_json(body, str(error), schema) from None
    except RecursionError:
        raise ApiError("invalid_json", "The request body is nested too deeply") from None
    if not isinstance(document, dict):
        raise ApiError("invalid_json", f"The request body must be a JSON object, got {value_text(document)}")
    # More colons than keys mean a duplicate key or a colon in a text, which takes longer to rule out.
    if body.count(b":") > (keys := _count_keys(document)) and documents.count_outside_texts(body, b":") > keys:
        _refuse_duplicate_key(body)
    return document


def parse_body(body: bytes, schema: type[T], decoded: object = None) -> tuple[T, dict[str, Any]]:
    """Return `body` as a `schema`, and as the JSON object. Raises a 400 that names the field.

    `decoded` is the JSON if it is known already.
    """
    document = parse_document(body, decoded, schema)
    return convert_fields(document, schema), document


def convert_fields(document: dict[str, Any], schema: type[T]) -> T:
    """Return a JSON object as a `schema`. Raises a 400 that names the field."""
    try:
        return msgspec.convert(document, schema)
    except msgspec.ValidationError as error:
        raise _translate_error(str(error), document, schema) from None


def number_text(body: bytes, name: str) -> str:
    """Return a number in a JSON object as it is written, with the digits that a float loses."""
    return bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw])[name]).decode()


def parse_optional_body(body: bytes, schema: type[T]) -> T:
    """Return `body` as a `schema`; an empty body means all defaults."""
    return parse_body(body, schema)[0] if body.strip() else schema()


def require_plain(body: bytes, headers: Mapping[bytes, bytes]) -> None:
    """Raise a 400 for a body under a `Content-Encoding`, which is not supported (W4)."""
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    if body and encoding.strip().lower() not in ("", "identity"):
        raise ApiError(
            "invalid_json",
            f"Content-Encoding: expected none, got {value_text(encoding)}",
            hint="send the body as plain JSON, not compressed",
        )


def ignored_names(document: dict[str, Any], schema: type[msgspec.Struct]) -> tuple[str, ...]:
    """List the fields of `document` that are not in `schema` (C4), safe for a header."""
    known = schema.__struct_encode_fields__
    if len(document) <= len(known) and document.keys() <= set(known):
        return ()
    return tuple(map(_list_safe, islice((name for name in document if name not in known), MAX_IGNORED_NAMES)))


def query_names(query: str) -> set[str]:
    """Return the names in a query string."""
    return {name for name, _ in _pairs(query)}


def query_param(query: str, name: str) -> str | None:
    """Return the last value of `name` in a query string, None when it is absent."""
    given = _values(query, name)
    return given[-1] if given else None


def single_param(query: str, name: str) -> str | None:
    """Return the value of `name` in a query string, None when it is absent. Raises a 400 for two, or an empty one."""
    given = _values(query, name)
    if len(given) > 1 or given == [""]:
        raise invalid(name, "one value, not empty", value_text(", ".join(given)))
    return given[0] if given else None


def int_param(query: str, name: str, bounds: tuple[int, int], default: int) -> int:
    """Return an integer from a query string. Raises a 400 for anything but one number within `bounds` (inclusive)."""
    given = _values(query, name)
    if not given:
        return default
    low, high = bounds
    text = given[0]
    if len(given) > 1 or not (text.isascii() and text.isdigit() and len(text) <= 9) or not low <= int(text) <= high:
        raise invalid(name, f"a whole number from {low} to {high}", value_text(", ".join(given)))
    return int(text)


def _values(query: str, name: str) -> list[str]:
    return [value for key, value in _pairs(query) if key == name]


def _pairs(query: str) -> list[tuple[str, str]]:
    """Return the names and values in a query string. Raises a 400 for more than `_MAX_PARAMETERS`."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise ApiError("invalid_field", f"query: expected at most {_MAX_PARAMETERS} parameters") from None


def choose_model(endpoint: Endpoint, name: str | None) -> str:
    """Return the model `name`, or the endpoint's default for None (C2). Raises `invalid_model` or `model_not_found`."""
    serving = MODELS_BY_ENDPOINT[endpoint.name]
    if name is None:
        return serving[0]
    if name in serving:
        return name
    code = "invalid_model" if any(name == model.id for model in MODELS) else "model_not_found"
    message = f"model: expected {' or '.join(serving)} for {endpoint.path}, got {value_text(name)}"
    raise ApiError(code, message, hint=f"have the client send {serving[0]}, or no model")


def value_text(value: object) -> str:
    """Return a value for an error message: masked, on one line, at most 60 characters."""
    return masked_excerpt(json_text(value), 60)


def _empty_body(schema: type[msgspec.Struct] | None) -> ApiError:
    fields = () if schema is None else msgspec.structs.fields(schema)
    required = [field.encode_name for field in fields if field.required]
    hint = f"send a JSON object with {', '.join(required)}" if required else "send {} for no fields"
    return ApiError("invalid_json", "The request body is empty; expected a JSON object", hint=hint)


def invalid_json(body: bytes, reason: str, schema: type[msgspec.Struct] | None = None) -> ApiError:
    """Return the error for a body that is no JSON; `reason` is msgspec's, for one whose mistake is not found."""
    if not body.strip():
        return _empty_body(schema)
    from clevora_mock.web.json_problems import find_format, find_problem  # noqa: PLC0415 - only an error needs it

    cause = reason.removeprefix("JSON is malformed: ").partition(" - at ")[0]
    message = f"The request body {find_problem(body) or f'is not valid JSON: {cause}'}"
    return ApiError("invalid_json", message, hint=find_format(body))


def _count_keys(document: object) -> int:
    """Count the keys of all objects in a document."""
    count = 0
    containers: list[Any] = [document]
    # The list grows while it is walked.
    for value in containers:
        inner = value
        if type(value) is dict:
            count += len(value)
            inner = value.values()
        containers += [one for one in inner if type(one) is dict or type(one) is list]
    return count


def _refuse_duplicate_key(body: bytes) -> None:
    """Raise a 400 for the first key that occurs twice in one object of `body`, which is valid JSON."""
    objects: list[set[str]] = []
    for found in _KEY_OR_BRACE.finditer(body):
        if found[0] == b"{":
            objects.append(set())
        elif found[0] == b"}":
            objects.pop()
        elif found["colon"]:
            key = msgspec.json.decode(found["text"], type=str)
            if key in objects[-1]:
                raise ApiError("invalid_json", f"The request body has the key {value_text(key)} twice in one object")
            objects[-1].add(key)


def _translate_error(message: str, document: dict[str, Any], schema: type[msgspec.Struct]) -> ApiError:
    """Return the contract's error for msgspec's `message`."""
    # Not an expression, which would take quadratic time on a field's name that holds many paths.
    _, found, rest = message.rpartition(" - at `$")
    path = rest[:-1].removeprefix(".") if found and rest.endswith("`") and "\n" not in rest else ""
    required = re.search(_MISSING, message)
    if required:
        return _missing(path, required[1], document, schema)
    unknown = re.search(_UNKNOWN, message, re.DOTALL)
    if unknown:
        known = ", ".join(schema.__struct_encode_fields__)
        return invalid(f"{path}.{unknown[1]}" if path else unknown[1], f"one of {known}", "an unknown field")
    from clevora_mock.web.type_words import find_expected  # noqa: PLC0415 - only an error needs it

    expected, value = find_expected(schema, document, path)
    # A field that is null counts as absent (C4), an item of an array does not.
    if value is None and not path.endswith("]"):
        return missing(path)
    got = "***" if is_secret_name(path) else value_text(value)
    meant = duration_hint(value) if isinstance(value, str) and "a duration" in expected else ""
    return invalid(path, expected, got + meant, _hint(path, value))


def _missing(path: str, name: str, document: dict[str, Any], schema: type[msgspec.Struct]) -> ApiError:
    """Return the error for a missing field of the object at `path`, with a hint about the one that is meant by it."""
    from clevora_mock.web.type_words import find_value  # noqa: PLC0415 - only an error needs it

    holder = find_value(document, path)
    known = () if path else schema.__struct_encode_fields__
    # Only the first ones, and no long ones, which take long to compare.
    strays = [each for each in islice(holder, _MAX_PARAMETERS) if each not in known and len(each) <= len(name) + 8]
    meant = closest_match(name, strays) or (strays[0] if not path and len(strays) == 1 else None)
    hint = None if meant is None else f"did you mean {name} by {quoted(meant)}?"
    if hint is None and path.startswith("messages["):
        hint = 'a message is {"role": "user", "content": "..."}'
    return missing(f"{path}.{name}" if path else name, hint)


def _hint(path: str, value: object) -> str | None:
    if path.startswith("input") and _is_token_ids(value):
        return "token ids are not supported; with LangChain use OpenAIEmbeddings(check_embedding_ctx_length=False)"
    return None


def _is_token_ids(value: object) -> bool:
    return type(value) is int or (isinstance(value, Sequence) and bool(value) and type(value[0]) is int)


def _list_safe(name: str) -> str:
    """Shorten a field's name, and replace characters that a comma-separated header cannot hold."""
    return re.sub(_UNSAFE, "?", masked_start(name, 64)) or "?"
