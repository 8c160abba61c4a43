"""A sandbox as a test holds it: every method against a real server."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.testing import Clevora, MockError, Server
from tests.conftest import World

REFUSE = {"when": {"endpoint": "chat.completions"}, "then": {"error": 429}}


@pytest.fixture
def clevora(world: World) -> Clevora:
    """A sandbox whose key it finds out by itself."""
    return Clevora(world.url)


def ask(clevora: Clevora, path: str = "/v1/chat/completions", credential: str | None = None, **body: Any) -> int:
    """The status of a request, by default the documented chat."""
    content = body or {"messages": [{"role": "user", "content": "Hello!"}]}
    headers = {"authorization": f"Bearer {credential or clevora.api_key}"}
    request = urllib.request.Request(clevora.url + path, json.dumps(content).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_it_says_where_it_is_and_what_opens_it(clevora: Clevora, world: World) -> None:
    """For a client's base URL and key, and for a program's environment."""
    assert (clevora.base_url, clevora.api_key) == (world.base_url, world.api_key)
    assert clevora.environment["OPENAI_BASE_URL"] == clevora.environment["CLEVORA_BASE_URL"] == world.base_url
    assert clevora.environment["CLEVORA_MOCK_URL"] == world.url
    assert ask(clevora) == 200


def test_money(clevora: Clevora) -> None:
    """In dollars, to look at and to set."""
    assert clevora.balance == 100
    ask(clevora)
    assert clevora.balance == 99.98
    clevora.balance = 0
    assert (clevora.balance, ask(clevora)) == (0, 402)


def test_tokens(clevora: Clevora) -> None:
    """Of whom one likes, for as long as one likes."""
    token = clevora.id_token()
    assert ask(clevora, "/api/developer/topup", token, amount=20) == 200
    assert ask(clevora, "/api/developer/topup", clevora.id_token("stranger"), amount=20) == 403
    token = clevora.id_token(expires_in=60)
    clevora.clock.advance(61)
    assert ask(clevora, "/api/developer/topup", token, amount=20) == 401


class TestScenarios:
    def test_by_name(self, clevora: Clevora) -> None:
        """Of those that the server has."""
        clevora.use("flaky")
        assert [ask(clevora) for _ in range(3)] == [500, 500, 200]
        with pytest.raises(MockError, match='unknown scenario "flakey"; did you mean "flaky"'):
            clevora.use("flakey")

    def test_by_file(self, clevora: Clevora, tmp_path: Path) -> None:
        """The test's own, whatever the server knows."""
        file = tmp_path / "mine.yaml"
        file.write_text("name: mine\nrules:\n  - then: {error: 503}\n", encoding="utf-8")
        clevora.use(file)
        assert ask(clevora) == 503

    def test_by_rules(self, clevora: Clevora) -> None:
        """A mapping is a whole scenario, rules are enough for one."""
        clevora.use(rules=[REFUSE])
        assert ask(clevora) == 429
        clevora.use({"name": "mine", "rules": [], "account": {"balance": 5}})
        assert (ask(clevora), clevora.balance) == (200, 4.98)
        with pytest.raises(MockError, match="endpint"):
            clevora.use(rules=[{"when": {"endpint": "search"}, "then": {"error": 500}}])

    @pytest.mark.parametrize("use", [lambda it: it.use(), lambda it: it.use("flaky", rules=[REFUSE])])
    def test_either_or(self, clevora: Clevora, use: Callable[[Clevora], None]) -> None:
        """Neither nothing nor both."""
        with pytest.raises(TypeError, match="a scenario or rules"):
            use(clevora)


class TestTime:
    def test_it_can_be_moved(self, clevora: Clevora) -> None:
        """By seconds, by a span, to a moment."""
        clock = clevora.clock
        assert clock.now == datetime(2026, 1, 1, tzinfo=UTC)
        clock.advance(1.5)
        clock.advance(timedelta(minutes=1))
        assert clock.now == datetime(2026, 1, 1, 0, 1, 1, 500_000, tzinfo=UTC)
        clock.set("2026-05-11T14:00:00Z")
        clock.set(clock.now + timedelta(days=1))
        assert clock.now == datetime(2026, 5, 12, 14, tzinfo=UTC)

    def test_it_can_be_frozen_run_and_scaled(self, clevora: Clevora) -> None:
        """Where it is, or at a moment."""
        clock = clevora.clock
        clock.scale(3600)
        assert clevora.ask("GET", "/__mock/clock")["mode"] == "scaled"
        clock.freeze(datetime(2030, 1, 1, tzinfo=UTC))
        assert clock.now == clock.now == datetime(2030, 1, 1, tzinfo=UTC)
        clock.run()
        assert clevora.ask("GET", "/__mock/clock")["mode"] == "real"
        clock.freeze()
        assert clock.now == clock.now


