"""S7: refusals of requests for a stream. The streams themselves are in `test_stream_bytes.py`."""

from typing import Any

from tests.api.rows.row import ABSENT, Row

PATH = "POST /v1/chat/completions"
STREAM = {"messages": [{"role": "user", "content": "Hi"}], "stream": True}


def _refused(title: str, code: str, body: dict[str, Any] | None = None, **rest: Any) -> Row:
    return Row(f"no stream: {title}", ("S7", "W1"), PATH, body=STREAM | (body or {}), code=code, **rest)


ROWS = [
    _refused("no key", "invalid_api_key", credential="none"),
    _refused("an unknown key", "invalid_api_key", credential="unknown key"),
    _refused("no developer access", "developer_access_required", given=("no developer access",)),
    _refused("never activated", "account_not_activated", given=("not activated",)),
    _refused("nothing left", "insufficient_balance", given=(("balance", 0),)),
    _refused("too many requests", "rate_limit_exceeded", given=(("requests", 60),), sends={"retry-after": "60"}),
    _refused("no messages", "missing_field", {"messages": None}, field="messages"),
    _refused("a wrong role", "invalid_field", {"messages": [{"role": "robot", "content": "Hi"}]}),
    _refused("an unknown model", "model_not_found", {"model": "gpt-4o"}),
    _refused("a model of another family", "invalid_model", {"model": "clevora-embed-1"}),
    _refused("a temperature out of range", "invalid_field", {"temperature": 3}, field="temperature"),
    _refused(
        "an event stream asked for by header",
        "invalid_field",
        {"max_tokens": 0},
        headers={"accept": "text/event-stream"},
        sends={"transfer-encoding": ABSENT},
    ),
]
