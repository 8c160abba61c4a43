"""Python's HTTP clients: the documentation's snippet, and libraries with their particular behavior."""

import asyncio
import contextlib
import http.client
import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
import requests

from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS, MAX_BODY_BYTES
from tests.support import records, states
from tests.support.documentation import printed, snippet
from tests.support.world import World

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}
ANSWER = "Clevora API successfully processed your request."


class CompleteResponse(NamedTuple):
    """A complete response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Body = bytes | Iterable[bytes]


def by_httpx(url: str, headers: dict[str, str], body: Body) -> CompleteResponse:
    with httpx.Client() as client:
        answer = client.post(url, headers=headers, content=body)
    return CompleteResponse(answer.status_code, answer.headers, answer.content)


def by_httpx_async(url: str, headers: dict[str, str], body: Body) -> CompleteResponse:
    async def post() -> CompleteResponse:
        async with httpx.AsyncClient() as client:
            answer = await client.post(url, headers=headers, content=body if isinstance(body, bytes) else later())
        return CompleteResponse(answer.status_code, answer.headers, answer.content)

    async def later() -> Any:
        for part in body:
            yield part

    return asyncio.run(post())


def by_requests(url: str, headers: dict[str, str], body: Body) -> CompleteResponse:
    answer = requests.post(url, body, headers=headers, timeout=20)
    return CompleteResponse(answer.status_code, answer.headers, answer.content)


def by_urllib(url: str, headers: dict[str, str], body: Body) -> CompleteResponse:
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return CompleteResponse(answer.status, _lower(answer.headers.items()), answer.read())


def by_http_client(url: str, headers: dict[str, str], body: Body) -> CompleteResponse:
    with _connected(url) as connection:
        connection.request("POST", urlsplit(url).path, body, headers)
        answer = connection.getresponse()
        return CompleteResponse(answer.status, _lower(answer.getheaders()), answer.read())


Post = Callable[[str, dict[str, str], Body], CompleteResponse]

POSTS = {
    "httpx": by_httpx,
    "httpx async": by_httpx_async,
    "requests": by_requests,
    "urllib": by_urllib,
    "http.client": by_http_client,
}


@pytest.fixture(params=list(POSTS.values()), ids=list(POSTS))
def post(request: pytest.FixtureRequest) -> Post:
    chosen: Post = request.param
    return chosen


class TestAnswers:
    def test_a_client_gets_a_chat(self, post: Post, world: World) -> None:
        answer = post(f"{world.base_url}/chat/completions", world.headers, json.dumps(HELLO).encode())
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-length"] == str(len(answer.body))
        assert answer.headers["x-request-id"] == records.journal(world)[-1].id
        assert answer.json["choices"][0]["message"]["content"] == ANSWER

    def test_a_client_gets_a_stream(self, post: Post, world: World) -> None:
        asked = json.dumps(HELLO | {"stream": True}).encode()
        answer = post(f"{world.base_url}/chat/completions", world.headers, asked)
        assert answer.headers["content-type"] == "text/event-stream"
        assert _text_of(answer.body.decode().split("\n")) == ANSWER
        assert answer.body.endswith(b"\n\ndata: [DONE]\n\n")
        assert b"\r" not in answer.body

    def test_a_client_gets_embeddings(self, post: Post, world: World) -> None:
        asked = json.dumps({"input": ["the cat sat", "on the mat"]}).encode()
        first, second = post(f"{world.base_url}/embeddings", world.headers, asked).json["data"]
        assert len(first["embedding"]) == len(second["embedding"]) == EMBEDDING_DIMENSIONS
        assert first["embedding"] != second["embedding"]

    def test_a_client_gets_a_refusal_as_json(self, post: Post, world: World) -> None:
        answer = post(f"{world.base_url}/chat/completions", {}, json.dumps(HELLO).encode())
        assert answer.status == 401
        assert answer.headers["content-type"] == "application/json"
        assert answer.json == {
            "error": {"message": "Invalid API key", "type": "authentication_error", "code": "invalid_api_key"}
        }

    def test_retry_after_is_a_header(self, post: Post, world: World) -> None:
        states.use_up_minute(world, 17)
        answer = post(f"{world.base_url}/chat/completions", world.headers, json.dumps(HELLO).encode())
        assert (answer.status, answer.headers["retry-after"]) == (429, "17")

    def test_a_client_may_send_its_body_in_chunks(self, post: Post, world: World) -> None:
        """A body of unknown length, which these clients send with ``transfer-encoding: chunked``."""
        whole = json.dumps(HELLO).encode()
        parts = (whole[index : index + 7] for index in range(0, len(whole), 7))
        answer = post(f"{world.base_url}/chat/completions", world.headers, parts)
        assert answer.json["choices"][0]["message"]["content"] == ANSWER

    @pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
    @pytest.mark.parametrize(
        ("size", "key", "expected"),
        [
            (2 * MAX_BODY_BYTES, None, (413, "payload_too_large")),
            (2 * MAX_BODY_BYTES, "sk_live_wrong", (401, "invalid_api_key")),
            (MAX_BODY_BYTES // 2, "sk_live_wrong", (401, "invalid_api_key")),
        ],
    )
    def test_a_refusal_reaches_a_client_that_is_still_sending(
        self, post: Post, world: World, size: int, key: str | None, expected: tuple[int, str], chunked: bool
    ) -> None:
        part = b" " * 64 * 1024
        body = (part for _ in range(size // len(part))) if chunked else b" " * size
        answer = post(f"{world.base_url}/chat/completions", {"authorization": f"Bearer {key or world.api_key}"}, body)
        assert (answer.status, answer.json["error"]["code"]) == expected


class TestConnections:
    """Reuse of a connection after every kind of response."""

    def test_http_client_keeps_its_connection(self, world: World) -> None:
        with _connected(world.base_url) as connection:
            ports = set()
            for path, headers, body in (
                ("/v1/chat/completions", world.headers, json.dumps(HELLO)),
                ("/v1/chat/completions", {}, json.dumps(HELLO)),
                ("/v1/nothing", {}, "{}"),
                ("/v1/chat/completions", world.headers, "{"),
                ("/v1/chat/completions", world.headers, " " * (MAX_BODY_BYTES + 1)),
                ("/v1/chat/completions", world.headers, json.dumps(HELLO | {"stream": True})),
                ("/v1/chat/completions", world.headers, json.dumps(HELLO)),
            ):
                connection.request("POST", urlsplit(world.url).path + path, body, headers)
                answer = connection.getresponse()
                assert answer.read()
                ports.add(connection.sock.getsockname())
            assert answer.status == 200
            assert len(ports) == 1
        assert records.statuses(world) == [200, 401, 404, 400, 413, 200, 200]

    def test_a_session_of_requests_keeps_its_connection(self, world: World) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {world.api_key}"
            for _ in range(3):
                answer = session.post(f"{world.base_url}/chat/completions", json=HELLO, timeout=20)
                assert answer.json()["choices"][0]["message"]["content"] == ANSWER

    def test_httpx_keeps_many_connections(self, world: World) -> None:
        async def ask() -> list[int]:
            async with httpx.AsyncClient(base_url=world.base_url, headers=world.headers) as client:
                answers = await asyncio.gather(*(client.post("/chat/completions", json=HELLO) for _ in range(50)))
                return [answer.status_code for answer in answers]

        assert asyncio.run(ask()) == [200] * 50
        assert len(records.wait_for_charges(world, 50)) == 50


@contextlib.contextmanager
def lines_by_httpx(url: str, headers: dict[str, str], body: bytes) -> Iterator[Iterator[str]]:
    with httpx.stream("POST", url, headers=headers, content=body) as answer:
        yield answer.iter_lines()


@contextlib.contextmanager
def lines_by_requests(url: str, headers: dict[str, str], body: bytes) -> Iterator[Iterator[str]]:
    with requests.post(url, body, headers=headers, stream=True, timeout=20) as answer:
        yield (str(line) for line in answer.iter_lines(decode_unicode=True))


@contextlib.contextmanager
def lines_by_urllib(url: str, headers: dict[str, str], body: bytes) -> Iterator[Iterator[str]]:
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
        yield (line.decode().removesuffix("\n") for line in answer)


@contextlib.contextmanager
def lines_by_http_client(url: str, headers: dict[str, str], body: bytes) -> Iterator[Iterator[str]]:
    with _connected(url) as connection:
        connection.request("POST", urlsplit(url).path, body, headers)
        yield (line.decode().removesuffix("\n") for line in connection.getresponse())


LINES = {
    "httpx": lines_by_httpx,
    "requests": lines_by_requests,
    "urllib": lines_by_urllib,
    "http.client": lines_by_http_client,
}


@pytest.mark.parametrize("lines_by", LINES.values(), ids=LINES.keys())
def test_a_stream_arrives_incrementally(lines_by: Callable[..., Any], live_world: World) -> None:
    live_world.stop_clock()
    body = json.dumps(HELLO | {"stream": True}).encode()
    with lines_by(f"{live_world.base_url}/chat/completions", live_world.headers, body) as lines:
        said = [next(lines) for _ in range(4)]
        assert _text_of(said) == "Clevora"
        states.advance_frames(live_world, 2)
        said += [next(lines) for _ in range(4)]
        assert _text_of(said) == "Clevora API successfully"
        live_world.advance(60)
        said += lines
    assert _text_of(said) == ANSWER
    (charge,) = records.wait_for_charges(live_world)
    assert charge.tokens == 40


class TestDocumentation:
    def test_the_quickstart_prints_an_answer(
        self, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("CLEVORA_API_KEY", world.api_key)
        names: dict[str, Any] = {}
        exec(snippet(world, "Quickstart", "python"), names)
        said = capsys.readouterr().out.removesuffix("\n")
        assert said
        assert said == names["res"].json()["choices"][0]["message"]["content"]
        assert records.journal(world)[-1].client.startswith("python-requests/")

    def test_the_documented_answer_is_returned(self, world: World) -> None:
        documented = json.loads(printed("Chat Completions", "json"))
        answer = requests.post(f"{world.base_url}/chat/completions", json=HELLO, headers=world.headers, timeout=20)
        given = answer.json()
        assert given.keys() == documented.keys()
        assert given | {"id": "", "created": 0} == documented | {"id": "", "created": 0}

    def test_the_dashboards_calls_work_with_requests(self, world: World) -> None:
        """Sign-in, a key, a paid top-up and the usage report, with `requests`."""
        with requests.Session() as session:
            session.headers.update(world.signed_in("ada"))
            assert session.post(f"{world.url}/api/developer/topup", json={"amount": 50}).status_code == 403
            assert session.post(f"{world.url}/api/developer/activate").json()["data"]["activated"] is False
            key = session.post(f"{world.base_url}/keys", json={"name": "dev"}).json()["data"]["key"]
            spending = {"authorization": f"Bearer {key}"}
            refused = requests.post(f"{world.base_url}/chat/completions", json=HELLO, headers=spending, timeout=20)
            assert (refused.status_code, refused.json()["error"]["code"]) == (402, "account_not_activated")
            checkout = session.post(f"{world.url}/api/developer/topup", json={"amount": 50}).json()["data"][
                "checkoutUrl"
            ]
            assert "Pay $50.00" in requests.get(checkout, timeout=20).text
            paid = requests.post(checkout, {"outcome": "succeeded"}, timeout=20)
            assert "Paid and credited." in paid.text
            answer = requests.post(f"{world.base_url}/chat/completions", json=HELLO, headers=spending, timeout=20)
            assert answer.json()["usage"]["total_tokens"] == 40
            assert session.get(f"{world.url}/api/developer/account").json()["data"]["balance"] == 49.98
            usage = session.get(f"{world.url}/api/developer/usage", params={"range": 7}).json()["data"]
            assert usage["summary"]["rangeTokens"] == 40
            assert len(usage["dailySeries"]) == 7


@contextlib.contextmanager
def _connected(url: str) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    with contextlib.closing(connection):
        yield connection


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def _text_of(lines: Iterable[str]) -> str:
    """Return the text in a stream's lines."""
    said = io.StringIO()
    for line in lines:
        payload = line.removeprefix("data: ")
        if line and payload != "[DONE]":
            said.write(json.loads(payload)["choices"][0]["delta"].get("content", ""))
    return said.getvalue()
