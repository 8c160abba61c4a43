"""What goes wrong on the wire, by header and by scenario, in every kind of answer, and what it costs."""

from typing import Any

from tests.exchanges.script.models import ASKS, CHAT
from tests.exchanges.steps import KEY, Session, bearer, request

_KINDS = (
    "reset",
    "close",
    "stall",
    "truncate",
    "slow_body",
    "garbage",
    "empty_body",
    "wrong_content_type",
    "html_error",
    "missing_fields",
    "malformed_chunk",
    "duplicate_chunk",
    "split_utf8",
    "no_usage",
    "no_done",
    "error_frame",
)

_OPTIONS: dict[str, dict[str, Any]] = {
    "reset at the headers": {"kind": "reset", "at": "headers"},
    "reset after 0 tokens": {"kind": "reset", "after_tokens": 0},
    "reset after 3 tokens": {"kind": "reset", "after_tokens": 3},
    "reset after all tokens": {"kind": "reset", "after_tokens": 100_000},
    "close at the start": {"kind": "close", "at": "start"},
    "close after 0 tokens": {"kind": "close", "after_tokens": 0},
    "close after 3 tokens": {"kind": "close", "after_tokens": 3},
    "close after all tokens": {"kind": "close", "after_tokens": 100_000},
    "stall after 3 tokens": {"kind": "stall", "after_tokens": 3},
    "stall for 30s": {"kind": "stall", "for": "30s"},
    "stall after 3 tokens for 30s": {"kind": "stall", "after_tokens": 3, "for": "30s"},
    "truncate most": {"kind": "truncate", "fraction": 0.1},
    "truncate little": {"kind": "truncate", "fraction": 0.99},
    "slow body": {"kind": "slow_body", "bytes_per_second": 500},
    "slower body": {"kind": "slow_body", "bytes_per_second": 1},
    "html error 503": {"kind": "html_error", "status": 503},
    "html error 504": {"kind": "html_error", "status": 504},
    "missing inner fields": {
        "kind": "missing_fields",
        "fields": ["choices.message.content", "choices.delta", "data.embedding", "results.title", "script.hook", "id"],
    },
    "malformed chunk later": {"kind": "malformed_chunk", "after_tokens": 4},
    "malformed last chunk": {"kind": "malformed_chunk", "after_tokens": 9999},
    "duplicate chunk later": {"kind": "duplicate_chunk", "after_tokens": 4},
    "duplicate last chunk": {"kind": "duplicate_chunk", "after_tokens": 9999},
    "error frame later": {"kind": "error_frame", "after_tokens": 5},
    "error frame at the end": {"kind": "error_frame", "after_tokens": 9999},
}


def _patience(fault: Any) -> dict[str, Any]:
    """How to wait for an answer under `fault`; a stall without an end is given up."""
    kind, lasts = (fault, False) if isinstance(fault, str) else (fault["kind"], "for" in fault)
    return {"patience": 0.1, "leaving": "close"} if kind == "stall" and not lasts else {}


def by_header() -> list[Session]:
    """Each kind for each kind of answer, as one request asks for it."""
    sessions = []
    for name, (line, body) in ASKS.items():
        session = Session(f"fault by header, {name}", f"fault-{name}")
        session.call("none", line, body)
        for kind in _KINDS if name in ("chat", "stream") else _KINDS[:11]:
            session.call(kind, line, body, {"x-clevora-mock-fault": kind}, **_patience(kind))
        session.books("afterwards")
        session.ask("conduct", "GET /__mock/conduct")
        sessions.append(session)
    return sessions


def by_scenario() -> list[Session]:
    """Each kind with its options, by a rule."""
    sessions = []
    for name in ("chat", "stream"):
        line, body = ASKS[name]
        session = Session(f"fault by rule, {name}", f"rule-{name}")
        for said, fault in _OPTIONS.items():
            session.rules(said, {"then": {"fault": fault}})
            session.call(said, line, body, **_patience(fault))
        session.books("afterwards", 40, calm=True)
        sessions.append(session)
    return sessions


_PRICED: tuple[Any, ...] = (
    "reset",
    "close",
    "stall",
    "garbage",
    "html_error",
    "truncate",
    {"kind": "close", "after_tokens": 2},
    {"kind": "error_frame", "after_tokens": 2},
    "slow_body",
)


