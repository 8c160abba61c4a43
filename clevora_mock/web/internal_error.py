"""Faults of the mock's own: one line for whoever runs it, the contract's 500 for the client."""

import re
import sys

from clevora_mock.core.accounts import mask
from clevora_mock.core.errors import ApiError
from clevora_mock.core.messages import printable


def internal_error(method: str, path: str, error: Exception) -> ApiError:
    """Report `error` in one line on stderr, and return the error to answer with."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename.rpartition('clevora_mock')[2]}:{frame.tb_lineno}" if frame else "?"
    said = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:300]
    line = f"{said} ({place.lstrip('/')})"
    sys.stderr.write(printable(mask(f"clevora-mock: internal error in {method} {path}: {line}")) + "\n")
    return ApiError("internal_error", hint=line)
