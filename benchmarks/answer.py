"""What the bare servers answer: a chat completion of the size of the mock's."""

import json

ANSWER = {
    "id": "chatcmpl-0123456789abcdef01234567",
    "object": "chat.completion",
    "created": 1_767_225_600,
    "model": "clevora-1.0-turbo",
    "usage": {"prompt_tokens": 13, "completion_tokens": 54, "total_tokens": 67},
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Quantum computing, told plainly, in one minute. " * 5},
            "finish_reason": "stop",
        }
    ],
}
BODY = json.dumps(ANSWER).encode()
