"""Errors in the mock itself: one line on stderr, and the contract's 500 for the client."""

import re
import sys

from clevora_mock.core.errors import ApiError
from clevora_mock.core.masking import masked_text
from clevora_mock.core.messages import printable


def internal_error(method: str, path: str, error: Exception) -> ApiError:
    """Write `error` to stderr in one line, and return the 500."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename.rpartition('clevora_mock')[2]}:{frame.tb_lineno}" if frame else "?"
    text = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:300]
    line = f"{text} ({place.lstrip('/')})"
    sys.stderr.write(printable(masked_text(f"clevora-mock: internal error in {method} {path}: {line}")) + "\n")
    return ApiError("internal_error", hint=line)
