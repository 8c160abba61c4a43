"""W1-W8: headers of all responses, routes, bodies, and the document for agents."""

import re

from tests.api.rows.row import ABSENT, INT, STRING, OfType, Row, Text
from tests.support.situations import CHAT

HELLO = b'{"messages":[{"role":"user","content":"Hi"}]}'
MEBIBYTE = 1024 * 1024


def _unknown(request: str, credential: str = "none") -> Row:
    shown = f"{request}, {credential} shown" if credential != "none" else request
    return Row(f"unknown route {shown}", ("W1", "W3"), request, credential=credential, code="not_found")


def _wrong_verb(request: str, allow: str, credential: str = "none") -> Row:
    return Row(
        f"wrong verb {request}",
        ("W1", "W3"),
        request,
        credential=credential,
        code="method_not_allowed",
        sends={"allow": Text(allow)},
    )


def _slash(request: str, code: str | None, credential: str, **rest: object) -> Row:
    return Row(f"trailing slash {request}", ("W3",), request, credential=credential, code=code, **rest)  # type: ignore[arg-type]


def _broken(title: str, raw: bytes) -> Row:
    clauses = ("W1", "W4")
    return Row(f"body: {title}", clauses, "POST /v1/chat/completions", raw=raw, code="invalid_json")


ROUTES = [
    _unknown("GET /v1"),
    _unknown("GET /v2/chat/completions"),
    _unknown("POST /v1/chat"),
    _unknown("POST /v1/chat/completion"),
    _unknown("POST /v1/Chat/Completions"),
    _unknown("POST /v1/chat/completions/extra"),
    _unknown("POST /v1/embedding"),
    _unknown("GET /favicon.ico"),
    _unknown("GET /v1/nothing", "key"),
    _unknown("GET /v1/nothing", "unknown key"),
    _unknown("GET /v1/nothing", "token"),
    _unknown("GET /api/developer/nothing"),
    _unknown("GET /api/developer"),
    _unknown("DELETE /v1/keys/a/b"),
    _unknown("POST /api/dodo"),
    _unknown("GET /docs"),
    _unknown("GET /v1/search/%00%ff"),
    _unknown("GET /v1/%zz"),
    _unknown("GET /v1/%E6%97%A5%E6%9C%AC"),
    _unknown("POST /v1//chat/completions"),
    _unknown("POST /v1/v1/chat/completions"),
    _unknown("GET /" + "long/" * 60),
    *(
        Row(f"an escaped path is the same path: {path}", ("W3",), f"POST {path}", body=CHAT, answer={"model": STRING})
        for path in ("/v1/%63hat/completions", "/v1/chat/complet%69ons")
    ),
    Row(
        "a query changes nothing where there is none",
        ("W3",),
        "POST /v1/chat/completions?a=b&c",
        body=CHAT,
        answer={"object": "chat.completion"},
    ),
    Row(
        "no model list, and the hint names the models",
        ("W1", "W3"),
        "GET /v1/models",
        code="not_found",
        sends={"x-clevora-mock-hint": Text(".*clevora-1.0-turbo.*")},
    ),
    Row(
        "no Responses API, and the hint names the way out",
        ("W1", "W3"),
        "POST /v1/responses",
        body={"input": "Hi"},
        code="not_found",
        sends={"x-clevora-mock-hint": Text(".*/v1/chat/completions.*")},
    ),
    Row(
        "no legacy completions, and the hint names the way out",
        ("W1", "W3"),
        "POST /v1/completions",
        body={"prompt": "Hi"},
        code="not_found",
        sends={"x-clevora-mock-hint": Text(".*/v1/chat/completions.*")},
    ),
    Row(
        "a base URL without /v1, and the hint says so",
        ("W3",),
        "POST /chat/completions",
        body=CHAT,
        code="not_found",
        sends={"x-clevora-mock-hint": Text(".*/v1.*")},
    ),
    _wrong_verb("GET /v1/chat/completions", "POST"),
    _wrong_verb("PUT /v1/chat/completions", "POST"),
    _wrong_verb("DELETE /v1/embeddings", "POST"),
    _wrong_verb("GET /v1/search", "POST"),
    _wrong_verb("PATCH /v1/scripts/generate", "POST"),
    _wrong_verb("PUT /v1/keys", "POST, GET, HEAD|GET, HEAD, POST"),
    _wrong_verb("GET /v1/keys/key_1", "DELETE"),
    _wrong_verb("GET /api/developer/activate", "POST"),
    _wrong_verb("POST /api/developer/account", "GET, HEAD"),
    _wrong_verb("GET /api/developer/topup", "POST"),
    _wrong_verb("DELETE /api/developer/transactions", "GET, HEAD"),
    _wrong_verb("POST /api/developer/usage", "GET, HEAD"),
    _wrong_verb("POST /v1/usage", "GET, HEAD"),
    _wrong_verb("GET /api/dodo/webhook", "POST"),
    _wrong_verb("POST /docs/llms", "GET, HEAD"),
    _wrong_verb("POST /llms.txt", "GET, HEAD"),
    _wrong_verb("OPTIONS /v1/search", "POST"),
    _wrong_verb("TRACE /v1/search", "POST"),
    _wrong_verb("FOO /v1/search", "POST"),
    _wrong_verb("GET /v1/chat/completions/", "POST"),
    _slash("POST /v1/chat/completions/", None, "key", body=CHAT),
    _slash("POST /v1/embeddings/", "invalid_api_key", "none", body={"input": "Hi"}),
    _slash("GET /v1/keys/", None, "token"),
    _slash("GET /api/developer/account/", None, "token"),
    _slash("GET /v1/usage/", None, "token"),
    _slash("GET /docs/llms/", None, "none"),
    _slash("GET /llms.json/", None, "none"),
    _slash("DELETE /v1/keys/key_none/", "not_found", "token"),
    _slash("GET /v1/nothing/", "not_found", "none"),
    *(
        Row(
            f"another path, and the hint says why: {path}",
            ("W3",),
            f"POST {path}",
            body=CHAT,
            code="not_found",
            sends={"x-clevora-mock-hint": Text(f".*{hint}.*")},
        )
        for path, hint in (
            ("/v1//chat/completions", "doubled slash"),
            ("/v1/chat/completions//", "doubled slash"),
            ("/v1/chat%2Fcompletions", "encoded slash"),
            ("/v1%2fsearch", "encoded slash"),
            ("/v1/v1/chat/completions", "/v1 twice"),
        )
    ),
]

