"""Sanitized text for response headers."""

import re

from clevora_mock.core.masking import masked_text


def header_safe(text: str) -> str:
    """Replace all but printable ASCII with ``?``, and mask secrets."""
    return re.sub(r"[^ -~]", "?", masked_text(text))
