"""Servers with other settings, one part for each."""

import json
from typing import Any

from tests.exchanges.script.models import ASKS, CHAT, SEARCH, many
from tests.exchanges.steps import KEY, Part, Session, bearer, steps_of, token

FROZEN = ("--seed", "7", "--clock", "frozen")
_OWN = """name: own
description: One's own.
rules:
  - name: every other
    when: {endpoint: search, calls: every 2}
    then: {error: 429}
"""
_ITEM: dict[str, Any] = {
    "id": "vid_1",
    "title": "A Short History of Bread",
    "type": "video",
    "description": "Flour and water. Ünïcode too.",
    "creator": "Sunday Oven",
    "url": "https://media.example/1",
    "thumbnailUrl": "https://media.example/1.jpg",
    "durationSeconds": 60,
    "publishedAt": "2024-11-16T16:45:00Z",
    "tags": ["bread"],
}


def _all_kinds(session: Session) -> None:
    for name, ask in ASKS.items():
        session.call(name, *ask)


def _no_limit() -> Part:
    session = Session("no limits")
    many(session, 0, 70)
    session.send("limits by a scenario", "PUT /__mock/scenario", {"name": "rate-limited"})
    session.call("search under it", *ASKS["search"])
    session.send("health", "GET /__mock/health")
    return Part("no limits", (*FROZEN, "--no-rate-limit"), steps_of(session))


def _latency() -> Part:
    session = Session("latency")
    _all_kinds(session)
    session.send("a refusal", CHAT, {})
    session.send("the mock's own", "GET /__mock/clock")
    session.chat("a delay more", headers={"x-clevora-mock-delay": "1s"})
    session.chat("a fault", headers={"x-clevora-mock-fault": "close"})
    session.read_records("afterwards")
    return Part("latency", (*FROZEN, "--latency", "250ms", "--tokens-per-second", "20"), steps_of(session))


def _real_delays(sessions: list[Session]) -> Part:
    late = Session("real latency", "late")
    _all_kinds(late)
    late.read_records("afterwards")
    flags = ("--real-delays", "--latency", "20ms", "--tokens-per-second", "1000")
    return Part("real delays", (*FROZEN, *flags), steps_of(*sessions, late))


def _named() -> Part:
    session = Session("a named server", masks=("server start",))
    _all_kinds(session)
    for line in (
        "GET /__mock/health",
        "GET /v1/nothing",
        "GET /v1/search",
        "GET /",
        "HEAD /llms.txt",
        "OPTIONS /v1/keys",
    ):
        session.send(line, line)
    session.chat("a fault", headers={"x-clevora-mock-fault": "html_error", "origin": "http://a.example"})
    session.stream("a cut", headers={"x-clevora-mock-fault": "truncate"})
    for host in ("mock.test", "MOCK.TEST:80", "a.mock.test", "localhost", "clevora-mock"):
        session.send(f"as {host}", "GET /__mock/clock", None, {"host": host})
    foreign = {"host": "mock.test", "origin": "http://mock.test"}
    session.send("from its own page", "POST /__mock/reset", {}, foreign)
    session.send("a page of it", "GET /", None, {"host": "mock.test", "accept": "text/html"})
    flags = ("--server-name", "mock-1", "--allowed-host", "mock.test, other.test")
    return Part("a named server", (*FROZEN, *flags), steps_of(session))


def _accounts() -> Part:
    key = "sk_live_" + "5" * 32
    session = Session("another account")
    session.send("its key", *ASKS["chat"], bearer(key))
    session.send("the usual key", *ASKS["chat"], bearer(KEY))
    session.send("its token", "GET /api/developer/account", None, bearer(token(project="my-project")))
    session.send("the usual token", "GET /api/developer/account", None, bearer(token()))
    session.send("home", "GET /")
    session.send("health", "GET /__mock/health")
    session.send("a signature", "POST /__mock/webhooks/sign", {"payload": {"type": "x"}})
    session.send("the ledger", "GET /__mock/ledger?uid=demo")
    session.send("paid up", "PATCH /__mock/accounts/demo", {"balance": 15})
    session.send("its key now", *ASKS["chat"], bearer(key))
    flags = (
        "--balance",
        "14.99",
        "--api-key",
        key,
        "--firebase-project",
        "my-project",
        "--webhook-secret",
        "whsec_YWJj",
    )
    return Part("another account", (*FROZEN, *flags), steps_of(session))


