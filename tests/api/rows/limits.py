"""L1-L4: a key's limits per minute and per day."""

from tests.api.rows.row import ABSENT, Row
from tests.support.situations import CHAT

DAY = 86_400


def _chat(title: str, clauses: tuple[str, ...], *given: object, **rest: object) -> Row:
    return Row(title, clauses, "POST /v1/chat/completions", body=CHAT, given=given, **rest)  # type: ignore[arg-type]


def _limited(title: str, wait: str, *given: object, **rest: object) -> Row:
    headers = {"retry-after": wait}
    return _chat(title, ("L1", "L2"), *given, code="rate_limit_exceeded", sends=headers, **rest)


def _served(title: str, *given: object, **rest: object) -> Row:
    return _chat(title, ("L1", "L2"), *given, answer={"object": "chat.completion"}, **rest)


def _spent(title: str, wait: str, *given: object, **rest: object) -> Row:
    headers = {"retry-after": wait}
    return _chat(title, ("L1", "L3"), *given, code="daily_token_limit_exceeded", sends=headers, **rest)


ROWS = [
    _served("the 60th request of a minute", ("requests", 59)),
    _limited("the 61st request of a minute", "60", ("requests", 60)),
    _limited("the 61st request, 1 s later", "59", ("requests", 60), ("advance", 1)),
    _limited("the 61st request, half a second later: the wait is rounded up", "60", ("requests", 60), ("advance", 0.5)),
    _limited("the 61st request, 59.1 s later", "1", ("requests", 60), ("advance", 59.1)),
    _limited("the 61st request, a microsecond too early", "1", ("requests", 60), ("advance", 59.999999)),
    _served("the 61st request, 60 s later", ("requests", 60), ("advance", 60)),
    _limited("the 61st request, when the oldest is 30 s old", "30", ("requests", 1), ("advance", 30), ("requests", 59)),
    _served("the 61st request, when the oldest is 60 s old", ("requests", 1), ("advance", 60), ("requests", 59)),
    _limited(
        "the window slides: the second of the oldest is still inside",
        "1",
        ("requests", 1),
        ("advance", 1),
        ("requests", 59),
        ("advance", 59),
        ("requests", 1),
    ),
    _limited("requests that failed with 400 count", "60", ("failures", 60)),
    _limited("requests that failed count beside those that did not", "60", ("failures", 30), ("requests", 30)),
    _served("a second key of the account goes on", "second key", ("requests", 60), credential="second key"),
    Row(
        "the minute is one for all endpoints",
        ("L1", "L2"),
        "POST /v1/search",
        body={"query": "Hi"},
        given=(("requests", 60),),
        code="rate_limit_exceeded",
    ),
    Row(
        "the dashboard's calls are not limited",
        ("L1",),
        "GET /v1/keys",
        credential="token",
        given=(("requests", 60),),
        answer={"status": "success"},
    ),
    Row(
        "a wrong key is 401 beside a key at its limit",
        ("L1", "W6"),
        "POST /v1/chat/completions",
        body=CHAT,
        credential="unknown key",
        given=(("requests", 60),),
        code="invalid_api_key",
    ),
    _chat(
        "the request that crosses the day's line is served",
        ("L3",),
        ("tokens used", 999_999),
        answer={"object": "chat.completion"},
    ),
    _spent("the request after the day's line", "86400", ("tokens used", 1_000_000)),
    _spent("the request after the line was crossed", "86400", ("tokens used", 999_999), ("requests", 1)),
    _spent("a second before midnight", "1", ("advance", DAY - 1), ("tokens used", 1_000_000)),
    _spent("half a second before midnight", "1", ("advance", DAY - 0.5), ("tokens used", 1_000_000)),
    _spent("at noon", "43200", ("advance", DAY / 2), ("tokens used", 1_000_000)),
    _spent("the day's limit is named before the minute's", "86400", ("requests", 60), ("tokens used", 1_000_000)),
    _chat(
        "the next day begins at midnight UTC",
        ("L3",),
        ("tokens used", 1_000_000),
        ("advance", DAY),
        answer={"object": "chat.completion"},
    ),
    _chat(
        "a second key has a day of its own",
        ("L1", "L3"),
        "second key",
        ("tokens used", 1_000_000),
        credential="second key",
        answer={"object": "chat.completion"},
    ),
    _chat("an answer says nothing of limits", ("L4",), sends={"retry-after": ABSENT, "x-ratelimit-limit": ABSENT}),
    _chat(
        "an answer has none of OpenAI's limit headers",
        ("L4",),
        sends={"x-ratelimit-limit-requests": ABSENT, "x-ratelimit-remaining-requests": ABSENT},
    ),
    _chat(
        "a refusal has Retry-After and no other limit header",
        ("L4",),
        ("requests", 60),
        code="rate_limit_exceeded",
        sends={"x-ratelimit-limit": ABSENT, "x-ratelimit-reset": ABSENT, "ratelimit": ABSENT, "retry-after-ms": ABSENT},
    ),
    _chat(
        "402 has no Retry-After",
        ("L4", "B3"),
        ("balance", 0),
        code="insufficient_balance",
        sends={"retry-after": ABSENT},
    ),
]
