"""C1-C9: chat completions in one piece."""

import json
from typing import Any

from clevora_mock.verify.answers import choice_of, json_of
from clevora_mock.verify.ask import CHAT, CHEAP, HI, Ask
from clevora_mock.verify.client import CannotCheckError
from clevora_mock.verify.expectation import (
    INT,
    STRING,
    Difference,
    Exactly,
    OfType,
    Text,
    Within,
    compare,
    values,
)
from clevora_mock.verify.probe import Probe, asking
from clevora_mock.verify.session import Session

EXAMPLE = Ask(CHAT, body={"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": "Hello!"}]})
_CALLS = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
_PERSON = {
    "type": "object",
    "properties": {"age": {"type": "integer", "minimum": 7, "maximum": 7}},
    "required": ["age"],
}


def _accepted(title: str, clause: str, body: dict[str, Any], answer: Any = None) -> Probe:
    return asking(f"chat: {title}", clause, CHAT, body=CHEAP.body | body, answer=answer)


def _refused(title: str, clause: str, body: dict[str, Any], error: str = "invalid_field") -> Probe:
    return asking(f"no chat: {title}", clause, CHAT, body=CHEAP.body | body, error=error)


def _messages(title: str, messages: Any, error: str = "invalid_field") -> Probe:
    return _refused(title, "C1", {"messages": messages}, error)


def usage_of(session: Session, ask: Ask) -> dict[str, int]:
    """Return the three counts of an answer. Raises CannotCheckError."""
    answer = session.answer(ask)
    usage = json_of(answer).get("usage") if answer.status == 200 else None
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    if not isinstance(usage, dict) or not all(type(usage.get(name)) is int for name in names):
        raise CannotCheckError(f"a chat was answered {answer.status}, without usage")
    return usage


def _prompt(title: str, tokens: int, *texts: str) -> Probe:
    """Return the probe of a prompt's tokens."""
    ask = Ask(CHAT, body={"messages": [{"role": "user", "content": text} for text in texts], "max_tokens": 1})

    def check(session: Session) -> list[Difference]:
        counted = usage_of(session, ask)["prompt_tokens"]
        return [] if counted == tokens else [Difference(f"prompt_tokens of {title}", tokens, counted)]

    return Probe(f"tokens of {title}", "C7", ask, check)


def _content(session: Session, ask: Ask) -> str:
    answer = session.answer(ask)
    if answer.status != 200:
        raise CannotCheckError(f"a chat was answered {answer.status}")
    message = choice_of(json_of(answer)).get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        raise CannotCheckError("the answer has no content")
    return content


def _cut(limit: int, field: str, clause: str) -> Probe:
    """Return the probe of an answer that a bound cuts."""
    ask = Ask(CHAT, body={"messages": [{"role": "user", "content": "Write a long story."}], field: limit})

    def check(session: Session) -> list[Difference]:
        completion = usage_of(session, ask)["completion_tokens"]
        if completion > limit:
            return [Difference(f"completion_tokens for {field} {limit}", f"at most {limit}", completion)]
        if clause == "C4":
            return []
        finish = choice_of(json_of(session.answer(ask))).get("finish_reason")
        if finish is None:
            raise CannotCheckError("the answer has no finish_reason")
        return [] if finish == "length" else [Difference("finish_reason of a cut answer", "length", finish)]

    return Probe(f"cut by {field} {limit}", clause, ask, check)


def _prompt_on_top(session: Session) -> list[Difference]:
    """Check that the total is the prompt and the completion."""
    usage = usage_of(session, CHEAP)
    whole = usage["prompt_tokens"] + usage["completion_tokens"]
    return [] if usage["total_tokens"] == whole else [Difference("total_tokens", whole, usage["total_tokens"])]


def _formatted(response_format: dict[str, Any]) -> Ask:
    # Some servers want the word. What makes it JSON should be the field.
    body = {"messages": [{"role": "user", "content": "No JSON, but a sentence on tea."}], "max_tokens": 60}
    return Ask(CHAT, body=body | {"response_format": response_format})


_JSON_OBJECT = _formatted({"type": "json_object"})
_UNKNOWN_FORMAT = Ask(CHAT, body=CHEAP.body | {"response_format": {"type": "xml"}})


def _is_json(title: str, ask: Ask, wanted: Any) -> Probe:
    def check(session: Session) -> list[Difference]:
        text = _content(session, ask)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return [Difference("content", "JSON", "no JSON")]
        return compare(wanted, value, "content")

    return Probe(f"response_format: {title}", "C9", ask, check)


def _unknown_format(session: Session) -> list[Difference]:
    answer = session.answer(_UNKNOWN_FORMAT)
    if answer.status != 200 and session.answer(_JSON_OBJECT).status != 200:
        raise CannotCheckError("no response_format is taken")
    return session.compare(_UNKNOWN_FORMAT, answer)


def _bad_format(title: str, response_format: Any) -> Probe:
    return _refused(f"response_format: {title}", "C9", {"response_format": response_format})


