"""Scenarios, the stream of events, and snapshots."""

from typing import Any

from tests.exchanges.script.models import ASKS, CHAT, SEARCH
from tests.exchanges.steps import Capture, Session, bearer


def state() -> list[Session]:
    """Return steps that reset, save and restore a sandbox, and continue in another one."""
    session = Session("state", "state")
    for name in ("chat", "embeddings"):
        session.call(name, *ASKS[name])
    session.send_signed_in("a key", "POST /v1/keys", {"name": "kept"}, captures=(Capture("kept_key", "data.key"),))
    session.send_signed_in("a top-up", "POST /api/developer/topup", {"amount": 25})
    session.scenario("a scenario", "flaky")
    session.chat("a failure")
    session.send(
        "a side scenario", CHAT, ASKS["chat"][1], bearer("<<kept_key>>") | {"x-clevora-mock-scenario": "brownout"}
    )
    session.send("taken", "GET /__mock/state", rest=0.1, captures=(Capture("state"),))
    session.chat("what comes next")
    session.chat("and next")
    session.read_records("before it")
    session.send("restored", "PUT /__mock/state", b"<<state>>")
    session.chat("what comes next, again")
    session.chat("and next, again")
    session.read_records("after it")
    for name, body in {
        "nothing": b"",
        "an empty object": {},
        "another version": {"version": 99},
        "half a state": {"version": 1},
        "an array": [],
        # Deeper than any version of Python decodes.
        "deep nesting": b"[" * 100_000,
        "no JSON": b"state",
    }.items():
        session.send(f"restored from {name}", "PUT /__mock/state", body)
    session.send("still there", "GET /__mock/scenario")
    for only in ("journal", "ledger", "scenario", "clock", "", None, 5):
        session.send(f"reset {only!r}", "POST /__mock/reset", {"only": only})
        session.send(f"after reset {only!r}", "GET /__mock/ledger?uid=demo")
    session.send("reset by nothing", "POST /__mock/reset", b"")
    session.send("reset with more", "POST /__mock/reset", {"everything": True})
    session.chat("from the start")
    session.read_state("from the start")

    other = Session("state elsewhere", "state-elsewhere")
    other.send("restored from the first", "PUT /__mock/state", b"<<state>>")
    other.chat("what comes next")
    other.send("the kept key", CHAT, ASKS["chat"][1], bearer("<<kept_key>>"))
    other.read_records("afterwards")
    other.send("removed", "DELETE /")
    other.send("begun anew", "GET /__mock/requests")
    other.chat("from the start")
    return [session, other]


def events() -> Session:
    """Return steps that read the first events of the journal's stream, and disconnect."""
    session = Session("events", "events")
    session.send("listening", "GET /__mock/events", on="reader", patience=0.5)
    session.chat("a chat")
    session.raw("of a chat", on="reader", patience=0.5)
    session.send("a second reader", "GET /__mock/events", on="second", patience=0.5)
    session.stream("a stream")
    session.send("a refusal", "GET /v1/keys")
    session.send("what is not told of", "GET /__mock/clock")
    session.raw("of both", on="reader", patience=0.5)
    session.raw("of both, for the second", on="second", patience=0.5)
    session.raw("the first leaves", on="reader", patience=0.5, leaving="close")
    session.chat("reset by a fault", headers={"x-clevora-mock-fault": "reset"})
    session.raw("of a reset", on="second", patience=0.5)
    session.send("the sandbox is reset", "POST /__mock/reset")
    session.chat("after a reset")
    session.raw("after a reset, for the second", on="second", patience=0.5, leaving="close")
    session.send("its head", "HEAD /__mock/events", patience=1.0)
    session.send("by HTTP/1.0", "GET /__mock/events", None, {"connection": "close"}, patience=0.5, leaving="close")
    return session


# --- scenarios --------------------------------------------------------------------------------------------------------


def _shipped(name: str) -> Session:
    session = Session(f"scenario {name}", f"shipped-{name}")
    session.scenario("it begins", name)
    session.send_signed_in("the account", "GET /api/developer/account")
    for number in range(1, 5):
        session.chat(f"chat {number}", "Hello!")
    for number in range(1, 4 if name == "broken-stream" else 3):
        session.stream(f"stream {number}", "Write a long story about the sea.")
    for ask in ("embeddings", "script"):
        session.call(ask, *ASKS[ask])
    session.send_signed_in("the keys", "GET /v1/keys")
    session.advance(60)
    session.chat("a minute later", "Hello!")
    session.send("how often it applied", "GET /__mock/scenario")
    session.read_records("afterwards", 30)
    session.send("conduct", "GET /__mock/conduct")
    return session


# Scenarios that draw, count or depend on time.
SHIPPED = ("broken-stream", "brownout", "connection-drops", "flaky", "late-payment", "slow-stream")


def shipped() -> list[Session]:
    """Return steps in each shipped scenario."""
    return [_shipped(name) for name in SHIPPED]


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
    """Return steps about the conditions of rules, near misses and draws."""
    session = Session("matching", "matching")
    for name, when in _WHENS.items():
        session.rules(name, {"when": when, "then": {"error": {"status": 503, "message": f"met {name}"}}})
        session.chat(f"{name}: a chat", "Quantum physics?", {"user-agent": "OpenAI/Python 3"})
        if "stream" in when.get("body", {}):
            session.stream(f"{name}: a stream", body={"model": "clevora-1.0-turbo"})
        session.call(f"{name}: a search", SEARCH, {"query": "quantum", "limit": 1})
        session.send_signed_in(f"{name}: the keys", "GET /v1/keys")
        session.advance(11)
        session.chat(f"{name}: a chat later")
    session.read_records("afterwards", 80)
    return session


def replies() -> Session:
    """Return steps with scripted replies."""
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
    session.read_records("afterwards", 30, end_scenario=True)
    return session
