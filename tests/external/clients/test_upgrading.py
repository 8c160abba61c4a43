"""Clients that offer an upgrade to HTTP/2 get a response in HTTP/1.1 (W9)."""

import json

import pytest

from tests.external.clients.conftest import Run, run
from tests.external.clients.programs import program
from tests.support import records
from tests.support.world import World

QUESTION = {"messages": [{"role": "user", "content": "Hello!"}]}
ANSWER = "Clevora API successfully processed your request."


@pytest.mark.clause("W9")
@pytest.mark.parametrize("framing", ["length", "chunks", "expect"])
def test_the_jdks_client_is_answered(world: World, framing: str) -> None:
    """Twice on one connection; with `Expect: 100-continue` the client sends its body only after a 100."""
    for status, version, body in java(world, framing, world.api_key):
        assert (status, version) == ("200", "HTTP_1_1")
        assert json.loads(body)["choices"][0]["message"]["content"] == ANSWER
    assert records.statuses(world) == [200, 200]


def test_the_jdks_client_is_refused_while_it_expects_a_100(world: World) -> None:
    for status, version, body in java(world, "expect", "sk_live_wrong"):
        assert (status, version) == ("401", "HTTP_1_1")
        assert json.loads(body)["error"]["code"] == "invalid_api_key"
    assert records.statuses(world) == [401, 401]


def java(world: World, framing: str, api_key: str) -> list[tuple[str, str, str]]:
    """Return the status, version and body of two responses."""
    line = f"{framing} {world.base_url}/chat/completions {api_key} {json.dumps(QUESTION)}\n"
    said = run([program("java"), "Post.java"], world, line + line).splitlines()
    assert len(said) == 6
    return [(*_status(head), body) for head, body in (said[:2], said[3:5])]


def _status(head: str) -> tuple[str, str]:
    status, version, *_wait = head.split()
    return status, version


@pytest.mark.clause("W9")
@pytest.mark.parametrize("framing", ["", "-H 'Transfer-Encoding: chunked'"], ids=["length", "chunks"])
def test_curl_http2_is_answered(world: World, bash: Run, framing: str) -> None:
    said = bash(
        f"""curl -sS --http2 {framing} -w '\\n%{{http_code}} %{{http_version}}' -d '{json.dumps(QUESTION)}' \\
          -H 'Authorization: Bearer {world.api_key}' {world.base_url}/chat/completions"""
    )
    body, status = said.splitlines()
    assert status == "200 1.1"
    assert json.loads(body)["choices"][0]["message"]["content"] == ANSWER
    assert records.statuses(world) == [200]
