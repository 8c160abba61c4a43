"""Expected and found values for people and for evidence, without secrets and without values that are an account's."""

import json
import re
from collections.abc import Mapping

from clevora_mock.core.masking import masked_text
from clevora_mock.core.messages import one_of, printable
from clevora_mock.evidence import EvidenceDifference
from clevora_mock.verify.expectation import (
    ABSENT,
    MISSING,
    Difference,
    Dollars,
    Exactly,
    ListOf,
    Matcher,
    OfType,
    OneOf,
    OrNull,
    Text,
    Within,
)

_TYPES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "an array",
    dict: "an object",
}
_MOST = 60
_MOST_EXPECTED = 200

# Fields whose values are the API's own words or counts, by the last part of their place.
_PUBLIC = re.compile(
    r"(.*\.)?(status|type|code|message|object|model|role|finish_reason|style|length|index|range|url"
    r"|(prompt|completion|total)_tokens)(\[\d+\])?"
)
_PRIVATE_HEADERS = ("header x-request-id", "header set-cookie")


def shown(difference: Difference) -> EvidenceDifference:
    """Return a difference in words."""
    return EvidenceDifference(
        told(difference.place or "body"),
        _expected(difference.expected),
        _got(difference.place, difference.got),
        settled_by(difference),
    )


def settled_by(difference: Difference) -> str:
    """Return what makes the mock answer so; empty where nothing does."""
    if difference.override is not None:
        place, value = difference.override
        return f"{place}: {json.dumps(value)} in a --contract file"
    return f"a scenario with {difference.scenario}" if difference.scenario else ""


def _expected(value: object) -> str:
    if isinstance(value, str):
        # A word that was learned from the server may be expected.
        return told(value, _MOST_EXPECTED)
    if value is ABSENT or value is MISSING:
        return "nothing"
    if isinstance(value, Matcher):
        return _matcher(value)
    return told(json.dumps(value, ensure_ascii=False, default=_matcher), _MOST_EXPECTED)


def _matcher(value: object) -> str:
    match value:
        case Within(low=low, high=high):
            return f"from {low:g} to {high:g}"
        case Text(pattern=pattern):
            return "some text" if pattern == ".+" else f"text such as {pattern}"
        case ListOf(length=length):
            return "an array" if length is None else f"an array of {length}"
        case OneOf(values=values):
            return one_of(map(json.dumps, values))
        case OrNull(otherwise=otherwise):
            return f"{_expected(otherwise)} or null"
        case Dollars():
            return "dollars with at most six decimals"
        case Exactly(keys=keys):
            return f"an object with {', '.join(keys)} alone" if keys else "an empty object"
        case OfType(kind=kind):
            return _TYPES.get(kind, kind.__name__)
    return "nothing" if value is ABSENT else str(value)


def _got(place: str, value: object) -> str:
    if value is MISSING:
        return "nothing"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return told(f"an object with {', '.join(map(str, value))}") if value else "an empty object"
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}"
    if not _is_public(place):
        return f"text of {len(value)} characters" if isinstance(value, str) else "a number"
    return told(str(value))


def told(text: str, most: int = _MOST) -> str:
    """Return words of which some are a server's, without secrets and control characters, and cut."""
    # Masked again, for what was hidden by them.
    clean = masked_text(printable(masked_text(text)))
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def _is_public(place: str) -> bool:
    """Tell whether a value may be shown: a probe's own words have spaces, and so have headers."""
    if place in _PRIVATE_HEADERS:
        return False
    return " " in place or place in ("", "dimensions", "[DONE]") or _PUBLIC.fullmatch(place) is not None
