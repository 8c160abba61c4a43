"""W1-W5, W7, W8 on the wire: methods, slashes, CORS, request ids, and invalid HTTP."""

import json
import re
from typing import TYPE_CHECKING

import pytest

from clevora_mock.contract.endpoints import ENDPOINTS, Endpoint
from tests.support.raw_client import connect, exchange, read_response, responses
from tests.support.situations import CHAT

if TYPE_CHECKING:
    from tests.support.world import World

PATHS = [(endpoint, path) for endpoint in ENDPOINTS for path in endpoint.paths]
READABLE = [(endpoint, path) for endpoint, path in PATHS if endpoint.method == "GET"]
# The methods of each path, written by hand, independent of the product's table.
VERBS = {
    "/v1/chat/completions": {"POST"},
    "/v1/embeddings": {"POST"},
    "/v1/search": {"POST"},
    "/v1/scripts/generate": {"POST"},
    "/v1/keys": {"GET", "HEAD", "POST"},
    "/v1/keys/{id}": {"DELETE"},
    "/api/developer/activate": {"POST"},
    "/api/developer/account": {"GET", "HEAD"},
    "/api/developer/topup": {"POST"},
    "/api/developer/transactions": {"GET", "HEAD"},
    "/api/developer/usage": {"GET", "HEAD"},
    "/v1/usage": {"GET", "HEAD"},
    "/api/dodo/webhook": {"POST"},
    "/docs/llms": {"GET", "HEAD"},
    "/llms.txt": {"GET", "HEAD"},
    "/llms.json": {"GET", "HEAD"},
}


def credential(world: "World", endpoint: Endpoint) -> dict[str, str]:
    return {"api_key": world.headers, "id_token": world.signed_in()}.get(endpoint.credential, {})


def concrete(path: str) -> str:
    return path.replace("{id}", "key_none")


@pytest.mark.clause("W1", "W3")
def test_head_is_get_without_a_body(world: "World") -> None:
    """The same status and headers except the request id, and no body."""
    for endpoint, path in READABLE:
        headers = credential(world, endpoint)
        got, headed = world.http.get(path, headers=headers), world.http.head(path, headers=headers)
        assert (path, headed.status_code, headed.content) == (path, 200, b"")
        assert got.content != b""
        del got.headers["x-request-id"], headed.headers["x-request-id"]
        assert (path, headed.headers) == (path, got.headers)


@pytest.mark.clause("W1", "W3")
@pytest.mark.parametrize(("path", "status"), [("/v1/chat/completions", 405), ("/v1/nothing", 404), ("/v1/keys", 401)])
def test_head_is_refused_like_get(world: "World", path: str, status: int) -> None:
    answer = world.http.head(path)
    assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.clause("W3")
def test_a_slash_at_the_end_changes_nothing(world: "World") -> None:
    for endpoint, path in PATHS:
        headers = credential(world, endpoint)
        plain, slashed = (
            world.http.request(endpoint.method, concrete(path) + end, headers=headers, content=b"") for end in ("", "/")
        )
        assert (path, slashed.status_code) == (path, plain.status_code)
        if plain.is_error:
            assert slashed.json() == plain.json()


@pytest.mark.clause("W3")
@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("//v1/search", "doubled slash"),
        ("/sandbox//v1/search", "doubled slash"),
        ("/sandbox/a//v1/search", "doubled slash"),
        ("/sandbox/a/v1/search//", "doubled slash"),
        ("/sandbox%2Fa/v1/search", "encoded slash"),
        ("/sandbox/a%2Fv1/search", "encoded slash"),
        ("/sandbox/a/v1/v1/search", "/v1 twice"),
        ("/sandbox/My_Test/v1/search", "/sandbox/my-test"),
        ("/sandbox/UPPER/v1/search", "/sandbox/upper"),
        (f"/sandbox/{'a' * 64}/v1/search", f"/sandbox/{'a' * 63}"),
        ("/sandbox/-a/v1/search", "/sandbox/a"),
        ("/sandbox/%E2%9C%93/v1/search", "/sandbox/my-test"),
    ],
)
def test_a_path_that_is_almost_right_is_refused_with_a_hint(world: "World", path: str, hint: str) -> None:
    """Sent as it is, since clients normalize paths."""
    with connect(world.address) as connection:
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {world.api_key}\r\n"
        connection.sendall(f"{head}content-length: 2\r\n\r\n{{}}".encode())
        answer = read_response(connection)
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
    assert hint in (answer.header("x-clevora-mock-hint") or "")


