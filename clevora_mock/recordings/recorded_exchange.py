"""The format of a recording: JSON Lines, a header and then a line for each exchange (version 1).

Money is in dollars, as in the API, times are in milliseconds since the request was sent. Names are sorted, so that a
change of a recording is a small difference between two versions of its file. There is no place for a credential:
headers are those of `RECORDED_HEADERS` alone.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from clevora_mock.core import money
from clevora_mock.core.messages import printable
from clevora_mock.web.type_words import reword_with_value

FORMAT = 1
# Of an exchange: so that any number of them can be billed.
MAX_TOKENS = 10**9
MAX_COST = 10**6
_MAX_MILLISECONDS = 10**9

# Of an answer. The server that replays adds its own id, date and length.
RECORDED_HEADERS = frozenset(
    {"allow", "cache-control", "content-type", "retry-after", "retry-after-ms", "www-authenticate", "x-should-retry"}
)
RECORDED_PREFIX = "x-ratelimit-"
_RATE_LIMIT_HEADER = re.compile(rf"{RECORDED_PREFIX}[\w!#$%&'*+.^`|~-]*", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")

Tokens = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]
Milliseconds = Annotated[int, Meta(ge=0, le=_MAX_MILLISECONDS)]


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

    prompt_tokens: Tokens = 0
    completion_tokens: Tokens = 0

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
    n: Annotated[int, Meta(ge=1, le=MAX_TOKENS)] = 1
    milliseconds: Milliseconds | None = None
    answer: str | None = None
    stream: list[tuple[Milliseconds, str]] | None = None
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    usage: RecordedUsage | None = None
    cost: Annotated[float, Meta(ge=0, le=MAX_COST)] = 0.0

    @property
    def text(self) -> str:
        """The whole answer."""
        return self.answer or "".join(text for _, text in self.stream or ())


def encode_line(value: RecordingHeader | RecordedExchange) -> bytes:
    """Encode a line of the file with its end."""
    fields = {name: field for name, field in msgspec.to_builtins(value).items() if field is not None}
    return msgspec.json.encode(fields, order="sorted") + b"\n"


def decode_exchange(line: bytes) -> RecordedExchange:
    """Decode the line of an exchange, which may still have `flaws`. Raises ValueError."""
    try:
        exchange = msgspec.json.decode(line, type=RecordedExchange)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected an exchange: {reword_with_value(str(error), line)}") from None
    if (exchange.answer is None) == (exchange.stream is None):
        raise ValueError(f"expected an answer or a stream, got {'neither' if exchange.answer is None else 'both'}")
    return exchange


def is_recorded_header(name: str) -> bool:
    """Tell whether a header of an answer, in lower case, is recorded and passed on."""
    return name in RECORDED_HEADERS or _RATE_LIMIT_HEADER.fullmatch(name) is not None


def is_header_value(value: str) -> bool:
    """Tell whether HTTP can send a value, with a character for each byte."""
    return _HEADER_VALUE.fullmatch(value) is not None


def flaws(exchange: RecordedExchange) -> Iterator[str]:
    """Yield what keeps an exchange from being replayed."""
    if not 200 <= exchange.status <= 599:
        yield f"status: expected 200 to 599, got {exchange.status}"
    for name, value in exchange.headers.items():
        if not is_recorded_header(name):
            yield f"headers: {printable(name)} has no place in a recording"
        elif not is_header_value(value):
            yield f"headers: {name}: expected a text that HTTP can send"
    if any(later < earlier for (earlier, _), (later, _) in pairwise(exchange.stream or ())):
        yield "stream: expected times that do not go back"
    if exchange.encoding == "latin-1" and any(character > "\xff" for character in exchange.text):
        yield "encoding: expected characters up to U+00FF with latin-1"
    try:
        money.micros(exchange.cost)
    except ValueError as error:
        yield f"cost: {error}"
