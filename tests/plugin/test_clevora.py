"""`testing.Clevora`: every method against a real server."""

import gc
import json
import os
import socket
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from standardwebhooks import Webhook

from clevora_mock.testing import Clevora, MockError, Server
from clevora_mock.testing.report import report
from tests.support.server import RunningServer
from tests.support.world import World

REFUSE = {"when": {"endpoint": "chat.completions"}, "then": {"error": 429}}


@pytest.fixture
def clevora(world: World) -> Clevora:
    """Provide a client without an explicit key."""
    return Clevora(world.url)


def request(clevora: Clevora, path: str = "/v1/chat/completions", credential: str | None = None, **body: Any) -> int:
    """Return the status of a request, by default the documented chat."""
    content = body or {"messages": [{"role": "user", "content": "Hello!"}]}
    headers = {"authorization": f"Bearer {credential or clevora.api_key}"}
    sent = urllib.request.Request(clevora.url + path, json.dumps(content).encode(), headers)
    try:
        with urllib.request.urlopen(sent) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_a_client_knows_its_addresses_and_key(clevora: Clevora, world: World) -> None:
    assert (clevora.base_url, clevora.api_key) == (world.base_url, world.api_key)
    assert clevora.environment["OPENAI_BASE_URL"] == clevora.environment["CLEVORA_BASE_URL"] == world.base_url
    assert clevora.environment["CLEVORA_MOCK_URL"] == world.url
    assert request(clevora) == 200


def test_the_balance_is_in_dollars_and_can_be_set(clevora: Clevora) -> None:
    assert clevora.balance == 100
    request(clevora)
    assert clevora.balance == 99.98
    clevora.balance = 0
    assert (clevora.balance, request(clevora)) == (0, 402)


def test_id_tokens_have_a_uid_and_a_lifetime(clevora: Clevora) -> None:
    token = clevora.id_token()
    assert request(clevora, "/api/developer/topup", token, amount=20) == 200
    assert request(clevora, "/api/developer/topup", clevora.id_token("stranger"), amount=20) == 403
    token = clevora.id_token(expires_in=60)
    clevora.clock.advance(61)
    assert request(clevora, "/api/developer/topup", token, amount=20) == 401


class TestScenarios:
    def test_a_scenario_is_used_by_name(self, clevora: Clevora) -> None:
        clevora.use("flaky")
        assert [request(clevora) for _ in range(3)] == [500, 500, 200]
        with pytest.raises(MockError, match='unknown scenario "flakey"; did you mean "flaky"'):
            clevora.use("flakey")

    @pytest.mark.parametrize("kind", [str, Path])
    def test_a_scenario_is_used_by_file(self, clevora: Clevora, tmp_path: Path, kind: type[str | Path]) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text("name: mine\nrules:\n  - then: {error: 503}\n", encoding="utf-8")
        clevora.use(kind(file))
        assert request(clevora) == 503
        with pytest.raises(MockError, match=r"none\.yaml: cannot be read: No such file or directory"):
            clevora.use(kind(tmp_path / "none.yaml"))

    def test_a_scenario_is_used_by_rules_or_mapping(self, clevora: Clevora) -> None:
        clevora.use(rules=[REFUSE])
        assert request(clevora) == 429
        clevora.use({"name": "mine", "rules": [], "account": {"balance": 5}})
        assert (request(clevora), clevora.balance) == (200, 4.98)
        with pytest.raises(MockError, match="endpint"):
            clevora.use(rules=[{"when": {"endpint": "search"}, "then": {"error": 500}}])

    @pytest.mark.parametrize("use", [lambda it: it.use(), lambda it: it.use("flaky", rules=[REFUSE])])
    def test_neither_or_both_is_an_error(self, clevora: Clevora, use: Callable[[Clevora], None]) -> None:
        with pytest.raises(TypeError, match="a scenario or rules"):
            use(clevora)


