"""Hints that say what is wrong, and where people see them: header, journal, log and test report."""

import gzip
import hashlib
import hmac
import io
import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clevora_mock.cli.log import json_line, text_line
from clevora_mock.cli.terminal import Styler
from clevora_mock.testing import Clevora
from clevora_mock.testing.report import report
from clevora_mock.web.path_hints import hint_for
from tests.support.control import chat, control, start_scenario
from tests.support.world import World

CHAT = "/v1/chat/completions"
LACKS_V1 = "the base URL lacks /v1"
ENDS_IN_ENDPOINT = "the base URL has an endpoint's path"
MODELS = "Clevora documents no model list"

# A path without a sandbox's prefix, and the start of its hint.
WRONG_PATHS = [
    ("/v1/v1/chat/completions", "the path has /v1 twice"),
    ("//v1/chat/completions", "the path has a doubled slash"),
    ("/v1//chat/completions", "the path has a doubled slash"),
    ("/v1/chat%2Fcompletions", "the path has an encoded slash"),
    ("/v1/chat/completions/chat/completions", ENDS_IN_ENDPOINT),
    ("/v1/chat/completions/v1/chat/completions", ENDS_IN_ENDPOINT),
    ("/v1/chat/completions/embeddings", ENDS_IN_ENDPOINT),
    ("/chat/completions/chat/completions", ENDS_IN_ENDPOINT),
    ("/chat/completions", LACKS_V1),
    ("/embeddings", LACKS_V1),
    ("/search", LACKS_V1),
    ("/keys/key_1", LACKS_V1),
    ("/v1", "this is the base URL itself"),
    ("/models", MODELS),
    ("/v1/models", MODELS),
    ("/v1/models/gpt-4o", MODELS),
    ("/responses", "Clevora has no Responses API"),
    ("/v1/responses", "Clevora has no Responses API"),
    ("/v1/responses/resp_1", "Clevora has no Responses API"),
    ("/v1/completions", "Clevora has no legacy completions"),
    ("/v1/completion", "Clevora has no legacy completions"),
    ("/v1/chat", "did you mean /v1/chat/completions?"),
    ("/sandbox/ok/v1/chat/completions", "the path has a sandbox's prefix twice"),
    ("/Sandbox/ok/v1/chat/completions", "a sandbox's path begins with /sandbox/ in lower case"),
    ("/__mock//health", "the path has a doubled slash"),
    ("/v1/deployments/gpt-4o/chat/completions", "this is Azure OpenAI's path"),
    ("/v1/api/chat", "this is Ollama's API"),
    ("/anthropic/v1/messages", "this is Anthropic's API"),
    ("/openai/deployments/gpt-4o/chat/completions", "this is Azure OpenAI's path"),
    ("/v1/messages", "this is Anthropic's API"),
    ("/api/chat", "this is Ollama's API"),
    ("/health", "readiness is at /__mock/health"),
    ("/v1/images/generations", "Clevora has no such API"),
    ("/v1/chat/completion", "did you mean /v1/chat/completions?"),
    ("/V1/Chat/Completions", "did you mean /v1/chat/completions?"),
    ("/v1/nowhere", None),
    ("/", None),
    ("/v1/" + "x" * 10_000, None),
]


@pytest.mark.parametrize(("path", "start"), WRONG_PATHS)
def test_a_wrong_path_has_a_hint(path: str, start: str | None) -> None:
    hint = hint_for(path)
    assert (hint or "").startswith(start or ""), hint
    assert (hint is None) == (start is None)


def test_the_hint_about_readiness_has_the_sandboxs_prefix(world: World) -> None:
    answer = world.http.get("/health")
    assert answer.headers["x-clevora-mock-hint"] == f"readiness is at /sandbox/{world.name}/__mock/health"


@pytest.mark.parametrize("client", ["openai-agents", "AI SDK", "LangChain", "inspect-ai"])
def test_the_hint_about_responses_names_each_clients_setting(client: str) -> None:
    assert client in (hint_for("/v1/responses") or "")


@pytest.mark.parametrize(
    ("name", "valid"), [("My_Test", "my-test"), ("-x", "x"), ("a.b", "a-b"), ("X" * 80, "x" * 63), ("t%20e", "t-20e")]
)
def test_an_invalid_name_of_a_sandbox_is_corrected(name: str, valid: str) -> None:
    hint = hint_for(f"/sandbox/{name}{CHAT}") or ""
    assert "lower-case letters, digits and hyphens" in hint
    assert hint.endswith(f"did you mean /sandbox/{valid}?")


