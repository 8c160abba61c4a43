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
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_the_jdks_client_is_answered(world: World, framing: str) -> None:
    command = [program("java"), "Post.java", f"{world.base_url}/chat/completions", framing]
    lines = run(command, world, json.dumps(QUESTION)).splitlines()
    for line in lines:
        status, version, body = line.split(" ", 2)
        assert (status, version) == ("200", "HTTP_1_1")
        assert json.loads(body)["choices"][0]["message"]["content"] == ANSWER
    assert records.statuses(world) == [200, 200]


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
