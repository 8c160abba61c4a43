"""HTTP itself: paths and verbs, bodies, other origins, and what a client library would never send."""

from tests.exchanges.script.models import ASKS, CHAT, SEARCH
from tests.exchanges.steps import HOST, KEY, UNKNOWN_KEY, Session, bearer, chunked, request

_HELLO = b'{"messages":[{"role":"user","content":"Hi"}]}'
_ORIGIN = {"origin": "https://app.example"}
# For what is refused before it belongs to anybody.
_ID = ("request id",)
_MEBIBYTE = 1024 * 1024

_UNKNOWN = (
    "GET /v1",
    "GET /v2/chat/completions",
    "POST /v1/chat",
    "POST /v1/Chat/Completions",
    "POST /v1/chat/completions/extra",
    "POST /v1/v1/chat/completions",
    "POST /v1//chat/completions",
    "POST //v1/chat/completions",
    "POST /v1/chat%2Fcompletions",
    "POST /v1/%63hat/completions",
    "GET /favicon.ico",
    "GET /v1/models",
    "POST /v1/responses",
    "POST /v1/completions",
    "POST /chat/completions",
    "POST /embeddings",
    "GET /api/developer",
    "GET /api/developer/nothing",
    "DELETE /v1/keys/a/b",
    "POST /api/dodo",
    "GET /docs",
    "GET /v1/search/%00%ff",
    "GET /v1/%E6%97%A5%E6%9C%AC",
    f"GET /v1/keys/{UNKNOWN_KEY}/usage",
    "GET /__mock",
    "GET /__mock/nothing",
    "POST /__mockery",
    "GET /checkout",
    "GET /" + "long/" * 60,
)
_VERBS = (
    "GET /v1/chat/completions",
    "PUT /v1/chat/completions",
    "HEAD /v1/chat/completions",
    "DELETE /v1/embeddings",
    "PATCH /v1/scripts/generate",
    "PUT /v1/keys",
    "GET /v1/keys/key_1",
    f"PUT /v1/keys/{UNKNOWN_KEY}",
    "GET /api/developer/activate",
    "POST /api/developer/account",
    "GET /api/developer/topup",
    "DELETE /api/developer/transactions",
    "POST /api/developer/usage",
    "POST /v1/usage",
    "GET /api/dodo/webhook",
    "POST /docs/llms",
    "POST /llms.txt",
    "OPTIONS /v1/search",
    "GET /v1/chat/completions/",
    "TRACE /v1/search",
    "POST /__mock/health",
    "DELETE /__mock/clock",
    "PATCH /__mock/state",
    "OPTIONS /__mock/health",
    "PUT /",
    "POST /openapi.json",
    "GET /identitytoolkit.googleapis.com/v1/accounts:signUp",
)
_SLASHES = (
    "POST /v1/embeddings/",
    "GET /v1/keys/",
    "GET /v1/keys//",
    "GET /api/developer/account/",
    "GET /docs/llms/",
    "GET /llms.json///",
    "GET /v1/nothing/",
    "GET /__mock/clock/",
    "GET //",
    "DELETE /v1/keys/key_none/",
)


def paths() -> Session:
    """404, 405 with what is allowed, and slashes."""
    session = Session("paths")
    for line in _UNKNOWN:
        session.ask(f"unknown {line[:80]}", line, None if line.startswith("GET") else {})
    session.dash("unknown with a token", "GET /api/developer/nothing")
    session.call("unknown with a key", "GET /v1/nothing")
    session.ask("unknown for a browser", "GET /v1/nothing", None, {"accept": "text/html"})
    for line in _VERBS:
        session.ask(f"wrong verb {line}", line)
    for line in _SLASHES:
        session.dash(f"slash {line}", line, {} if line.startswith("POST") else None)
    session.call("slash behind a chat", "POST /v1/chat/completions/", ASKS["chat"][1])
    session.call("a query behind a chat", "POST /v1/chat/completions?a=b&c", ASKS["chat"][1])
    session.call("a fragment", "POST /v1/search#part", ASKS["search"][1])
    session.call("an absolute URL", f"POST http://{HOST}/v1/search", ASKS["search"][1])
    session.ask("the journal", "GET /__mock/requests?limit=40", rest=0.03)
    return session


