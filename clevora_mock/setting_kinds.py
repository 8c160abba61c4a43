"""The kinds of values of settings, with parsers of their texts, which raise ValueError."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from clevora_mock.clock import DAY, LONGEST, MAX_SPEED, MAX_TIMESTAMP, MIN_SPEED, Clock, parse, read_duration
from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.contract.limits import KEY_FORMAT, KEY_PATTERN
from clevora_mock.core import money
from clevora_mock.core.messages import duration_hint
from clevora_mock.core.scenario import MAX_RATE, MIN_RATE
from clevora_mock.core.webhooks import secret_bytes
from clevora_mock.entropy import random_seed
from clevora_mock.loopback import is_loopback_host


def accepted(check: Callable[[str], object]) -> Callable[[str], str]:
    """Return a parser that returns the text unless `check` raises ValueError."""

    def parse_text(text: str) -> str:
        check(text)
        return text

    return parse_text


def matching(pattern: str) -> Callable[[str], str]:
    """Return a parser of texts that match `pattern` entirely."""

    def check(text: str) -> None:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)

    return accepted(check)


def integer(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of integers from `low` to `high`."""

    def parse_integer(text: str) -> int:
        if not (re.fullmatch("-?[0-9]{1,18}", text) and low <= int(text) <= high):
            raise ValueError(text)
        return int(text)

    return parse_integer


def parse_seed(text: str) -> int:
    """Parse an integer; ``random`` draws one."""
    return random_seed() if text == "random" else integer(1 - 10**18, 10**18 - 1)(text)