@pytest.mark.clause("W9")
@pytest.mark.parametrize(
    "path", ["/v1/search", "/v1/keys", "/identitytoolkit.googleapis.com/v1/projects/p/accounts:lookup"]
)
@pytest.mark.parametrize("second", ["same", "other", "empty"])
def test_two_authorization_headers_are_401(world: "World", path: str, second: str) -> None:
    good = {
        "/v1/search": f"Bearer {world.api_key}",
        "/v1/keys": f"Bearer {world.id_token()}",
    }.get(path, "Bearer owner")
    other = {"same": good, "other": "Bearer nothing", "empty": ""}[second]
    for pair in ((good, other), (other, good)):
        answer = world.http.post(
            path,
            headers=[("authorization", value) for value in pair],
            content=b'{"query": "x"}' if path == "/v1/search" else b"{}",
        )
        assert answer.status_code == 401, answer.text


@pytest.mark.clause("W8")
@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/nothing", "/sandbox/My_Test/v1/search", "/v1/v1/search", "/v1/search"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_browser_sees_the_error_of_every_path(world: "World", path: str, method: str) -> None:
    asked = {
        "origin": "https://app.example",
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type,x-stainless-lang",
    }
    granted = world.http.options(path, headers=asked)
    assert granted.status_code == 204
    assert granted.headers["access-control-allow-origin"] == "*"
    assert method in granted.headers["access-control-allow-methods"].split(", ")
    assert granted.headers["access-control-allow-headers"] == asked["access-control-request-headers"]
    answer = world.http.request(method, path, headers={"origin": "https://app.example"})
    assert answer.is_error
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-clevora-mock-hint" in answer.headers["access-control-expose-headers"]


@pytest.mark.clause("W3")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_allow_lists_the_methods_of_a_path(world: "World", method: str) -> None:
    for path, taken in VERBS.items():
        answer = world.http.request(method, concrete(path))
        if method in taken:
            assert (path, answer.status_code == 405) == (path, False)
        else:
            assert (path, answer.status_code, answer.json()["error"]["code"]) == (path, 405, "method_not_allowed")
            assert (path, set(answer.headers["allow"].split(", "))) == (path, taken)


@pytest.mark.clause("W3", "W9")
@pytest.mark.parametrize("method", ["FOO", "get", "M-SEARCHES", "A" * 32])
@pytest.mark.parametrize("more", ["", "connection: upgrade\r\nupgrade: h2c\r\n"], ids=["plain", "upgrade"])
def test_a_method_that_nobody_knows_is_405_like_another_wrong_one(world: "World", method: str, more: str) -> None:
    head = f"{method} /sandbox/{world.name}/v1/keys HTTP/1.1\r\nhost: x\r\n{more}content-length: 2\r\n\r\n{{}}"
    with connect(world.address) as connection:
        for _ in range(2):
            connection.sendall(head.encode())
            reply = read_response(connection)
            assert reply.status == 405
            assert set(dict(reply.headers)["allow"].split(", ")) == {"GET", "HEAD", "POST"}
            message = json.loads(reply.body)["error"]["message"]
            assert message.startswith(f"/v1/keys does not take {method}; expected ")
    (newest, _) = world.http.get("/__mock/requests").json()["requests"]
    assert (newest["method"], newest["path"], newest["status"]) == (method, "/v1/keys", 405)