_READABLE = (
    "/docs/llms",
    "/llms.txt",
    "/llms.json",
    "/",
    "/openapi.json",
    "/__mock/health",
    "/__mock/openapi.json",
    "/__mock/fidelity",
    "/__mock/sandboxes",
    "/__mock/clock",
    "/__mock/scenarios",
    "/__mock/scenario",
    "/__mock/requests",
    "/__mock/conduct",
    "/__mock/events",
    "/__mock/ledger?uid=demo",
    "/__mock/firestore/clevora_developer_usage/demo",
    "/v1/keys",
    "/v1/usage",
    "/api/developer/account",
    "/api/developer/transactions",
    "/api/developer/usage",
    "/v1/nothing",
)


def heads() -> Session:
    """GET without its body."""
    session = Session("HEAD", "head")
    for path in _READABLE:
        session.dash(path, f"HEAD {path}")
    session.ask("refused", "HEAD /v1/keys")
    session.ask("a browser's home", "HEAD /", None, {"accept": "text/html"})
    for path in ("/docs/llms", "/llms.txt", "/llms.json"):
        session.ask(f"GET {path}", f"GET {path}")
    session.ask("GET with a body", "GET /llms.txt", {"a": 1})
    session.ask("for text", "GET /llms.txt", None, {"accept": "text/plain"} | bearer(UNKNOWN_KEY))
    session.ask("by etag", "GET /docs/llms", None, {"if-none-match": "*", "if-modified-since": "now"})
    session.ask("a range", "GET /docs/llms", None, {"range": "bytes=0-10"})
    session.ask("compressed", "GET /docs/llms", None, {"accept-encoding": "gzip, br"})
    return session


_PREFLIGHTS = (
    "/v1/chat/completions",
    "/v1/embeddings/",
    "/v1/keys",
    "/v1/keys/key_1",
    "/api/developer/usage",
    "/api/dodo/webhook",
    "/docs/llms",
    "/v1/nothing",
    "/v1/models",
    "/identitytoolkit.googleapis.com/v1/accounts:signUp",
    "/securetoken.googleapis.com/v1/token",
    "/identitytoolkit.googleapis.com/v1/accounts:other",
    "/__mock/health",
    "/__mock/nothing",
    "/",
    "/checkout/cks_none",
)


def origins() -> Session:
    """Preflights, answers to other origins, and the control plane's guard."""
    session = Session("origins", "origins")
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization, content-type"}
    for path in _PREFLIGHTS:
        session.ask(f"preflight of {path}", f"OPTIONS {path}", None, _ORIGIN | asked)
    session.ask("no method asked for", "OPTIONS /v1/search", None, _ORIGIN)
    session.ask("no headers asked for", "OPTIONS /v1/search", None, _ORIGIN | {"access-control-request-method": "GET"})
    private = _ORIGIN | asked | {"access-control-request-private-network": "true"}
    session.ask("a private network", "OPTIONS /v1/search", None, private)
    session.ask("no origin", "OPTIONS /v1/search", None, asked)
    session.ask(
        "headers that are not ASCII", "OPTIONS /v1/search", None, asked | {"access-control-request-headers": "x-\xe9"}
    )
    for name, (line, body) in ASKS.items():
        session.call(name, line, body, _ORIGIN)
    session.ask("401", CHAT, {}, _ORIGIN)
    session.ask("404", "GET /v1/nothing", None, _ORIGIN)
    session.ask("405", "GET /v1/search", None, _ORIGIN)
    session.dash("the keys", "GET /v1/keys", None, _ORIGIN)
    session.ask("for agents", "GET /docs/llms", None, _ORIGIN)
    session.chat("a fault", headers=_ORIGIN | {"x-clevora-mock-fault": "html_error"})
    session.chat("an empty origin", headers={"origin": ""})
    for path in ("/", "/__mock/health", "/__mock/nothing", "/openapi.json", "/checkout/cks_none"):
        session.ask(f"own page {path}", f"GET {path}", None, _ORIGIN)
    _guard(session)
    return session


