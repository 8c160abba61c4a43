"""``--diff``: each answer is compared with the live API's in shape."""

import gc
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from clevora_mock.app import create_app
from clevora_mock.recordings.setup import LiveApi
from clevora_mock.recordings.shape import differences, shape_of
from clevora_mock.settings import DEMO_KEY, Settings
from tests.recordings.test_replay import REQUESTS, send
from tests.support.asgi import answering
from tests.support.live_api import ask, serve_upstream
from tests.support.program import run_program, serve_process
from tests.support.server import RunningServer, serve_settings
from tests.support.world import TLS

Alter = Callable[[Message], Message]
STREAM = {"stream": True}
# Like none of the mock's.
LIVE_KEY = "live-Zq7-upstream-key-123"


class AlteredApi:
    """A mock whose answers are altered; `alter` gets each message of an answer."""

    def __init__(self, alter: Alter) -> None:
        self._app = create_app(Settings(no_rate_limit=True))
        self._alter = alter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def altered(message: Message) -> None:
            await send(self._alter(message))

        await self._app(scope, receive, altered)


def body(change: Callable[[bytes], bytes]) -> Alter:
    """Alter the body, whose length is then left out."""

    def alter(message: Message) -> Message:
        if message["type"] == "http.response.body":
            return {**message, "body": change(message["body"])}
        headers = [header for header in message["headers"] if header[0] != b"content-length"]
        return {**message, "headers": headers}

    return alter


def document(change: Callable[[Any], Any]) -> Alter:
    def changed(content: bytes) -> bytes:
        return json.dumps(change(json.loads(content))).encode() if content else content

    return body(changed)


def header(name: bytes, value: bytes | None) -> Alter:
    def alter(message: Message) -> Message:
        if message["type"] != "http.response.start":
            return message
        kept = [header for header in message["headers"] if header[0] != name]
        return {**message, "headers": kept if value is None else [*kept, (name, value)]}

    return alter


def status(number: int) -> Alter:
    return lambda message: {**message, "status": number} if "status" in message else message


ALTERATIONS: dict[str, tuple[Alter, dict[str, Any], list[str]]] = {
    "a field more": (
        document(lambda answer: answer | {"system_fingerprint": "fp_1"}),
        {},
        ["chat.completions 200: $.system_fingerprint absent here, string there"],
    ),
    "a field less": (
        document(lambda answer: {name: answer[name] for name in answer if name != "usage"}),
        {},
        ["chat.completions 200: $.usage object here, absent there"],
    ),
    "another type": (
        document(lambda answer: answer | {"created": "now"}),
        {},
        ["chat.completions 200: $.created number here, string there"],
    ),
    "a field of an item": (
        document(lambda answer: answer | {"choices": [answer["choices"][0] | {"logprobs": {}}]}),
        {},
        ["chat.completions 200: $.choices[].logprobs absent here, object there"],
    ),
    "another status": (status(422), {"temperature": 9}, ["chat.completions 400: status 400 here, 422 there"]),
    "another error code": (
        document(lambda answer: {"error": answer["error"] | {"param": "temperature"}}),
        {"temperature": 9},
        ["chat.completions 400: $.error.param absent here, string there"],
    ),
    "another content type": (
        header(b"content-type", b"text/plain"),
        {},
        ["chat.completions 200: content-type application/json here, text/plain there"],
    ),
    "a header more": (
        header(b"x-ratelimit-remaining", b"9"),
        {},
        ["chat.completions 200: header x-ratelimit-remaining absent here, present there"],
    ),
    "a header less": (
        header(b"x-request-id", None),
        {},
        ["chat.completions 200: header x-request-id present here, absent there"],
    ),
    "no sentinel": (
        body(lambda content: content.replace(b"data: [DONE]\n\n", b"")),
        STREAM,
        [
            (
                "chat.completions 200: events role, content, finish_reason+usage, [DONE] here, "
                "role, content, finish_reason+usage there"
            )
        ],
    ),
    "usage on every chunk": (
        body(lambda content: content.replace(b'"choices":', b'"usage":{"prompt_tokens":1},"choices":')),
        STREAM,
        [
            (
                "chat.completions 200: events role, content, finish_reason+usage, [DONE] here, "
                "role+usage, content+usage, finish_reason+usage, [DONE] there"
            )
        ],
    ),
    "another value": (document(lambda answer: answer | {"model": "clevora-2"}), {}, []),
    "null for a value": (document(lambda answer: answer | {"model": None}), {}, []),
    "a fraction": (document(lambda answer: answer | {"created": 1.5}), {}, []),
    "an empty list": (document(lambda answer: answer | {"choices": []}), {}, []),
}


def lines(server: RunningServer) -> list[str]:
    """Return the report, once everything has been compared."""
    live_api: LiveApi = server.app.state.live_api
    report = live_api.drift
    assert report is not None
    while server.run_in_server(lambda: bool(report._running)):
        pass
    return server.run_in_server(report.lines)


def test_the_mock_does_not_differ_from_itself() -> None:
    with (
        serve_settings(no_rate_limit=True) as live,
        serve_settings(upstream=live.url, diff=True, no_rate_limit=True) as server,
    ):
        for request in REQUESTS:
            send(server, *request)
        head, *rest = lines(server)
    host = live.url.removeprefix("http://")
    assert head == f"compared {len(REQUESTS) - 1} answers with those of {host}: no difference in shape"
    assert rest == ["could not be asked: dodo.webhook, whose secret is the live API's own (1 x)"]


