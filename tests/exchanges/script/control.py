"""The mock's own routes: what they show, what they change, what they refuse."""

from typing import Any

from tests.exchanges.script.models import ASKS, CHAT, SEARCH
from tests.exchanges.steps import Capture, Session, bearer
from tests.readme import ROOT

_FORM = {"content-type": "application/x-www-form-urlencoded"}


def places() -> Session:
    """Pages and documents."""
    session = Session("places", "places")
    for path in ("/", "/openapi.json", "/__mock/health", "/__mock/openapi.json", "/__mock/fidelity", "/__mock/clock"):
        session.ask(path, f"GET {path}")
    session.ask("a browser's home", "GET /", None, {"accept": "text/html,application/xhtml+xml"})
    session.ask("a home that escapes", "GET /", None, {"accept": "text/html", "host": "localhost:1"})
    session.ask("a description elsewhere", "GET /openapi.json", None, {"host": "localhost:1"})
    session.ask("scenarios", "GET /__mock/scenarios")
    session.ask("the scenario", "GET /__mock/scenario")
    session.ask("no requests", "GET /__mock/requests")
    session.ask("no findings", "GET /__mock/conduct")
    session.ask("a body for a look", "GET /__mock/clock", {"a": 1})
    return session


_CLOCKS: dict[str, Any] = {
    "set": {"now": "2026-05-11T14:00:00Z"},
    "set with an offset": {"now": "2026-05-11T14:00:00.123456+02:00"},
    "set without one": {"now": "2026-05-11 14:00"},
    "advanced": {"advance": 60},
    "advanced by a fraction": {"advance": 0.0015},
    "set and advanced": {"now": "2026-05-11T14:00:00Z", "advance": 1.5},
    "scaled": {"mode": "scaled", "speed": 1e-12},
    "scaled and set": {"mode": "scaled", "speed": 1e-12, "now": "2026-05-11T14:00:00Z"},
    "frozen again": {"mode": "frozen"},
    "nothing": {},
    "set back": {"now": "1970-01-01T00:00:00Z"},
    "nonsense": {"now": "tomorrow"},
    "before time": {"now": "1969-12-31T23:59:59Z"},
    "a number": {"now": 5},
    "backwards": {"advance": -1},
    "too far": {"advance": 1e12},
    "text": {"advance": "60"},
    "scaled without a speed": {"mode": "scaled"},
    "a speed alone": {"speed": 2},
    "a speed of nothing": {"mode": "scaled", "speed": 0},
    "an unknown mode": {"mode": "fast"},
    "an unknown field": {"minutes": 5},
    "an array": [],
}


def clock() -> Session:
    """The sandbox's time."""
    session = Session("clock", "clock")
    for name, change in _CLOCKS.items():
        session.ask(name, "PATCH /__mock/clock", change)
    session.ask("no body", "PATCH /__mock/clock", b"")
    session.ask("how late it is", "GET /__mock/clock")
    session.ask("set to a date", "PATCH /__mock/clock", {"now": "2031-02-28T23:59:59.999Z"})
    session.chat("an answer then")
    session.ask("refused then", "GET /v1/nothing")
    return session


_ACCOUNTS: dict[str, Any] = {
    "no facts": b"",
    "an empty object": {},
    "a uid": {"uid": "ann", "email": "ann@example.com"},
    "the same uid": {"uid": "ann"},
    "no money": {"uid": "bob", "balance": 0},
    "a little money": {"uid": "cid", "balance": 14.999999},
    "debts": {"uid": "dee", "balance": -3.5, "activated": True},
    "no access": {"uid": "eve", "developerAccess": False},
    "a password": {"email": "fay@example.com", "password": "secret-1", "balance": 0},
    "a password again": {"email": "Fay@example.com", "password": "secret-1"},
    "a password without an email": {"password": "secret-1"},
    "a short password": {"email": "g@example.com", "password": "x"},
    "an odd uid": {"uid": "a/b c?"},
    "an empty uid": {"uid": ""},
    "a long uid": {"uid": "u" * 129},
    "seven decimals": {"balance": 0.0000001},
    "a balance as text": {"balance": "5"},
    "an unknown field": {"name": "x"},
    "an array": [],
}
_CHANGES: dict[str, Any] = {
    "a balance": {"balance": 12.345678},
    "a flag": {"activated": False},
    "the other flag": {"developerAccess": False},
    "all at once": {"balance": 100, "activated": True, "developerAccess": True},
    "nothing": {},
    "a uid": {"uid": "x"},
    "a huge balance": {"balance": 1e10},
    "true for a balance": {"balance": True},
}
_TOKENS: dict[str, Any] = {
    "demo": {"uid": "demo"},
    "a stranger": {"uid": "stranger", "email": "s@example.com", "expiresIn": 60},
    "no uid": {},
    "an empty uid": {"uid": ""},
    "no time": {"uid": "demo", "expiresIn": 0},
    "too much time": {"uid": "demo", "expiresIn": 10**9},
    "an unknown field": {"uid": "demo", "expires": 1},
}