@pytest.mark.clause("W3")
def test_every_path_has_its_methods_in_the_table() -> None:
    assert VERBS.keys() == {path for _, path in PATHS}


@pytest.mark.clause("W8")
def test_a_preflight_is_answered_on_the_emulated_api(world: "World") -> None:
    for endpoint, path in PATHS:
        asked = {
            "origin": "https://app.example",
            "access-control-request-method": endpoint.method,
            "access-control-request-headers": "authorization, content-type",
        }
        answer = world.http.options(concrete(path), headers=asked)
        assert (path, answer.status_code, answer.content) == (path, 204, b"")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert endpoint.method in answer.headers["access-control-allow-methods"].split(", ")
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert {"authorization", "content-type"} <= set(allowed.split(", "))
        assert re.fullmatch("req_[0-9a-f]{24}", answer.headers["x-request-id"])


@pytest.mark.clause("W8")
def test_a_preflight_allows_the_headers_of_every_sdk(world: "World") -> None:
    wanted = "authorization, x-stainless-lang, x-client-version, x-firebase-gmpid"
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    answer = world.http.options("/v1/chat/completions", headers=asked | {"access-control-request-headers": wanted})
    assert set(wanted.split(", ")) <= set(answer.headers["access-control-allow-headers"].split(", "))


@pytest.mark.clause("W2")
def test_no_two_answers_have_the_same_request_id(world: "World") -> None:
    """Successes, refusals, streams and preflights."""
    seen = [world.http.get("/v1/nothing").headers["x-request-id"] for _ in range(20)]
    seen += [world.http.get("/docs/llms").headers["x-request-id"] for _ in range(5)]
    chat = {"headers": world.headers, "json": CHAT | {"stream": True}}
    seen += [world.http.post("/v1/chat/completions", **chat).headers["x-request-id"] for _ in range(5)]  # type: ignore[arg-type]
    assert len(set(seen)) == 30


@pytest.mark.clause("W7")
def test_the_three_paths_for_agents_serve_the_same_bytes(world: "World") -> None:
    first, *others = (world.http.get(path) for path in ("/docs/llms", "/llms.txt", "/llms.json"))
    for other in others:
        assert other.content == first.content
    for answer in (first, *others):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.clause("W7")
@pytest.mark.parametrize(
    "headers",
    [
        {"accept-encoding": "gzip, br"},
        {"if-none-match": "*", "if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"},
        {"range": "bytes=0-10"},
    ],
    ids=["compressed", "if changed", "a range"],
)
def test_the_document_for_agents_is_always_whole_and_plain(world: "World", headers: dict[str, str]) -> None:
    plain, answer = world.http.get("/docs/llms"), world.http.get("/docs/llms", headers=headers)
    assert (answer.status_code, answer.content) == (200, plain.content)
    del plain.headers["x-request-id"], answer.headers["x-request-id"]
    assert answer.headers == plain.headers


def search_bytes(world: "World", target: str, *headers: str) -> bytes:
    """Return a search as bytes; `{path}` in the target is the sandbox's own path."""
    body = b'{"query":"sea","limit":1}'
    lines = [f"POST {target.format(path=f'/sandbox/{world.name}/v1/search')} HTTP/1.1", "connection: close"]
    lines += [f"authorization: Bearer {world.api_key}", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.clause("W3")
@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("{path}", ["host: localhost"]),
        ("{path}#part", ["host: localhost"]),
        ("{path}?a=b#part", ["host: localhost"]),
        ("http://localhost{path}", ["host: localhost"]),
        ("http://other.example:99{path}", ["host: localhost"]),
        ("{path}", ["host: localhost", "host: other.example"]),
        ("{path}", ["host: localhost", "expect: miracles"]),
        ("{path}", ["host: localhost", "user-agent: a b\tc \xe9"]),
    ],
    ids=["plain", "fragment", "query", "absolute", "another host's", "two hosts", "unknown expectation", "not ASCII"],
)
def test_unusual_requests_are_the_plain_ones(world: "World", target: str, headers: list[str]) -> None:
    (answer,) = responses(exchange(world.address, search_bytes(world, target, *headers)))
    assert (answer.status, answer.json["query"], len(answer.json["results"])) == (200, "sea", 1)
    (entry,) = world.run_in_server(lambda sandbox: list(sandbox.journal.entries))
    assert (entry.path, entry.query) == ("/v1/search", "a=b" if "?" in target else "")


