"""The four endpoints with API keys: valid requests, refusals and responses."""

from typing import Any

from tests.exchanges.steps import KEY, Capture, Session, bearer, request

CHAT = "POST /v1/chat/completions"
EMBED = "POST /v1/embeddings"
SEARCH = "POST /v1/search"
SCRIPT = "POST /v1/scripts/generate"
ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": (CHAT, {"messages": [{"role": "user", "content": "Hi there"}]}),
    "stream": (CHAT, {"messages": [{"role": "user", "content": "Hi there"}], "stream": True}),
    "embeddings": (EMBED, {"input": ["the cat sat", "on the mat"], "encoding_format": "base64"}),
    "search": (SEARCH, {"query": "underwater drone footage", "limit": 2}),
    "script": (SCRIPT, {"topic": "AI in 2026", "style": "tiktok", "length": "short"}),
}

_HI = [{"role": "user", "content": "Hi"}]
_CALLS = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def _message(content: Any, role: str = "user", **more: Any) -> list[dict[str, Any]]:
    return [{"role": role, "content": content, **more}]


_CHATS: dict[str, dict[str, Any]] = {
    "the documented example": {"model": "clevora-1.0-turbo", "messages": _message("Hello!")},
    "the example cut": {"messages": _message("Hello!"), "max_tokens": 5},
    "a question": {"messages": _message("What is the capital of France, and why?")},
    "a list": {"messages": _message("List five ideas for a podcast about bread.")},
    "a sum": {"messages": _message("What is 17 * 23?")},
    "code": {"messages": _message("Write a Python function that reverses a string.")},
    "a summary": {"messages": _message("Summarize: The sea is wide. The sea is deep. Ships sail on it.")},
    "an intro": {"messages": _message("Write a YouTube intro about quantum computing.")},
    "another script": {"messages": _message("日本語で挨拶してください 🎬")},
    "a system message": {"messages": [{"role": "system", "content": "You are terse."}, *_HI]},
    "a conversation": {"messages": [*_HI, *_message("Hello", "assistant"), *_message("And now?")]},
    "content in parts": {"messages": _message([{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}])},
    "tool calls": {"messages": [*_HI, *_message(None, "assistant", tool_calls=_CALLS), *_message("42", "tool")]},
    "empty text": {"messages": _message("")},
    "the scripts' model": {"messages": _HI, "model": "clevora-script-1"},
    "all options": {"messages": _HI, "temperature": 0.7, "max_tokens": 16, "stream": False},
    "nulls": {"messages": _HI, "temperature": None, "max_tokens": None, "stream": None, "model": None},
    "max_completion_tokens": {"messages": _HI, "max_completion_tokens": 1},
    "a huge bound": {"messages": _HI, "max_tokens": 10**30},
    "unknown fields": {"messages": _HI, "top_p": 1, "seed": 5, "stop": ["x"]},
    "30 unknown fields": {"messages": _HI} | {f"f{number}": 1 for number in range(30)},
    "unknown fields with odd names": {"messages": _HI, "a\r\nset-cookie: b=c": 1, "naïve, or not": 2, "": 3},
    "JSON": {"messages": _message("Give me a person as JSON."), "response_format": {"type": "json_object"}},
    "JSON by a schema": {
        "messages": _message("Ann is 30 years old."),
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "person",
                "schema": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                    "required": ["name", "age"],
                    "additionalProperties": False,
                },
            },
        },
    },
}


_EMBEDDINGS: dict[str, Any] = {
    "one text": {"input": "the cat sat"},
    "two texts": {"input": ["the cat sat", "on the mat"]},
    "base64": {"input": ["Hi", "there"], "encoding_format": "base64"},
    "numbers by name": {"input": "Hi", "encoding_format": "float"},
    "null for a format": {"input": "Hi", "encoding_format": None},
    "ignored fields": {"input": "Hi", "dimensions": 8, "user": "ann", "encoding_format": "base64"},
    "another script": {"input": "日本語のテキスト", "encoding_format": "base64"},
    "a batch": {"input": [f"text number {number}" for number in range(100)], "encoding_format": "base64"},
    "the model by name": {"input": "Hi", "model": "clevora-embed-1", "encoding_format": "base64"},
}
_SEARCHES: dict[str, Any] = {
    "by default": {"query": "underwater drone footage"},
    "one result": {"query": "coffee", "limit": 1},
    "50 results": {"query": "a history of bread", "limit": 50},
    "nothing fits": {"query": "zzzz qqqq"},
    "another script": {"query": "水中ドローン"},
    "white space": {"query": "  Coffee  &  cake "},
    "an unknown field": {"query": "coffee", "limit": 1, "filter": "video"},
}
_SCRIPTS: dict[str, Any] = {
    f"{length} for {style}": {"topic": "AI in 2026", "style": style, "length": length}
    for style in ("youtube", "podcast", "tiktok")
    for length in ("short", "medium", "long")
} | {
    "by default": {"topic": "Bread"},
    "another script": {"topic": "量子コンピュータ", "length": "short"},
    "a long topic": {"topic": "words " * 400, "length": "short"},
}

_TABLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("a chat", CHAT, _CHATS),
    ("embeddings", EMBED, _EMBEDDINGS),
    ("a search", SEARCH, _SEARCHES),
    ("a script", SCRIPT, _SCRIPTS),
)


def requests() -> list[Session]:
    """Return requests to each endpoint, in a sandbox for each."""
    sessions = []
    for kind, line, bodies in _TABLE:
        session = Session(kind, kind.replace(" ", "-"))
        for name, body in bodies.items():
            session.call(name, line, body)
        session.read_records("afterwards")
        sessions.append(session)
    return sessions


def twice(name: str, sandbox: str | None) -> Session:
    """Return the same requests for two sandboxes."""
    session = Session(name, sandbox)
    session.send("who is it", "GET /")
    session.send("its health", "GET /__mock/health")
    for ask, (line, body) in ASKS.items():
        session.call(ask, line, body)
        session.call(f"{ask} again", line, body)
    session.call("a refusal", CHAT, {})
    session.send_signed_in("the account", "GET /api/developer/account")
    session.send_signed_in("a top-up", "POST /api/developer/topup", {"amount": 20})
    session.send_signed_in("a key", "POST /v1/keys", {"name": "ci"})
    session.send_signed_in("the keys", "GET /v1/keys")
    session.read_records("afterwards")
    session.read_state("afterwards")
    return session


def last_request() -> Session:
    """Return the last request that the balance covers, and the next one."""
    session = Session("the last request", "last-request")
    session.send("a little is left", "PATCH /__mock/accounts/demo", {"balance": 0.000001})
    session.stream("it is served")
    session.stream("the next one is not")
    session.call("nor is a bad one", CHAT, {})
    session.read_records("afterwards")
    return session


def many(session: Session, first: int, last: int) -> None:
    """Return searches, every second one refused, ten pipelined on a connection."""
    for number in range(first, last, 10):
        bodies = [{"query": "sea", "limit": 1}, {}] * 5
        requests = [request(SEARCH, body, prefix=session.prefix, headers=bearer(KEY)) for body in bodies]
        session.raw(f"requests {number + 1} to {number + 10}", b"".join(requests), answers=10)


def limits() -> list[Session]:
    """Return steps up to the limits: 60 requests a minute per key, a million tokens a day."""
    minute = Session("a minute", "minute")
    minute.send_signed_in("another key", "POST /v1/keys", {"name": "second"}, captures=(_key("second_key"),))
    many(minute, 0, 30)
    minute.advance(20.5)
    many(minute, 30, 60)
    for name, (line, body) in ASKS.items():
        minute.call(f"{name} is too much", line, body)
    minute.call("a bad one is too", CHAT, {})
    minute.send("another key is not", SEARCH, ASKS["search"][1], bearer("<<second_key>>"))
    minute.advance(39.4)
    minute.chat("a little too early")
    minute.advance(0.1)
    minute.chat("just in time")
    minute.read_records("afterwards", 8)
    minute.send("conduct", "GET /__mock/conduct")

    day = Session("a day", "day")
    day.send("it is noon", "PATCH /__mock/clock", {"now": "2026-05-11T12:00:00Z"})
    day.rules("few tokens", limits={"tokens_per_day": 60, "requests_per_minute": None})
    for number in range(1, 4):
        day.chat(f"chat {number}", "Hello!")
    day.stream("a stream is too much")
    day.call("a bad one is too", CHAT, {})
    day.advance(43_199.5)
    day.chat("before midnight")
    day.advance(0.5)
    day.chat("after midnight")
    day.send_signed_in("usage", "GET /api/developer/usage?range=3")
    day.send("the journal", "GET /__mock/requests?status=429", rest=0.1)
    day.send("conduct", "GET /__mock/conduct")
    return [minute, day]


def _key(name: str) -> Capture:
    return Capture(name, "data.key")
