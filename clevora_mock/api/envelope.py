"""The dashboard's envelope around an answer (K3, U3)."""

from typing import Any

from clevora_mock.core.reply import Reply
from clevora_mock.web.json_response import json_answer


def enveloped(data: Any) -> Reply:
    """Return a reply of `data` beside ``"status": "success"``."""
    return json_answer({"status": "success", "data": data})