def parse_dollars(text: str) -> float:
    """Parse an amount in dollars with at most 6 decimals."""
    dollars = float(text)
    if not 0 <= dollars <= money.MAX_DOLLARS:
        raise ValueError(text)
    money.micros(text)
    return dollars


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a parser of numbers from `low` to `high`."""

    def parse_number(text: str) -> float:
        if not low <= float(text) <= high:
            raise ValueError(text)
        return float(text)

    return parse_number


def parse_switch(text: str) -> bool:
    """Parse ``1`` or ``0`` or a synonym such as ``true``."""
    words = {True: ("1", "true", "yes", "on"), False: ("", "0", "false", "no", "off")}
    for value, synonyms in words.items():
        if text.lower() in synonyms:
            return value
    raise ValueError(text)


def check_timeout(text: str) -> None:
    """Raise ValueError unless `text` is a duration above 0."""
    if not read_duration(text):
        raise ValueError(text)


def check_upstream(text: str) -> None:
    """Raise ValueError unless `text` is the address of an API: https, or http on this machine, without credentials."""
    parts = urlsplit(text)
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment) and parts.port != 0
    is_printable = re.fullmatch(r"[!-~]+", text) is not None and "@" not in parts.netloc
    if not (parts.hostname and is_plain and is_printable and parts.scheme in ("https", "http")):
        raise ValueError(text)
    if parts.scheme == "http" and not is_loopback_host(parts.hostname):
        raise ValueError(text)
    if _endpoint_at_end(text):
        raise ValueError(text)


def upstream_hint(text: str) -> str:
    """Return the end of the message about an address of an endpoint, which is none of an API."""
    endpoint = _endpoint_at_end(text)
    return f"; leave out {endpoint.removeprefix('/v1')}, since the base URL ends in /v1" if endpoint else ""


def _endpoint_at_end(text: str) -> str:
    """Return the path of the endpoint whose address `text` is; empty for others."""
    path = text.rstrip("/")
    return next((one.path for one in ENDPOINTS if path.endswith(one.path)), "")


def parse_age(text: str) -> int:
    """Return the microseconds of an age such as ``30d`` or ``12h``."""
    found = re.fullmatch("([0-9]{1,5})([dh])", text)
    if found is None:
        raise ValueError(text)
    return int(found[1]) * (DAY if found[2] == "d" else DAY // 24)


def make_clock(text: str) -> Clock:
    """Return the clock for ``real``, ``frozen``, ``frozen:TIME`` or ``scaled:N``. Raises ValueError."""
    mode, _, detail = text.partition(":")
    if text == "real":
        return Clock()
    if mode == "scaled":
        return Clock("scaled", speed=number(MIN_SPEED, MAX_SPEED)(detail))
    start = parse(detail) if detail else None
    if mode != "frozen" or not 0 <= (start or 0) <= MAX_TIMESTAMP:
        raise ValueError(text)
    return Clock("frozen", start=start)


def parse_percentage(text: str) -> float:
    """Parse a percentage: ``10`` or ``10%``."""
    return number(0, 1_000_000)(text.removesuffix("%").rstrip())


class SettingKind(Struct, frozen=True):
    """A kind of value: its parser, and the texts for messages, help and shell completion.

    `complete` is what shells suggest: words, files, directories or scenarios. `hint` returns the end of the
    message about an invalid text, such as ``; did you mean 75s?``, and `show` quotes the text without its secrets.
    """

    parse: Callable[[str], Any]
    expected: str
    metavar: str = ""
    complete: tuple[str, ...] | Literal["file", "dir", "scenario"] = ()
    hint: Callable[[str], str] = lambda _: ""
    show: Callable[[str], str] = repr


_FIELD = r"\s*[\w-]+(\.[\w-]+)*\s*"
_HOST = r"\s*[A-Za-z0-9._-]+\s*"

SWITCH = SettingKind(parse_switch, "1 or 0")
ADDRESS = SettingKind(matching(".+"), "some text", "ADDRESS")
SCENARIO = SettingKind(matching(".+"), "some text", "NAME", "scenario")
FILE = SettingKind(matching(".+"), "some text", "FILE", "file")
DIRECTORY = SettingKind(matching(".+"), "some text", "DIR", "dir")
PORT = SettingKind(integer(0, 65_535), "a port from 0 to 65535 (0 picks a free one)", "PORT")
SEED = SettingKind(parse_seed, "a whole number, or random", "N", ("random",))
COUNT = SettingKind(integer(1, 1_000_000), "a whole number from 1 to 1000000", "N")
RATE = SettingKind(number(MIN_RATE, MAX_RATE), f"a number from {MIN_RATE} to {MAX_RATE}, such as 50", "N")
DOLLARS = SettingKind(
    parse_dollars, f"dollars from 0 to {money.MAX_DOLLARS} with at most 6 decimals, such as 25.50", "DOLLARS"
)
PERCENTAGE = SettingKind(parse_percentage, "a percentage from 0, such as 10 or 10%", "PERCENT")
DELAY = SettingKind(
    accepted(read_duration), f"a duration such as 250ms, 2s or 1m, up to {LONGEST}", "TIME", hint=duration_hint
)
TIMEOUT = SettingKind(
    accepted(check_timeout),
    f"a duration above 0, such as 75s, up to {LONGEST}",
    "TIME",
    hint=partial(duration_hint, check=check_timeout),
)
CLOCK = SettingKind(
    accepted(make_clock),
    "real, frozen, frozen:2026-05-11T14:00:00Z or scaled:60",
    "CLOCK",
    ("real", "frozen", "frozen:2026-05-11T14:00:00Z", "scaled:60"),
)
HOSTS = SettingKind(matching(f"{_HOST}(,{_HOST})*"), "host names separated by commas, without ports", "HOSTS")
ACCESS = SettingKind(
    matching("loopback|allowed|off"), "loopback, allowed or off", "WHO", ("loopback", "allowed", "off")
)
SERVER_NAME = SettingKind(
    matching("[A-Za-z0-9][A-Za-z0-9._-]{0,62}"),
    "a name such as mock-1: up to 63 letters, digits, dots, dashes and underscores",
    "NAME",
)
PROJECT = SettingKind(matching("[a-z][a-z0-9-]{2,62}"), "a Firebase project id such as demo-clevora", "ID")
API_KEY = SettingKind(matching(KEY_PATTERN), KEY_FORMAT, "KEY")
SECRET = SettingKind(accepted(secret_bytes), "whsec_ and base64", "WHSEC")
UPSTREAM = SettingKind(
    accepted(check_upstream),
    "https://HOST/v1, or http:// for this machine alone",
    "URL",
    hint=upstream_hint,
    show=lambda text: repr(re.sub("//[^/]*@", "//***@", text)),
)
# Of a document, which is no base URL.
DOCUMENT_HOST = replace(UPSTREAM, expected="https://HOST, or http:// for this machine alone", hint=lambda _: "")
CREDENTIAL = SettingKind(
    matching("[!-~]{8,4096}"),
    "a key of 8 characters or more without spaces",
    "KEY",
    show=lambda text: f"one of {len(text)} characters" + (" with a space or the like" if len(text) >= 8 else ""),
)
RECORD_MODE = SettingKind(matching("once|new|all"), "once, new or all", "MODE", ("once", "new", "all"))
ON_MISS = SettingKind(matching("mock|fail"), "mock or fail", "WHAT", ("mock", "fail"))
PACE = SettingKind(matching("recorded|none"), "recorded or none", "PACE", ("recorded", "none"))
FIELDS = SettingKind(
    matching(rf"{_FIELD}(,{_FIELD})*"), "names of fields separated by commas, such as user,metadata.run", "NAMES"
)
AGE = SettingKind(accepted(parse_age), "an age such as 30d or 12h", "AGE")
LOG_FORMAT = SettingKind(matching("text|json"), "text or json", "FORMAT", ("text", "json"))