class TestJournal:
    def test_requests_come_in_order_and_filtered(self, clevora: Clevora) -> None:
        """Oldest first, with names for everything."""
        ask(clevora)
        clevora.clock.advance(1)
        ask(clevora, "/v1/search", query="drones")
        ask(clevora, "/v1/search", limit=-1)
        asked = clevora.requests()
        assert [request.endpoint for request in asked] == ["chat.completions", "search", "search"]
        assert [request.status for request in asked] == [200, 200, 400]
        assert (asked[0].tokens, asked[0].cost, asked[0].balance_after) == (40, 0.02, 99.98)
        assert asked[0].body == {"messages": [{"role": "user", "content": "Hello!"}]}
        assert clevora.requests(status=400) == clevora.requests(code="invalid_field") == asked[2:]
        assert clevora.requests(endpoint="search") == clevora.requests(since=asked[1].time) == asked[1:]
        with pytest.raises(MockError, match="an unknown filter"):
            clevora.requests(colour="red")

    def test_near_misses_and_findings(self, clevora: Clevora) -> None:
        """Why a rule did not apply, and what the client should not have done."""
        clevora.use(rules=[{"name": "later", "when": {"calls": 3}, "then": {"error": 500}}])
        ask(clevora, messages=[{"role": "user", "content": "Hello!"}], frobnicate=1)
        (request,) = clevora.requests()
        (miss,) = request.near_misses
        assert (miss.rule, miss.failed[:5]) == ("later", "calls")
        (finding,) = clevora.conduct()
        assert (finding.kind, finding.requests) == ("unknown_fields", [request.id])


def test_accounts(clevora: Clevora) -> None:
    """Made to measure, with a key of their own."""
    made = clevora.create_account("ann", balance=20, developer_access=True)
    assert ask(clevora, credential=made["apiKey"]) == 200
    assert clevora.account("ann")["balance"] == 19.98
    assert clevora.create_account(balance=1, activated=False)["activated"] is False
    assert clevora.account()["uid"] == "demo"
    with pytest.raises(MockError, match="No such account"):
        clevora.account("nobody")


def test_payments(clevora: Clevora, world: World) -> None:
    """By the URL that the dashboard is sent to, or by the id in it."""

    def top_up() -> str:
        answer = world.http.post("/api/developer/topup", json={"amount": 50}, headers=world.signed_in())
        return str(answer.json()["data"]["checkoutUrl"])

    clevora.pay(top_up())
    assert clevora.balance == 150
    clevora.fail_payment(top_up().rpartition("/")[2])
    assert clevora.balance == 150


def test_snapshots(clevora: Clevora) -> None:
    """There and back; a reset goes back to the start."""
    ask(clevora)
    before = clevora.snapshot()
    ask(clevora)
    clevora.restore(before)
    assert (clevora.balance, len(clevora.requests())) == (99.98, 1)
    clevora.reset("journal")
    assert (clevora.balance, clevora.requests()) == (99.98, [])
    clevora.reset()
    assert clevora.balance == 100
    with pytest.raises(MockError, match="version"):
        clevora.restore({"version": 0})


def test_a_server_has_many(world: World) -> None:
    """Its sandboxes know nothing of each other, and go when told."""
    server = Server(world.server.url)
    one, two = server.sandbox(f"{world.name}-one"), server.sandbox(f"{world.name}-two")
    ask(one)
    assert (one.balance, two.balance) == (99.98, 100)
    one.remove()
    assert one.balance == 100


def test_a_server_that_is_not_there_is_told_as_such() -> None:
    """With its address, and not as a bare socket's error."""
    with pytest.raises(MockError, match=r"no clevora-mock at http://127\.0\.0\.1:9"):
        _ = Clevora("http://127.0.0.1:9").balance