@pytest.mark.clause("W3")
@pytest.mark.parametrize("target", ["//v1/search", "/v1//search", "*"])
def test_unusual_targets_are_no_route(world: "World", target: str) -> None:
    (answer,) = responses(exchange(world.address, search_bytes(world, target, "host: localhost")))
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


@pytest.mark.clause("W1", "W2")
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"FR@B /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n",
        b"FROB /v1/chat/completions HTTP/1.1\nhost: x\n\n",
        b"GET /v1/keys HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET /v1/\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"POST /v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /docs/llms HTTP/3.0\r\nhost: x\r\n\r\n",
        b"GET /docs/llms HTTP/1.1\nhost: x\n\n",
        b"GET /docs/llms HTTP/1.1\r\nhost : x\r\n\r\n",
        b"GET /docs/llms HTTP/1.1\r\nhost: x\r\na: \x00\r\n\r\n",
        b"GET /docs/llms HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET docs HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=[
        *("noise", "no path", "no verb", "unknown verb with bare line feeds", "bad header", "bad path", "bad length"),
        *("bad chunk", "TLS", "negative length", "a length twice", "two lengths", "length and chunks", "HTTP/3"),
        *("bare line feeds", "space before a colon", "zero byte", "folded header", "authority", "no slash"),
    ],
)
def test_invalid_http_is_refused_in_json(world: "World", request_bytes: bytes) -> None:
    """A 400 in the contract's format with a request id; the connection closes."""
    head, _, body = exchange(world.address, request_bytes).partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0].startswith("http/1.1 400 ")
    assert "content-type: application/json" in lines
    assert any(re.fullmatch("x-request-id: req_[0-9a-f]{24}", line) for line in lines)
    error = json.loads(body)["error"]
    assert error.keys() == {"message", "type", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["message"]


@pytest.mark.clause("W4", "W5")
def test_a_body_in_chunks_is_read_whole(world: "World") -> None:

    def parts(count: int) -> list[bytes]:
        return [b'{"messages":[{"role":"user",', b'"content":"Hello!"}]', *[b" " * 65_536] * count, b"}"]

    fits = world.http.post("/v1/chat/completions", headers=world.headers, content=iter(parts(1)))
    assert fits.json()["usage"]["total_tokens"] == 40
    too_large = world.http.post("/v1/chat/completions", headers=world.headers, content=iter(parts(64)))
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "payload_too_large")


@pytest.mark.clause("W5")
def test_a_length_over_4_mib_is_refused_before_the_body_comes(world: "World") -> None:
    """A client that sends ``Expect: 100-continue`` gets no 100."""
    head = (
        f"POST /sandbox/{world.name}/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        f"authorization: Bearer {world.api_key}\r\nexpect: 100-continue\r\ncontent-length: 99999999\r\n\r\n"
    )
    with connect(world.address) as connection:
        connection.sendall(head.encode())
        reply = read_response(connection)
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (413, "payload_too_large")


@pytest.mark.clause("W1")
def test_a_connection_outlives_refusals(world: "World") -> None:
    prefix = f"/sandbox/{world.name}"
    with connect(world.address) as connection:
        for path, status in (("/v1/nothing", 404), ("/v1/keys", 401), ("/v1/search", 405), ("/docs/llms", 200)):
            connection.sendall(f"GET {prefix}{path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            assert read_response(connection).status == status


@pytest.mark.clause("W1", "W4")
def test_a_request_without_a_host_is_served(world: "World") -> None:
    answered = exchange(world.address, b"GET /docs/llms HTTP/1.0\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200")
