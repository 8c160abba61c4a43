"""B7, B11: the account, its top-ups and its transactions."""

from tests.api.rows.row import ABSENT, MOMENT, Exactly, OfType, OneOf, Row, Text

CHECKOUT = Text(r"http://.+/checkout/cks_\w+")


def _opened(amount: str) -> Row:
    return Row(
        f"a top-up of {amount}",
        ("B7",),
        "POST /api/developer/topup",
        raw=b'{"amount": %s}' % amount.encode(),
        credential="token",
        answer=Exactly({"status": "success", "data": Exactly({"checkoutUrl": CHECKOUT})}),
    )


def _refused(amount: str, code: str = "invalid_field") -> Row:
    return Row(
        f"no top-up of {amount}",
        ("B7", "B12"),
        "POST /api/developer/topup",
        raw=b'{"amount": %s}' % amount.encode(),
        credential="token",
        code=code,
        field="amount",
    )


def _listed(limit: str, count: int) -> Row:
    return Row(
        f"transactions with limit {limit}",
        ("B11",),
        f"GET /api/developer/transactions?limit={limit}",
        credential="token",
        given=(("requests", 2),),
        answer={"data": {"transactions": [{"id": Text(".+")}] * count}},
    )


def _unlisted(query: str) -> Row:
    return Row(
        f"no transactions with {query}",
        ("B11", "B12"),
        f"GET /api/developer/transactions?{query}",
        credential="token",
        code="invalid_field",
        field="limit",
    )


ROWS = [
    Row(
        "the account has these fields and no more",
        ("B11",),
        "GET /api/developer/account",
        credential="token",
        answer=Exactly(
            {
                "status": "success",
                "data": Exactly(
                    {
                        "uid": "demo",
                        "email": "demo@clevora.example",
                        "developerAccess": True,
                        "activated": True,
                        "balance": 100,
                        "tier": "preview",
                    }
                ),
            }
        ),
    ),
    Row(
        "an account without an address",
        ("B11",),
        "GET /api/developer/account",
        credential="token of other",
        given=("second user",),
        answer={"data": {"email": None, "developerAccess": True, "activated": False, "balance": 0}},
    ),
    Row(
        "a balance below zero is shown as one",
        ("B11", "B4"),
        "GET /api/developer/account",
        credential="token",
        given=(("balance", -0.0015),),
        answer={"data": {"balance": -0.0015, "activated": True}},
    ),
    Row(
        "a balance is exact to the micro-dollar",
        ("B11", "B1"),
        "GET /api/developer/account",
        credential="token",
        given=(("balance", 12.345678),),
        answer={"data": {"balance": 12.345678}},
    ),
    *map(_opened, ("15", "15.0", "15.01", "15.50", "50", "99.9", "1e2", "9999.99", "10000", "10000.00")),
    *map(
        _refused,
        (
            "14.99",
            "0",
            "-15",
            "14.999999",
            "15.001",
            "20.005",
            "10000.01",
            "10001",
            "1e300",
            "1" + "0" * 400,
            '"50"',
            '"$50"',
            "true",
            "false",
            "[50]",
            '{"usd": 50}',
        ),
    ),
    _refused("null", "missing_field"),
    Row(
        "no top-up without an amount",
        ("B7", "B12"),
        "POST /api/developer/topup",
        body={},
        credential="token",
        code="missing_field",
        field="amount",
    ),
    Row(
        "a top-up moves no money by itself",
        ("B8",),
        "GET /api/developer/account",
        credential="token",
        given=(("checkout", 50),),
        answer={"data": {"balance": 100}},
    ),
    Row(
        "a top-up is open to an account that was never funded",
        ("B7", "K9"),
        "POST /api/developer/topup",
        body={"amount": 15},
        credential="token of other",
        given=("second user",),
        answer={"data": {"checkoutUrl": CHECKOUT}},
    ),
    Row(
        "the opening credit is a transaction with all its fields",
        ("B11", "B5"),
        "GET /api/developer/transactions",
        credential="token",
        answer=Exactly(
            {
                "status": "success",
                "data": Exactly(
                    {
                        "transactions": [
                            Exactly(
                                {
                                    "id": Text(".+"),
                                    "type": "credit",
                                    "endpoint": None,
                                    "tokens": 0,
                                    "amount": 100,
                                    "balanceAfter": 100,
                                    "createdAt": MOMENT,
                                }
                            )
                        ]
                    }
                ),
            }
        ),
    ),
    Row(
        "a charge is a transaction with its endpoint and tokens, before the credit",
        ("B11", "B5"),
        "GET /api/developer/transactions",
        credential="token",
        given=(("requests", 1),),
        answer={
            "data": {
                "transactions": [
                    {"type": "charge", "endpoint": "chat.completions", "tokens": OfType(int), "amount": OfType(float)},
                    {"type": "credit"},
                ]
            }
        },
    ),
    Row(
        "a failed request is no transaction",
        ("B11", "B4"),
        "GET /api/developer/transactions",
        credential="token",
        given=(("failures", 2),),
        answer={"data": {"transactions": [{"type": "credit"}]}},
    ),
    Row(
        "transactions are the account's own",
        ("B11",),
        "GET /api/developer/transactions",
        credential="token of other",
        given=("second user", ("requests", 1)),
        answer={"data": {"transactions": []}},
    ),
    Row(
        "a transaction is a charge or a credit",
        ("B11",),
        "GET /api/developer/transactions",
        credential="token",
        given=(("requests", 3),),
        answer={"data": {"transactions": [{"type": OneOf(("charge", "credit")), "status": ABSENT}] * 4}},
    ),
    _listed("1", 1),
    _listed("2", 2),
    _listed("3", 3),
    _listed("500", 3),
    *map(_unlisted, ("limit=0", "limit=-1", "limit=501", "limit=ten", "limit=1.5", "limit=", "limit=1&limit=2")),
]
