"""What is asked, as raw HTTP, and what the bare servers answer."""

import json

from clevora_mock.settings import DEMO_KEY

QUESTION = "Write a YouTube intro about quantum computing."
ANSWER = {
    "id": "chatcmpl-0123456789abcdef01234567",
    "object": "chat.completion",
    "created": 1_767_225_600,
    "model": "clevora-1.0-turbo",
    "usage": {"prompt_tokens": 13, "completion_tokens": 90, "total_tokens": 103},
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Quantum computing, told plainly, in one minute. " * 9},
            "finish_reason": "stop",
        }
    ],
}


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
