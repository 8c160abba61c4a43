"""An answer's status and JSON, read from a server that may answer anything."""

import json
import re
from typing import Any

from clevora_mock.core.money import micros
from clevora_mock.verify.client import Answer, CannotCheckError
from clevora_mock.verify.expectation import Difference


def compare_status(wanted: int, answer: Answer) -> list[Difference]:
    """Compare a status."""
    require_no_page(answer)
    if answer.status == 500 != wanted:
        raise CannotCheckError("answered 500")
    return [] if answer.status == wanted else [Difference("status", wanted, answer.status)]


def seconds_to_wait(answer: Answer) -> int | None:
    """Return a Retry-After in whole seconds; None for another, or none."""
    value = answer.header("retry-after") or ""
    return int(value) if re.fullmatch("[0-9]{1,9}", value) else None


def micros_of(dollars: object) -> int | None:
    """Return a number of dollars in micro-dollars; None for another value, and for a number that no account has."""
    if not isinstance(dollars, int | float) or isinstance(dollars, bool) or not -1e9 < dollars < 1e9:
        return None
    return micros(round(dollars, 6))


def error_of(answer: Answer) -> dict[str, Any]:
    """Return an error's ``error``, empty where there is none. Raises CannotCheckError for another kind of body."""
    detail = json_of(answer).get("error")
    return detail if isinstance(detail, dict) else {}


def require_no_page(answer: Answer) -> None:
    """Raise CannotCheckError for a page, which something else than the API has answered."""
    if (answer.header("content-type") or "").lower().startswith("text/html"):
        raise CannotCheckError(f"answered {answer.status} with a page in HTML")


def value_of(answer: Answer) -> Any:
    """Return the JSON value of an answer's body. Raises CannotCheckError."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        kind = (answer.header("content-type") or "no content type").partition(";")[0]
        raise CannotCheckError(f"answered {answer.status} with {kind}, which is not JSON") from None


def json_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer's body. Raises CannotCheckError."""
    body = value_of(answer)
    if not isinstance(body, dict):
        raise CannotCheckError(f"answered {answer.status} with JSON that is no object")
    return body


def choice_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the first of a chat's, or of a chunk's, ``choices``. Raises CannotCheckError."""
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise CannotCheckError("there is no choice")
    first: dict[str, Any] = choices[0]
    return first
