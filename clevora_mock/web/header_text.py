"""Texts made fit for a response header."""

import re

from clevora_mock.core.accounts import mask


def header_safe(text: str) -> str:
    """Replace what a header cannot hold, and mask whole keys."""
    return re.sub(r"[^ -~]", "?", mask(text))
