"""H1-H4: search."""

from itertools import pairwise
from typing import Any

from clevora_mock.verify.answers import compare_status, json_of
from clevora_mock.verify.ask import Ask
from clevora_mock.verify.client import CannotCheckError
from clevora_mock.verify.expectation import (
    INT,
    STRING,
    Difference,
    Exactly,
    ListOf,
    OneOf,
    Text,
    Within,
    values,
)
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.session import Session

PATH = "POST /v1/search"
DRONES = Ask(PATH, body={"query": "drones", "limit": 50})
_BY_DEFAULT = Ask(PATH, body={"query": "drones"})
_LIMITED = Ask(PATH, body={"query": "drones", "limit": 2})
_RESULT = Exactly(
    {
        "id": STRING,
        "title": STRING,
        "type": OneOf(("video", "podcast")),
        "description": STRING,
        "creator": STRING,
        "url": Text("https?://.+"),
        "thumbnailUrl": Text("https?://.+"),
        "durationSeconds": INT,
        "publishedAt": Text(r"\d{4}-\d\d-\d\d.*"),
        "tags": ListOf(None, STRING),
        "score": Within(-1e9, 1e9),
    }
)
_ANSWER = Exactly(
    {
        "object": "search.results",
        "model": "clevora-search-1",
        "query": "drones",
        "results": ListOf(None, _RESULT),
        "usage": Exactly({"prompt_tokens": INT, "total_tokens": INT}),
    }
)


def _refused(title: str, body: dict[str, Any], error: str = "invalid_field") -> Probe:
    return asking(f"no search: {title}", "H1", PATH, body=body, error=error)


def results(session: Session, ask: Ask) -> list[dict[str, Any]]:
    """Return the results of a search. Raises CannotCheckError."""
    answer = session.answer(ask)
    found = json_of(answer).get("results") if answer.status == 200 else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise CannotCheckError(f"a search answered {answer.status}, without results")
    return found


def _default_limit(session: Session) -> list[Difference]:
    found, most = results(session, _BY_DEFAULT), results(session, DRONES)
    if len(most) <= 5:
        raise CannotCheckError("the catalog has too few results")
    return [] if len(found) == 5 else [Difference("number of results", 5, len(found))]


def _fields(session: Session) -> list[Difference]:
    found = session.differences(Ask(PATH, DRONES.body, answer=_ANSWER, shape=True, served=True))
    if not found and not results(session, DRONES):
        raise CannotCheckError("the catalog has no result")
    return found


def _fifty(session: Session) -> list[Difference]:
    found = compare_status(200, session.answer(DRONES))
    # Fewer may be all that there are.
    if not found and len(results(session, DRONES)) < 50:
        raise CannotCheckError("the catalog has too few results")
    return found


def _ranked(session: Session) -> list[Difference]:
    found = results(session, DRONES)
    if len(found) < 2:
        raise CannotCheckError("the catalog has too few results")
    ids = [one["id"] for one in found if isinstance(one.get("id"), str)]
    if len(set(ids)) < len(ids):
        return [Difference("results", "each once", "one more than once")]
    scores: list[Any] = [one.get("score") for one in found]
    if not all(isinstance(score, int | float) and not isinstance(score, bool) for score in scores):
        raise CannotCheckError("the results have no scores")
    outside = [score for score in scores if not 0 <= score <= 1]
    if outside:
        return [Difference("score", "between 0 and 1", outside[0])]
    if scores != sorted(scores, reverse=True):
        return [Difference("results", "the highest score first", "another order")]
    ties = [(one["score"], other["score"], one.get("id"), other.get("id")) for one, other in pairwise(found)]
    if any(first == second and str(one) > str(other) for first, second, one, other in ties):
        return [Difference("results", "ties by id", "another order")]
    return []


def _at_most(session: Session) -> list[Difference]:
    found = results(session, _LIMITED)
    return [] if len(found) <= 2 else [Difference("number of results for limit 2", "at most 2", len(found))]


PROBES = (
    Probe("50 results", "H1", DRONES, _fifty),
    checking("5 results by default", "H1", _default_limit, "api_key", shares=(_BY_DEFAULT, DRONES)),
    _refused("no query", {}, "missing_field"),
    *(_refused(f"query {value!r}", {"query": value}) for value in values("", " \t", 5, ["drones"])),
    *(_refused(f"limit {value!r}", {"query": "a", "limit": value}) for value in values(0, 51, 2.5, "3", True)),
    Probe("the answer's fields", "H2", DRONES, _fields),
    asking(
        "the query comes back",
        "H2",
        PATH,
        body={"query": " Tea & "},
        answer={"query": " Tea & "},
        shape=True,
        served=True,
    ),
    checking("ranked by score", "H3", _ranked, "api_key", shares=(DRONES,)),
    checking("never more than limit", "H3", _at_most, "api_key", shares=(_LIMITED,)),
    asking("an unknown model", "C2", PATH, body={"query": "a", "model": "bing"}, error="model_not_found"),
)
