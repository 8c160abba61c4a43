"""Requests in the form in which they are compared: without headers, sorted, secrets masked."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from msgspec.structs import replace

from clevora_mock.core import documents
from clevora_mock.core.exchange import RequestFacts
from clevora_mock.recordings.json_values import decode, has_too_many_values
from clevora_mock.recordings.masker import Masker
from clevora_mock.recordings.recorded_exchange import CanonicalRequest

_ABSENT = object()
# Of two requests, more differences say no more.
MAX_DIFFERENCES = 20


def canonical_request(facts: RequestFacts, masker: Masker) -> CanonicalRequest:
    """Return the request that `facts` describe."""
    query = "&".join(sorted(filter(None, facts.query.split("&"))))
    return CanonicalRequest(facts.method, masker.text(facts.path), masker.text(query), _body(facts.body, masker))


def request_key(request: CanonicalRequest, ignore: Collection[str]) -> bytes:
    """Return a digest of what identical requests have in common.

    `ignore` names fields, below others as ``metadata.run``.
    """
    if ignore:
        query = "&".join(part for part in request.query.split("&") if _name(part) not in ignore)
        request = replace(request, query=query, body=_without(request.body, ignore))
    return sha256(msgspec.json.encode(request, order="sorted")).digest()


def differences(one: CanonicalRequest, other: CanonicalRequest, ignore: Collection[str] = ()) -> list[str]:
    """Return the names of the fields that differ, such as ``messages[0].content``."""
    found = [name for name in ("method", "path", "query") if getattr(one, name) != getattr(other, name)]
    changed = _differences(_without(one.body, ignore), _without(other.body, ignore), "")
    for name, _ in zip(changed, range(MAX_DIFFERENCES), strict=False):
        found.append(name or "body")
    return found


def _body(body: bytes, masker: Masker) -> Any:
    if not body:
        return None
    # A body that is no JSON, nested too deeply, or of too many values can be compared as a text.
    with suppress(ValueError, RecursionError):
        documents.require_bounded(body)
        if not has_too_many_values(body):
            return masker.value(_plain(decode(body)))
    return masker.text(body.decode("utf-8", "replace"))


def _plain(value: Any) -> Any:
    """Return a JSON value with whole numbers as integers, which clients write either way, and without surrogates."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {_plain(name): _plain(item) for name, item in value.items()} if isinstance(value, dict) else value


def _without(body: Any, ignore: Collection[str], path: str = "") -> Any:
    if not (ignore and isinstance(body, dict)):
        return body
    return {
        name: _without(value, ignore, f"{path}{name}.") for name, value in body.items() if f"{path}{name}" not in ignore
    }


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _differences(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            below = f"{path}.{name}" if path else name
            yield from _differences(one.get(name, _ABSENT), other.get(name, _ABSENT), below)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (item, another) in enumerate(zip(one, other, strict=True)):
            yield from _differences(item, another, f"{path}[{index}]")
    elif one != other:
        yield path