def _guard(session: Session) -> None:
    foreign: dict[str, dict[str, str | None]] = {
        "another origin": {"origin": "https://evil.example"},
        "the origin null": {"origin": "null"},
        "another port": {"origin": "http://127.0.0.1:1"},
        "no origin at all": {"origin": "http://["},
        "cross-site": {"sec-fetch-site": "cross-site"},
        "same-site": {"sec-fetch-site": "same-site"},
        "its own origin": {"origin": f"http://{HOST}"},
        "its own origin, secure": {"origin": f"https://{HOST}"},
        "same-origin": {"sec-fetch-site": "same-origin"},
    }
    for name, headers in foreign.items():
        session.ask(f"a change from {name}", "POST /__mock/reset", {"only": "journal"}, headers)
        session.ask(f"a look from {name}", "GET /__mock/clock", None, headers)
    for host in ("evil.example", "localhost:2538", "LOCALHOST", "a.localhost", "10.0.0.1", "[::1]:2538", "[::2]:80"):
        session.ask(f"as {host}", "GET /__mock/clock", None, {"host": host})
    for host in ("a@localhost", "local host", "localhost:x", ""):
        session.ask(f"as odd {host!r}", "GET /__mock/clock", None, {"host": host})
    session.ask("the API under another name", "GET /docs/llms", None, {"host": "evil.example"})
    session.dash("a link under another name", "POST /api/developer/topup", {"amount": 15}, {"host": "shop.example:80"})


_BROKEN: dict[str, bytes] = {
    "none at all": b"",
    "white space": b" \n\t ",
    "cut short": _HELLO[:-2],
    "two values": _HELLO + _HELLO,
    "text behind": _HELLO + b" and more",
    "single quotes": _HELLO.replace(b'"', b"'"),
    "a trailing comma": _HELLO[:-1] + b",}",
    "an array": b"[" + _HELLO + b"]",
    "a string": b'"Hi"',
    "a long string": b'"' + b"x" * 100 + b'"',
    "a number": b"5",
    "null": b"null",
    "NaN": _HELLO[:-1] + b',"temperature":NaN}',
    "a number beyond all range": _HELLO[:-1] + b',"temperature":1e999}',
    "a number of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "a key twice": b'{"model":"clevora-1.0-turbo",' + _HELLO[1:-1] + b',"model":"clevora-script-1"}',
    "a key twice, once escaped": b'{"stream":false,"str\\u0065am":false,' + _HELLO[1:],
    "a key twice, deep down": _HELLO[:-1] + b',"other":{"a":1,"a":2}}',
    "invalid UTF-8": _HELLO.replace(b"Hi", b"\xff\xfe"),
    "a lone surrogate": _HELLO.replace(b"Hi", b"\\ud83d"),
    "UTF-16": _HELLO.decode().encode("utf-16-le"),
    "a byte order mark": b"\xef\xbb\xbf" + _HELLO,
    "a zero byte": b'{"a":"\x00"}',
    "a form": b"messages=Hi&model=clevora-1.0-turbo",
    "arrays in each other": b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


def bodies() -> Session:
    """Bodies that are no JSON object, that are too large, and that come under odd headers."""
    session = Session("bodies", "bodies")
    for name, body in _BROKEN.items():
        session.call(name, CHAT, body)
    for path in ("/v1/embeddings", "/v1/search", "/v1/scripts/generate"):
        session.call(f"broken for {path}", f"POST {path}", b"{")
    for path in ("/v1/keys", "/api/developer/topup", "/api/developer/activate"):
        session.dash(f"broken for {path}", f"POST {path}", b"{")
        session.dash(f"empty for {path}", f"POST {path}", b"")
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "nonsense"):
        session.call(f"JSON as {kind}", CHAT, _HELLO, {"content-type": kind})
    session.call("JSON as nothing", CHAT, _HELLO, {"content-type": None})
    session.call("a client's own id", CHAT, _HELLO, {"x-request-id": "mine", "accept": "text/html"})
    session.call("a content encoding", CHAT, _HELLO, {"content-encoding": "gzip"})
    session.call("colons in a text", CHAT, _HELLO.replace(b"Hi", b'a:b \\"c\\": d'))
    session.call("exactly 4 MiB", CHAT, b" " * (4 * _MEBIBYTE - len(_HELLO)) + _HELLO)
    session.call("a byte more", CHAT, b" " * (4 * _MEBIBYTE + 1 - len(_HELLO)) + _HELLO)
    session.dash("too large a top-up", "POST /api/developer/topup", b" " * (4 * _MEBIBYTE + 1))
    session.ask("too large with a wrong key", CHAT, b" " * (4 * _MEBIBYTE + 1), bearer(UNKNOWN_KEY))
    session.ask("too large on an unknown path", "POST /v1/nothing", b" " * (4 * _MEBIBYTE + 1))
    session.ask("too large for a wrong verb", "PUT /v1/search", b" " * (4 * _MEBIBYTE + 1))
    session.ask("4 MiB and more for a scenario", "PUT /__mock/scenario", b" " * (4 * _MEBIBYTE + 1))
    session.books("afterwards", 10)
    session.ask("the newest five", "GET /__mock/requests?limit=5")
    return session