def accounts() -> Session:
    """Users made to measure, and their tokens."""
    session = Session("accounts", "accounts")
    made = (Capture("own_key", "apiKey"), Capture("own_uid", "uid"))
    for name, body in _ACCOUNTS.items():
        session.ask(f"made with {name}", "POST /__mock/accounts", body, captures=made if body == {} else ())
    session.ask("the new key works", *ASKS["search"], bearer("<<own_key>>"))
    session.ask("who it is", "GET /__mock/accounts/<<own_uid>>")
    for uid in ("demo", "ann", "nobody", "a%2Fb%20c%3F"):
        session.ask(f"shown {uid}", f"GET /__mock/accounts/{uid}")
    for name, body in _CHANGES.items():
        session.ask(f"changed {name}", "PATCH /__mock/accounts/demo", body)
    session.ask("nobody is changed", "PATCH /__mock/accounts/nobody", {"balance": 1})
    for name, body in _TOKENS.items():
        kept = (Capture("id_token", "idToken"),) if name == "a stranger" else ()
        session.ask(f"a token for {name}", "POST /__mock/tokens", body, captures=kept)
    session.ask("it signs in", "GET /api/developer/account", None, bearer("<<id_token>>"))
    session.ask("it activates", "POST /api/developer/activate", None, bearer("<<id_token>>"))
    session.ask("it signs in now", "GET /api/developer/account", None, bearer("<<id_token>>"))
    session.advance(60)
    session.ask("it has expired", "GET /api/developer/account", None, bearer("<<id_token>>"))
    session.books("afterwards")
    session.ask("another's ledger", "GET /__mock/ledger?uid=dee")
    session.state("afterwards")
    return session


_FILTERS = (
    "",
    "?limit=1",
    "?limit=0",
    "?limit=10000",
    "?limit=10001",
    "?limit=x",
    "?endpoint=search",
    "?endpoint=nothing",
    "?status=200",
    "?status=401&limit=1",
    "?status=2",
    "?code=invalid_api_key",
    "?account=demo&limit=1",
    "?key=sk_live_0123456789ab...ef&limit=1",
    "?key=nobody",
    "?since=2026-01-01T00:00:30Z",
    "?since=yesterday",
    "?rule=rule%201",
    "?rule=",
    "?endpoint=search&status=200",
    "?status=200&status=401",
    "?colour=red",
)


def journal() -> Session:
    """What was asked, and how the client behaved."""
    session = Session("journal", "journal")
    for name, ask in ASKS.items():
        session.call(name, *ask, {"user-agent": f"tests/{name}"})
    session.ask("a wrong key", CHAT, {}, bearer("sk_live_secret"))
    session.call("a bad one", CHAT, {"messages": []})
    session.call("not JSON", CHAT, b"\xff{")
    session.call("a secret in it", SEARCH, {"query": "sk_live_" + "a" * 32 + " and whsec_abcdefgh", "password": "x"})
    session.call("a long body", SEARCH, {"query": "sea", "limit": 1, "more": "x" * 20_000})
    session.call(
        "a secret in a query", "POST /v1/search?refresh_token=abc&key=eyJhbGciOiJ.eyJzdWIiOiJ.x", {"query": "a"}
    )
    session.advance(60)
    session.rules("an error", {"when": {"endpoint": "search"}, "then": {"error": {"status": 429, "retry_after": 5}}})
    for number in range(1, 5):
        session.call(f"retried at once, {number}", *ASKS["search"])
    session.chat("another")
    for query in _FILTERS:
        session.ask(f"requests{query}", f"GET /__mock/requests{query}", rest=0.03)
    session.ask("conduct", "GET /__mock/conduct")
    for query in ("", "?uid=demo", "?uid=nobody", "?uid="):
        session.ask(f"ledger{query}", f"GET /__mock/ledger{query}")
    _firestore(session)
    session.ask("emptied", "DELETE /__mock/requests")
    session.ask("and empty", "GET /__mock/requests")
    return session


