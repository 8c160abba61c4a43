"""A page of another origin reads everything that helps a person, errors included (W8)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.external.clients.matrix import Client
from tests.external.clients.test_matrix import QUESTION, REQUEST, refuse
from tests.external.clients.worker import Worker
from tests.support import records
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium-page"), pytest.mark.clause("W8")]

# Such as OpenAI's SDK adds; the browser asks for permission to send each of them.
HEADERS = {"content-type": "application/json", "x-stainless-lang": "js", "x-stainless-retry-count": "0"}
PAGE = Client("a page", (), "chromium", "page", errors={}, cut="")


@pytest.fixture(scope="module")
def page() -> Iterator[Worker]:
    with Worker(PAGE) as running:
        yield running


def read(page: Worker, world: World, path: str, **headers: str) -> dict[str, Any]:
    """Return what the page reads of the response to a chat's request for `path`."""
    given = world.headers | HEADERS | headers
    got = page.call("read", url=f"{world.url}{path}", headers=given, request=REQUEST)
    assert "error" not in got, got
    return got


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/v1/v1/chat/completions", "the path has /v1 twice"),
        ("//v1/chat/completions", "the path has a doubled slash"),
        ("/chat/completions", "/v1"),
        ("/v1/responses", "Clevora has no Responses API"),
    ],
)
def test_a_wrong_path_is_a_404_with_its_hint(page: Worker, world: World, path: str, hint: str) -> None:
    got = read(page, world, path)
    assert (got["status"], got["body"]["error"]["code"]) == (404, "not_found")
    assert got["body"]["error"]["message"].endswith(f"No route POST {path}")
    assert hint in got["headers"]["x-clevora-mock-hint"]


def test_a_wrong_key_is_a_401(page: Worker, world: World) -> None:
    got = read(page, world, "/v1/chat/completions", authorization="Bearer sk_live_wrong")
    assert (got["status"], got["body"]["error"]["code"]) == (401, "invalid_api_key")
    assert got["headers"]["x-request-id"] == records.journal(world)[-1].id


def test_a_429_says_how_long_to_wait_and_which_rule_it_is_from(page: Worker, world: World) -> None:
    refuse(world, 429)
    got = read(page, world, "/v1/chat/completions")
    assert (got["status"], got["body"]["error"]["code"]) == (429, "rate_limit_exceeded")
    assert int(got["headers"]["retry-after"]) > 0
    assert got["headers"]["x-clevora-mock-rule"] == "refused"


def test_a_page_can_ask_for_an_error(page: Worker, world: World) -> None:
    got = read(page, world, "/v1/chat/completions", **{"x-clevora-mock-error": "500"})
    assert (got["status"], got["headers"]["x-clevora-mock-rule"]) == (500, "x-clevora-mock-error")


def test_a_preflight_is_sent_once_in_a_while(page: Worker, world: World) -> None:
    for _ in range(3):
        assert QUESTION in str(read(page, world, "/v1/chat/completions")["body"])
    methods = [entry.method for entry in records.journal(world)]
    assert methods == ["OPTIONS", "POST", "POST", "POST"]


def test_a_stream_is_read_while_it_runs(page: Worker, live_world: World) -> None:
    """With the clock stopped the second token never comes."""
    live_world.stop_clock()
    given = live_world.headers | HEADERS
    got = page.call(
        "begin", url=f"{live_world.base_url}/chat/completions", headers=given, request=REQUEST | {"stream": True}
    )
    assert got["text"].startswith("data: {")
    assert "[DONE]" not in got["text"]
    (charge,) = records.wait_for_charges(live_world)
    assert charge.tokens < 100
