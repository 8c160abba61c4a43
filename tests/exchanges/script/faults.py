"""Faults by header and by scenario, in every kind of response, and their price."""

from typing import Any

from tests.exchanges.script.models import ASKS
from tests.exchanges.steps import Session

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
    "unframed_error",
    "early_end",
    "comments",
    "line_endings",
    "usage_chunk",
    "wrong_types",
)


def _patience(fault: Any) -> dict[str, Any]:
    """Return the time to wait for a response under `fault`; an endless stall is abandoned."""
    kind, lasts = (fault, False) if isinstance(fault, str) else (fault["kind"], "for" in fault)
    return {"patience": 0.5, "leaving": "close"} if kind == "stall" and not lasts else {}


def by_header() -> list[Session]:
    """Return steps with each fault for each kind of response, by header."""
    sessions = []
    for name, (line, body) in ASKS.items():
        session = Session(f"fault by header, {name}", f"fault-{name}")
        session.call("none", line, body)
        # Of the faults that need a stream, one that is refused elsewhere.
        for kind in _KINDS if name == "stream" else _KINDS[:11]:
            session.call(kind, line, body, {"x-clevora-mock-fault": kind}, **_patience(kind))
        session.read_records("afterwards")
        session.send("conduct", "GET /__mock/conduct")
        sessions.append(session)
    return sessions


# --- streams ----------------------------------------------------------------------------------------------------------

_STORY = "Write a long story about the sea."


def streams() -> Session:
    """Return steps with unpaced streams, complete and cut."""
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
    session.stream("the scripts' model", body={"model": "clevora-script-1"})
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
    session.read_records("afterwards", 8, end_scenario=True)
    return session


def broken_off() -> Session:
    """Return steps that disconnect during a long stream; the number of sent tokens varies, so the usage is not read."""
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
    """Return steps with paced streams under a frozen clock: no wait, but a time in the journal."""
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
    session.read_records("afterwards", 40)
    return session


def waited() -> list[Session]:
    """Return steps with delays that are waited out in real time."""
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
    session.read_records("afterwards", end_scenario=True)
    return [session]
