"""H1-H4: search."""

from typing import Any

from tests.api.rows.row import INT, STRING, Exactly, ListOf, OfType, OneOf, Row, Text, Within, values

PATH = "POST /v1/search"
RESULT = {
    "id": STRING,
    "title": STRING,
    "type": OneOf(("video", "podcast")),
    "description": STRING,
    "creator": STRING,
    "url": Text(r"https://[\w.-]+\.example(/.*)?"),
    "thumbnailUrl": Text(r"https://[\w.-]+\.example(/.*)?"),
    "durationSeconds": INT,
    "publishedAt": Text(r"\d{4}-\d\d-\d\d.*"),
    "tags": OfType(list),
    "score": Within(0, 1),
}
DRONES = {"query": "underwater drone footage"}


def _accepted(title: str, clauses: tuple[str, ...], body: dict[str, Any], answer: Any) -> Row:
    return Row(f"search: {title}", clauses, PATH, body=DRONES | body, answer=answer)


def _refused(
    title: str, body: dict[str, Any], field: str, code: str = "invalid_field", clauses: tuple[str, ...] = ("H1",)
) -> Row:
    return Row(f"no search: {title}", clauses, PATH, body=body, code=code, field=field)


ROWS = [
    _accepted(
        "the answer's fields and no more",
        ("H2", "H3"),
        {"limit": 3},
        Exactly(
            {
                "object": "search.results",
                "model": "clevora-search-1",
                "query": "underwater drone footage",
                "results": ListOf(3, Exactly(RESULT)),
                "usage": Exactly({"prompt_tokens": 3, "total_tokens": 3}),
            }
        ),
    ),
    _accepted("5 results by default", ("H1",), {}, {"results": ListOf(5)}),
    _accepted("5 results for null", ("H1", "C4"), {"limit": None}, {"results": ListOf(5)}),
    *(
        _accepted(f"{limit} results", ("H1", "H3"), {"limit": limit}, {"results": ListOf(limit)})
        for limit in (1, 2, 3, 20, 50)
    ),
    _accepted(
        "every result of 50 has every field",
        ("H2", "H4"),
        {"query": "a history of bread", "limit": 50},
        {"results": ListOf(50, Exactly(RESULT))},
    ),
    _accepted(
        "the printed query finds what is about water and drones first",
        ("H4",),
        {"limit": 1},
        {"results": [{"title": Text("(?i).*(underwater|drone|dive|reef|sea|ocean).*")}]},
    ),
    _accepted(
        "a query that nothing fits is answered all the same",
        ("H1", "H3"),
        {"query": "zzzz qqqq"},
        {"object": "search.results", "query": "zzzz qqqq", "results": OfType(list)},
    ),
    _accepted("a query in another script", ("H1",), {"query": "水中ドローン"}, {"query": "水中ドローン"}),
    _accepted(
        "the query comes back as it was sent",
        ("H2",),
        {"query": "  Coffee  &  cake "},
        {"query": "  Coffee  &  cake ", "usage": {"total_tokens": 3}},
    ),
    _accepted("the model by name", ("H2",), {"model": "clevora-search-1"}, {"model": "clevora-search-1"}),
    _refused("no query", {}, "query", "missing_field"),
    _refused("null", {"query": None}, "query", "missing_field"),
    *(_refused(f"a blank query, {blank!r}", {"query": blank}, "query") for blank in ("", " ", "\n\u00a0\t")),
    *(_refused(f"query {value!r}", {"query": value}, "query") for value in (5, True, ["drones"], {"text": "drones"})),
    *(
        _refused(f"limit {value!r}", DRONES | {"limit": value}, "limit")
        for value in values(0, -1, 51, 1000, 10**30, 2.5, 3.0, "3", "", True, False, [], {})
    ),
    _refused("an unknown model", DRONES | {"model": "bing"}, "model", "model_not_found", ("H2", "C2")),
    _refused(
        "a model of another family", DRONES | {"model": "clevora-embed-1"}, "model", "invalid_model", ("H2", "C2")
    ),
    Row(
        "search: a charge of 3 tokens at $0.20 per 1,000",
        ("B1", "B5"),
        "GET /api/developer/transactions?limit=1",
        credential="token",
        given=(("asked", "/v1/search", DRONES),),
        answer={
            "data": {"transactions": [{"endpoint": "search", "tokens": 3, "amount": 0.0006, "balanceAfter": 99.9994}]}
        },
    ),
]
