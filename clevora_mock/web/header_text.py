"""Sanitized text for response headers."""

import re

from clevora_mock.core.accounts import mask


def header_safe(text: str) -> str:
    """Replace all but printable ASCII with ``?``, and mask API keys."""
    return re.sub(r"[^ -~]", "?", mask(text))