def charges() -> list[Session]:
    """The same with `charge`, true and false."""
    sessions = []
    for charge in (True, False):
        for name in ("stream", "embeddings"):
            line, body = ASKS[name]
            session = Session(f"{name} with charge {charge}".lower(), f"charge-{name}-{charge}".lower())
            for fault in _PRICED:
                said = fault if isinstance(fault, str) else f"{fault['kind']} after {fault['after_tokens']}"
                session.rules(said, {"then": {"fault": fault, "charge": charge}})
                session.call(said, line, body, **_patience(fault))
            session.rules("an error", {"then": {"error": 500, "charge": charge}})
            session.call("an error", line, body)
            session.call("an error and a bad request", line, {})
            session.books("afterwards", calm=True)
            sessions.append(session)
    return sessions


_WITH_ERROR = ("reset", "close", "stall", "truncate", "slow_body", "wrong_content_type")


def refusals() -> Session:
    """Refusals that suffer a fault like any other answer."""
    session = Session("fault of a refusal", "fault-refusal")
    for kind in (*_WITH_ERROR, "html_error", "no_done", "garbage", "missing_fields"):
        session.call(f"400 and {kind}", CHAT, {}, {"x-clevora-mock-fault": kind}, **_patience(kind))
        session.ask(f"401 and {kind}", CHAT, {}, {"x-clevora-mock-fault": kind})
    for kind in _WITH_ERROR:
        session.rules(f"503 and {kind}", {"then": {"error": {"status": 503, "retry_after": 7}, "fault": kind}})
        session.stream(f"503 and {kind}", **_patience(kind))
    fields = {"kind": "missing_fields", "fields": ["error.code"]}
    session.rules("missing fields", {"then": {"error": 429, "fault": fields}})
    session.chat("429 without a code")
    session.rules("for all", {"when": {"endpoint": "*"}, "then": {"fault": "html_error"}})
    for line in ("GET /v1/keys", "GET /api/developer/account", "GET /v1/usage", "GET /docs/llms", "HEAD /docs/llms"):
        session.dash(f"a page for {line}", line)
    session.ask("a page for the webhook", "POST /api/dodo/webhook", {})
    session.ask("no page for 404", "GET /v1/nothing")
    session.ask("no page for the mock's own", "GET /__mock/clock")
    session.rules("cut for all", {"when": {"endpoint": "*"}, "then": {"fault": "truncate"}})
    for line in ("GET /v1/keys", "GET /docs/llms", "HEAD /docs/llms"):
        session.dash(f"half for {line}", line)
    session.books("afterwards", 40, calm=True)
    return session


_ASKED: dict[str, str] = {
    "400": "error",
    "401": "error",
    "402": "error",
    "403": "error",
    "404": "error",
    "405": "error",
    "413": "error",
    "429": "error",
    "500": "error",
    "502": "error",
    "503": "error",
    "504": "error",
    "rate_limit_exceeded": "error",
    "daily_token_limit_exceeded": "error",
    "account_not_activated": "error",
    "invalid_model": "error",
    "418": "error",
    "nonsense": "error",
    "": "error",
    "2s": "delay",
    "250ms": "delay",
    "0s": "delay",
    "2": "delay",
    "soon": "delay",
    "explosion": "fault",
    "RESET": "fault",
    "flaky": "scenario",
    "default": "scenario",
    "nowhere": "scenario",
    "../flaky": "scenario",
}


def asked_by_header() -> Session:
    """Errors, delays and scenarios that one request asks for."""
    session = Session("asked by header", "asked")
    for value, name in _ASKED.items():
        session.chat(f"{name} {value!r}", headers={f"x-clevora-mock-{name}": value})
    session.ask("an error with a wrong key", CHAT, {}, {"x-clevora-mock-error": "500"})
    session.call("an error and a bad request", CHAT, {}, {"x-clevora-mock-error": "500"})
    session.call("an unknown fault and a bad request", CHAT, {}, {"x-clevora-mock-fault": "x"})
    session.dash("an error for the dashboard", "GET /v1/keys", None, {"x-clevora-mock-error": "500"})
    session.ask("an error for agents", "GET /docs/llms", None, {"x-clevora-mock-error": "503"})
    session.ask("an error for 404", "GET /v1/nothing", None, {"x-clevora-mock-error": "503"})
    session.ask("an error for the mock's own", "GET /__mock/clock", None, {"x-clevora-mock-error": "503"})
    three = {"x-clevora-mock-error": "429", "x-clevora-mock-fault": "slow_body", "x-clevora-mock-delay": "1s"}
    session.chat("three at once", headers=three)
    session.stream("two at once", headers={"x-clevora-mock-fault": "no_done", "x-clevora-mock-delay": "1m"})
    session.chat("a scenario and an error", headers={"x-clevora-mock-scenario": "flaky", "x-clevora-mock-error": "503"})
    for number in range(1, 4):
        session.stream(f"a scenario, {number}", headers={"x-clevora-mock-scenario": "broken-stream"})
    session.chat("an unknown one", headers={"x-clevora-mock-nonsense": "1"})
    session.books("afterwards", 60)
    session.state("afterwards")
    return session


