"""What is asked, as raw HTTP."""

import json

from clevora_mock.settings import DEMO_KEY

QUESTION = "Write a YouTube intro about quantum computing."


def post(path: str, body: object) -> bytes:
    """A whole request as it goes over the wire."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {DEMO_KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def chat() -> bytes:
    return post("/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]})
