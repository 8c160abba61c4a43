"""Every route of the control plane over HTTP: its response, its errors, and arbitrary input."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock import resources
from clevora_mock.app import create_app
from clevora_mock.control.endpoint import ControlAction
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.settings import DEMO_KEY, Settings
from tests.support.control import chat, control, snapshot_of, start_scenario
from tests.support.examples import share
from tests.support.server import RunningServer
from tests.support.wait import wait_until
from tests.support.world import World, fresh_world

TOP_UP = {"amount": 50}


ACCOUNT = {"uid", "email", "balance", "activated", "developerAccess", "tier", "refusal", "keys"}

# Method and path, the body, and the keys of the response. {checkout} is an open one.
SHAPES: list[tuple[str, Any, set[str]]] = [
    ("GET /", None, {"name", "version", "baseUrl", "apiKey", "webhookSecret", "sandbox", "links"}),
    ("GET /openapi.json", None, {"openapi", "info", "servers", "paths", "components"}),
    (
        "GET /__mock/health",
        None,
        {"status", "version", "sandbox", "seed", "scenario", "firebaseProject", "clock"},
    ),
    ("GET /__mock/fidelity", None, {"status", "evidence", "overrides", "clauses"}),
    ("GET /__mock/sandboxes", None, {"sandboxes"}),
    ("POST /__mock/reset", None, {"reset"}),
    ("POST /__mock/reset", {}, {"reset"}),
    ("POST /__mock/reset", {"only": None}, {"reset"}),
    ("POST /__mock/reset", {"only": "journal"}, {"reset"}),
    ("POST /__mock/reset", {"only": "ledger"}, {"reset"}),
    ("POST /__mock/reset", {"only": "scenario"}, {"reset"}),
    (
        "GET /__mock/state",
        None,
        {
            *("version", "seed", "name", "clock", "draws", "ledger_entries", "limits", "scenario", "side_scenarios"),
            *("accounts", "users", "deleted_users", "checkouts", "events_seen", "journal", "journal_total"),
        },
    ),
    ("GET /__mock/clock", None, {"now", "mode"}),
    ("PATCH /__mock/clock", {}, {"now", "mode"}),
    ("PATCH /__mock/clock", {"now": "2026-05-11T14:00:00Z"}, {"now", "mode"}),
    ("PATCH /__mock/clock", {"advance": 1.5}, {"now", "mode"}),
    ("PATCH /__mock/clock", {"advance": "1.5m"}, {"now", "mode"}),
    ("PATCH /__mock/clock", {"mode": "frozen"}, {"now", "mode"}),
    ("PATCH /__mock/clock", {"mode": "scaled", "speed": 60}, {"now", "mode", "speed"}),
    ("GET /__mock/scenarios", None, {"active", "scenarios"}),
    ("GET /__mock/scenario", None, {"name", "description", "rules", "source"}),
    ("PUT /__mock/scenario", {"name": "flaky"}, {"name", "description", "rules", "source"}),
    ("PUT /__mock/scenario", {"name": "own", "rules": []}, {"name", "description", "rules", "source"}),
    ("PUT /__mock/scenario", b"limits: {requests_per_minute: 1}", {"name", "description", "rules", "source"}),
    ("PATCH /__mock/scenario", {"rules": {}}, {"name", "description", "rules", "source"}),
    ("DELETE /__mock/scenario", None, {"name", "description", "rules", "source"}),
    ("GET /__mock/recording", None, {"file", "mode", "exchanges", "unused"}),
    ("GET /__mock/scenarios/flaky", None, {"name", "description", "source"}),
    ("POST /__mock/scenario/check", {"source": "rules: []"}, {"problems", "rules"}),
    ("POST /__mock/scenario/match", {"path": "/v1/chat/completions"}, {"endpoint", "rule", "rules"}),
    ("GET /__mock/limits", None, {"requestsPerMinute", "tokensPerDay", "keys"}),
    ("POST /__mock/accounts", None, {*ACCOUNT, "apiKey"}),
    ("POST /__mock/accounts", {"uid": "ann", "email": "a@b.example", "balance": 3}, {*ACCOUNT, "apiKey"}),
    ("POST /__mock/accounts", {"email": "a@b.example", "password": "secret-1"}, {*ACCOUNT, "apiKey"}),
    ("GET /__mock/accounts/demo", None, ACCOUNT),
    ("PATCH /__mock/accounts/demo", {"balance": -1.5, "activated": False}, ACCOUNT),
    ("GET /__mock/accounts", None, {"accounts"}),
    ("GET /__mock/checkouts", None, {"checkouts"}),
    ("POST /__mock/tokens", {"uid": "ann"}, {"idToken"}),
    ("POST /__mock/tokens", {"uid": "ann", "email": "a@b.example", "expiresIn": 1}, {"idToken"}),
    ("POST /__mock/checkouts/{checkout}/pay", None, {"id", "status", "webhookStatus", "webhookStatuses"}),
    ("POST /__mock/checkouts/{checkout}/fail", None, {"id", "status", "webhookStatus", "webhookStatuses"}),
    ("POST /__mock/webhooks/sign", {"payload": {"type": "payment.succeeded"}}, {"headers", "body"}),
    ("GET /__mock/requests", None, {"count", "evicted", "requests"}),
    ("DELETE /__mock/requests", None, {"count", "evicted", "requests"}),
    ("GET /__mock/conduct", None, {"verdict", "findings"}),
    (
        "GET /__mock/ledger?uid=demo",
        None,
        {"uid", "balance", "credits", "charges", "adjustments", "tokens", "folded", "entries"},
    ),
    ("GET /__mock/firestore/clevora_developer_usage", None, {"documents"}),
    ("DELETE /", None, {"removed"}),
]


def encoded(body: Any) -> bytes:
    return b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.mark.parametrize(("request_line", "body", "keys"), SHAPES)
def test_a_route_returns_its_documented_keys(world: World, request_line: str, body: Any, keys: set[str]) -> None:
    method, path = request_line.split(" ")
    if "{checkout}" in path:
        path = path.replace("{checkout}", world.open_checkout())
    answer = world.http.request(method, path, content=encoded(body))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.json().keys() == keys


# Method and path, the body, the status, and the start of the message.
REFUSALS: list[tuple[str, Any, int, str]] = [
    ("POST /__mock/reset", {"only": "money"}, 400, "only: "),
    ("POST /__mock/reset", {"only": 1}, 400, "only: "),
    ("POST /__mock/reset", {"what": "journal"}, 400, "what: "),
    ("POST /__mock/reset", [], 400, "The request body"),
    ("PUT /__mock/state", None, 400, "state: "),
    ("PUT /__mock/state", {}, 400, "state: "),
    ("PUT /__mock/state", {"version": 2}, 400, "state: version: expected 1, got 2"),
    ("PUT /__mock/state", {"version": "1"}, 400, "state: "),
    ("PUT /__mock/state", b"[" * 100_000, 400, "state: "),
    ("PATCH /__mock/clock", None, 400, "The request body"),
    ("PATCH /__mock/clock", {"now": "soon"}, 400, "now: "),
    ("PATCH /__mock/clock", {"now": 5}, 400, "now: "),
    ("PATCH /__mock/clock", {"now": "1969-12-31T23:59:59Z"}, 400, "now: "),
    ("PATCH /__mock/clock", {"now": "10000-01-01T00:00:00Z"}, 400, "now: "),
    ("PATCH /__mock/clock", {"advance": -1}, 400, "advance: "),
    (
        "PATCH /__mock/clock",
        {"advance": "1"},
        400,
        'advance: expected a number from 0 to 253402300799 or a duration such as 60s, got "1"; did you mean 1s?',
    ),
    ("PATCH /__mock/clock", {"advance": "-5s"}, 400, "advance: "),
    ("PATCH /__mock/clock", {"advance": "99999999h"}, 400, "advance: "),
    ("PATCH /__mock/clock", {"advance": 1e12}, 400, "advance: "),
    ("PATCH /__mock/clock", {"advance": 2.53e11}, 400, "advance: "),
    ("PATCH /__mock/clock", {"now": "9999-12-31T23:00:00Z", "advance": 3600}, 400, "advance: "),
    ("PATCH /__mock/clock", {"advance": True}, 400, "advance: "),
    ("PATCH /__mock/clock", {"mode": "slow"}, 400, "mode: "),
    ("PATCH /__mock/clock", {"mode": "scaled"}, 400, 'speed: expected a number such as 60, since "mode" is "scaled"'),
    (
        "PATCH /__mock/clock",
        {"mode": "scaled", "speed": 0},
        400,
        "speed: expected a number from 1e-09 to 1000000, got 0",
    ),
    ("PATCH /__mock/clock", {"mode": "scaled", "speed": 1e7}, 400, "speed: "),
    ("PATCH /__mock/clock", {"mode": "frozen", "speed": 2}, 400, "speed: "),
    ("PATCH /__mock/clock", {"speed": 2}, 400, 'speed: expected none without "mode": "scaled", got 2'),
    ("PATCH /__mock/clock", {"time": "2026-05-11T14:00:00Z"}, 400, "time: "),
    ("PATCH /__mock/clock", {"a\nb": 1}, 400, "a\nb: expected one of mode, "),
    ("PATCH /__mock/clock", {"": 1}, 400, '"": expected one of mode, '),
    ("PATCH /__mock/clock", {"now": "2026-05-11T14:00:00Z", "advance": -1}, 400, "advance: "),
    ("PATCH /__mock/clock", {"mode": "scaled", "speed": 2, "now": "x"}, 400, "now: "),
    ("PUT /__mock/recording", None, 400, "The request body"),
    ("PUT /__mock/recording", {}, 400, "name: required"),
    ("PUT /__mock/recording", {"name": "../passwd"}, 400, "name: expected lower-case letters, digits and dashes"),
    ("PUT /__mock/recording", {"name": "greeting"}, 400, "this server has no recordings: start it with --replay"),
    ("PUT /__mock/scenario", None, 400, "scenario:1:1: "),
    ("PUT /__mock/scenario", {"name": "flakey"}, 400, 'unknown scenario "flakey"; did you mean "flaky"?'),
    ("PUT /__mock/scenario", {"name": "../flaky"}, 400, "unknown scenario"),
    ("PUT /__mock/scenario", {"name": "a/b.yaml"}, 400, 'unknown scenario "a/b.yaml"; it reads as a path: send what'),
    ("PUT /__mock/scenario", {"nome": "own", "rules": []}, 400, "scenario:1:2: "),
    ("PUT /__mock/scenario", b"rules: [", 400, "scenario:1:"),
    ("PUT /__mock/scenario", b"\xff", 400, "scenario: expected UTF-8"),
    ("PUT /__mock/scenario", b"{name: flakey}", 400, 'unknown scenario "flakey"; did you mean "flaky"?'),
    ("PATCH /__mock/scenario", {"rules": {"none": False}}, 400, "rules: expected names of the active scenario's rules"),
    ("PATCH /__mock/scenario", {"rules": {"none": "off"}}, 400, "rules"),
    ("PATCH /__mock/scenario", {}, 400, "rules: "),
    ("GET /__mock/scenarios/flakey", None, 404, 'unknown scenario "flakey"; did you mean "flaky"?'),
    ("POST /__mock/scenario/check", {}, 400, "source: "),
    ("POST /__mock/scenario/match", {}, 400, "path: "),
    ("POST /__mock/scenario/match", {"path": "/v1/nowhere"}, 400, "path: expected method and path of an endpoint"),
    ("POST /__mock/scenario/match", {"path": "/v1/chat/completions", "method": "GET"}, 400, "path: "),
    ("POST /__mock/scenario/match", {"path": "/v1/search", "key": "nobody's"}, 400, "key: "),
    ("POST /__mock/scenario/match", {"path": "/v1/search", "source": "rulez: []"}, 400, "source:1:1: "),
    ("POST /__mock/accounts", {"uid": "demo"}, 400, "uid: "),
    ("POST /__mock/accounts", {"uid": ""}, 400, "uid: "),
    ("POST /__mock/accounts", {"uid": "x" * 129}, 400, "uid: "),
    ("POST /__mock/accounts", {"uid": 5}, 400, "uid: "),
    ("POST /__mock/accounts", {"balance": "5"}, 400, "balance: "),
    ("POST /__mock/accounts", {"balance": 1e12}, 400, "balance: "),
    ("POST /__mock/accounts", {"balance": 0.0000001}, 400, "balance: "),
    ("POST /__mock/accounts", {"developer_access": True}, 400, "developer_access: "),
    ("GET /__mock/accounts/nobody", None, 404, "No such account"),
    ("PATCH /__mock/accounts/nobody", {"balance": 1}, 404, "No such account"),
    ("PATCH /__mock/accounts/demo", None, 400, "The request body"),
    ("PATCH /__mock/accounts/demo", {"uid": "other"}, 400, "uid: "),
    ("PATCH /__mock/accounts/demo", {"activated": "yes"}, 400, "activated: "),
    ("PATCH /__mock/accounts/demo", {"activated": False, "balance": 1e-7}, 400, "balance: "),
    ("POST /__mock/tokens", None, 400, "The request body"),
    ("POST /__mock/tokens", {}, 400, "uid: "),
    ("POST /__mock/tokens", {"uid": "ann", "expiresIn": 0}, 400, "expiresIn: "),
    ("POST /__mock/tokens", {"uid": "ann", "expiresIn": "999ms"}, 400, "expiresIn: "),
    ("POST /__mock/tokens", {"uid": "ann", "expiresIn": "1 h"}, 400, "expiresIn: "),
    ("POST /__mock/tokens", {"uid": "ann", "expiresIn": 1e9}, 400, "expiresIn: "),
    ("POST /__mock/tokens", {"uid": "ann", "expires_in": 60}, 400, "expires_in: "),
    ("POST /__mock/checkouts/cks_none/pay", None, 404, "No such checkout"),
    ("POST /__mock/checkouts/cks_none/fail", None, 404, "No such checkout"),
    ("GET /checkout/cks_none", None, 404, "No such checkout"),
    ("POST /checkout/cks_none", b"outcome=succeeded", 404, "No such checkout"),
    ("POST /checkout/cks_none", b"outcome=maybe", 400, "outcome: "),
    ("POST /__mock/checkouts/cks_none/pay", {"delay": "30s"}, 404, "No such checkout"),
    ("POST /__mock/webhooks/sign", {}, 400, "payload: "),
    ("POST /__mock/webhooks/sign", {"payload": "text"}, 400, "payload: "),
    ("POST /__mock/webhooks/sign", {"payload": {}, "secret": "x"}, 400, "secret: "),
    ("GET /__mock/ledger", None, 400, "uid: "),
    ("GET /__mock/ledger?uid=nobody", None, 404, "No such account"),
    ("GET /__mock/firestore/nowhere/at/all", None, 404, "No such document"),
    ("GET /__mock/nowhere", None, 404, "No route"),
    ("GET /__mock", None, 404, "No route"),
    ("POST /__mock/clock", {}, 405, "/__mock/clock does not take POST; expected GET, PATCH, HEAD"),
    ("POST /__mock/health", {}, 405, "/__mock/health does not take POST; expected GET, HEAD"),
    ("PUT /", {}, 405, "/ does not take PUT; expected GET, DELETE, HEAD"),
    ("POST /openapi.json", {}, 405, "/openapi.json does not take POST; expected GET, HEAD"),
    ("DELETE /__mock/state", None, 405, "/__mock/state does not take DELETE"),
    ("GET /__mock/requests?limit=0", None, 400, "limit: "),
    ("GET /__mock/requests?limit=10001", None, 400, "limit: "),
    ("GET /__mock/requests?limit=many", None, 400, "limit: "),
    ("GET /__mock/requests?status=5xx", None, 400, "status: "),
    ("GET /__mock/requests?status=4290", None, 400, "status: "),
    ("GET /__mock/requests?since=yesterday", None, 400, "since: "),
    ("GET /__mock/requests?endpoint=none", None, 400, "endpoint: expected an endpoint's name"),
    (
        "GET /__mock/requests?endpoint=chat",
        None,
        400,
        'endpoint: expected an endpoint\'s name such as chat.completions, got "chat"; did you mean',
    ),
    (
        f"GET /__mock/requests?key={DEMO_KEY}",
        None,
        400,
        "key: expected a key's id or preview, got a whole key; its preview is sk_live_0123456789ab...ef",
    ),
    ("GET /__mock/requests?stauts=429", None, 400, "stauts: "),
]


@pytest.mark.parametrize(("request_line", "body", "status", "said"), REFUSALS)
def test_an_invalid_request_is_explained_and_changes_nothing(
    world: World, request_line: str, body: Any, status: int, said: str
) -> None:
    before = snapshot_of(world)
    method, path = request_line.split(" ")
    answer = world.http.request(method, path, content=encoded(body))
    assert answer.status_code == status, answer.text
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"].keys() == {"message", "type", "code"}
    assert answer.json()["error"]["message"].startswith(said)
    assert snapshot_of(world) == before


# A scenario with too much in it, and the message.
TOO_MUCH = [
    (
        "rules:\n" + "- {then: {error: 500}}\n" * 501,
        "scenario:2:1: rules: expected a list of rules with at most 500 items, got 501",
    ),
    (
        "rules:\n" + "- {when: {message: /a/, not: {header: {x-a: /b/, x-b: c}}}, then: {error: 500}}\n" * 51,
        "scenario:2:1: rules: expected at most 100 regular expressions in all, got 102",
    ),
]


@pytest.mark.parametrize(("source", "message"), TOO_MUCH, ids=["rules", "expressions"])
def test_a_scenario_with_too_much_in_it_is_refused(world: World, source: str, message: str) -> None:
    answer = world.http.put("/__mock/scenario", content=source)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


@pytest.mark.parametrize("count", [500, 100])
def test_a_scenario_may_have_many_rules(world: World, count: int) -> None:
    when = "" if count == 500 else "when: {message: /a/}, "
    source = "rules:\n" + f"- {{{when}then: {{error: 500}}}}\n" * count
    assert len(control(world, "PUT scenario", content=source)["rules"]) == count


def test_a_query_has_at_most_a_hundred_parameters(world: World) -> None:
    user = world.signed_in()
    for path in ("/__mock/requests", "/api/developer/usage"):
        answer = world.http.get(f"{path}?{'&'.join(['a'] * 101)}", headers=user)
        expected = "query: expected at most 100 parameters"
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, expected)


def test_of_many_near_misses_the_first_twenty_are_kept(world: World) -> None:
    rules = [{"when": {"message": f"none {number}"}, "then": {"error": 500}} for number in range(30)]
    control(world, "PUT scenario", json={"rules": rules})
    assert chat(world).status_code == 200
    (entry,) = control(world, "GET requests")["requests"]
    assert [miss["rule"] for miss in entry["nearMisses"]] == [f"rule {number}" for number in range(1, 21)]


def test_a_scenario_of_more_than_a_mebibyte_is_refused(world: World) -> None:
    for size in (2**20 + 1, 2**22 + 1):
        answer = world.http.put("/__mock/scenario", content=b" " * size)
        assert (size, answer.status_code) == (size, 413)
        assert answer.json()["error"]["message"] == "The request body is larger than 1,024 KiB"


# A body that curl sends, and the end of the message.
CURLED = [
    (b"flaky", '; did you mean {"name": "flaky"}?'),
    (b"name: flakey", '; did you mean "flaky"?'),
    (b"{}", "nothing in it; expected a scenario's name, rules, account, clock …"),
    (b'{"ttl": "5s"}', "nothing in it; expected a scenario's name, rules, account, clock …"),
    (b"flakey", '; did you mean {"name": "flaky"}?'),
    (b'"flaky"', '; did you mean {"name": "flaky"}?'),
    (b"name=flaky", '; did you mean {"name": "flaky"}?'),
    (b"zzz", '; a name is sent as {"name": \u2026}'),
    (b"rules: [{then: {delay: 300}}]", "; did you mean 300ms?"),
    (b"rules: [", "while parsing a flow node"),
]


@pytest.mark.parametrize(("body", "end"), CURLED)
def test_a_scenario_that_is_sent_in_another_form_has_a_hint(world: World, body: bytes, end: str) -> None:
    answer = world.http.put("/__mock/scenario", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith(end)


@pytest.mark.parametrize("file", [*resources.scenarios().glob("*.yaml")], ids=lambda file: file.stem)
def test_a_file_without_its_line_breaks_has_a_hint(world: World, file: Path) -> None:
    """As ``curl -d @FILE`` sends it, with the comment at its start and without."""
    lines = file.read_text(encoding="utf-8").splitlines()
    for sent in (lines, [line for line in lines if not line.startswith("#")]):
        answer = world.http.put("/__mock/scenario", content="".join(sent).encode())
        assert answer.status_code == 400
        hint = "; the body has no line breaks: send a file with --data-binary @FILE, since curl -d drops them"
        assert answer.json()["error"]["message"].endswith(hint)


def test_a_name_alone_starts_that_scenario_in_yaml_too(world: World) -> None:
    assert control(world, "PUT scenario", content=b"name: flaky\n")["rules"]


@pytest.mark.parametrize(
    "body", [b'{"name": "flaky", "description": "x"}', b"name: flaky\ndescription: x\nttl: 60s\n"], ids=["JSON", "YAML"]
)
def test_a_name_with_nothing_that_has_an_effect_starts_that_scenario(world: World, body: bytes) -> None:
    assert (
        control(world, "PUT scenario", content=body)["rules"]
        == control(world, "PUT scenario", json={"name": "flaky"})["rules"]
        != []
    )


def test_a_name_that_is_not_known_with_nothing_that_has_an_effect_is_refused(world: World) -> None:
    answer = world.http.put("/__mock/scenario", content=b'{"name": "flakey", "description": "x"}')
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith('unknown scenario "flakey"; did you mean "flaky"?')


def test_durations_are_taken_for_seconds(world: World) -> None:
    assert control(world, "PATCH clock", json={"advance": "1.5m"})["now"] == "2026-01-01T00:01:30.000Z"
    token = control(world, "POST tokens", json={"uid": "demo", "expiresIn": "1m"})["idToken"]
    signed_in = {"authorization": f"Bearer {token}"}
    statuses = []
    for span in ("59s", "1s"):
        control(world, "PATCH clock", json={"advance": span})
        statuses.append(world.http.get("/api/developer/account", headers=signed_in).status_code)
    assert statuses == [200, 401]


def test_a_finished_checkout_is_not_finished_again(world: World) -> None:
    checkout = world.open_checkout()
    assert control(world, f"POST checkouts/{checkout}/pay") == {
        "id": checkout,
        "status": "succeeded",
        "webhookStatus": 200,
        "webhookStatuses": [200],
    }
    for verb in ("pay", "fail"):
        again = world.http.post(f"/__mock/checkouts/{checkout}/{verb}")
        assert (again.status_code, again.json()["error"]["message"][:4]) == (400, "id: ")
    assert control(world, "GET accounts/demo")["balance"] == 150


def test_an_account_has_the_requested_values(world: World) -> None:
    made = control(world, "POST accounts")
    assert (made["balance"], made["activated"], made["developerAccess"]) == (100, True, True)
    headers = {"authorization": f"Bearer {made['apiKey']}"}
    assert chat(world, headers=headers).status_code == 200
    poor = control(world, "POST accounts", json={"uid": "poor", "balance": 5, "developerAccess": False})
    assert (poor["balance"], poor["activated"], poor["developerAccess"]) == (5, False, False)
    assert chat(world, headers={"authorization": f"Bearer {poor['apiKey']}"}).status_code == 403
    token = control(world, "POST tokens", json={"uid": made["uid"]})["idToken"]
    account = world.http.get("/api/developer/account", headers={"authorization": f"Bearer {token}"})
    assert account.json()["data"]["uid"] == made["uid"]
    shown = control(world, f"GET accounts/{made['uid']}")
    assert "apiKey" not in shown
    assert made["apiKey"] not in json.dumps(shown)
    control(world, "PATCH accounts/poor", json={"balance": 0, "developerAccess": True, "activated": True})
    assert chat(world, headers={"authorization": f"Bearer {poor['apiKey']}"}).json()["error"]["code"] == (
        "insufficient_balance"
    )
    ledger = control(world, "GET ledger?uid=poor")
    assert ledger["credits"] - ledger["charges"] + ledger["adjustments"] == ledger["balance"] == 0


def test_a_signed_event_is_accepted(world: World) -> None:
    checkout = world.open_checkout()
    payload = {"type": "payment.succeeded", "data": {"payment_id": "pay_1", "checkout_session_id": checkout}}
    signed = control(world, "POST webhooks/sign", json={"payload": payload})
    taken = world.http.post("/api/dodo/webhook", headers=signed["headers"], content=signed["body"].encode())
    assert taken.json() == {"received": True}
    assert control(world, "GET accounts/demo")["balance"] == 150


def test_the_active_scenario_shows_its_counters(world: World) -> None:
    assert control(world, "PUT scenario", json={"name": "flaky"})["rules"] == [
        {"name": "two failures, then fine", "met": 0, "applied": 0, "enabled": True}
    ]
    assert [chat(world).status_code for _ in range(3)] == [500, 500, 200]
    (rule,) = control(world, "GET scenario")["rules"]
    assert (rule["met"], rule["applied"]) == (3, 2)
    listed = control(world, "GET scenarios")
    assert listed["active"] == "flaky"
    assert {"default", "flaky", "outage"} <= {one["name"] for one in listed["scenarios"]}
    assert control(world, "DELETE scenario")["name"] == "default"
    assert chat(world).status_code == 200


def test_a_balance_that_a_scenario_sets_is_an_adjustment(world: World) -> None:
    chat(world)
    start_scenario(world, "name: own\naccount: {balance: 25.5}\nclock: {start: 2026-05-11T14:00:00Z, mode: frozen}")
    ledger = control(world, "GET ledger?uid=demo")
    assert [entry["type"] for entry in ledger["entries"]] == ["credit", "charge", "adjustment"]
    assert ledger["balance"] == 25.5
    assert control(world, "GET requests")["count"] == 1
    assert control(world, "GET clock") == {"now": "2026-05-11T14:00:00.000Z", "mode": "frozen"}


CHANGING = [
    ("POST", "/__mock/reset"),
    ("PUT", "/__mock/state"),
    ("PATCH", "/__mock/clock"),
    ("PUT", "/__mock/scenario"),
    ("POST", "/__mock/accounts"),
    ("PATCH", "/__mock/accounts/demo"),
    ("POST", "/__mock/tokens"),
    ("POST", "/__mock/webhooks/sign"),
    ("POST", "/__mock/checkouts/cks_none/pay"),
    ("POST", "/checkout/cks_none"),
]
NAMES = ["only", "now", "advance", "mode", "speed", "uid", "email", "balance", "activated", "developerAccess"]
NAMES += ["expiresIn", "payload", "name", "rules", "version", "accounts", "limits", "clock", "?"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4).map(lambda value: json.dumps(value).encode())
JUNK = st.binary(max_size=200) | DOCUMENTS | JSON.map(lambda value: json.dumps(value).encode())


@share(4 / 5)
@given(where=st.sampled_from(CHANGING), body=JUNK)
def test_arbitrary_input_never_causes_a_5xx(shared_world: World, where: tuple[str, str], body: bytes) -> None:
    world = shared_world
    before = snapshot_of(world)
    answer = world.http.request(*where, content=body)
    assert answer.status_code in (200, 303, 400, 404), (where, body, answer.text)
    if answer.status_code in (400, 404):
        assert answer.json()["error"]["code"]
        assert snapshot_of(world) == before
    assert world.http.get("/__mock/requests").status_code == 200


@pytest.fixture(scope="module")
def shared_world(frozen_server: RunningServer) -> World:
    return fresh_world(frozen_server)


def deliveries(world: World) -> list[dict[str, Any]]:
    """Return the deliveries to the webhook, the oldest first."""
    return list(control(world, "GET requests?endpoint=dodo.webhook")["requests"][::-1])


def test_a_checkout_is_delivered_twice_and_credited_once(world: World) -> None:
    paid = control(world, f"POST checkouts/{world.open_checkout()}/pay", json={"deliveries": 2})
    assert (paid["webhookStatus"], paid["webhookStatuses"]) == (200, [200, 200])
    first, second = deliveries(world)
    assert first["body"] == second["body"]
    assert control(world, "GET accounts/demo")["balance"] == 150


def test_repeated_deliveries_have_one_event_id(world: World) -> None:
    ids: list[str] = []

    def note(sandbox: Sandbox) -> None:
        claim = sandbox.checkouts.claim

        def record(event_id: str, event: Any) -> Any:
            ids.append(event_id)
            return claim(event_id, event)

        sandbox.checkouts.claim = record  # type: ignore[method-assign]

    world.run_in_server(note)
    control(world, f"POST checkouts/{world.open_checkout()}/pay", json={"deliveries": 3})
    assert len(ids) == 3
    assert len(set(ids)) == 1


@pytest.mark.parametrize("delay", [30, "30s", "0.5m"])
def test_a_checkout_is_delivered_late(world: World, delay: object) -> None:
    checkout = world.open_checkout()
    paid = control(world, f"POST checkouts/{checkout}/pay", json={"delay": delay, "deliveries": 2})
    assert (paid["status"], paid["webhookStatus"], paid["webhookStatuses"]) == ("succeeded", None, [])
    assert control(world, "GET checkouts")["checkouts"][0]["dueAt"] == "2026-01-01T00:00:30.000Z"
    world.advance(29.9)
    assert deliveries(world) == []
    world.advance(0.1)
    wait_until(lambda: len(deliveries(world)) == 2)
    assert control(world, "GET accounts/demo")["balance"] == 150


def test_events_are_delivered_out_of_order(world: World) -> None:
    first, second = world.open_checkout(), world.open_checkout()
    control(world, f"POST checkouts/{first}/pay", json={"delay": "1m"})
    control(world, f"POST checkouts/{second}/fail", json={"delay": "1s"})
    world.advance(1)
    wait_until(lambda: len(deliveries(world)) == 1)
    world.advance(59)
    wait_until(lambda: len(deliveries(world)) == 2)
    assert [one["body"]["data"]["checkout_session_id"] for one in deliveries(world)] == [second, first]


def test_a_delay_of_the_request_replaces_that_of_the_scenario(world: World) -> None:
    start_scenario(world, "payments: {delay: 1h}")
    assert control(world, f"POST checkouts/{world.open_checkout()}/pay", json={"delay": 0})["webhookStatuses"] == [200]


def test_late_deliveries_survive_a_snapshot(world: World) -> None:
    control(world, f"POST checkouts/{world.open_checkout()}/pay", json={"delay": "1m", "deliveries": 2})
    control(world, "PUT state", json=snapshot_of(world))
    world.advance(60)
    wait_until(lambda: len(deliveries(world)) == 2)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"deliveries": 0}, "deliveries"),
        ({"deliveries": 11}, "deliveries"),
        ({"delay": "9000h"}, "delay"),
        ({"delay": "soon"}, "delay"),
        ({"times": 2}, "times"),
    ],
)
def test_an_impossible_delivery_leaves_the_checkout_open(world: World, body: dict[str, Any], field: str) -> None:
    checkout = world.open_checkout()
    answer = world.http.post(f"/__mock/checkouts/{checkout}/pay", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{field}: ")
    assert control(world, "GET checkouts")["checkouts"][0]["status"] == "open"


def test_accounts_and_checkouts_are_listed(world: World) -> None:
    made = control(world, "POST accounts", json={"uid": "ann", "balance": 5})
    accounts = control(world, "GET accounts")["accounts"]
    assert [account["uid"] for account in accounts] == ["demo", "ann"]
    assert accounts[1] == {name: value for name, value in made.items() if name != "apiKey"}
    paid, open_one = world.open_checkout(), world.open_checkout()
    control(world, f"POST checkouts/{paid}/pay")
    listed = control(world, "GET checkouts")["checkouts"]
    assert [(one["id"], one["status"], one["credited"]) for one in listed] == [
        (paid, "succeeded", True),
        (open_one, "open", False),
    ]
    assert listed[1] == {
        "id": open_one,
        "url": f"{world.url}/checkout/{open_one}",
        "uid": "demo",
        "email": "demo@clevora.example",
        "amount": 50,
        "status": "open",
        "credited": False,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "expiresAt": "2026-01-02T00:00:00.000Z",
        "dueAt": None,
    }


# A mistaken request to the control plane, its status, and the hint.
MISTAKES = [
    ("POST", "/__mock/rest", 404, "did you mean /__mock/reset?"),
    ("GET", "/__mock/request", 404, "did you mean /__mock/requests?"),
    ("PUT", "/__mock/scenarios", 405, "did you mean PUT /__mock/scenario?"),
    ("GET", "/__mock", 404, "the routes are listed at /__mock/openapi.json"),
    ("GET", "/__mock/nonsense", 404, "the routes are listed at /__mock/openapi.json"),
    ("GET", "/__mock/requests?endpoint=chat", 400, None),
    ("GET", "/__mock/accounts/nobody", 404, None),
]


@pytest.mark.parametrize(("method", "path", "status", "hint"), MISTAKES)
def test_a_mistaken_request_to_the_control_plane_is_told_to_the_log(
    method: str, path: str, status: int, hint: str | None
) -> None:
    told: list[tuple[str, ControlAction]] = []

    async def ask() -> httpx.Response:
        app = create_app(Settings(), on_change=lambda sandbox, action: told.append((sandbox, action)))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return await http.request(method, path)

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers.get("x-clevora-mock-hint")) == (status, hint)
    ((sandbox, action),) = told
    assert (sandbox, action.method, action.path) == ("default", method, path.partition("?")[0])
    assert action.error == answer.json()["error"]["message"]
