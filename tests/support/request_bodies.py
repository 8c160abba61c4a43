"""Valid bodies of each endpoint that reads one: the first is plain, the others have more of the fields."""

from typing import Any

VALID_BODIES: dict[str, list[dict[str, Any]]] = {
    "chat.completions": [
        {"messages": [{"role": "user", "content": "Hi"}]},
        {
            "model": "clevora-1.0-turbo",
            "messages": [
                {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]},
                {"role": "user", "content": "2 + 2?"},
            ],
            "stream": True,
            "temperature": 0.5,
            "max_tokens": 5,
            "response_format": {"type": "json_object"},
        },
        {
            "messages": [{"role": "user", "content": "A person, please."}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "person",
                    "schema": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
                        "required": ["name"],
                    },
                },
            },
        },
    ],
    "embeddings": [{"input": "Hi"}, {"input": ["a", "b"], "encoding_format": "base64", "model": "clevora-embed-1"}],
    "search": [{"query": "drones"}, {"query": "bread", "limit": 3, "model": "clevora-search-1"}],
    "scripts.generate": [{"topic": "AI"}, {"topic": "bread", "style": "tiktok", "length": "short"}],
    "keys.create": [{"name": "ci"}, {}],
    "developer.topup": [{"amount": 50}, {"amount": 15.25}],
    "dodo.webhook": [
        {
            "type": "payment.succeeded",
            "data": {"checkout_session_id": "cks_1", "payment_id": "pay_1", "metadata": {"uid": "demo", "amount": "5"}},
        },
        {"type": "payment.succeeded", "data": {"payment_id": "pay_2", "metadata": {"uid": "demo", "amount": 1e300}}},
    ],
}