_CHOICE = Exactly(
    {
        "index": 0,
        "message": Exactly({"role": "assistant", "content": STRING}),
        "finish_reason": STRING,
    }
)
_ANSWER = Exactly(
    {
        "id": Text("chatcmpl-.+"),
        "object": "chat.completion",
        "created": Within(1_700_000_000, 10_000_000_000),
        "model": STRING,
        "usage": Exactly({"prompt_tokens": INT, "completion_tokens": INT, "total_tokens": INT}),
        "choices": [_CHOICE],
    }
)


def _now(session: Session) -> list[Difference]:
    answer = session.answer(CHEAP)
    if answer.status != 200:
        raise CannotCheckError(f"the request was answered {answer.status}")
    return session.compare_created(json_of(answer).get("created"))


PROBES = (
    *(
        _accepted(f"role {role}", "C1", {"messages": [{"role": role, "content": "Hi"}]})
        for role in ("system", "developer", "user", "assistant", "tool", "function")
    ),
    _accepted("empty content", "C1", {"messages": [{"role": "user", "content": ""}]}),
    _accepted("content in parts", "C1", {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}),
    _accepted(
        "null beside tool calls",
        "C1",
        {"messages": [*HI, {"role": "assistant", "content": None, "tool_calls": _CALLS}]},
    ),
    _messages("no messages", None, "missing_field"),
    _messages("an empty array", []),
    _messages("messages as text", "Hi"),
    _messages("no role", [{"content": "Hi"}], "missing_field"),
    _messages("an unknown role", [{"role": "robot", "content": "Hi"}]),
    _messages("no content", [{"role": "user"}], "missing_field"),
    _messages("null for content", [{"role": "user", "content": None}], "missing_field"),
    _messages("content that is a number", [{"role": "user", "content": 5}]),
    _messages(
        "a part of another kind", [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
    ),
    _accepted("the default model", "C2", {}, {"model": "clevora-1.0-turbo"}),
    _accepted("the model by name", "C2", {"model": "clevora-1.0-turbo"}, {"model": "clevora-1.0-turbo"}),
    _refused("a script's model", "C2", {"model": "clevora-script-1"}, "invalid_model"),
    _refused("a model in capitals", "C2", {"model": "Clevora-1.0-Turbo"}, "model_not_found"),
    # Most chats of the probes are as short.
    Probe("chat: max_tokens 1", "C3", Ask(CHAT, CHEAP.body, shape=True)),
    *(_accepted(f"temperature {value}", "C3", {"temperature": value}) for value in (0, 2)),
    *(_refused(f"temperature {value!r}", "C3", {"temperature": value}) for value in values(-0.1, 2.1, "0.7")),
    *(_refused(f"max_tokens {value!r}", "C3", {"max_tokens": value}) for value in values(0, -1, 1.5, "16")),
    *(_refused(f"stream {value!r}", "C3", {"stream": value}) for value in values("true", 1)),
    _refused("a boolean for a number", "C4", {"temperature": True}),
    _accepted("null is absent", "C4", {"temperature": None, "model": None, "stream": None}),
    _accepted("null for max_tokens", "C4", {"max_tokens": None, "max_completion_tokens": 1}),
    _accepted("unknown fields are ignored", "C4", {"top_p": 1, "seed": 5, "metadata": {"a": [None]}, "x_verify": 1}),
    _cut(2, "max_completion_tokens", "C4"),
    Probe("the answer's fields", "C5", Ask(CHAT, CHEAP.body, answer=_ANSWER, shape=True, served=True)),
    Probe("the answer's time", "C5", CHEAP, _now),
    _cut(2, "max_tokens", "C6"),
    _cut(5, "max_tokens", "C6"),
    Probe("the prompt is billed on top", "C6", CHEAP, _prompt_on_top),
    _prompt("a word", 7, "Hi"),
    _prompt("signs", 10, "?!.,"),
    _prompt("a word of another script", 7, "日本語"),
    _prompt("a decimal number", 9, "3.14"),
    _prompt("a word of 12 letters", 7, "abcdefghijkl"),
    _prompt("a word of 13 letters", 8, "abcdefghijklm"),
    _prompt("two messages", 11, "Hi", "Hi"),
    Probe(
        "the documented example",
        "C8",
        Ask(
            CHAT,
            EXAMPLE.body,
            answer={
                "usage": {"prompt_tokens": 8, "completion_tokens": 32, "total_tokens": 40},
                "choices": [
                    {
                        "message": {"content": "Clevora API successfully processed your request."},
                        "finish_reason": "stop",
                    }
                ],
            },
        ),
    ),
    _is_json("json_object", _JSON_OBJECT, OfType(dict)),
    _is_json(
        "json_schema",
        _formatted({"type": "json_schema", "json_schema": {"name": "person", "schema": _PERSON}}),
        {"age": 7},
    ),
    _bad_format("a malformed schema", {"type": "json_schema", "json_schema": {"name": "a", "schema": 5}}),
    _bad_format("json_schema without one", {"type": "json_schema", "json_schema": 5}),
    Probe("chat: response_format: an unknown type", "C9", _UNKNOWN_FORMAT, _unknown_format),
)
