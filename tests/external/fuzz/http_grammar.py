"""Random conversations over one connection, derived from a grammar of HTTP/1.1 with every rule broken now and then."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from clevora_mock.settings import DEMO_KEY

Part = Callable[[Random], bytes]
Leaving = Literal["half-close", "reset"]

METHODS = (b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"PATCH")
ODD_METHODS = (
    b"TRACE", b"CONNECT", b"get", b"PRI", b"PROPFIND", b"QUERY", b"FOO", b"", b"G\xc3\x89T", b"GE T", b"G\x00T",
    b"M-SEARCH", b"X" * 300,
)  # fmt: skip
PATHS = (
    b"/v1/chat/completions", b"/v1/embeddings", b"/v1/search", b"/v1/scripts/generate", b"/v1/keys", b"/v1/keys/key_1",
    b"/v1/usage", b"/v1/models", b"/api/developer/account", b"/api/developer/usage?range=7", b"/api/dodo/webhook",
    b"/docs/llms", b"/openapi.json", b"/", b"/__mock/health", b"/__mock/requests?limit=3", b"/__mock/clock",
    b"/__mock/accounts", b"/__mock/scenario", b"/checkout/cks_1", b"/sandbox/fuzz/v1/search",
    b"/identitytoolkit.googleapis.com/v1/accounts:signUp?key=k", b"/nowhere",
)  # fmt: skip
ODD_TARGETS = (
    b"*", b"", b"v1/search", b"//v1/search", b"/v1//search", b"/v1/./search", b"/v1/../v1/search", b"/v1%2Fsearch",
    b"/%", b"/%zz", b"/%00", b"/\x00", b"/v1/search#part", b"/v1/search?a=b&a=%ff&=&&", b"/v1/\xc3\xa9", b"/v1/\xff",
    b"/v1/ search", b"/v1/search\t", b"http://localhost/v1/search", b"http://", b"http://[::1", b"localhost:80",
    b"https://elsewhere.example/v1/search", b"/sandbox/A_B/v1/search", b"/sandbox//v1/search", b"/sandbox/x",
    b"/" + b"a" * 5000, b"/v1/search?" + b"q=%41&" * 800, b"\\v1\\search", b"/v1/search;a=1", b"?", b"#", b"/\x7f",
)  # fmt: skip
VERSIONS = (
    b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"HTTP/1.10", b"http/1.1", b"HTTP/1,1", b"HTTP/", b"HTTP/1.1 ",
    b"", b"HTTP/1.1\t", b"ICY/1.1", b"HTTP/-1.1", b"RTSP/1.0", b"HTTP /1.1",
)  # fmt: skip
ODD_HEADERS = (
    b"content-length: 5, 5", b"content-length: -1", b"content-length: +2", b"content-length: 0x2", b"content-length:",
    b"content-length: 2.0", b"content-length: 99999999999999999999", b"content-length: 2\r\ncontent-length: 3",
    b"content-length: 0\r\ncontent-length: 0", b"Content-Length : 2", b"content-length: 1_0", b"content-length: 007",
    b"content-length: 18446744073709551615", b"content-length: \xd9\xa3", b"content-length: 2\x00",
    b"transfer-encoding: identity", b"transfer-encoding: gzip, chunked", b"transfer-encoding: chunked, chunked",
    b"transfer-encoding: Chunked ", b"transfer-encoding:\tchunked", b"transfer-encoding: chunked\r\ncontent-length: 2",
    b"transfer-encoding: x\r\ntransfer-encoding: chunked", b"transfer-encoding: chunked, identity", b"te: trailers",
    b"transfer-encoding : chunked", b"transfer_encoding: chunked", b'transfer-encoding: "chunked"',
    b"connection: close", b"connection: keep-alive", b"connection: close, keep-alive", b"connection: upgrade",
    b"connection: , ,", b"connection: \xff", b"keep-alive: timeout=0", b"proxy-connection: close",
    b"upgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQAAP__",
    b"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    b"expect: 100-continue", b"expect: 200-ok", b"expect: 100-continue\r\ncontent-length: 5000000",
    b"host:", b"host: a b", b"host: [::1", b"host: localhost:99999", b"host: localhost\r\nhost: elsewhere.example",
    b"host: elsewhere.example", b"host: \xc3\xa9", b"authorization:", b"authorization: Bearer",
    b"authorization: Bearer ",
    b"authorization: Basic YTpi", b"authorization: bearer " + DEMO_KEY.encode(), b"authorization: Bearer \xff\xfe",
    b"authorization: Bearer a.b.c", b"authorization: Bearer " + b"e" * 3000,
    b"authorization: Bearer x\r\nauthorization: y",
    b"content-encoding: gzip", b"content-encoding: identity", b"content-type: text/\xff", b"content-type:",
    b"accept: */*", b"accept: \x00", b"accept-encoding: gzip;q=2", b"range: bytes=0-1", b"if-none-match: *",
    b"origin: null", b"origin: http://elsewhere.example", b"origin: http://[", b"referer: \xe2\x80\xa8",
    b"user-agent: " + b"u" * 4000, b"user-agent: \x1b[31m", b"cookie: " + b"a=b; " * 400, b"x-forwarded-for: ::1",
    b"x-clevora-mock-nothing: 1", b"x-clevora-mock-delay: soon", b"x-clevora-mock-fault: none",
    b"x-clevora-mock-scenario:",
    b"x-clevora-mock-error: 42", b"access-control-request-method: POST", b"access-control-request-headers: \xff",
    b": empty name", b"no colon", b" leading: space", b"folded: a\r\n b", b"folded: a\r\n\tb", b"na me: x", b"n\x00: x",
    b"n\xc3\xa9: x", b"nul: a\x00b", b"cr: a\rb", b"lf: a\nb", b"del: \x7f", b"latin: \xe9", b"(x): y", b"a:b:c",
    b"-: -",
    b"webhook-id: 1\r\nwebhook-timestamp: now\r\nwebhook-signature: v1,", b"webhook-timestamp: " + b"9" * 400,
    b"\r\n".join(b"many-%d: x" % number for number in range(150)), b"big: " + b"b" * 30_000, b"huge: " + b"b" * 70_000,
)  # fmt: skip
BODIES: tuple[dict[str, Any], ...] = (
    {"messages": [{"role": "user", "content": "Hello!"}]},
    {"messages": [{"role": "user", "content": "Count."}], "stream": True},
    {"input": "a b"},
    {"input": ["a", "b"], "encoding_format": "base64"},
    {"query": "lamps", "limit": 2},
    {"topic": "tea", "length": "short"},
    {"name": "default"},
    {"advance": 1},
    {"amount": 20},
    {},
)
ODD_BODIES = (
    b"", b"{", b"null", b"[]", b'"\\ud800"', b'{"query": "\\ud800"}', b'{"a": 1, "a": 2}', b"NaN", b"1e999",
    b"\xff\xfe{",
    b"\xef\xbb\xbf{}", b"[" * 2000, b'{"a":' * 500, b"\x1f\x8b\x08", b"a=b&c=d", b"\x00", b"0" * 5000,
    b"--b\r\n\r\n--b--",
    b'{"query": "' + b"x" * 70_000 + b'"}', b"GET / HTTP/1.1\r\n\r\n",
)  # fmt: skip
ODD_SIZES = (
    b"", b"g", b"-1", b"0x5", b"+5", b"ffffffffffffffff", b"fffffffffffffffff", b"5;", b"5;a=b", b"5 ;a",
    b"5;" + b"e" * 900,
    b" 5", b"5\t", b"00000000005", b"\xff", b'5;a="\r\n"', b"5;\x00", b"7fffffffffffffff",
)  # fmt: skip
PREAMBLES = (
    b"\r\n", b"\r\n\r\n\r\n", b"\n", b"\r", b" ", b"\x00", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b"\x05\x01\x00",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", b"\xef\xbb\xbf", b"*1\r\n$4\r\nPING\r\n",
)  # fmt: skip


@dataclass(frozen=True)
class Conversation:
    """Bytes for one connection in separate segments, and how the client then leaves.

    `methods` are those of the requests in them; `is_valid` is True if each of these must get a response.
    """

    segments: tuple[bytes, ...]
    methods: tuple[bytes, ...]
    leaving: Leaving
    is_valid: bool

    @property
    def content(self) -> bytes:
        return b"".join(self.segments)


def conversation(random: Random) -> Conversation:
    """Draw a conversation of one to five requests."""
    is_valid = random.random() < 0.3
    draw = _valid_request if is_valid else _request
    requests = [draw(random) for _ in range(random.choice((1, 1, 1, 2, 3, 5)))]
    content = b"".join(requests)
    if not is_valid:
        content = _spoil(random, content)
    leaving: Leaving = "reset" if not is_valid and random.random() < 0.1 else "half-close"
    methods = tuple(request.split(b" ")[0] for request in requests)
    return Conversation(_cut(random, content), methods, leaving, is_valid)


def _valid_request(random: Random) -> bytes:
    """Draw a request that must get a response, after which the connection goes on."""
    method, path = random.choice(METHODS), random.choice(PATHS)
    headers = [b"host: localhost", b"accept: */*"]
    if random.random() < 0.7:
        headers.append(b"Authorization: Bearer " + DEMO_KEY.encode())
    body = json.dumps(random.choice(BODIES)).encode() if method in {b"POST", b"PUT", b"PATCH"} else b""
    framing, sent = _in_chunks(random, body) if body and random.random() < 0.4 else (b"content-length: %d", body)
    if body:
        headers.append(framing % len(body) if b"%d" in framing else framing)
    random.shuffle(headers)
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, path), *headers, b"", sent])


def _in_chunks(random: Random, body: bytes) -> tuple[bytes, bytes]:
    """Return the header of a chunked body, and the body in chunks of valid shapes."""
    parts = []
    for part in _cut(random, body):
        size = random.choice((b"%x", b"%X", b"%04x", b"%x;name=value")) % len(part)
        parts.append(size + b"\r\n" + part + b"\r\n")
    return b"Transfer-Encoding: chunked", b"".join(parts) + b"0\r\n\r\n"


def _request(random: Random) -> bytes:
    """Draw a request in which each part may be wrong."""
    end = _rarely(random, (b"\n", b"\r", b"\r\r\n", b"\n\r"), b"\r\n")
    space = _rarely(random, (b"  ", b"\t", b"", b"\x00"), b" ")
    method = _rarely(random, ODD_METHODS, random.choice(METHODS))
    target = random.choice(ODD_TARGETS) if random.random() < 0.2 else random.choice(PATHS)
    line = method + space + target + space + _rarely(random, VERSIONS, b"HTTP/1.1")
    body = _rarely(random, ODD_BODIES, json.dumps(random.choice(BODIES)).encode(), 0.3)
    framing, sent = random.choice(FRAMINGS)(random, body)
    headers = [b"Host: localhost", b"Authorization: Bearer " + DEMO_KEY.encode(), *framing]
    headers = [header for header in headers if random.random() < 0.9]
    headers += random.choices(ODD_HEADERS, k=random.choice((0, 0, 1, 1, 2, 4)))
    random.shuffle(headers)
    return _rarely(random, PREAMBLES, b"", 0.03) + end.join([line, *headers, b"", sent])


Framing = tuple[list[bytes], bytes]


def _by_length(_random: Random, body: bytes) -> Framing:
    return [b"content-length: %d" % len(body)], body


def _by_wrong_length(random: Random, body: bytes) -> Framing:
    return [b"content-length: %d" % max(0, len(body) + random.choice((-1, 1, 20, -len(body))))], body


def _without_length(_random: Random, body: bytes) -> Framing:
    return [], body


def _by_chunks(random: Random, body: bytes) -> Framing:
    """Put a body in chunks, each with a wrong size, end or order now and then, and trailers."""
    sent = b""
    for part in _cut(random, body):
        size = _rarely(random, ODD_SIZES, b"%x" % len(part), 0.05)
        sent += size + _rarely(random, (b"\n", b"", b"\r"), b"\r\n", 0.03) + part
        sent += _rarely(random, (b"\n", b"", b"xx", b"\r"), b"\r\n", 0.03)
    trailers = random.choice(ODD_HEADERS) + b"\r\n" if random.random() < 0.1 else b""
    sent += _rarely(random, (b"", b"00", b"0;x", b"0\r\n0"), b"0", 0.05) + b"\r\n" + trailers + b"\r\n"
    return [b"transfer-encoding: chunked"], sent


def _by_both(random: Random, body: bytes) -> Framing:
    headers, sent = _by_chunks(random, body)
    return [*headers, b"content-length: %d" % random.choice((len(body), len(sent), 0))], sent


FRAMINGS: Sequence[Callable[[Random, bytes], Framing]] = (
    _by_length, _by_length, _by_chunks, _by_chunks, _by_wrong_length, _without_length, _by_both,
)  # fmt: skip


def _rarely(random: Random, odd: Sequence[bytes], usual: bytes, chance: float = 0.08) -> bytes:
    return random.choice(odd) if random.random() < chance else usual


def _spoil(random: Random, content: bytes) -> bytes:
    """Cut the content short, or change, remove or repeat some bytes of it, in a third of all cases."""
    at = random.randrange(len(content))
    match random.randrange(18):
        case 0 | 1:
            return content[:at]
        case 2:
            return content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]
        case 3:
            return content[:at] + random.randbytes(random.randrange(1, 40)) + content[at:]
        case 4:
            return content[:at] + content[at + random.randrange(1, 9) :]
        case 5:
            return content[at:] + content[:at]
        case _:
            return content


def _cut(random: Random, content: bytes) -> tuple[bytes, ...]:
    """Cut the content into one to four pieces, none of them empty."""
    inner = range(1, len(content))
    cuts = sorted(random.sample(inner, min(len(inner), random.choice((0, 0, 0, 1, 2, 3)))))
    pieces = tuple(content[start:end] for start, end in zip((0, *cuts), (*cuts, len(content)), strict=True))
    return tuple(piece for piece in pieces if piece)
