"""The four endpoints that a key opens: what they take, what they refuse, what they answer."""

from typing import Any

from tests.exchanges.steps import KEY, UNKNOWN_KEY, Capture, Session, bearer, claims, jwt, request, token

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


def _said(content: Any, role: str = "user", **more: Any) -> list[dict[str, Any]]:
    return [{"role": role, "content": content, **more}]


_CHATS: dict[str, dict[str, Any]] = {
    "the documented example": {"model": "clevora-1.0-turbo", "messages": _said("Hello!")},
    "the example cut": {"messages": _said("Hello!"), "max_tokens": 5},
    "a question": {"messages": _said("What is the capital of France, and why?")},
    "a list": {"messages": _said("List five ideas for a podcast about bread.")},
    "a sum": {"messages": _said("What is 17 * 23?")},
    "code": {"messages": _said("Write a Python function that reverses a string.")},
    "a summary": {"messages": _said("Summarize: The sea is wide. The sea is deep. Ships sail on it.")},
    "an intro": {"messages": _said("Write a YouTube intro about quantum computing.")},
    "another script": {"messages": _said("日本語で挨拶してください 🎬")},
    "a system message": {"messages": [{"role": "system", "content": "You are terse."}, *_HI]},
    "a conversation": {"messages": [*_HI, *_said("Hello", "assistant"), *_said("And now?")]},
    "content in parts": {"messages": _said([{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}])},
    "tool calls": {"messages": [*_HI, *_said(None, "assistant", tool_calls=_CALLS), *_said("42", "tool")]},
    "empty text": {"messages": _said("")},
    "the other model": {"messages": _HI, "model": "clevora-script-1"},
    "all options": {"messages": _HI, "temperature": 0.7, "max_tokens": 16, "stream": False},
    "nulls": {"messages": _HI, "temperature": None, "max_tokens": None, "stream": None, "model": None},
    "max_completion_tokens": {"messages": _HI, "max_completion_tokens": 1},
    "a huge bound": {"messages": _HI, "max_tokens": 10**30},
    "unknown fields": {"messages": _HI, "top_p": 1, "seed": 5, "stop": ["x"]},
    "30 unknown fields": {"messages": _HI} | {f"f{number}": 1 for number in range(30)},
    "unknown fields with odd names": {"messages": _HI, "a\r\nset-cookie: b=c": 1, "naïve, or not": 2, "": 3},
    "JSON": {"messages": _said("Give me a person as JSON."), "response_format": {"type": "json_object"}},
    "JSON by a schema": {
        "messages": _said("Ann is 30 years old."),
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

_NO_CHATS: dict[str, Any] = {
    "no messages": {},
    "null for messages": {"messages": None},
    "an empty array": {"messages": []},
    "messages as text": {"messages": "Hi"},
    "a message that is text": {"messages": ["Hi"]},
    "no role": {"messages": [{"content": "Hi"}]},
    "an unknown role": {"messages": _said("Hi", "robot")},
    "a role that is a number": {"messages": [{"role": 1, "content": "Hi"}]},
    "no content": {"messages": [{"role": "user"}]},
    "null content": {"messages": _said(None)},
    "null beside no tool calls": {"messages": _said(None, "assistant", tool_calls=[])},
    "content that is a number": {"messages": _said(5)},
    "an empty array of parts": {"messages": _said([])},
    "a part of another kind": {"messages": _said([{"type": "image_url", "image_url": {"url": "https://a.example"}}])},
    "a part without text": {"messages": _said([{"type": "text", "text": "Hi"}, {"type": "text"}])},
    "a fault far down": {"messages": [*_HI * 20, *_said([{"type": "text", "text": 5}])]},
    "an embedding model": {"messages": _HI, "model": "clevora-embed-1"},
    "an unknown model": {"messages": _HI, "model": "gpt-4o"},
    "a model that is a number": {"messages": _HI, "model": 1},
    "a model that looks like a key": {"messages": _HI, "model": KEY},
    "a long model": {"messages": _HI, "model": "m" * 100},
    "temperature 3": {"messages": _HI, "temperature": 3},
    "temperature as text": {"messages": _HI, "temperature": "0.7"},
    "temperature true": {"messages": _HI, "temperature": True},
    "max_tokens 0": {"messages": _HI, "max_tokens": 0},
    "max_tokens 1.5": {"messages": _HI, "max_tokens": 1.5},
    "max_completion_tokens -5": {"messages": _HI, "max_completion_tokens": -5},
    "stream as text": {"messages": _HI, "stream": "true"},
    "a broken schema": {
        "messages": _HI,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "strange"}}},
    },
    "a format that is text": {"messages": _HI, "response_format": "json"},
    "a stream without messages": {"stream": True},
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
_NO_EMBEDDINGS: dict[str, Any] = {
    "no input": {},
    "null": {"input": None},
    "an empty text": {"input": ""},
    "an empty array": {"input": []},
    "an empty text among others": {"input": ["a", "", "b"]},
    "null among texts": {"input": ["a", None]},
    "2049 texts": {"input": ["a"] * 2049},
    "true": {"input": True},
    "token ids": {"input": [1, 2, 3]},
    "arrays of token ids": {"input": [[1, 2], [3]]},
    "an unknown format": {"input": "a", "encoding_format": "int8"},
    "an unknown model": {"input": "a", "model": "text-embedding-3-small"},
    "a chat's model": {"input": "a", "model": "clevora-1.0-turbo"},
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
_NO_SEARCHES: dict[str, Any] = {
    "no query": {},
    "an empty query": {"query": ""},
    "a query that is an array": {"query": ["drones"]},
    "limit 0": {"query": "drones", "limit": 0},
    "limit 51": {"query": "drones", "limit": 51},
    "limit 3.0": {"query": "drones", "limit": 3.0},
    "limit as text": {"query": "drones", "limit": "3"},
    "an unknown model": {"query": "drones", "model": "bing"},
    "another model": {"query": "drones", "model": "clevora-embed-1"},
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
_NO_SCRIPTS: dict[str, Any] = {
    "no topic": {},
    "an empty topic": {"topic": ""},
    "an unknown style": {"topic": "AI", "style": "vimeo"},
    "an unknown length": {"topic": "AI", "length": "tiny"},
    "a length that is a number": {"topic": "AI", "length": 300},
    "an unknown model": {"topic": "AI", "model": "gpt-4o"},
    "another model": {"topic": "AI", "model": "clevora-1.0-turbo"},
}

_TABLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("a chat", CHAT, _CHATS),
    ("no chat", CHAT, _NO_CHATS),
    ("embeddings", EMBED, _EMBEDDINGS),
    ("no embeddings", EMBED, _NO_EMBEDDINGS),
    ("a search", SEARCH, _SEARCHES),
    ("no search", SEARCH, _NO_SEARCHES),
    ("a script", SCRIPT, _SCRIPTS),
    ("no script", SCRIPT, _NO_SCRIPTS),
)


def requests() -> list[Session]:
    """Good and bad requests of each endpoint, a sandbox for each kind."""
    sessions = []
    for kind, line, bodies in _TABLE:
        session = Session(kind, kind.replace(" ", "-"))
        for name, body in bodies.items():
            session.call(name, line, body)
        session.books("afterwards")
        sessions.append(session)
    return sessions


def twice(name: str, sandbox: str | None) -> Session:
    """The same requests in one sandbox and in another."""
    session = Session(name, sandbox)
    session.ask("who is it", "GET /")
    session.ask("its health", "GET /__mock/health")
    for ask, (line, body) in ASKS.items():
        session.call(ask, line, body)
        session.call(f"{ask} again", line, body)
    session.call("a refusal", CHAT, {})
    session.dash("the account", "GET /api/developer/account")
    session.dash("a top-up", "POST /api/developer/topup", {"amount": 20})
    session.dash("a key", "POST /v1/keys", {"name": "ci"})
    session.dash("the keys", "GET /v1/keys")
    session.books("afterwards")
    session.state("afterwards")
    return session


def _authorizations() -> dict[str, str | None]:
    """What may stand in the header, but should not."""
    return {
        "none": None,
        "an empty one": "",
        "a bare scheme": "Bearer",
        "a bare scheme and a space": "Bearer ",
        "a word": "Bearer nonsense",
        "no scheme": KEY,
        "another scheme": f"Basic {KEY}",
        "capitals": f"Bearer {KEY.upper()}",
        "one digit more": f"Bearer {KEY}0",
        "one digit less": f"Bearer {KEY[:-1]}",
        "an unknown key": f"Bearer {UNKNOWN_KEY}",
        "an ID token": f"Bearer {token()}",
        "an expired token": f"Bearer {token(exp=1_767_225_599)}",
        "a signed token": f"Bearer {jwt(claims(), {'alg': 'RS256', 'typ': 'JWT', 'kid': 'a'}, 'c2ln')}",
        "not ASCII": "Bearer \xe9\xff",
    }


_ODD_TOKENS: dict[str, str] = {
    "a key": KEY,
    "two parts": "a.b",
    "not base64": "a!.b!.",
    "an unsigned one with a signature": jwt(claims(), signature="c2ln"),
    "another type": jwt(claims(), {"alg": "none", "typ": "JWS"}),
    "another project": jwt(claims(project="other-project")),
    "another audience": jwt(claims(aud="other")),
    "no sub": jwt(claims(sub=None)),
    "a long sub": jwt(claims(sub="u" * 129)),
    "another user_id": jwt(claims(user_id="other")),
    "no exp": jwt(claims(exp=None)),
    "exp as text": jwt(claims(exp="tomorrow")),
}


def credentials() -> Session:
    """Who is let in, by which door, and who is not."""
    session = Session("credentials", "credentials")
    for name, value in _authorizations().items():
        session.ask(f"a chat with {name}", CHAT, ASKS["chat"][1], {"authorization": value})
        session.ask(f"the keys with {name}", "GET /v1/keys", None, {"authorization": value})
    for name, odd in _ODD_TOKENS.items():
        session.ask(f"the account with {name}", "GET /api/developer/account", None, bearer(odd))
    for scheme in ("bearer", "BEARER", "bEaReR"):
        session.ask(f"{scheme} as it is", SEARCH, ASKS["search"][1], {"authorization": f"{scheme} {KEY}"})
    session.ask("a stranger's account", "GET /api/developer/account", None, bearer(token("stranger")))
    session.ask("a stranger's keys", "GET /v1/keys", None, bearer(token("stranger")))
    session.ask("a stranger's usage", "GET /v1/usage", None, bearer(token("stranger")))
    session.ask("a key's usage", "GET /v1/usage", None, bearer(KEY))
    session.books("afterwards", 60)
    return session


def _gate(sandbox: str, said: str, change: dict[str, Any]) -> Session:
    session = Session(said, sandbox)
    session.ask("the account is changed", "PATCH /__mock/accounts/demo", change)
    for name, (line, body) in ASKS.items():
        session.call(name, line, body)
    session.call("and a bad one", CHAT, {})
    session.dash("the account", "GET /api/developer/account")
    session.dash("the keys", "GET /v1/keys")
    session.dash("a key", "POST /v1/keys", {})
    session.dash("the activation", "POST /api/developer/activate")
    session.chat("after it")
    session.books("afterwards")
    return session


def gates() -> list[Session]:
    """402 and 403, and the last request that is served."""
    last = Session("the last request", "last-request")
    last.ask("a little is left", "PATCH /__mock/accounts/demo", {"balance": 0.000001})
    last.stream("it is served")
    last.stream("the next one is not")
    last.call("nor is a bad one", CHAT, {})
    last.books("afterwards")
    return [
        _gate("not-activated", "never activated", {"balance": 0, "activated": False}),
        _gate("nothing-left", "nothing left", {"balance": 0}),
        _gate("below-zero", "below zero", {"balance": -1.5}),
        _gate("no-access", "no developer access", {"developerAccess": False}),
        last,
    ]


def many(session: Session, first: int, last: int) -> None:
    """Searches, every other one refused, ten behind each other on a connection."""
    for number in range(first, last, 10):
        bodies = [{"query": "sea", "limit": 1}, {}] * 5
        requests = [request(SEARCH, body, prefix=session.prefix, headers=bearer(KEY)) for body in bodies]
        session.raw(f"requests {number + 1} to {number + 10}", b"".join(requests), answers=10)


def limits() -> list[Session]:
    """60 requests a minute for each key, a million tokens a day, and how long to wait."""
    minute = Session("a minute", "minute")
    minute.dash("another key", "POST /v1/keys", {"name": "second"}, captures=(_key("second_key"),))
    many(minute, 0, 30)
    minute.advance(20.5)
    many(minute, 30, 60)
    for name, (line, body) in ASKS.items():
        minute.call(f"{name} is too much", line, body)
    minute.call("a bad one is too", CHAT, {})
    minute.ask("another key is not", SEARCH, ASKS["search"][1], bearer("<<second_key>>"))
    minute.advance(39.4)
    minute.chat("a little too early")
    minute.advance(0.1)
    minute.chat("just in time")
    minute.books("afterwards", 8)
    minute.ask("conduct", "GET /__mock/conduct")

    day = Session("a day", "day")
    day.ask("it is noon", "PATCH /__mock/clock", {"now": "2026-05-11T12:00:00Z"})
    day.rules("few tokens", limits={"tokens_per_day": 60, "requests_per_minute": None})
    for number in range(1, 4):
        day.chat(f"chat {number}", "Hello!")
    day.stream("a stream is too much")
    day.call("a bad one is too", CHAT, {})
    day.advance(43_199.5)
    day.chat("before midnight")
    day.advance(0.5)
    day.chat("after midnight")
    day.dash("usage", "GET /api/developer/usage?range=3")
    day.ask("the journal", "GET /__mock/requests?status=429", rest=0.03)
    day.ask("conduct", "GET /__mock/conduct")
    return [minute, day]


def _key(name: str) -> Capture:
    return Capture(name, "data.key")