# --- streams ----------------------------------------------------------------------------------------------------------

_STORY = "Write a long story about the sea."


def streams() -> Session:
    """Streams that leave at once, whole or cut."""
    session = Session("streams", "streams")
    for name, text in {
        "the documented example": "Hello!",
        "a story": _STORY,
        "a list": "List five ideas for a podcast about bread.",
        "another script": "日本語で挨拶してください 🎬",
        "code": "Write a Python function that reverses a string.",
        "nothing": "",
    }.items():
        session.stream(name, text)
    for limit in (1, 2, 7):
        session.stream(f"cut after {limit}", _STORY, body={"max_tokens": limit})
    session.stream("the other model", body={"model": "clevora-script-1"})
    session.stream("options", body={"stream_options": {"include_usage": True}, "temperature": 0, "n": 2})
    session.stream("JSON", "A person as JSON.", body={"response_format": {"type": "json_object"}})
    session.stream("accepting HTML", headers={"accept": "text/html"})
    session.rules("words", {"then": {"reply": {"content": "Déjà vu, naïveté: 日本語, 🎬."}}})
    session.stream("canned")
    session.stream("canned and cut in a character", headers={"x-clevora-mock-fault": "split_utf8"}, pieces=True)
    session.rules("no words", {"then": {"reply": {"content": ""}}})
    session.stream("canned nothing")
    session.stream("nothing, cut in a character", headers={"x-clevora-mock-fault": "split_utf8"})
    session.stream("nothing, malformed", headers={"x-clevora-mock-fault": "malformed_chunk"})
    long = " ".join(f"word{number}" for number in range(3000))
    session.rules("many words", {"then": {"reply": {"content": long, "finish_reason": "length"}}})
    session.stream("canned and long")
    session.chat("canned and long, in one piece")
    session.stream("long and truncated", headers={"x-clevora-mock-fault": "truncate"})
    session.rules("cut late", {"then": {"reply": {"content": long}, "fault": {"kind": "close", "after_tokens": 2500}}})
    session.stream("long and cut late")
    session.books("afterwards", 8, calm=True)
    return session


def broken_off() -> Session:
    """A long stream whose client leaves; how much was sent by then is a matter of luck, so that nobody asks."""
    session = Session("a stream broken off", "broken-off")
    long = " ".join(f"word{number}" for number in range(3000))
    session.rules("many words", {"then": {"reply": {"content": long, "finish_reason": "length"}}})
    session.stream("left early", until=b"word5", leaving="close")
    session.stream("reset early", until=b"word5", leaving="reset")
    session.stream("read to its end")
    return session


_PACES: dict[str, dict[str, Any]] = {
    "ttft": {"ttft": "3s"},
    "slow": {"tokens_per_second": 5},
    "slow with jitter": {"ttft": "1s", "tokens_per_second": 20, "jitter": 0.5},
}


def paced() -> Session:
    """Streams with a pace under a frozen clock, which nobody waits for but the journal tells."""
    session = Session("paced, frozen", "paced")
    for name, pace in _PACES.items():
        session.rules(name, {"then": {"stream": pace}})
        session.stream(name, _STORY)
        session.chat(f"{name}, in one piece", _STORY)
        for kind in ("duplicate_chunk", "error_frame", "split_utf8", "slow_body", "truncate", "close"):
            session.stream(f"{name} and {kind}", headers={"x-clevora-mock-fault": kind})
    session.rules("delays", {"then": {"delay": {"uniform": ["100ms", "2s"]}, "stream": {"ttft": "1s"}}})
    session.stream("a delay and a pace")
    session.rules("log-normal", {"then": {"delay": {"lognormal": {"median": "800ms", "p99": "4s"}}}})
    session.chat("a drawn delay")
    session.chat("another drawn delay")
    session.books("afterwards", 40)
    return session