BODIES = [
    _broken("none at all", b""),
    _broken("white space alone", b" \n\t "),
    _broken("cut short", HELLO[:-2]),
    _broken("two values", HELLO + HELLO),
    _broken("text behind the object", HELLO + b" and more"),
    _broken("single quotes", HELLO.replace(b'"', b"'")),
    _broken("a trailing comma", HELLO[:-1] + b",}"),
    _broken("a comment", b"// hello\n" + HELLO),
    _broken("an array", b"[" + HELLO + b"]"),
    _broken("a string", b'"Hi"'),
    _broken("a number", b"5"),
    _broken("null", b"null"),
    _broken("true", b"true"),
    _broken("NaN", HELLO[:-1] + b',"temperature":NaN}'),
    _broken("Infinity", HELLO[:-1] + b',"temperature":Infinity}'),
    _broken("minus Infinity", HELLO[:-1] + b',"temperature":-Infinity}'),
    _broken("NaN in a field that nobody reads", HELLO[:-1] + b',"other":NaN}'),
    _broken("a number beyond all range", HELLO[:-1] + b',"temperature":1e999}'),
    _broken("a key twice", b'{"model":"clevora-1.0-turbo",' + HELLO[1:-1] + b',"model":"clevora-script-1"}'),
    _broken("the same key twice with the same value", b'{"stream":false,"stream":false,' + HELLO[1:]),
    _broken("a key twice, once escaped", b'{"stream":false,"str\\u0065am":false,' + HELLO[1:]),
    _broken("a key twice inside a message", b'{"messages":[{"role":"user","content":"a","content":"b"}]}'),
    _broken("a key twice in a field that nobody reads", HELLO[:-1] + b',"other":{"a":1,"a":2}}'),
    _broken("invalid UTF-8", HELLO.replace(b"Hi", b"\xff\xfe")),
    _broken("an overlong UTF-8 sequence", HELLO.replace(b"Hi", b"\xc0\xaf")),
    _broken("a lone surrogate, escaped", HELLO.replace(b"Hi", b"\\ud83d")),
    _broken("a lone surrogate, as bytes", HELLO.replace(b"Hi", b"\xed\xa0\xbd")),
    _broken("UTF-16", HELLO.decode().encode("utf-16")),
    _broken("a raw line break in a string", HELLO.replace(b"Hi", b"H\ni")),
    _broken("an octal number", HELLO[:-1] + b',"max_tokens":010}'),
    _broken("a form", b"messages=Hi&model=clevora-1.0-turbo"),
    *(
        Row(
            f"the body is JSON under content type {content_type}",
            ("W4",),
            "POST /v1/chat/completions",
            raw=HELLO,
            headers={"content-type": content_type},
            answer={"object": "chat.completion"},
        )
        for content_type in (
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/octet-stream",
            "multipart/form-data; boundary=x",
            "application/json; charset=latin-1",
            "nonsense",
        )
    ),
    Row(
        "the body is JSON with white space around it",
        ("W4",),
        "POST /v1/chat/completions",
        raw=b"\r\n " + HELLO + b"\n",
        answer={"object": "chat.completion"},
    ),
    Row(
        "a colon inside a text is no second key",
        ("W4",),
        "POST /v1/chat/completions",
        raw=HELLO.replace(b"Hi", b'a:b \\"c\\": d'),
        answer={"object": "chat.completion"},
    ),
    Row(
        "the same key in two objects is no duplicate",
        ("W4",),
        "POST /v1/chat/completions",
        body={"messages": [{"role": "user", "content": "a: b"}, {"role": "user", "content": "c: d"}]},
        answer={"object": "chat.completion"},
    ),
    Row(
        "an empty body is {} where every field is optional",
        ("W4", "K3"),
        "POST /v1/keys",
        raw=b"",
        credential="token",
        answer={"data": {"name": "Untitled key"}},
    ),
    Row(
        "white space is no body that is absent",
        ("W4", "B12"),
        "POST /v1/keys",
        raw=b" ",
        credential="token",
        code="invalid_json",
    ),
    *(
        Row(
            f"a body under Content-Encoding {encoding} is refused by {request}",
            ("W4",),
            request,
            raw=raw,
            headers={"content-encoding": encoding},
            credential=credential,
            code="invalid_json",
            message=f'Content-Encoding: expected none, got "{encoding}"',
            sends={"x-clevora-mock-hint": Text(".*not compressed.*")},
        )
        for request, credential in (("POST /v1/search", "key"), ("POST /v1/keys", "token"))
        for encoding, raw in (("gzip", b"\x1f\x8b\x08"), ("br", b'{"query": "x"}'), ("gzip, deflate", b"x"))
    ),
    Row(
        "Content-Encoding identity is none",
        ("W4",),
        "POST /v1/search",
        raw=b'{"query": "drones"}',
        headers={"content-encoding": "identity"},
        answer={"object": "search.results"},
    ),
    Row(
        "a credential is checked before the Content-Encoding",
        ("W4", "W6"),
        "POST /v1/search",
        raw=b"x",
        headers={"content-encoding": "gzip"},
        credential="unknown key",
        code="invalid_api_key",
    ),
    *(
        Row(
            f"the place of what is wrong is named: {told}",
            ("W4",),
            "POST /v1/chat/completions",
            raw=raw,
            code="invalid_json",
            message=re.escape(f"The request body is not valid JSON: {told}"),
        )
        for raw, told in (
            (b'{"query": "\\ud83d"}', "query has \\ud83d, half of a surrogate pair"),
            (
                b'{"messages": [{"role": "user", "content": "a\\uDE00"}]}',
                "messages[0].content has \\ude00, half of a surrogate pair",
            ),
            (b'{"a": {"\\ud83dx": 1}}', "a has \\ud83d, half of a surrogate pair"),
            (b'{"\\ud83d": 1}', "the body has \\ud83d, half of a surrogate pair"),
            (b'{"query": "a\xff"}', "invalid UTF-8 (byte 12)"),
            ('{"é": "'.encode() + b'\xc3"}', "invalid UTF-8 (byte 8)"),
        )
    ),
    *(
        Row(
            f"a number that is too large is named: {told}",
            ("W4",),
            "POST /v1/search",
            raw=raw,
            code="invalid_json",
            message=re.escape(f"The request body has a number that is too large: {told}"),
        )
        for raw, told in (
            (b'{"query": "x", "limit": 1e999}', "limit is 1e999"),
            (b'{"a": [0, {"b": -1e400}]}', "a[1].b is -1e400"),
            (b'{"limit": ' + b"9" * 5_000 + b"}", "limit is 99999999999999999..."),
        )
    ),
    *(
        Row(
            f"an item that is null is no absent field: {field}",
            ("C4", "E1"),
            f"POST /v1/{path}",
            body=body,
            code="invalid_field",
            message=re.escape(f"{field}: expected {wanted}, got null"),
        )
        for path, body, field, wanted in (
            ("embeddings", {"input": [None]}, "input[0]", "a non-blank string"),
            ("chat/completions", {"messages": [None]}, "messages[0]", "an object"),
            (
                "chat/completions",
                {"messages": [{"role": "user", "content": [None]}]},
                "messages[0].content[0]",
                "an object",
            ),
        )
    ),
    Row(
        "broken JSON is 400 on a top-up",
        ("W4", "B12"),
        "POST /api/developer/topup",
        raw=b"{",
        credential="token",
        code="invalid_json",
    ),
    Row(
        "a body one byte over 4 MiB",
        ("W1", "W5"),
        "POST /v1/chat/completions",
        raw=b" " * (4 * MEBIBYTE + 1 - len(HELLO)) + HELLO,
        code="payload_too_large",
    ),
    Row(
        "a body of exactly 4 MiB",
        ("W5",),
        "POST /v1/chat/completions",
        raw=b" " * (4 * MEBIBYTE - len(HELLO)) + HELLO,
        answer={"object": "chat.completion"},
    ),
    Row(
        "a body over 4 MiB on a top-up",
        ("W5", "B12"),
        "POST /api/developer/topup",
        raw=b" " * (4 * MEBIBYTE + 1),
        credential="token",
        code="payload_too_large",
    ),
    Row(
        "a wrong key is 401 whatever the size of the body",
        ("W5", "W6"),
        "POST /v1/chat/completions",
        raw=b" " * (4 * MEBIBYTE + 1),
        credential="unknown key",
        code="invalid_api_key",
    ),
    Row(
        "an unknown route is 404 whatever the size of the body",
        ("W5", "W6"),
        "POST /v1/nothing",
        raw=b" " * (4 * MEBIBYTE + 1),
        code="not_found",
    ),
    Row(
        "a wrong verb is 405 whatever the size of the body",
        ("W5", "W6"),
        "PUT /v1/search",
        raw=b" " * (4 * MEBIBYTE + 1),
        code="method_not_allowed",
    ),
]