def chat_with_scenario(world: World, source: str) -> httpx.Response:
    start_scenario(world, source)
    return chat(world)


def chat_without_money(world: World) -> httpx.Response:
    world.balance(0)
    return chat(world)


def chat_without_access(world: World) -> httpx.Response:
    control(world, "PATCH accounts/demo", json={"developerAccess": False})
    return chat(world)


DOWN = "rules: [{name: down, then: {error: {status: 503, message: Down for now}}}]"
TOO_LARGE = b" " * (4 * 1024 * 1024 + 1)
SIGN_UP = "/identitytoolkit.googleapis.com/v1/accounts:signUp"

# Makes a request that is refused.
REFUSED: dict[str, Callable[[World], httpx.Response]] = {
    "401": lambda world: world.http.post(CHAT, json={}),
    "402": chat_without_money,
    "403": chat_without_access,
    "404": lambda world: world.http.post("/v1/v1/chat/completions", json={}),
    "405": lambda world: world.http.get(CHAT),
    "413": lambda world: world.http.post(CHAT, headers=world.headers, content=TOO_LARGE),
    "429": lambda world: chat_with_scenario(world, "limits: {requests_per_minute: 0}"),
    "400": lambda world: world.http.post("/v1/embeddings", headers=world.headers, json={"input": [1, 2]}),
    "unsigned": lambda world: world.http.post("/api/dodo/webhook", json={}),
    "injected": lambda world: chat_with_scenario(world, DOWN),
    "asked for": lambda world: chat(world, headers={"x-clevora-mock-error": "503"}),
    "asked for wrongly": lambda world: chat(world, headers={"x-clevora-mock-error": "5xx"}),
    "Firebase": lambda world: world.http.post(SIGN_UP, json={}),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_message_and_hint_of_a_refusal_are_in_journal_log_and_report(world: World, kind: str) -> None:
    answer = REFUSED[kind](world)
    assert answer.status_code >= 400
    (entry,) = world.sandbox.journal.entries
    message, hint = answer.json()["error"]["message"], answer.headers.get("x-clevora-mock-hint")
    (shown,) = control(world, "GET requests")["requests"]
    assert (shown["message"], shown["hint"]) == (message, hint)
    line = text_line("default", entry, Styler(io.StringIO()), 0)
    assert message[:24] in line
    logged = json.loads(json_line("default", entry))
    assert (logged["message"], logged["hint"]) == (message, hint)
    section = report(Clevora(world.url, world.api_key))
    assert message[:24] in section
    if hint is not None:
        assert line.endswith(f"({hint})")
        assert f"({hint})\n" in f"{section}\n"


@pytest.mark.parametrize("kind", ["401", "402", "403", "404", "405", "400", "unsigned", "Firebase"])
def test_a_refusal_that_a_client_can_mend_has_a_hint(world: World, kind: str) -> None:
    assert REFUSED[kind](world).headers["x-clevora-mock-hint"]


# A body, and a part of the hint; None for none.
WRONG_BODIES: list[tuple[bytes, str | None]] = [
    (b'{"message": [{"role": "user", "content": "x"}]}', 'did you mean messages by "message"?'),
    (b'{"prompt": "hi"}', 'did you mean messages by "prompt"?'),
    (b'{"model": "clevora-1.0-turbo", "input": "hi", "instructions": "be kind"}', None),
    (b'{"messages": [{"rol": "user", "content": "x"}]}', 'did you mean role by "rol"?'),
    (b'{"messages": [{"content": "x"}]}', 'a message is {"role": "user", "content": "..."}'),
    (b'{"messages": [{"role": "user", "content": "x"}], "model": "gpt-4o"}', "have the client send clevora-1.0-turbo"),
    (
        b'{"messages": [{"role": "user", "content": "x"}], "model": "clevora-embed-1"}',
        "have the client send clevora-1.0-turbo",
    ),
    (b"", "send a JSON object with messages"),
    (b" \n", "send a JSON object with messages"),
    (b"model=clevora-1.0-turbo&messages%5B%5D=hi", "the body is a form"),
    (b'--x1\r\nContent-Disposition: form-data; name="messages"\r\n\r\nhi\r\n--x1--', "the body is a multipart form"),
    (b'\xef\xbb\xbf{"messages": []}', "a byte order mark"),
    ('{"messages": []}'.encode("utf-16"), "UTF-16"),
    ('{"messages": []}'.encode("utf-16-le"), "UTF-16"),
    (gzip.compress(b'{"messages": []}', mtime=0), "compressed"),
    (b"{'messages': []}", "JSON has double quotes"),
    (b"'{messages:", "cmd.exe"),
    (b'{"messages": [}', None),
]


@pytest.mark.parametrize(("body", "part"), WRONG_BODIES)
def test_a_wrong_body_of_a_chat_has_a_hint(world: World, body: bytes, part: str | None) -> None:
    answer = world.http.post(CHAT, headers=world.headers, content=body)
    assert answer.status_code in (400, 404)
    hint = answer.headers.get("x-clevora-mock-hint")
    assert (hint is None) if part is None else part in (hint or ""), hint


def test_unknown_fields_are_named_also_in_a_refusal(world: World) -> None:
    answer = world.http.post("/v1/search", headers=world.headers, json={"query": "", "messge": 1})
    assert (answer.status_code, answer.headers["x-clevora-mock-ignored"]) == (400, "messge")
    assert control(world, "GET requests")["requests"][0]["ignored"] == ["messge"]


def test_credentials_that_are_exchanged_are_named(world: World) -> None:
    token_for_key = world.http.post(CHAT, headers=world.signed_in("demo"), json={})
    assert "this is an ID token" in token_for_key.headers["x-clevora-mock-hint"]
    key_for_token = world.http.get("/v1/keys", headers=world.headers)
    assert "this is an API key" in key_for_token.headers["x-clevora-mock-hint"]
    assert "clevora-mock token" in key_for_token.headers["x-clevora-mock-hint"]


@pytest.mark.parametrize("balance", [0, -290])
def test_a_refusal_for_money_says_where_more_comes_from(world: World, balance: int) -> None:
    world.balance(balance)
    hint = chat(world).headers["x-clevora-mock-hint"]
    assert all(way in hint for way in ("PATCH /__mock/accounts", "/__mock/reset", "--balance"))


EVENT = {"type": "payment.succeeded", "data": {"name": "Zoë", "amount": 50}}
BODY = json.dumps(EVENT, separators=(",", ":"), ensure_ascii=False).encode()


def sign(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()


def delivered(world: World, signature: str, body: bytes = BODY) -> str:
    """Return the hint of the answer to an event with this signature."""
    headers = {b"webhook-id": b"evt_1", b"webhook-timestamp": b"1767225600", b"webhook-signature": signature.encode()}
    answer = world.http.post("/api/dodo/webhook", content=body, headers=headers)
    assert answer.status_code == 401
    return str(answer.headers["x-clevora-mock-hint"]).removeprefix("no signature matches; ")


@pytest.fixture
def secret(world: World) -> str:
    return world.server.settings.webhook_secret


NO_KNOWN_MISTAKE = (
    "either its secret is not the server's --webhook-secret, or id, timestamp or body are not those that were signed"
)


class TestWebhooks:
    HEAD = b"evt_1.1767225600."

    def key(self, secret: str) -> bytes:
        return b64decode(secret.removeprefix("whsec_"))

    def test_a_signature_in_hex_is_recognized(self, world: World, secret: str) -> None:
        digest = sign(self.HEAD + BODY, self.key(secret)).hex()
        assert delivered(world, f"v1,{digest}") == "it is in hex, not base64"
        assert delivered(world, f"sha256={digest}") == 'it begins without "v1,"; it is in hex, not base64'

    def test_a_signature_in_base64url_is_recognized(self, world: World, secret: str) -> None:
        found = next(f"evt_{n}" for n in range(100) if b"-" in self.url_safe(secret, f"evt_{n}"))
        headers = {"webhook-id": found, "webhook-timestamp": "1767225600"}
        headers["webhook-signature"] = "v1," + self.url_safe(secret, found).decode()
        answer = world.http.post("/api/dodo/webhook", content=BODY, headers=headers)
        assert answer.headers["x-clevora-mock-hint"].endswith("; it is not standard, padded base64")

    def url_safe(self, secret: str, event_id: str) -> bytes:
        return urlsafe_b64encode(sign(f"{event_id}.1767225600.".encode() + BODY, self.key(secret)))

    def test_a_signature_over_the_body_alone_is_recognized(self, world: World, secret: str) -> None:
        digest = b64encode(sign(BODY, self.key(secret))).decode()
        assert delivered(world, f"v1,{digest}") == "it is over the body alone, not id.timestamp.body"

    def test_a_signature_over_time_and_body_is_recognized(self, world: World, secret: str) -> None:
        digest = b64encode(sign(b"1767225600." + BODY, self.key(secret))).decode()
        assert delivered(world, f"v1,{digest}") == "it is over timestamp.body, not id.timestamp.body"

    @pytest.mark.parametrize("prefix", ["whsec_", ""])
    def test_an_undecoded_secret_is_recognized(self, world: World, secret: str, prefix: str) -> None:
        key = (prefix + secret.removeprefix("whsec_")).encode()
        digest = b64encode(sign(self.HEAD + BODY, key)).decode()
        assert delivered(world, f"v1,{digest}").startswith("the key is the secret as it is written")

    @pytest.mark.parametrize("style", [{}, {"indent": 2}, {"sort_keys": True}, {"ensure_ascii": False}])
    def test_a_body_that_was_serialized_again_is_recognized(
        self, world: World, secret: str, style: dict[str, Any]
    ) -> None:
        digest = b64encode(sign(self.HEAD + json.dumps(EVENT, **style).encode(), self.key(secret))).decode()
        assert delivered(world, f"v1,{digest}").startswith("it is over the same JSON written differently")

    # As JSON.stringify, json_encode and json.Marshal write the values that `sent` has.
    @pytest.mark.parametrize(
        "signed",
        [
            '{"b":"Zoë & <co>/ltd","a":[50,0.5]}',
            '{"b":"Zo\\u00eb & <co>\\/ltd","a":[50,0.5]}',
            '{"a":[50,0.5],"b":"Zoë \\u0026 \\u003cco\\u003e/ltd"}',
        ],
        ids=["JavaScript", "PHP", "Go"],
    )
    def test_a_body_that_another_language_wrote_is_recognized(self, world: World, secret: str, signed: str) -> None:
        sent = '{"b": "Zoë & <co>/ltd", "a": [50.0, 0.5]}'.encode()
        digest = b64encode(sign(self.HEAD + signed.encode(), self.key(secret))).decode()
        assert delivered(world, f"v1,{digest}", sent).startswith("it is over the same JSON written differently")

    def test_a_line_break_that_curl_dropped_is_recognized(self, world: World, secret: str) -> None:
        digest = b64encode(sign(self.HEAD + BODY + b"\n", self.key(secret))).decode()
        assert delivered(world, f"v1,{digest}").startswith("it is over a body with other space or line breaks")

    def test_two_mistakes_are_both_named(self, world: World, secret: str) -> None:
        digest = sign(BODY, secret.encode()).hex()
        hint = delivered(world, f"v1,{digest}")
        assert [part[:12] for part in hint.split("; ")] == ["it is in hex", "the key is t", "it is over t"]
        rewritten = b64encode(sign(json.dumps(EVENT).encode(), self.key(secret))).decode()
        hint = delivered(world, f"v1,{rewritten}")
        assert [part[:19] for part in hint.split("; ")][:2] == ["it is over the body", "it is over the same"]

    @pytest.mark.parametrize("signature", ["v1,", "v2,x", "é", "v1,AAAA", "v1,%%%", "abc"])
    def test_a_signature_of_another_form_is_told_the_form(self, world: World, signature: str) -> None:
        assert delivered(world, signature) == "expected v1,<base64 of 32 bytes>, and a space between several"

    def test_signatures_with_a_comma_between_them_are_recognized(self, world: World, secret: str) -> None:
        good = b64encode(sign(self.HEAD + BODY, self.key(secret))).decode()
        assert delivered(world, f"v1,{'A' * 43}=,v1,{good}") == "several are separated by a space, not a comma"

    @pytest.mark.parametrize("signature", ["v1," + "A" * 43 + "=", "v1," + "0" * 64])
    def test_any_other_signature_is_by_another_secret_or_of_something_else(self, world: World, signature: str) -> None:
        assert delivered(world, signature) == NO_KNOWN_MISTAKE

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[" * 10_000, b'{"a": 1e999, "\\ud800": NaN}', b"\xff", b"1" * 100_000]
    )
    def test_any_body_is_refused_as_before(self, world: World, body: bytes) -> None:
        assert delivered(world, "v1," + "A" * 43 + "=", body) == NO_KNOWN_MISTAKE