@pytest.mark.parametrize(("alter", "more", "expected"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_what_differs_is_named(alter: Alter, more: dict[str, Any], expected: list[str]) -> None:
    with serve_upstream(AlteredApi(alter)) as url, serve_settings(upstream=url, diff=True) as server:
        assert "x-clevora-mock-source" not in ask(server, **more).headers
        found = lines(server)
    assert [line for line in found[1:] if line.startswith("drift")] == [f"drift: {text} (1 x)" for text in expected]


@pytest.mark.parametrize(
    ("encoding", "here", "there"),
    [
        ("float", "array of 1,536 items", "array of 768 items"),
        ("base64", "string of 8,192 characters", "string of 4,096 characters"),
    ],
)
def test_vectors_of_another_length_differ(tmp_path: Path, encoding: str, here: str, there: str) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text("embeddings: {dimensions: 768}", encoding="utf-8")
    with (
        serve_settings(contract=contract) as live,
        serve_settings(upstream=live.url, diff=True) as server,
    ):
        send(server, "embeddings", "POST", "/v1/embeddings", {"input": ["a", "b"], "encoding_format": encoding})
        found = lines(server)
    assert found[1:] == [f"drift: embeddings 200: $.data[].embedding {here} here, {there} there (1 x)"]


def test_a_field_that_is_named_by_the_key_of_the_live_api_is_masked() -> None:
    alter = document(lambda answer: answer | {f"key {LIVE_KEY}": 1})
    with (
        serve_upstream(AlteredApi(alter)) as url,
        serve_settings(upstream=url, diff=True, upstream_key=LIVE_KEY) as server,
    ):
        httpx.get(f"{server.url}/llms.json", verify=TLS)
        found = lines(server)
    assert found[1:] == ["drift: docs.llms 200: $.key *** absent here, number there (1 x)"]


def test_a_comparison_that_fails_could_not_be_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a mistake in the mock")

    monkeypatch.setattr("clevora_mock.recordings.drift.differences", fail)
    with serve_settings() as live, serve_settings(upstream=live.url, diff=True) as server:
        ask(server)
        found = lines(server)
    gc.collect()
    assert found[0].startswith("compared 0 answers ")
    assert found[1:] == ["could not be asked: chat.completions: the comparison failed: KeyError (1 x)"]
    assert "never retrieved" not in capsys.readouterr().err


def test_other_lists_of_numbers_may_have_any_length() -> None:
    headers = {"content-type": "application/json"}
    here, there = (shape_of(200, headers, b'{"scores": [1' + more + b"]}") for more in (b"", b", 2"))
    assert list(differences(here, there)) == []


@pytest.mark.parametrize("number", [401, 402, 403, 429, 500, 503])
def test_what_the_account_forbids_could_not_be_asked(number: int) -> None:
    with serve_upstream(AlteredApi(status(number))) as url, serve_settings(upstream=url, diff=True) as server:
        ask(server)
        head, *rest = lines(server)
    # Nothing was found because nothing was compared.
    assert re.fullmatch(r"compared 0 answers with those of [\d.:]+", head)
    hint = "; check CLEVORA_MOCK_UPSTREAM_KEY" if number == 401 else ""
    assert rest == [f"could not be asked: chat.completions: status 200 here, {number} there{hint} (1 x)"]


def test_what_a_rule_touched_is_not_compared() -> None:
    with (
        serve_settings() as live,
        serve_settings(upstream=live.url, diff=True, scenario="flaky") as server,
    ):
        for _ in range(3):
            ask(server)
        assert lines(server)[0].startswith("compared 1 answer with")


@pytest.mark.parametrize(("drifts", "expected"), [(True, 2), (False, 0)])
def test_drift_is_exit_status_2(drifts: bool, expected: int) -> None:
    change = document(lambda answer: answer | {"more": 1}) if drifts else lambda message: message
    with serve_upstream(AlteredApi(change)) as url, serve_process("serve", "--upstream", url, "--diff") as server:
        body = {"messages": [{"role": "user", "content": "Hello!"}]}
        httpx.post(f"{server.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {DEMO_KEY}"})
        status, said = server.stop()
    assert status == expected
    assert ("drift: chat.completions 200: $.more absent here, number there (1 x)" in said) == drifts


def test_a_comparison_of_nothing_is_exit_status_1() -> None:
    source = "import os, urllib.request as u; u.urlopen(os.environ['CLEVORA_MOCK_URL'] + '/llms.json').read()"
    command = ("exec", "--upstream", "http://127.0.0.1:9", "--diff", "--", "python3", "-c", source)
    ended = run_program(*command)
    assert ended.returncode == 1
    assert "could not be asked: docs.llms: 127.0.0.1:9 does not answer" in ended.stderr


def test_the_commands_own_status_comes_first() -> None:
    source = (
        "import os, sys, urllib.request as u; u.urlopen(os.environ['CLEVORA_MOCK_URL'] + '/llms.json'); sys.exit(7)"
    )
    with serve_upstream(answering([(b"content-type", b"text/html")], b"Hello")) as url:
        ended = run_program("exec", "--upstream", url, "--diff", "--", "python3", "-c", source)
    assert ended.returncode == 7
    assert "drift: docs.llms 200: content-type application/json here, text/html there (1 x)" in ended.stderr