def _announced(prefix: str, length: str, *more: str) -> bytes:
    lines = [f"POST {prefix}/v1/search HTTP/1.1", f"host: {HOST}", f"authorization: Bearer {KEY}"]
    return "\r\n".join([*lines, f"content-length: {length}", *more, "", ""]).encode()


def framing() -> Session:
    """Chunks, lengths, versions, what is expected, and connections that go on."""
    session = Session("framing", "framing")
    prefix, key = session.prefix, bearer(KEY)
    search = request(SEARCH, ASKS["search"][1], prefix=prefix, headers=key)
    session.raw(
        "chunks", chunked(CHAT, b'{"messages":[{"role":"user",', b'"content":"Hi"}]}', prefix=prefix, headers=key)
    )
    session.raw("one chunk", chunked(CHAT, _HELLO, prefix=prefix, headers=key))
    session.raw("no chunk", chunked(CHAT, prefix=prefix, headers=key))
    session.raw("chunks that are too much", chunked(CHAT, *[b" " * _MEBIBYTE] * 4, _HELLO, prefix=prefix, headers=key))
    head, _, body = search.partition(b"\r\n\r\n")
    session.raw("the body later", head + b"\r\n\r\n", body)
    session.raw("in three segments", search[:20], search[20:-10], search[-10:])
    session.raw("letter by letter", *[search[at : at + 1] for at in range(12)], search[12:])
    session.raw("expecting to be asked", _announced(prefix, "16", "expect: 100-continue"), b'{"query": "sea"}')
    session.raw("expecting, with the body", _announced(prefix, "16", "expect: 100-continue") + b'{"query": "sea"}')
    session.raw("expecting to send too much", _announced(prefix, "99999999", "expect: 100-continue"), leaving="close")
    session.raw("expecting what nobody knows", _announced(prefix, "16", "expect: miracles") + b'{"query": "sea"}')
    session.raw(
        "two lengths that agree", _announced(prefix, "16", "content-length: 16") + b'{"query": "sea"}', masks=_ID
    )
    session.raw("two lengths", _announced(prefix, "16", "content-length: 17") + b'{"query": "sea"}', masks=_ID)
    session.raw("no body at all", _announced(prefix, "0"))
    session.raw("no length", request(SEARCH, prefix=prefix, headers=key))
    session.raw(
        "to be closed",
        request(SEARCH, {"query": "sea", "limit": 1}, prefix=prefix, headers=key | {"connection": "close"}),
    )
    session.raw(
        "a stream to be closed", request(CHAT, ASKS["stream"][1], prefix=prefix, headers=key | {"connection": "close"})
    )
    session.raw("keep-alive", request("GET /llms.txt", prefix=prefix, headers={"connection": "keep-alive"}))
    for name in ("chat", "stream", "search"):
        line, asked = ASKS[name]
        session.raw(f"{name} by HTTP/1.0", request(line, asked, prefix=prefix, headers=key, version="1.0"))
    session.raw(
        "HTTP/1.0 that would go on",
        request(SEARCH, ASKS["search"][1], prefix=prefix, version="1.0", headers=key | {"connection": "keep-alive"}),
    )
    session.raw("HTTP/1.0 without a host", b"GET /docs/llms HTTP/1.0\r\n\r\n")
    session.raw("HTTP/1.1 without a host", b"GET /docs/llms HTTP/1.1\r\n\r\n")
    session.raw("a link without a host", b"GET / HTTP/1.1\r\n\r\n", masks=("port", "length"))
    upgrade = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": "YQ==",
        "sec-websocket-version": "13",
    }
    session.ask("an upgrade", "GET /docs/llms", None, upgrade)
    session.call("an upgrade with a body", SEARCH, {"query": "sea", "limit": 1}, upgrade)
    h2c = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQAAP__"}
    session.ask("to HTTP/2", "GET /docs/llms", None, h2c)
    session.call("to HTTP/2 with a body", SEARCH, {"query": "sea", "limit": 1}, h2c)
    two = request("GET /v1/keys", prefix=prefix, headers={"authorization": f"Bearer {KEY}"})
    session.raw("two authorizations", two[:-2] + f"authorization: Bearer {UNKNOWN_KEY}\r\n\r\n".encode())
    session.call("header names in capitals", SEARCH, {"query": "sea", "limit": 1}, {"X-Clevora-Mock-Error": "500"})
    session.call(
        "many headers", SEARCH, {"query": "sea", "limit": 1}, {f"x-{number}": "y" * 50 for number in range(60)}
    )
    session.call("a long header", SEARCH, {"query": "sea", "limit": 1}, {"x-long": "y" * 20_000})
    session.call("a header folded", SEARCH, {"query": "sea", "limit": 1}, {"user-agent": "a b\tc \xe9"})
    session.books("afterwards", 40)
    return session


