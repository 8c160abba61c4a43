"""K1, K2, K6-K9: authentication, by endpoint and kind of credential."""

from tests.api.rows.row import ABSENT, Exactly, Row, Text
from tests.support.situations import CHAT

NO_KEY = r"send Authorization: Bearer sk_live_\.\.\."
NOT_A_KEY = "a key is sk_live_.*"
UNKNOWN = "no key like this in this sandbox"


def _key_refused(credential: str, hint: str, given: tuple[str, ...] = (), clauses: tuple[str, ...] = ("K1",)) -> Row:
    return Row(
        f"a chat refused: {credential}",
        ("W1", *clauses),
        "POST /v1/chat/completions",
        body=CHAT,
        credential=credential,
        given=given,
        code="invalid_api_key",
        answer={"error": {"message": "Invalid API key"}},
        sends={"x-clevora-mock-hint": Text(hint)},
    )


def _token_refused(credential: str, clauses: tuple[str, ...] = ("K7",)) -> Row:
    return Row(
        f"the account refused: {credential}",
        clauses,
        "GET /api/developer/account",
        credential=credential,
        code="invalid_id_token",
    )


KEYS = [
    _key_refused("none", NO_KEY),
    _key_refused("empty header", NO_KEY),
    _key_refused("bare Bearer", NO_KEY),
    _key_refused("key, no scheme", NO_KEY),
    _key_refused("key as Basic", NO_KEY),
    _key_refused("key in capitals", NOT_A_KEY),
    _key_refused("key with one more digit", NOT_A_KEY),
    _key_refused("key with one digit less", NOT_A_KEY),
    _key_refused("key without prefix", NOT_A_KEY),
    _key_refused("test key", NOT_A_KEY),
    _key_refused("unknown key", UNKNOWN),
    _key_refused("word", NOT_A_KEY),
    _key_refused("token", "this is an ID token.*", clauses=("K1", "K2")),
    _key_refused("second key", "key .* is revoked", given=("second key revoked",), clauses=("K1", "K6")),
    *(
        Row(
            f"a key opens the door under {credential}",
            ("K1",),
            "POST /v1/chat/completions",
            body=CHAT,
            credential=credential,
            answer={"object": "chat.completion"},
        )
        for credential in ("key", "key, lower-case scheme", "key, upper-case scheme")
    ),
    *(
        Row(
            f"every billable endpoint asks for a key: {path}, {credential} shown",
            ("K2",),
            f"POST {path}",
            body=body,
            credential=credential,
            code="invalid_api_key",
        )
        for path, body in (
            ("/v1/embeddings", {"input": "Hi"}),
            ("/v1/search", {"query": "Hi"}),
            ("/v1/scripts/generate", {"topic": "Hi"}),
        )
        for credential in ("none", "token")
    ),
    Row(
        "the other keys of an account go on when one is revoked",
        ("K6",),
        "POST /v1/chat/completions",
        body=CHAT,
        given=("second key revoked",),
        answer={"object": "chat.completion"},
    ),
    Row(
        "a new key works at once",
        ("K1", "K6"),
        "POST /v1/chat/completions",
        body=CHAT,
        given=("second key",),
        credential="second key",
        answer={"object": "chat.completion"},
    ),
    Row(
        "a revoked key is 401 before an empty balance is 402",
        ("K6", "W6"),
        "POST /v1/chat/completions",
        body=CHAT,
        given=("second key revoked", ("balance", 0)),
        credential="second key",
        code="invalid_api_key",
    ),
]