def _small() -> Part:
    session = Session("small")
    for number in range(1, 6):
        session.call(f"search {number}", SEARCH, {"query": f"sea {number}", "limit": 1})
    session.send("a journal of three", "GET /__mock/requests?limit=10", rest=0.1)
    session.send("four is too much", "GET /__mock/requests?limit=10001")
    for name in ("a", "b", "a", "c", "b"):
        session.call(f"in {name} {len(session.steps)}", f"POST /sandbox/{name}/v1/search", {"query": "sea", "limit": 1})
    session.send("those that are left", "GET /__mock/sandboxes")
    session.chat("a scenario from the start")
    session.send("its state", "GET /__mock/scenario")
    session.send("reset", "POST /__mock/reset")
    session.chat("and again")
    flags = ("--journal-size", "3", "--max-sandboxes", "3", "--scenario", "flaky")
    return Part("small", (*FROZEN, *flags), steps_of(session))


def _own_files() -> Part:
    session = Session("own files")
    session.send("scenarios", "GET /__mock/scenarios")
    session.send("the scenario", "GET /__mock/scenario")
    for number in range(1, 4):
        session.call(f"search {number}", SEARCH, {"query": "bread"})
    session.scenario("another of its own", "second")
    session.call("a search under it", SEARCH, {"query": "bread"})
    session.chat("a chat by header", headers={"x-clevora-mock-scenario": "own"})
    session.scenario("a shipped one", "outage")
    session.chat("a chat under it")
    session.send("reset", "POST /__mock/reset", {"only": "scenario"})
    session.send("the scenario again", "GET /__mock/scenario")
    items = [_ITEM, _ITEM | {"id": "pod_2", "type": "podcast", "title": "Nothing but Coffee", "tags": []}]
    files = {
        "own/own.yaml": _OWN,
        "own/second.yaml": "name: second\nrules:\n  - name: all\n    then: {error: 404}\n",
        "catalog.jsonl": "".join(json.dumps(item) + "\n" for item in items),
    }
    flags = ("--scenarios", "{folder}/own", "--scenario", "own", "--catalog", "{folder}/catalog.jsonl")
    return Part("own files", (*FROZEN, *flags), steps_of(session), files)


def _exported() -> list[Part]:
    """Return a part that exports its state at the end, and one that imports it."""
    first, second = Session("exporting"), Session("importing")
    first.chat("a chat")
    first.call("a search elsewhere", "POST /sandbox/kept/v1/search", {"query": "sea", "limit": 1})
    first.advance(90)
    first.scenario("a scenario", "flaky")
    first.chat("a failure")
    second.send("sandboxes", "GET /__mock/sandboxes")
    second.chat("the second failure")
    second.chat("then fine")
    second.read_records("afterwards")
    second.send("elsewhere", "GET /sandbox/kept/__mock/requests")
    kept = "{folder}/kept.json"
    return [
        Part("exporting", (*FROZEN, "--export-on-exit", kept), steps_of(first)),
        Part("importing", ("--seed", "7", "--clock", "frozen", "--import", kept), steps_of(second)),
    ]


_RUNNING = ("date header", "times", "days", "created", "latency")


def _other_clocks() -> list[Part]:
    """Return parts with other frozen times and with running clocks."""
    elsewhere = Session("frozen elsewhere")
    _all_kinds(elsewhere)
    elsewhere.send("the clock", "GET /__mock/clock")
    elsewhere.send_signed_in("usage", "GET /v1/usage?range=3")
    parts = [
        Part("frozen elsewhere", ("--seed", "-3", "--clock", "frozen:2028-02-29T23:59:59.5Z"), steps_of(elsewhere)),
    ]
    for name, clock in (("real", "real"), ("scaled", "scaled:3600")):
        session = Session(f"{name} clock", masks=_RUNNING)
        _all_kinds(session)
        session.send("a refusal", "GET /v1/nothing")
        session.send("the mock's own", "GET /__mock/clock")
        session.chat("a delay", headers={"x-clevora-mock-delay": "50ms" if name == "real" else "1m"})
        pace = {"ttft": "20ms", "tokens_per_second": 1000} if name == "real" else {"ttft": "1m", "tokens_per_second": 1}
        session.rules("a pace", {"then": {"stream": pace}})
        session.stream("a pace", "Hello!")
        session.send("the journal", "GET /__mock/requests", rest=0.1, masks=("length",))
        session.send("it is frozen", "PATCH /__mock/clock", {"mode": "frozen", "now": "2026-01-01T00:00:00Z"})
        session.chat("frozen")
        parts.append(Part(f"{name} clock", ("--seed", "7", "--clock", clock), steps_of(session)))
    return parts


def parts(waited: list[Session]) -> list[Part]:
    """Return all parts; `waited` are the sessions for the one with real delays."""
    return [
        _no_limit(),
        _latency(),
        _real_delays(waited),
        _named(),
        _accounts(),
        _small(),
        _own_files(),
        *_exported(),
        *_other_clocks(),
    ]