def connections() -> Session:
    """Many requests on one connection, one behind the other, and clients that leave."""
    session = Session("connections", "connections")
    prefix, key = session.prefix, bearer(KEY)

    def whole(name: str, **headers: str) -> bytes:
        line, body = ASKS[name]
        return request(line, body, prefix=prefix, headers=key | headers)

    for name, line in (("404", "GET /v1/nothing"), ("401", "GET /v1/keys"), ("405", "GET /v1/search")):
        session.ask(f"one connection, {name}", line, on="one")
    for name in ("chat", "stream", "embeddings", "search", "script", "stream", "chat"):
        session.raw(f"one connection, {name} {len(session.steps)}", whole(name), on="one")
    session.ask("one connection, HEAD", "HEAD /docs/llms", on="one")
    session.ask("one connection, for agents", "GET /docs/llms", on="one")
    session.raw("one connection, the last", whole("search", connection="close"), on="one")
    session.raw("two at once", whole("chat") + whole("search"), answers=2)
    session.raw("five at once", b"".join(map(whole, ASKS)), answers=5)
    session.raw("streams at once", whole("stream") * 3, answers=3)
    session.raw("a refusal and an answer at once", request("GET /v1/nothing", prefix=prefix) + whole("chat"), answers=2)
    session.raw("the first is to be closed", whole("chat", connection="close") + whole("chat"), answers=2)
    session.raw("the first resets", whole("chat", **{"x-clevora-mock-fault": "reset"}) + whole("chat"), answers=2)
    session.raw("the first is cut", whole("chat", **{"x-clevora-mock-fault": "truncate"}) + whole("chat"), answers=2)
    session.raw("the second in two", whole("chat") + whole("search")[:50], whole("search")[50:], answers=2)
    session.raw("an empty line before", b"\r\n" + whole("chat"))
    session.raw("nothing is said", answers=0, patience=0.1, leaving="close")
    session.raw("half a head", whole("chat")[:40], answers=0, patience=0.1, leaving="close")
    session.raw("half a body", whole("chat")[:-5], answers=0, patience=0.1, leaving="close")
    session.raw("half a body, and an end", whole("chat")[:-5], b"", half_close=True)
    session.raw("half a body, and a reset", whole("chat")[:-5], answers=0, patience=0.1, leaving="reset")
    session.books("afterwards", 40)
    return session