def _firestore(session: Session) -> None:
    for path in (
        "clevora_developer_usage",
        "clevora_developer_usage/demo",
        "clevora_developer_usage/demo/days",
        "clevora_developer_usage/demo/days/2026-01-01",
        "clevora_developer_usage/demo/days/2025-01-01",
        "clevora_developer_usage/nobody",
        "clevora_developer_keys",
        "clevora_developer_logs",
        "clevora_developer_transactions",
        "clevora_developer_keys/nothing",
        "clevora_developer_logs/nothing",
        "nothing",
        "clevora_developer_keys/",
        "",
    ):
        session.ask(f"firestore/{path}", f"GET /__mock/firestore/{path}")
    for name in ("keys", "logs", "transactions"):
        place = f"clevora_developer_{name}"
        line = f"GET /__mock/firestore/{place}"
        session.ask(f"firestore, the first of {name}", line, captures=(Capture("document", "documents.0"),))
        session.ask(f"firestore, one of {name}", f"{line}/<<document>>")


def state() -> list[Session]:
    """Reset, snapshots, and going on from one in another sandbox."""
    session = Session("state", "state")
    for name in ("chat", "embeddings"):
        session.call(name, *ASKS[name])
    session.dash("a key", "POST /v1/keys", {"name": "kept"}, captures=(Capture("kept_key", "data.key"),))
    session.dash("a top-up", "POST /api/developer/topup", {"amount": 25})
    session.scenario("a scenario", "flaky")
    session.chat("a failure")
    session.ask(
        "a side scenario", CHAT, ASKS["chat"][1], bearer("<<kept_key>>") | {"x-clevora-mock-scenario": "rate-limited"}
    )
    session.ask("taken", "GET /__mock/state", rest=0.03, captures=(Capture("state"),))
    session.chat("what comes next")
    session.chat("and next")
    session.books("before it")
    session.ask("restored", "PUT /__mock/state", b"<<state>>")
    session.chat("what comes next, again")
    session.chat("and next, again")
    session.books("after it")
    for name, body in {
        "nothing": b"",
        "an empty object": {},
        "another version": {"version": 99},
        "half a state": {"version": 1},
        "an array": [],
        "deep nesting": b"[" * 5000,
        "no JSON": b"state",
    }.items():
        session.ask(f"restored from {name}", "PUT /__mock/state", body)
    session.ask("still there", "GET /__mock/scenario")
    for only in ("journal", "ledger", "scenario", "clock", "", None, 5):
        session.ask(f"reset {only!r}", "POST /__mock/reset", {"only": only})
        session.ask(f"after reset {only!r}", "GET /__mock/ledger?uid=demo")
    session.ask("reset by nothing", "POST /__mock/reset", b"")
    session.ask("reset with more", "POST /__mock/reset", {"everything": True})
    session.chat("from the start")
    session.state("from the start")

    other = Session("state elsewhere", "state-elsewhere")
    other.ask("restored from the first", "PUT /__mock/state", b"<<state>>")
    other.chat("what comes next")
    other.ask("the kept key", CHAT, ASKS["chat"][1], bearer("<<kept_key>>"))
    other.books("afterwards")
    other.ask("removed", "DELETE /")
    other.ask("begun anew", "GET /__mock/requests")
    other.chat("from the start")
    return [session, other]


def events() -> Session:
    """The journal as it is made: the first events, and then the reader leaves."""
    session = Session("events", "events")
    session.ask("listening", "GET /__mock/events", on="reader", patience=0.1)
    session.chat("a chat")
    session.raw("of a chat", on="reader", patience=0.1)
    session.ask("a second reader", "GET /__mock/events", on="second", patience=0.1)
    session.stream("a stream")
    session.ask("a refusal", "GET /v1/keys")
    session.ask("what is not told of", "GET /__mock/clock")
    session.raw("of both", on="reader", patience=0.1)
    session.raw("of both, for the second", on="second", patience=0.1)
    session.raw("the first leaves", on="reader", patience=0.1, leaving="close")
    session.chat("reset by a fault", headers={"x-clevora-mock-fault": "reset"})
    session.raw("of a reset", on="second", patience=0.1)
    session.ask("the sandbox is reset", "POST /__mock/reset")
    session.chat("after a reset")
    session.raw("after a reset, for the second", on="second", patience=0.1, leaving="close")
    session.ask("its head", "HEAD /__mock/events", patience=1.0)
    session.ask("by HTTP/1.0", "GET /__mock/events", None, {"connection": "close"}, patience=0.1, leaving="close")
    return session