TOKENS = [
    *(
        _token_refused(credential)
        for credential in (
            "none",
            "empty header",
            "bare Bearer",
            "word",
            "token as Basic",
            "token of two parts",
            "token of noise",
            "token whose claims are an array",
            "expired token",
            "token expiring now",
            "token without exp",
            "token with exp as text",
            "token with exp true",
            "token of another project",
            "token with another issuer",
            "token with another audience",
            "token without sub",
            "token with an empty sub",
            "token with a sub of 129",
            "token with a number for sub",
            "token whose user_id is another",
            "unsigned header with a signature",
            "RS256 header without signature",
        )
    ),
    _token_refused("key", ("K2", "K7")),
    Row(
        "a signed token is refused with a hint that says what to use here",
        ("K7",),
        "GET /api/developer/account",
        credential="signed token",
        code="invalid_id_token",
        sends={"x-clevora-mock-hint": Text(".*(emulator|clevora-mock token).*")},
    ),
    *(
        Row(
            f"a good token opens the account: {credential}",
            ("K7",),
            "GET /api/developer/account",
            credential=credential,
            answer={"status": "success", "data": {"uid": "demo"}},
        )
        for credential in ("token", "token, lower-case scheme", "token expiring in a second")
    ),
    Row(
        "a uid of 128 characters can sign in",
        ("K7", "K8"),
        "POST /api/developer/activate",
        credential="token with a sub of 128",
        answer={"status": "success", "data": {"uid": "x" * 128}},
    ),
    *(
        Row(
            f"an API key does not open {request}",
            ("K2",),
            request,
            body=body,
            code="invalid_id_token",
        )
        for request, body in (
            ("GET /v1/keys", None),
            ("POST /v1/keys", {}),
            ("DELETE /v1/keys/key_1", None),
            ("GET /v1/usage", None),
            ("GET /api/developer/usage", None),
            ("GET /api/developer/transactions", None),
            ("POST /api/developer/topup", {"amount": 50}),
            ("POST /api/developer/activate", None),
        )
    ),
]

ACCESS = [
    Row(
        "a user never seen learns from the account that access is lacking",
        ("B11", "K8"),
        "GET /api/developer/account",
        credential="token of a stranger",
        answer={
            "status": "success",
            "data": Exactly(
                {
                    "uid": Text(".+"),
                    "email": None,
                    "developerAccess": False,
                    "activated": False,
                    "balance": 0,
                    "tier": "preview",
                }
            ),
        },
    ),
    *(
        Row(
            f"a user never seen has no access: {request}",
            ("K8", "B12"),
            request,
            body=body,
            credential="token of a stranger",
            code="developer_access_required",
        )
        for request, body in (
            ("GET /v1/keys", None),
            ("POST /v1/keys", {"name": "ci"}),
            ("DELETE /v1/keys/key_1", None),
            ("GET /v1/usage", None),
            ("GET /api/developer/transactions", None),
            ("GET /api/developer/usage", None),
            ("POST /api/developer/topup", {"amount": 50}),
        )
    ),
    Row(
        "a key whose account lost its access is 403",
        ("K9",),
        "POST /v1/chat/completions",
        body=CHAT,
        given=("no developer access",),
        code="developer_access_required",
    ),
    Row(
        "activating gives access, and no funds",
        ("K8", "K9"),
        "POST /api/developer/activate",
        credential="token with e-mail",
        answer={
            "status": "success",
            "data": {
                "uid": "eve",
                "email": "eve@clevora.example",
                "developerAccess": True,
                "activated": False,
                "balance": 0,
            },
        },
    ),
    Row(
        "activating needs no body",
        ("K8", "W4"),
        "POST /api/developer/activate",
        credential="token of a stranger",
        answer={"data": {"developerAccess": True}},
    ),
    Row(
        "activating again changes nothing",
        ("K8",),
        "POST /api/developer/activate",
        credential="token",
        answer={"status": "success", "data": {"uid": "demo", "balance": 100, "activated": True}, "error": ABSENT},
    ),
    Row(
        "a user with access reads an empty list of keys before any money",
        ("K9", "K4"),
        "GET /v1/keys",
        credential="token of other",
        given=("second user",),
        answer={"data": {"keys": [{"name": "theirs"}]}},
    ),
    Row(
        "a key may be made before the account is funded",
        ("K9",),
        "POST /v1/keys",
        body={"name": "early"},
        credential="token of other",
        given=("second user",),
        answer={"data": {"name": "early"}},
    ),
    Row(
        "that key is 402 until the account is funded",
        ("K9", "B2"),
        "POST /v1/chat/completions",
        body=CHAT,
        credential="other's key",
        given=("second user",),
        code="account_not_activated",
    ),
]

ROWS = [*KEYS, *TOKENS, *ACCESS]