def standing() -> Session:
    """Streams that wait for a clock which hardly moves by itself, and clients that leave while they do."""
    session = Session("standing clock", "standing")
    prefix, key = session.prefix, bearer(KEY)
    ask = {"messages": [{"role": "user", "content": "Hello!"}], "stream": True}
    stream = request(CHAT, ask, prefix=prefix, headers=key)
    silent: dict[str, Any] = {"patience": 0.1}
    session.ask("it hardly moves", "PATCH /__mock/clock", {"mode": "scaled", "speed": 1e-12})
    session.rules("a token a second", {"then": {"stream": {"ttft": "2s", "tokens_per_second": 1}}})
    session.raw("a stream begins", stream, on="slow", **silent)
    session.advance(1.5)
    session.raw("nothing yet", on="slow", **silent)
    session.advance(0.5)
    session.raw("the first token", on="slow", **silent)
    session.advance(3)
    session.raw("three more", on="slow", **silent)
    session.advance(100)
    session.raw("the rest", on="slow")
    session.raw("a second on the same connection", stream, on="slow", **silent)
    session.advance(4)
    session.raw("some of it, and leave", on="slow", patience=0.1, leaving="close")
    session.raw("one to be reset", stream, on="reset", **silent)
    session.advance(3)
    session.raw("some of it, and reset", on="reset", patience=0.1, leaving="reset")
    session.raw("half-closed", stream, b"", half_close=True, **silent)
    session.books("of those who left")
    _standing_delays(session, stream)
    session.ask("nothing more goes wrong", "DELETE /__mock/scenario")
    session.books("afterwards", 30)
    session.state("afterwards")
    return session


def _standing_delays(session: Session, stream: bytes) -> None:
    """Delays, stalls, slow bodies and late errors, waited for, waited out, and left."""
    silent: dict[str, Any] = {"patience": 0.1}
    prefix, key = session.prefix, bearer(KEY)
    ask = {"messages": [{"role": "user", "content": "Hello!"}], "stream": True}
    delayed = request(CHAT, ask, prefix=prefix, headers=key | {"x-clevora-mock-delay": "10s"})
    session.raw("a delay begins", delayed, on="delay", **silent)
    session.advance(10)
    session.raw("a delay is over", on="delay", **silent)
    session.advance(100)
    session.raw("all of it", on="delay")
    session.raw("leaving in a delay", delayed, patience=0.1, leaving="close")
    session.raw("two at once, the first waits", stream + request("GET /v1/nothing", prefix=prefix), on="two", **silent)
    session.advance(100)
    session.raw("both", on="two", answers=2)
    stall = {"kind": "stall", "after_tokens": 2, "for": "30s"}
    session.rules("a stall", {"then": {"fault": stall}})
    session.raw("a stall begins", stream, on="stall", **silent)
    session.advance(30)
    session.raw("a stall is over", on="stall")
    session.rules("a slow body", {"then": {"fault": {"kind": "slow_body", "bytes_per_second": 500}}})
    search = request("POST /v1/search", {"query": "sea", "limit": 1}, prefix=prefix, headers=key)
    session.raw("a slow body begins", search, on="body", **silent)
    session.advance(0.35)
    session.raw("some of a slow body", on="body", **silent)
    session.advance(100)
    session.raw("all of a slow body", on="body")
    session.raw("leaving a slow body", search, patience=0.1, leaving="close")
    session.rules("a late error", {"then": {"delay": "5s", "error": 429}})
    session.raw("a late error is awaited", search, on="error", **silent)
    session.advance(5)
    session.raw("a late error", on="error")
    session.rules("a late reset", {"then": {"delay": "5s", "fault": "reset"}})
    session.raw("a late reset is awaited", search, on="late", **silent)
    session.advance(5)
    session.raw("a late reset", on="late")


def waited() -> list[Session]:
    """Delays that are really waited out, though the clock is frozen."""
    session = Session("really waited", "waited")
    session.chat("a delay", headers={"x-clevora-mock-delay": "50ms"})
    session.rules("a pace", {"then": {"stream": {"ttft": "30ms", "tokens_per_second": 500, "jitter": 0.2}}})
    session.stream("a pace", "Hello!")
    session.stream(
        "a pace and a slow body", headers={"x-clevora-mock-fault": "slow_body"}, until=b"\r\n\r\n", leaving="close"
    )
    session.rules("a long wait", {"then": {"stream": {"ttft": "1h"}}})
    session.stream("leaving after the role", until=b"assistant", leaving="close")
    session.stream("leaving after a reset", until=b"assistant", leaving="reset")
    session.rules("a slow body", {"then": {"fault": {"kind": "slow_body", "bytes_per_second": 5000}}})
    session.call("a slow body", *ASKS["search"])
    session.rules("a stall", {"then": {"fault": {"kind": "stall", "after_tokens": 3, "for": "80ms"}}})
    session.stream("a stall")
    session.chat("a stall in one piece")
    session.rules(
        "a close", {"then": {"stream": {"tokens_per_second": 200}, "fault": {"kind": "close", "after_tokens": 5}}}
    )
    session.stream("a close after tokens")
    session.rules("an error", {"then": {"delay": "50ms", "error": 500}})
    session.chat("a late error")
    session.books("afterwards", calm=True)
    return [session]
