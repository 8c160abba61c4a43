"""The format of a recording: JSON Lines, a header and then a line for each exchange (version 1).

Money is in dollars, as in the API, times are in milliseconds since the request was sent. Names are sorted, so that a
change of a recording is a small difference between two versions of its file. There is no place for a credential:
headers are those of `RECORDED_HEADERS` alone.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

FORMAT = 1

# Of an answer. The server that replays adds its own id, date and length.
RECORDED_HEADERS = frozenset(
    {"allow", "cache-control", "content-type", "retry-after", "retry-after-ms", "www-authenticate", "x-should-retry"}
)
RECORDED_PREFIX = "x-ratelimit-"


class RecordingHeader(Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: when, from which host and by which version it was recorded.

    `ignore` names fields of requests that do not count when they are compared. With `emails`, addresses are masked.
    """

    date: str
    host: str
    version: str
    format: int = FORMAT
    ignore: list[str] = []
    emails: bool = False


class CanonicalRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A request without its headers: `query` is sorted, `body` is JSON, a text if it is none, or None.

    All secrets in it are masked.
    """

    method: str
    path: str
    query: str = ""
    body: Any = None


class RecordedUsage(Struct, frozen=True, forbid_unknown_fields=True):
    """The tokens that the answer says it used."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def total(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class RecordedExchange(Struct, frozen=True, forbid_unknown_fields=True):
    """A request, and its answer in one piece or as a stream.

    `n` counts identical requests from 1, in the order in which they arrived. `milliseconds` is when an answer in one
    piece was complete; a stream has the time of each piece. A text that is not UTF-8 has a character for each byte.
    """

    endpoint: str
    request: CanonicalRequest
    status: int
    headers: dict[str, str] = {}
    n: int = 1
    milliseconds: int | None = None
    answer: str | None = None
    stream: list[tuple[int, str]] | None = None
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    usage: RecordedUsage | None = None
    cost: float = 0.0

    @property
    def text(self) -> str:
        """The whole answer."""
        return self.answer or "".join(text for _, text in self.stream or ())


def encode_line(value: RecordingHeader | RecordedExchange) -> bytes:
    """Encode a line of the file with its end."""
    fields = {name: field for name, field in msgspec.to_builtins(value).items() if field is not None}
    return msgspec.json.encode(fields, order="sorted") + b"\n"


def is_recorded_header(name: str) -> bool:
    """Tell whether a header of an answer, in lower case, is recorded and passed on."""
    return name in RECORDED_HEADERS or name.startswith(RECORDED_PREFIX)
