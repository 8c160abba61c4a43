"""B1-B6, B12: refusals for lack of funds, and charges."""

from tests.api.rows.row import ABSENT, Exactly, Row
from tests.support.situations import CHAT

BILLABLE = (
    ("/v1/chat/completions", CHAT),
    ("/v1/embeddings", {"input": "Hi"}),
    ("/v1/search", {"query": "Hi"}),
    ("/v1/scripts/generate", {"topic": "Hi"}),
)

ROWS = [
    *(
        Row(
            f"never activated: {path}",
            ("B2",),
            f"POST {path}",
            body=body,
            given=("not activated",),
            code="account_not_activated",
        )
        for path, body in BILLABLE
    ),
    *(
        Row(
            f"nothing left: {path}",
            ("B3",),
            f"POST {path}",
            body=body,
            given=(("balance", 0),),
            code="insufficient_balance",
        )
        for path, body in BILLABLE
    ),
    Row(
        "less than nothing left",
        ("B3", "B4"),
        "POST /v1/chat/completions",
        body=CHAT,
        given=(("balance", -1),),
        code="insufficient_balance",
    ),
    Row(
        "a micro-dollar left is enough to ask",
        ("B3", "B4"),
        "POST /v1/chat/completions",
        body=CHAT,
        given=(("balance", 0.000001),),
        answer={"object": "chat.completion"},
    ),
    Row(
        "a balance below $15 is enough once activated",
        ("B2", "B3"),
        "POST /v1/chat/completions",
        body=CHAT,
        given=(("balance", 14.99),),
        answer={"object": "chat.completion"},
    ),
    Row(
        "activated stays activated when the balance is gone",
        ("B2", "B11"),
        "GET /api/developer/account",
        credential="token",
        given=(("balance", 0),),
        answer={"data": {"activated": True, "balance": 0}},
    ),
    Row(
        "no money is needed to read the account",
        ("B3",),
        "GET /api/developer/account",
        credential="token",
        given=("not activated",),
        answer={"data": {"activated": False}},
    ),
    Row(
        "no money is needed to make a key",
        ("B3", "K9"),
        "POST /v1/keys",
        body={},
        credential="token",
        given=(("balance", 0),),
        answer={"status": "success"},
    ),
    Row(
        "a failed request costs nothing",
        ("B4",),
        "GET /api/developer/account",
        credential="token",
        given=(("failures", 3),),
        answer={"data": {"balance": 100}},
    ),
    Row(
        "the documented example costs two cents: 40 tokens at $0.50 per 1,000",
        ("B1", "B5"),
        "GET /api/developer/transactions?limit=1",
        credential="token",
        given=("example",),
        answer={
            "data": {
                "transactions": [
                    {
                        "type": "charge",
                        "endpoint": "chat.completions",
                        "tokens": 40,
                        "amount": 0.02,
                        "balanceAfter": 99.98,
                    }
                ]
            }
        },
    ),
    Row(
        "the ledger's sums of the documented example",
        ("B5",),
        "GET /__mock/ledger?uid=demo",
        credential="none",
        given=("example", "example", "example"),
        answer={"balance": 99.94, "credits": 100, "charges": 0.06, "tokens": 120},
    ),
    Row(
        "the key's tokens after the documented example",
        ("B6",),
        "GET /v1/keys",
        credential="token",
        given=("example",),
        answer={"data": {"keys": [{"tokens": 40, "requests": 1}]}},
    ),
    Row(
        "the day's tokens after the documented example",
        ("B6",),
        "GET /api/developer/usage?range=1",
        credential="token",
        given=("example",),
        answer={
            "data": {"dailySeries": [{"date": "2026-01-01", "requests": 1, "tokens": 40, "errors": 0}]},
        },
    ),
    *(
        Row(
            f"an error beside its status: {request}, {credential} shown",
            ("B12",),
            request,
            credential=credential,
            code=code,
            answer=Exactly({"status": "error", "error": {"code": code}}),
        )
        for request, credential, code in (
            ("GET /api/developer/account", "none", "invalid_id_token"),
            ("GET /v1/keys", "none", "invalid_id_token"),
            ("GET /v1/usage", "none", "invalid_id_token"),
            ("GET /api/developer/transactions", "token of a stranger", "developer_access_required"),
            ("GET /api/developer/nothing", "token", "not_found"),
            ("GET /v1/keys/a/b", "token", "not_found"),
            ("PATCH /v1/keys", "token", "method_not_allowed"),
            ("PUT /api/developer/usage", "token", "method_not_allowed"),
            ("GET /api/developer/usage?range=0", "token", "invalid_field"),
        )
    ),
    *(
        Row(
            f"an error with no status beside it: {request}",
            ("B12", "W1"),
            request,
            credential=credential,
            code=code,
            answer={"status": ABSENT},
        )
        for request, credential, code in (
            ("POST /v1/chat/completions", "none", "invalid_api_key"),
            ("POST /api/dodo/webhook", "none", "invalid_signature"),
            ("GET /v1/keysmith", "none", "not_found"),
            ("GET /api/developers", "none", "not_found"),
            ("POST /llms.txt", "none", "method_not_allowed"),
        )
    ),
]
