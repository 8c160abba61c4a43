"""Drift of the document for agents: what a server's ``/llms.json`` says beside what the contract's tables have.

The document's form is not documented, so facts are looked for wherever they stand: models by their names, endpoints by
their paths, prices and limits by the names of the fields around a number, errors by status and code.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from clevora_mock.contract.endpoints import ENDPOINTS, MODELS
from clevora_mock.contract.errors import ERRORS
from clevora_mock.contract.limits import (
    ACTIVATION_THRESHOLD,
    DOLLAR,
    REQUESTS_PER_MINUTE,
    TOKENS_PER_DAY,
    TOPUP_MAXIMUM,
    TOPUP_MINIMUM,
)
from clevora_mock.core.messages import printable
from clevora_mock.verify.client import CannotCheckError

_MODEL = re.compile(r"(?<![\w.-])clevora-(?:[0-9]+\.[0-9]+-)?[a-z0-9]+(?:-[a-z0-9]+)*\b(?![.-]?\w)")
_PATH = re.compile(
    r"(?<![\w/])(?:https?://[\w.:-]+(?:/sandbox/[\w-]+)?)?(/(?:v1|api|docs)/[\w/{}:.<>-]++(?!\*)|/llms\.(?:txt|json))"
)
_DOLLARS = re.compile(r"\$ ?([0-9][0-9,]*(?:\.[0-9]+)?)")
_PRICE = re.compile(r"pric|rate|cost|per_?1_?k|usd|dollar", re.IGNORECASE)
# Words of the package's own names that are no models.
_NOT_MODELS = re.compile(r"clevora-(mock|docs|api|developer|developers)\b")

# Numbers from here on are no price and no limit.
_MOST = 1e15

# Each limit: its value, and the names of the fields that it may stand under.
_LIMITS: tuple[tuple[str, float, re.Pattern[str]], ...] = (
    ("requests a minute", REQUESTS_PER_MINUTE, re.compile(r"requests?_?per_?min|rpm|requests_?minute", re.IGNORECASE)),
    ("tokens a day", TOKENS_PER_DAY, re.compile(r"tokens?_?per_?day|daily_?tokens?|tpd", re.IGNORECASE)),
    (
        "dollars that activate",
        ACTIVATION_THRESHOLD / DOLLAR,
        re.compile(r"activation_?(threshold|amount|usd)", re.IGNORECASE),
    ),
    ("dollars of the least top-up", TOPUP_MINIMUM / DOLLAR, re.compile(r"top_?up.*min", re.IGNORECASE)),
    ("dollars of the largest top-up", TOPUP_MAXIMUM / DOLLAR, re.compile(r"top_?up.*max", re.IGNORECASE)),
)


class Drift(Struct, frozen=True):
    """A difference between the document and the contract."""

    subject: str
    contract: str
    document: str

    def __str__(self) -> str:
        """Return the difference in words, of which some are a server's."""
        return printable(f"{self.subject}: the contract has {self.contract}, the document has {self.document}")


def compare_document(document: Any) -> list[Drift]:
    """Return every difference in models, endpoints, prices, limits and errors.

    Raises CannotCheckError for a document that names no endpoint of the API.
    """
    if not _paths(document) & _own_paths():
        raise CannotCheckError("it names no endpoint of the API; expected its document for agents")
    return [*_models(document), *_endpoints(document), *_prices(document), *_limits(document), *_errors(document)]


def _walk(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value with the names that lead to it."""
    yield place, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, (*place, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, place)


def _models(document: Any) -> Iterator[Drift]:
    told = {name for name in _MODEL.findall(json.dumps(document)) if not _NOT_MODELS.match(name)}
    yield from _sets("model", {model.id for model in MODELS}, told)


def _paths(document: Any) -> set[str]:
    return {_plain_path(path) for path in _PATH.findall(json.dumps(document).replace("\\/", "/"))}


def _own_paths() -> set[str]:
    return {_plain_path(path) for endpoint in ENDPOINTS for path in endpoint.paths}


def _endpoints(document: Any) -> Iterator[Drift]:
    own = _own_paths()
    yield from _sets("endpoint", own, _paths(document))
    methods = {
        (_plain_path(path), str(value["method"]).upper())
        for _, value in _walk(document)
        if isinstance(value, dict) and isinstance(value.get("method"), str)
        for path in _PATH.findall(str(value.get("path") or value.get("url") or ""))
    }
    known = {(_plain_path(path), endpoint.method) for endpoint in ENDPOINTS for path in endpoint.paths}
    for path, method in sorted(methods - known):
        if path in own:
            right = " and ".join(sorted(one for other, one in known if other == path))
            yield Drift(f"method of {path}", right, method)


def _plain_path(path: str) -> str:
    """Return a path with one way of writing its parameter."""
    return re.sub(r"/(\{[^}]*\}|:\w+|<[^>]*>|key_\w+)", "/{id}", path).rstrip("/.")


def _prices(document: Any) -> Iterator[Drift]:
    for endpoint in ENDPOINTS:
        if endpoint.rate is None:
            continue
        told = {price for place, value in _walk(document) for price in _price(endpoint.name, place, value)}
        wanted = endpoint.rate / 1000
        if told != {wanted}:
            found = " and ".join(f"${price:g}" for price in sorted(told)) or "none"
            yield Drift(f"price of 1,000 tokens of {endpoint.name}", f"${wanted:g}", found)


def _price(name: str, place: tuple[str, ...], value: Any) -> Iterator[float]:
    """Yield the price of `name` that stands here: under its name among prices, or beside its name in an object."""
    if place and place[-1] == name and any(map(_PRICE.search, place[:-1])):
        yield from _amount(value)
    if isinstance(value, dict) and name in (value.get("endpoint"), value.get("name"), value.get("id")):
        for field, inner in value.items():
            if _PRICE.search(field):
                yield from _amount(inner)


def _amount(value: Any) -> Iterator[float]:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST:
        yield float(value)
    elif isinstance(value, str):
        yield from (float(found.replace(",", "")) for found in _DOLLARS.findall(value)[:1])
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _amount(inner)


def _limits(document: Any) -> Iterator[Drift]:
    for subject, wanted, names in _LIMITS:
        told = {
            amount
            for place, value in _walk(document)
            if place
            and not isinstance(value, dict | list)
            and names.search("".join(place[-2:]) if "top" in names.pattern else place[-1])
            for amount in _amount(value)
        }
        if told != {wanted}:
            found = " and ".join(f"{one:,.10g}" for one in sorted(told)) or "none"
            yield Drift(subject, f"{wanted:,.10g}", found)


def _errors(document: Any) -> Iterator[Drift]:
    own = {(error.status, error.code): error.type for error in ERRORS}
    rows = [value for _, value in _walk(document) if isinstance(value, dict) and _is_error(value)]
    told = {(int(row["status"]), row["code"]): row.get("type") for row in rows}
    yield from _sets(
        "error", {f"{status} {code}" for status, code in own}, {f"{status} {code}" for status, code in told}
    )
    for key in sorted(own.keys() & told.keys()):
        if told[key] is not None and told[key] != own[key]:
            yield Drift(f"type of the error {key[1]}", own[key], str(told[key]))


def _is_error(value: dict[str, Any]) -> bool:
    return isinstance(value.get("code"), str) and re.fullmatch("[0-9]{3}", str(value.get("status"))) is not None


def _sets(noun: str, own: set[str], told: set[str]) -> Iterator[Drift]:
    for name in sorted(own - told):
        yield Drift(f"{noun} {name}", "it", "none")
    for name in sorted(told - own):
        yield Drift(f"{noun} {name}", "none", "it")
