"""U1-U8: the usage report, and the documented collections in Firestore."""

from typing import Any

from tests.api.rows.row import ABSENT, MOMENT, Exactly, ListOf, OfType, Row, Text

PATHS = ("/api/developer/usage", "/v1/usage")
ZERO = Exactly({"date": Text(r"\d{4}-\d\d-\d\d"), "requests": 0, "tokens": 0, "errors": 0})


def _report(title: str, clauses: tuple[str, ...], data: Any, *given: Any, query: str = "") -> Row:
    return Row(
        f"usage: {title}",
        clauses,
        f"GET /api/developer/usage{query}",
        credential="token",
        given=given,
        answer={"status": "success", "data": data},
    )


def _refused(query: str) -> Row:
    return Row(
        f"no usage for {query}",
        ("U2", "B12"),
        f"GET /api/developer/usage?{query}",
        credential="token",
        code="invalid_field",
        field="range",
    )


def _ok(endpoint: str, tokens: int) -> tuple[str, int, bool]:
    return (endpoint, tokens, False)


FAILED = ("chat.completions", 0, True)

ROWS = [
    *(
        Row(
            f"usage at {path}",
            ("U1", "U3"),
            f"GET {path}",
            credential="token",
            answer=Exactly(
                {
                    "status": "success",
                    "data": Exactly(
                        {
                            "range": 30,
                            "summary": Exactly(
                                {
                                    "totalRequests": 0,
                                    "totalTokens": 0,
                                    "rangeRequests": 0,
                                    "rangeTokens": 0,
                                    "requestsToday": 0,
                                    "tokensToday": 0,
                                    "avgTokensPerRequest": 0,
                                    "successRate": 100,
                                    "lastUsed": None,
                                }
                            ),
                            "dailySeries": ListOf(30, ZERO),
                            "endpointBreakdown": Exactly({}),
                            "recentActivity": [],
                        }
                    ),
                }
            ),
        )
        for path in PATHS
    ),
    *(
        Row(f"usage at {path} asks for a token", ("U1",), f"GET {path}", credential="key", code="invalid_id_token")
        for path in PATHS
    ),
    *(
        _report(
            f"a range of {days}", ("U2", "U4"), {"range": days, "dailySeries": ListOf(days)}, query=f"?range={days}"
        )
        for days in (1, 2, 7, 30, 89, 90)
    ),
    Row(
        "usage: the alias knows ranges too",
        ("U1", "U2"),
        "GET /v1/usage?range=7",
        credential="token",
        answer={"data": {"range": 7, "dailySeries": ListOf(7)}},
    ),
    *map(
        _refused,
        (
            "range=0",
            "range=91",
            "range=-1",
            "range=1000000000000",
            "range=30.0",
            "range=1e1",
            "range=30d",
            "range=all",
            "range=",
            "range",
            "range=%2030",
            "range=+7",
            "range=0x10",
            "range=%D9%A3",
            "range=7&range=30",
            "range=true",
        ),
    ),
    Row(
        "no usage for a wrong range under the alias",
        ("U1", "U2"),
        "GET /v1/usage?range=91",
        credential="token",
        code="invalid_field",
        field="range",
    ),
    _report("another parameter is ignored", ("U2",), {"range": 30}, query="?days=7&Range=7"),
    _report(
        "the series ends today",
        ("U4",),
        {"dailySeries": [{"date": "2025-12-31"}, {"date": "2026-01-01"}]},
        query="?range=2",
    ),
    _report(
        "the series has a row for each day, zeros filled in",
        ("U4",),
        {
            "dailySeries": [
                {"date": "2026-01-01", "requests": 1, "tokens": 10, "errors": 0},
                {"date": "2026-01-02", "requests": 0, "tokens": 0, "errors": 0},
                {"date": "2026-01-03", "requests": 2, "tokens": 5, "errors": 1},
            ]
        },
        ("recorded", _ok("search", 10)),
        ("advance", 2 * 86_400),
        ("recorded", _ok("search", 5), FAILED),
        query="?range=3",
    ),
    _report(
        "the totals go beyond the range",
        ("U3", "U4"),
        {
            "summary": {
                "totalRequests": 2,
                "totalTokens": 110,
                "rangeRequests": 1,
                "rangeTokens": 10,
                "requestsToday": 1,
                "tokensToday": 10,
                "avgTokensPerRequest": 10,
            },
            "endpointBreakdown": Exactly({"search": Exactly({"requests": 1, "tokens": 10})}),
        },
        ("recorded", _ok("embeddings", 100)),
        ("advance", 86_400),
        ("recorded", _ok("search", 10)),
        query="?range=1",
    ),
    *(
        _report(
            f"the average of {', '.join(map(str, tokens))} is {average}",
            ("U4",),
            {"summary": {"avgTokensPerRequest": average}},
            ("recorded", *(_ok("search", count) for count in tokens)),
        )
        for tokens, average in (((10, 20, 30), 20), ((10, 11, 11), 11), ((1, 0, 0), 0), ((67, 68, 68), 68))
    ),
    _report(
        "the average counts failed requests, as the printed figures do",
        ("U4", "U7"),
        {"summary": {"rangeRequests": 2, "avgTokensPerRequest": 5}},
        ("recorded", _ok("search", 10), FAILED),
    ),
    *(
        _report(
            f"{failed} failed of {failed + good}: {rate} % succeeded",
            ("U5",),
            {"summary": {"successRate": rate}},
            ("recorded", *[FAILED] * failed, *[_ok("search", 1)] * good),
        )
        for failed, good, rate in ((0, 5, 100), (5, 0, 0), (1, 1, 50), (1, 2, 66.7), (2, 1, 33.3), (1, 6, 85.7))
    ),
    _report(
        "success is of the range",
        ("U5",),
        {"summary": {"successRate": 100}},
        ("recorded", FAILED),
        ("advance", 86_400),
        query="?range=1",
    ),
    _report(
        "lastUsed is the last request's moment, in the range or not",
        ("U3", "U5"),
        {"summary": {"lastUsed": "2026-01-01T00:00:01.500Z", "rangeRequests": 0}},
        ("advance", 1.5),
        ("recorded", _ok("search", 1)),
        ("advance", 86_400 * 3),
        query="?range=1",
    ),
    _report(
        "the breakdown holds the endpoints that were used, failures too",
        ("U6",),
        {
            "endpointBreakdown": Exactly(
                {
                    "chat.completions": Exactly({"requests": 2, "tokens": 7}),
                    "scripts.generate": Exactly({"requests": 1, "tokens": 300}),
                }
            )
        },
        ("recorded", _ok("chat.completions", 7), FAILED, _ok("scripts.generate", 300)),
    ),
    _report(
        "recent activity has the printed fields, newest first",
        ("U6",),
        {
            "recentActivity": [
                Exactly({"endpoint": "chat.completions", "tokens": 0, "status": "error", "latencyMs": OfType(int)}),
                Exactly({"endpoint": "search", "tokens": 3, "status": "success", "latencyMs": OfType(int)}),
            ]
        },
        ("recorded", _ok("search", 3), FAILED),
    ),
    _report(
        "recent activity is the account's, whatever the key",
        ("U6",),
        {"recentActivity": ListOf(2)},
        "second key",
        ("asked", "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
        ("asked with second key", "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
    ),
    _report(
        "recent activity ends after 20",
        ("U6",),
        {"recentActivity": ListOf(20), "summary": {"totalRequests": 21}},
        ("recorded", *[_ok("search", 1)] * 21),
    ),
    _report(
        "recent activity goes beyond the range",
        ("U6",),
        {"recentActivity": ListOf(1), "summary": {"rangeRequests": 0}},
        ("recorded", _ok("search", 1)),
        ("advance", 86_400),
        query="?range=1",
    ),
    *(
        _report(
            f"a {status} for a model is recorded as an error without tokens",
            ("U7", "C2"),
            {
                "summary": {"totalRequests": 1, "totalTokens": 0, "successRate": 0},
                "dailySeries": [{"requests": 1, "tokens": 0, "errors": 1}],
                "recentActivity": [{"status": "error", "tokens": 0, "endpoint": "chat.completions"}],
            },
            (
                "refused",
                status,
                "/v1/chat/completions",
                {"messages": [{"role": "user", "content": "a"}], "model": model},
                "key",
            ),
            query="?range=1",
        )
        for status, model in ((404, "x"), (400, "clevora-embed-1"))
    ),
    _report(
        "a 400 is recorded as an error without tokens",
        ("U7",),
        {
            "summary": {"totalRequests": 1, "totalTokens": 0, "successRate": 0},
            "dailySeries": [{"requests": 1, "tokens": 0, "errors": 1}],
            "recentActivity": [{"status": "error", "tokens": 0, "endpoint": "chat.completions"}],
        },
        ("failures", 1),
        query="?range=1",
    ),
    *(
        _report(
            f"a refusal is not recorded: {status} at {path}",
            ("U7",),
            {"summary": {"totalRequests": 0, "lastUsed": None}, "recentActivity": []},
            *given,
            ("refused", status, path, body, credential),
        )
        for status, path, body, credential, given in (
            (401, "/v1/chat/completions", {}, "unknown key", ()),
            (402, "/v1/chat/completions", {}, "key", (("balance", 0),)),
            (404, "/v1/nothing", {}, "key", ()),
            (405, "/v1/usage", {}, "key", ()),
            (429, "/v1/chat/completions", {}, "key", (("tokens used", 1_000_000),)),
        )
    ),
    _report(
        "the dashboard's own calls are not recorded",
        ("U7",),
        {"summary": {"totalRequests": 0}},
        "second key",
        ("checkout", 50),
    ),
    Row(
        "usage: another account's requests are not one's own",
        ("U6",),
        "GET /api/developer/usage",
        credential="token of other",
        given=("second user", ("requests", 2)),
        answer={"data": {"summary": {"totalRequests": 0}, "recentActivity": []}},
    ),
]


def _place(title: str, path: str, answer: Any, *given: Any) -> Row:
    return Row(
        f"Firestore: {title}",
        ("U8",),
        f"GET /__mock/firestore/{path}",
        credential="none",
        given=given,
        answer=answer,
    )


ROWS += [
    _place(
        "running totals",
        "clevora_developer_usage/demo",
        {"requests": 3, "tokens": 47, "errors": 1, "lastUsed": MOMENT},
        ("recorded", _ok("chat.completions", 40), _ok("search", 7), FAILED),
    ),
    _place(
        "running totals of nothing",
        "clevora_developer_usage/demo",
        {"requests": 0, "tokens": 0, "errors": 0, "lastUsed": None},
    ),
    _place(
        "a day with its endpoints",
        "clevora_developer_usage/demo/days/2026-01-01",
        {
            "requests": 2,
            "tokens": 40,
            "errors": 1,
            "endpoints": Exactly({"chat.completions": {"requests": 2, "tokens": 40, "errors": 1}}),
        },
        ("recorded", _ok("chat.completions", 40), FAILED),
    ),
    _place(
        "the days there are",
        "clevora_developer_usage/demo/days",
        {"documents": ["2026-01-01", "2026-01-02"]},
        ("recorded", FAILED),
        ("advance", 86_400),
        ("recorded", FAILED),
    ),
    _place(
        "a key by its id, masked",
        "clevora_developer_keys/{second_key_id}",
        {"uid": "demo", "name": "second", "requests": 0, "tokens": 0, "lastUsed": None, "key": ABSENT},
        "second key",
    ),
    _place(
        "the keys there are", "clevora_developer_keys", {"documents": ListOf(2, Text(r"(?!sk_live_)\S+"))}, "second key"
    ),
    _place("the logs there are", "clevora_developer_logs", {"documents": ListOf(3)}, ("requests", 2), ("failures", 1)),
    _place("no logs of what no gate let in", "clevora_developer_logs", {"documents": []}, ("tokens used", 1_000_000)),
    _place("the transactions there are", "clevora_developer_transactions", {"documents": ListOf(2)}, ("requests", 1)),
    *(
        Row(
            f"Firestore: nothing at {path}",
            ("U8",),
            f"GET /__mock/firestore/{path}",
            credential="none",
            code="not_found",
        )
        for path in (
            "clevora_developer_usage/nobody",
            "clevora_developer_usage/demo/days/2025-12-31",
            "clevora_developer_usage/demo/months",
            "clevora_developer_keys/key_none",
            "clevora_developer_logs/log_none",
            "clevora_developer_transactions/txn_none",
            "somewhere/else",
            "clevora_developer_usage/demo/days/2026-01-01/more",
        )
    ),
    *(
        Row(
            f"Firestore is read-only: {method}",
            ("U8",),
            f"{method} /__mock/firestore/clevora_developer_usage/demo",
            body={"requests": 5},
            credential="none",
            code="method_not_allowed",
        )
        for method in ("PUT", "POST", "PATCH", "DELETE")
    ),
]