# --- scenarios --------------------------------------------------------------------------------------------------------


def _shipped(name: str) -> Session:
    session = Session(f"scenario {name}", f"shipped-{name}")
    session.scenario("it begins", name)
    session.dash("the account", "GET /api/developer/account")
    for number in range(1, 5):
        session.chat(f"chat {number}", "Hello!")
    for number in range(1, 4 if name == "broken-stream" else 3):
        session.stream(f"stream {number}", "Write a long story about the sea.")
    for ask in ("embeddings", "script"):
        session.call(ask, *ASKS[ask])
    session.dash("the keys", "GET /v1/keys")
    session.advance(60)
    session.chat("a minute later", "Hello!")
    session.ask("how often it applied", "GET /__mock/scenario")
    session.books("afterwards", 30)
    session.ask("conduct", "GET /__mock/conduct")
    return session


SHIPPED = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))


def shipped() -> list[Session]:
    """Each scenario that comes with the mock."""
    return [_shipped(name) for name in SHIPPED]


_YAML = """# as a file has it
name: by-hand
description: "Made by hand: é"
account: {balance: 25.00, activated: true, developer_access: true}
clock: {start: 2026-05-11T14:00:00Z, mode: frozen}
limits: {requests_per_minute: 60, tokens_per_day: 1000000}
payments: {outcome: succeed, delay: 30s}
rules:
  - name: two failures, then fine
    when: {endpoint: chat.completions, calls: 1-2}
    then: {error: 500}
  - name: "canned: é"
    when: {endpoint: chat.completions, message: /refund policy/i}
    then: {reply: {content: "Thirty days.", finish_reason: stop}}
  - name: third searches
    when: {endpoint: search, chance: 0.33}
    then: {delay: 250ms, error: {status: 503, message: "Not now", retry_after: 3}}
"""

_BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "no mapping": b"flaky",
    "not YAML": b"name: [",
    "not UTF-8": b"name: \xff",
    "an unknown entry": b"name: x\nrule: []\n",
    "a wrong type": b"name: x\nrules:\n  - name: y\n    then: {eror: 500}\n",
    "many mistakes": b"name: x\naccount: {balance: lots}\nclock: {start: noon}\nrules:\n  - then: {fault: boom}\n",
    "an unknown endpoint": b"name: x\nrules:\n  - name: y\n    when: {endpoint: chat}\n    then: {error: 500}\n",
    "error and reply": b"name: x\nrules:\n  - name: y\n    then: {error: 500, reply: {content: a}}\n",
    "a bad duration": b"name: x\nrules:\n  - name: y\n    then: {delay: 5}\n",
    "a bad expression": b"name: x\nrules:\n  - name: y\n    when: {message: /(/}\n    then: {error: 500}\n",
    "an alias": b"name: x\na: &a [*a]\n",
    "two of a name": b'{"name": "x", "name": "y"}',
    "JSON cut": b'{"name": "x"',
    "an unknown name": b'{"name": "flakey"}',
    "a name that is a number": b'{"name": 5}',
    "a path": b'{"name": "../scenarios/flaky"}',
}