LLMS = [
    Row(
        f"the document for agents at {path}",
        ("W7",),
        f"GET {path}",
        credential="none",
        sends={"cache-control": "public, max-age=300"},
        answer={
            "models": OfType(list),
            "endpoints": OfType(list),
            "errors": OfType(list),
            "pricing": OfType(dict),
            "limits": OfType(dict),
            "changelog": OfType(list),
            "error": ABSENT,
        },
    )
    for path in ("/docs/llms", "/llms.txt", "/llms.json")
] + [
    Row(
        "the document for agents, whatever is accepted and whoever asks",
        ("W7",),
        "GET /llms.txt",
        credential="unknown key",
        headers={"accept": "text/plain"},
        answer={"baseUrl": STRING, "limits": {"requestsPerMinute": 60, "tokensPerDay": 1_000_000}},
    ),
    Row(
        "the document for agents is no answer with a cache when it is refused",
        ("W3", "W7"),
        "DELETE /llms.json",
        credential="none",
        code="method_not_allowed",
        sends={"cache-control": ABSENT},
    ),
]

ORIGIN = {"origin": "https://app.example"}

CORS = [
    Row(
        f"an answer to another origin: {request}, {credential} shown",
        ("W8",),
        request,
        credential=credential,
        headers=ORIGIN,
        body=body,
        code=code,
        sends={"access-control-allow-origin": "*"},
    )
    for request, credential, body, code in (
        ("POST /v1/chat/completions", "key", CHAT, None),
        ("GET /v1/keys", "token", None, None),
        ("GET /docs/llms", "none", None, None),
        ("POST /v1/chat/completions", "none", CHAT, "invalid_api_key"),
        ("GET /api/developer/usage", "none", None, "invalid_id_token"),
        ("GET /v1/nothing", "none", None, "not_found"),
        ("GET /v1/search", "none", None, "method_not_allowed"),
    )
] + [
    Row(
        "another origin may read the request id and the wait",
        ("W8",),
        "POST /v1/chat/completions",
        body=CHAT,
        headers=ORIGIN,
        sends={"access-control-expose-headers": Text("(?=.*retry-after)(?=.*x-request-id).*")},
    ),
    Row(
        "a cookie is asked from nobody",
        ("W8",),
        "POST /v1/chat/completions",
        body=CHAT,
        headers=ORIGIN,
        sends={"access-control-allow-credentials": ABSENT, "set-cookie": ABSENT},
    ),
    *(
        Row(
            f"the control plane tells no other origin: GET {path}",
            ("W8",),
            f"GET {path}",
            credential="none",
            headers=ORIGIN,
            code=code,
            sends={"access-control-allow-origin": ABSENT},
        )
        for path, code in (
            ("/__mock/health", None),
            ("/__mock/fidelity", None),
            ("/__mock/ledger?uid=demo", None),
            ("/__mock/firestore/clevora_developer_usage/demo", None),
            ("/__mock/firestore/nothing", "not_found"),
            ("/__mock/nothing", "not_found"),
            ("/openapi.json", None),
            ("/", None),
        )
    ),
    Row(
        "the control plane answers no preflight",
        ("W8",),
        "OPTIONS /__mock/health",
        credential="none",
        headers=ORIGIN | {"access-control-request-method": "GET"},
        code="method_not_allowed",
        sends={"access-control-allow-origin": ABSENT, "access-control-allow-methods": ABSENT},
    ),
]

