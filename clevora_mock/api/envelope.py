"""Envelope of the dashboard's responses (K3, U3)."""

from typing import Any

from clevora_mock.core.reply import Reply
from clevora_mock.web.json_response import encode_reply


def enveloped(data: Any) -> Reply:
    """Return a reply of `data` beside ``"status": "success"``."""
    return encode_reply({"status": "success", "data": data})