class TestTime:
    def test_it_can_be_advanced_and_set(self, clevora: Clevora) -> None:
        clock = clevora.clock
        assert clock.now == datetime(2026, 1, 1, tzinfo=UTC)
        clock.advance(1.5)
        clock.advance(timedelta(minutes=1))
        assert clock.now == datetime(2026, 1, 1, 0, 1, 1, 500_000, tzinfo=UTC)
        clock.set("2026-05-11T14:00:00Z")
        clock.set(clock.now + timedelta(days=1))
        assert clock.now == datetime(2026, 5, 12, 14, tzinfo=UTC)

    def test_it_can_be_scaled_frozen_and_run(self, clevora: Clevora) -> None:
        clock = clevora.clock
        clock.scale(3600)
        assert clevora.call("GET", "/__mock/clock")["mode"] == "scaled"
        clock.freeze(datetime(2030, 1, 1, tzinfo=UTC))
        assert clock.now == clock.now == datetime(2030, 1, 1, tzinfo=UTC)
        clock.run()
        assert clevora.call("GET", "/__mock/clock")["mode"] == "real"
        clock.freeze()
        assert clock.now == clock.now


class TestJournal:
    def test_requests_are_oldest_first_and_can_be_filtered(self, clevora: Clevora) -> None:
        request(clevora)
        clevora.clock.advance(1)
        request(clevora, "/v1/search", query="drones")
        request(clevora, "/v1/search", limit=-1)
        requests = clevora.requests()
        assert [each.endpoint for each in requests] == ["chat.completions", "search", "search"]
        assert [each.status for each in requests] == [200, 200, 400]
        assert (requests[0].tokens, requests[0].cost, requests[0].balance_after) == (40, 0.02, 99.98)
        assert requests[0].body == {"messages": [{"role": "user", "content": "Hello!"}]}
        assert clevora.requests(status=400) == clevora.requests(code="invalid_field") == requests[2:]
        assert clevora.requests(endpoint="search") == clevora.requests(since=requests[1].time) == requests[1:]
        with pytest.raises(MockError, match="an unknown filter"):
            clevora.requests(colour="red")

    def test_near_misses_and_findings_are_returned(self, clevora: Clevora) -> None:
        clevora.use(rules=[{"name": "later", "when": {"calls": 3}, "then": {"error": 500}}])
        request(clevora, messages=[{"role": "user", "content": "Hello!"}], frobnicate=1)
        (entry,) = clevora.requests()
        (miss,) = entry.near_misses
        assert (miss.rule, miss.failed) == ("later", "calls")
        assert str(miss) == "later: calls: expected call 3, got call 1"
        (finding,) = clevora.conduct()
        assert (finding.kind, finding.requests) == ("unknown_fields", [entry.id])


def test_accounts_are_created_with_a_key(clevora: Clevora) -> None:
    made = clevora.create_account("ann", balance=20, developer_access=True)
    assert request(clevora, credential=made["apiKey"]) == 200
    assert clevora.account("ann")["balance"] == 19.98
    assert clevora.create_account(balance=1, activated=False)["activated"] is False
    assert clevora.account()["uid"] == "demo"
    with pytest.raises(MockError, match="No such account"):
        clevora.account("nobody")


def test_payments_are_finished_by_url_or_id(clevora: Clevora, world: World) -> None:

    def top_up() -> str:
        answer = world.http.post("/api/developer/topup", json={"amount": 50}, headers=world.signed_in())
        return str(answer.json()["data"]["checkoutUrl"])

    clevora.pay(top_up())
    assert clevora.balance == 150
    clevora.fail_payment(top_up().rpartition("/")[2])
    assert clevora.balance == 150


def test_a_sandbox_is_restored_and_reset(clevora: Clevora) -> None:
    request(clevora)
    before = clevora.snapshot()
    request(clevora)
    clevora.restore(before)
    assert (clevora.balance, len(clevora.requests())) == (99.98, 1)
    clevora.reset("journal")
    assert (clevora.balance, clevora.requests()) == (99.98, [])
    clevora.reset()
    assert clevora.balance == 100
    with pytest.raises(MockError, match="version"):
        clevora.restore({"version": 0})


def test_sandboxes_of_a_server_are_separate_and_can_be_removed(world: World) -> None:
    server = Server(world.server.url)
    one, two = server.sandbox(f"{world.name}-one"), server.sandbox(f"{world.name}-two")
    request(one)
    assert (one.balance, two.balance) == (99.98, 100)
    one.remove()
    assert one.balance == 100


def test_an_unreachable_server_is_named_by_its_address() -> None:
    with pytest.raises(MockError, match=r"no clevora-mock at http://127\.0\.0\.1:9"):
        _ = Clevora("http://127.0.0.1:9").balance