ANSWERS = [
    Row(
        "an error has a request id like any answer",
        ("W1", "W2"),
        "GET /v1/nothing",
        credential="none",
        code="not_found",
        sends={"x-request-id": Text("req_[0-9a-f]{24}")},
    ),
    Row(
        "a success has a request id in its headers and none in its body",
        ("W2",),
        "POST /v1/chat/completions",
        body=CHAT,
        sends={"x-request-id": Text("req_[0-9a-f]{24}")},
        answer={"request_id": ABSENT, "created": INT},
    ),
    Row(
        "a client's own request id changes nothing",
        ("W2",),
        "POST /v1/chat/completions",
        body=CHAT,
        headers={"x-request-id": "mine"},
        sends={"x-request-id": Text("req_[0-9a-f]{24}")},
    ),
    Row(
        "JSON even for a client that accepts only HTML",
        ("W1",),
        "GET /v1/nothing",
        credential="none",
        headers={"accept": "text/html"},
        code="not_found",
    ),
    Row(
        "JSON even for a client that accepts only event streams",
        ("W1",),
        "POST /v1/chat/completions",
        body=CHAT,
        headers={"accept": "text/event-stream"},
        answer={"object": "chat.completion"},
    ),
]

ROWS = [*ROUTES, *BODIES, *LLMS, *CORS, *ANSWERS]