_NOT_HTTP: dict[str, bytes] = {
    "noise": b"hello\r\n\r\n",
    "no path": b"GET\r\n\r\n",
    "an unknown verb": b"FROB /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n",
    "a small verb": b"get /docs/llms HTTP/1.1\r\nhost: x\r\n\r\n",
    "no colon": b"GET /v1/keys HTTP/1.1\r\nno colon here\r\n\r\n",
    "a path that is not ASCII": b"GET /v1/\xff HTTP/1.1\r\nhost: x\r\n\r\n",
    "a length in words": b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n",
    "a length below zero": b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "a bad chunk": b"POST /v1/search HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "a length and chunks": b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3": b"GET /docs/llms HTTP/3.0\r\nhost: x\r\n\r\n",
    "bare line feeds": b"GET /docs/llms HTTP/1.1\nhost: x\n\n",
    "a space before a colon": b"GET /docs/llms HTTP/1.1\r\nhost : x\r\n\r\n",
    "a zero byte in a header": b"GET /docs/llms HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
    "an authority": b"CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "no slash": b"GET docs HTTP/1.1\r\nhost: x\r\n\r\n",
    "two hosts": b"GET /docs/llms HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
    "a folded header": b"GET /docs/llms HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n",
    "an odd percent sign": b"GET /v1/%zz HTTP/1.1\r\nhost: x\r\n\r\n",
    "two requests, the second broken": b"GET /v1/nothing HTTP/1.1\r\nhost: x\r\n\r\nhello\r\n\r\n",
}


def not_http() -> Session:
    """What is not HTTP, or hardly."""
    session = Session("not HTTP", masks=_ID)
    for name, data in _NOT_HTTP.items():
        session.raw(name, data, answers=2 if "two requests" in name else 1, patience=1.0)
    session.raw("after an answer", request("GET /v1/nothing"), b"noise\r\n\r\n", answers=2)
    return session


_NAMES = (
    "a",
    "0",
    "a-b-c",
    "a" * 63,
    "a" * 64,
    "A",
    "a_b",
    "-a",
    "a.b",
    "%61",
    "a%2Fb",
    "",
    "cafe-\xe9",
)


def names() -> Session:
    """Names of sandboxes, good and odd."""
    session = Session("names")
    for name in _NAMES:
        shown = name[:10] + str(len(name)) if len(name) > 10 else name
        masks = () if name.isascii() else _ID
        session.ask(f"health of {shown!r}", f"GET /sandbox/{name}/__mock/health", masks=masks)
        body = {"query": "sea", "limit": 1}
        session.call(f"search in {shown!r}", f"POST /sandbox/{name}/v1/search", body, masks=masks)
    for path in ("/sandbox", "/sandbox/", "/sandbox/a", "/sandbox/a/", "/sandbox//a/v1/keys", "/sandbox/a/sandbox/b/"):
        session.ask(f"GET {path}", f"GET {path}")
    session.ask("default by its name", "GET /sandbox/default/__mock/health")
    session.ask("default is not removed", "DELETE /sandbox/default")
    session.ask("nor by its own path", "DELETE /")
    session.ask("a is removed", "DELETE /sandbox/a")
    session.ask("and again", "DELETE /sandbox/a/")
    session.ask("an odd name is not", "DELETE /sandbox/A")
    session.ask("all of them", "GET /__mock/sandboxes")
    session.ask("all of them, from one", "GET /sandbox/0/__mock/sandboxes")
    return session