def test_a_report_has_no_control_character_of_a_request(clevora: Clevora) -> None:
    evil = "\x1b[2J\r\n\x9b\u2028"
    body: dict[str, Any] = {"messages": [{"role": "user", "content": evil}], evil: 1}
    assert request(clevora, **body) == 200
    assert request(clevora, f"/v1/{quote(evil)}") == 404
    text = report(clevora)
    assert [line for line in text.split("\n") if not line.isprintable()] == []
    assert r"/v1/\x1b[2J\r\n\x9b\u2028" in text


def test_a_webhook_is_signed_with_the_secret(real_server: RunningServer) -> None:
    clevora = Server(real_server.url).sandbox("signed-webhook")
    assert clevora.webhook_secret == real_server.settings.webhook_secret
    payload = {"type": "payment.succeeded", "data": {"name": "Zoë"}}
    headers, body = clevora.sign_webhook(payload)
    assert body == '{"type":"payment.succeeded","data":{"name":"Zoë"}}'.encode()
    assert Webhook(clevora.webhook_secret).verify(body, headers) == payload


def test_payments_are_delivered_as_often_and_as_late_as_asked(clevora: Clevora) -> None:
    topup = urllib.request.Request(
        f"{clevora.url}/api/developer/topup",
        b'{"amount": 50}',
        {"authorization": f"Bearer {clevora.id_token()}"},
    )
    for _ in range(2):
        urllib.request.urlopen(topup).close()
    paid, failed = clevora.checkouts()
    assert clevora.pay(paid["url"], deliveries=2)["webhookStatuses"] == [200, 200]
    assert clevora.fail_payment(failed["id"], delay="1h")["webhookStatuses"] == []
    assert [one["status"] for one in clevora.checkouts()] == ["succeeded", "failed"]
    assert [one["balance"] for one in clevora.accounts()] == [150]


class TestConnections:
    @pytest.fixture
    def opened(self, monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
        """Provide the list of the connections that this process opens."""
        connections: list[socket.socket] = []
        connect = socket.create_connection

        def record(*arguments: Any, **options: Any) -> socket.socket:
            connections.append(connect(*arguments, **options))
            return connections[-1]

        monkeypatch.setattr(socket, "create_connection", record)
        return connections

    def test_calls_share_one_connection_over_all_sandboxes(
        self, frozen_server: RunningServer, opened: list[socket.socket]
    ) -> None:
        server = Server(frozen_server.url)
        for name in ("one-connection", "another-sandbox"):
            sandbox = server.sandbox(name)
            assert [sandbox.balance for _ in range(5)] == [100] * 5
            with pytest.raises(MockError):
                sandbox.pay("cks_none")
            sandbox.remove()
        assert len(opened) == 1

    def test_a_connection_that_the_server_closed_is_replaced(
        self, clevora: Clevora, opened: list[socket.socket]
    ) -> None:
        assert clevora.balance == 100
        opened[0].shutdown(socket.SHUT_RDWR)
        clevora.balance = 5
        assert (clevora.balance, len(opened)) == (5, 2)

    def test_threads_do_not_wait_for_each_other(self, clevora: Clevora) -> None:
        def balance(_: int) -> float:
            return clevora.balance

        with ThreadPoolExecutor(8) as threads:
            assert [*threads.map(balance, range(64))] == [100] * 64

    def test_a_forked_process_opens_its_own(self, clevora: Clevora, opened: list[socket.socket]) -> None:
        assert clevora.balance == 100
        child = os.fork()
        if child == 0:
            os._exit(0 if clevora.balance == 100 and len(opened) == 2 else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert (clevora.balance, len(opened)) == (100, 1)

    def test_garbage_is_collected_without_a_warning(
        self, frozen_server: RunningServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A socket that is older than what closes it is collected before that.
        address = urlsplit(frozen_server.url)
        opened = [socket.create_connection((address.hostname, address.port))]
        monkeypatch.setattr(socket, "create_connection", lambda *arguments, **options: opened.pop())
        clevora: Any = Clevora(frozen_server.url)
        assert clevora.call("GET", "/__mock/health")["status"] == "ok"
        clevora.itself = clevora
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del clevora
            gc.collect()
        assert [str(warning.message) for warning in caught] == []