def scenarios() -> Session:
    """Scenarios as they are put: by name, as JSON, as YAML, broken."""
    session = Session("scenarios", "scenarios")
    session.ask("as YAML", "PUT /__mock/scenario", _YAML.encode(), {"content-type": "application/yaml"})
    session.ask("the clock", "GET /__mock/clock")
    session.dash("the account", "GET /api/developer/account")
    for number in range(1, 4):
        session.chat(f"chat {number}")
    session.chat("canned", "What is your Refund Policy?")
    session.stream("canned stream", "refund policy")
    for number in range(1, 7):
        session.call(f"search {number}", SEARCH, {"query": "sea", "limit": 1})
    session.ask("as it runs", "GET /__mock/scenario")
    for name, body in _BROKEN.items():
        session.ask(name, "PUT /__mock/scenario", body)
    session.ask("as it still runs", "GET /__mock/scenario")
    session.ask("by name", "PUT /__mock/scenario", {"name": "outage"}, _FORM)
    session.dash("an outage", "GET /v1/keys")
    session.ask("ended", "DELETE /__mock/scenario")
    session.dash("no outage", "GET /v1/keys")
    session.ask("without rules", "PUT /__mock/scenario", {"name": "quiet", "rules": []})
    session.ask("without a name", "PUT /__mock/scenario", {"rules": [{"name": "a", "then": {"error": 500}}]})
    session.books("afterwards", 30, calm=True)
    return session


_WHENS: dict[str, dict[str, Any]] = {
    "the second and third": {"calls": "2-3"},
    "every second": {"calls": "every 2"},
    "the first and fourth": {"calls": [1, 4]},
    "by the key's name": {"key": "Demo key"},
    "by another account": {"account": "somebody"},
    "by a header": {"header": {"user-agent": "/OpenAI/"}},
    "by a body": {"body": {"stream": True, "model": "clevora-1.0-turbo"}},
    "by a message": {"message": "/quantum/i"},
    "by a window": {"between": ["10s", "2m"]},
    "by chance": {"chance": 0.33},
    "by a chance that is counted": {"chance": 0.5, "calls": "1-2"},
    "by two endpoints": {"endpoint": ["search", "keys.list"]},
    "by all endpoints": {"endpoint": "*"},
}


def matching() -> Session:
    """To which requests a rule applies, near misses and draws."""
    session = Session("matching", "matching")
    for name, when in _WHENS.items():
        session.rules(name, {"when": when, "then": {"error": {"status": 503, "message": f"met {name}"}}})
        session.chat(f"{name}: a chat", "Quantum physics?", {"user-agent": "OpenAI/Python 3"})
        if "stream" in when.get("body", {}):
            session.stream(f"{name}: a stream", body={"model": "clevora-1.0-turbo"})
        session.call(f"{name}: a search", SEARCH, {"query": "quantum", "limit": 1})
        session.dash(f"{name}: the keys", "GET /v1/keys")
        session.advance(11)
        session.chat(f"{name}: a chat later")
    session.books("afterwards", 80)
    return session


def replies() -> Session:
    """What the model is made to say."""
    session = Session("replies", "replies")
    script = {"title": "T", "hook": "H", "sections": [{"heading": "A", "content": "B", "durationSeconds": 3}]}
    session.rules(
        "for all of them",
        {"when": {"endpoint": "chat.completions"}, "then": {"reply": {"content": "Cut", "finish_reason": "length"}}},
        {"when": {"endpoint": "embeddings"}, "then": {"reply": {"vector": [0.1, 2, -3e-5]}}},
        {"when": {"endpoint": "search", "body": {"limit": 2}}, "then": {"reply": {"results": [{"title": "One"}]}}},
        {"when": {"endpoint": "search"}, "then": {"reply": {"results": []}}},
        {"when": {"endpoint": "scripts.generate"}, "then": {"reply": {"script": script}}},
    )
    for name, ask in ASKS.items():
        session.call(name, *ask)
    session.call("vectors as numbers", "POST /v1/embeddings", {"input": ["a", "b"]})
    session.call("no results", SEARCH, {"query": "sea"})
    session.chat("an error beside it", headers={"x-clevora-mock-error": "500"})
    session.chat("a fault beside it", headers={"x-clevora-mock-fault": "truncate"})
    errors: tuple[dict[str, Any], ...] = (
        {"status": 429, "retry_after": 30},
        {"status": 429, "code": "daily_token_limit_exceeded", "retry_after": 0},
        {"status": 402, "code": "account_not_activated"},
        {"status": 400, "message": "Odd: é \n line"},
        {"status": 503, "retry_after": 86_400},
        {"status": 413},
    )
    for error in errors:
        name = ", ".join(str(value) for value in error.values()).replace("\n", " ")
        session.rules(name, {"name": "a rule: é \u2603", "then": {"error": error}})
        session.chat(name)
        session.stream(f"{name}, streamed")
    session.books("afterwards", 30, calm=True)
    return session
