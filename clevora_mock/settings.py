"""How a server is set up: one table of options, from which flags, environment variables and the README follow.

A flag beats ``CLEVORA_MOCK_<FLAG>`` beats the default. This is the only module that reads the environment.
"""

import math
import os
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from clevora_mock.clock import FROZEN_START, LAST, SECOND, Clock, iso, parse, read_duration
from clevora_mock.core import money
from clevora_mock.core.accounts import RAW_KEY
from clevora_mock.core.journal import ENTRIES
from clevora_mock.core.limits import Limits
from clevora_mock.core.sandbox import Beginning
from clevora_mock.core.sandboxes import CAPACITY

PREFIX = "CLEVORA_MOCK_"

# Where a frozen clock stands unless told otherwise.
FROZEN_TEXT = iso(FROZEN_START)

DEMO_UID = "demo"
DEMO_EMAIL = "demo@clevora.example"
DEMO_PASSWORD = "clevora-demo"  # noqa: S105 - well known, that everybody can sign in
DEMO_KEY = "sk_live_0123456789abcdef0123456789abcdef"
DEMO_SECRET = "whsec_" + b64encode(b"clevora-mock-webhook-secret").decode()


class SettingsError(ValueError):
    """A setting that makes no sense; the message names it, as it was given, and says what was expected."""


class ClockSetting(Struct, frozen=True):
    """Which clock every sandbox gets: ``real``, ``frozen``, ``frozen:TIME`` or ``scaled:N``."""

    mode: Literal["real", "frozen", "scaled"] = "real"
    start: int | None = None
    speed: float = 1.0

    def make(self) -> Clock:
        return Clock(self.mode, start=self.start, speed=self.speed)


class Settings(Struct, frozen=True):
    """Everything that can be set. Money in micro-dollars, delays and timeouts in microseconds."""

    host: str = "127.0.0.1"
    port: int = 2538
    seed: int = 0
    scenario: str | None = None
    scenarios: str | None = None
    watch: bool = False
    import_: str | None = None
    export_on_exit: str | None = None
    max_sandboxes: int = CAPACITY
    journal_size: int = ENTRIES
    real_delays: bool = False
    catalog: str | None = None
    clock: ClockSetting = ClockSetting()
    api_key: str = DEMO_KEY
    balance: int = 100 * money.DOLLAR
    firebase_project: str = "demo-clevora"
    webhook_secret: str = DEMO_SECRET
    no_rate_limit: bool = False
    latency: int = 0
    tokens_per_second: float | None = None
    allowed_host: tuple[str, ...] = ()
    server_name: str | None = None
    idle_timeout: int = 75 * SECOND
    # None: no line for each request.
    log_format: Literal["text", "json"] | None = "text"
    quiet: bool = False

    def beginning(self) -> Beginning:
        """How each sandbox starts."""
        return Beginning(
            seed=self.seed,
            uid=DEMO_UID,
            email=DEMO_EMAIL,
            password=DEMO_PASSWORD,
            api_key=self.api_key,
            balance=self.balance,
            firebase_project=self.firebase_project,
            webhook_secret=self.webhook_secret,
            real_delays=self.real_delays,
            journal_size=self.journal_size,
            limits=Limits(None, None) if self.no_rate_limit else Limits(),
        )


class Option(Struct, frozen=True):
    """One setting: how its text is read, what it is for, and the section of the help that it stands in."""

    name: str
    read: Callable[[str], Any]
    metavar: str
    help: str
    section: str

    @property
    def field(self) -> str:
        """The setting's name in Settings; one of them is a word of Python's own."""
        return "import_" if self.name == "import" else self.name

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        return self.read is read_switch


def read_text(text: str) -> str:
    if not text:
        raise ValueError("expected some text")
    return text


def read_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65_535):
        raise ValueError("expected a port from 0 to 65535 (0 picks a free one)")
    return int(text)


def read_seed(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        raise ValueError("expected a whole number")
    return int(text)


def read_count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1_000_000):
        raise ValueError("expected a whole number from 1 to 1000000")
    return int(text)


def read_clock(text: str) -> ClockSetting:
    mode, _, detail = text.partition(":")
    try:
        if mode == "real" and not detail:
            return ClockSetting()
        if mode == "frozen":
            start = parse(detail) if detail else None
            if start is None or 0 <= start <= LAST:
                return ClockSetting("frozen", start, 0.0)
        if mode == "scaled" and 0 < float(detail) <= 1_000_000:
            return ClockSetting("scaled", None, float(detail))
    except ValueError:
        pass
    raise ValueError("expected real, frozen, frozen:2026-05-11T14:00:00Z or scaled:60")


def read_key(text: str) -> str:
    if not re.fullmatch(RAW_KEY, text):
        raise ValueError("expected sk_live_ and 32 lower-case hex characters")
    return text


def read_balance(text: str) -> int:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount <= 1_000_000_000:
        raise ValueError("expected dollars from 0 to 1000000000, such as 25.50")
    return money.micros(amount)


def read_project(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,62}", text):
        raise ValueError("expected a Firebase project id such as demo-clevora")
    return text


def read_secret(text: str) -> str:
    from clevora_mock.core.webhooks import secret_bytes  # noqa: PLC0415 - few servers have a secret of their own

    secret_bytes(text)
    return text


def read_rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate <= 1_000_000:
        raise ValueError("expected a number above 0, such as 50")
    return rate


def read_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip().lower() for host in text.split(","))
    if not all(re.fullmatch(r"[a-z0-9._-]+", host) for host in hosts):
        raise ValueError("expected host names separated by commas, without ports")
    return hosts


def read_server_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", text, re.IGNORECASE | re.ASCII):
        raise ValueError("expected a name such as mock-1: up to 63 letters, digits, dots, dashes and underscores")
    return text


def read_timeout(text: str) -> int:
    timeout = read_duration(text)
    if not timeout:
        raise ValueError("expected a duration above 0, such as 75s")
    return timeout


def read_log_format(text: str) -> str:
    if text not in ("text", "json"):
        raise ValueError("expected text or json")
    return text


def read_switch(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("", "0", "false", "no", "off"):
        return False
    raise ValueError("expected 1 or 0")


OPTIONS: tuple[Option, ...] = (
    Option("host", read_text, "ADDRESS", "Address to listen on.", "Address"),
    Option("port", read_port, "PORT", "Port to listen on; 0 picks a free one.", "Address"),
    Option("allowed_host", read_hosts, "HOSTS", "Names, besides loopback's, for the mock's own pages.", "Address"),
    Option("server_name", read_server_name, "NAME", "Have answers say which server, and which start of it.", "Address"),
    Option("idle_timeout", read_timeout, "TIME", "Close connections without a request for this long.", "Address"),
    Option("scenario", read_text, "NAME", "The scenario that sandboxes start with: a name, or a file.", "Trouble"),
    Option("scenarios", read_text, "DIR", "A directory with scenarios of your own.", "Trouble"),
    Option("watch", read_switch, "", "Reload the scenario's file when it changes.", "Trouble"),
    Option("latency", read_duration, "TIME", "Delay every answer by this long, such as 250ms.", "Trouble"),
    Option(
        "tokens_per_second", read_rate, "N", "Pace streams at this rate; they are sent at once otherwise.", "Trouble"
    ),
    Option("no_rate_limit", read_switch, "", "No limit on requests a minute or tokens a day.", "Trouble"),
    Option("seed", read_seed, "N", "Seed of every draw: ids, texts, chance.", "Answers"),
    Option("catalog", read_text, "FILE", "A search catalog of your own (JSON lines or a JSON array).", "Answers"),
    Option("clock", read_clock, "CLOCK", "real, frozen[:TIME] or scaled:N (N seconds a second).", "Time"),
    Option("real_delays", read_switch, "", "Wait out delays in wall time even where the clock is frozen.", "Time"),
    Option("api_key", read_key, "KEY", "The demo account's key.", "Accounts"),
    Option(
        "balance", read_balance, "DOLLARS", "The demo account's opening credit; below 15 is not activated.", "Accounts"
    ),
    Option("firebase_project", read_project, "ID", "Whose ID tokens are good here.", "Accounts"),
    Option("webhook_secret", read_secret, "WHSEC", "The secret that payment events are signed with.", "Accounts"),
    Option("import", read_text, "FILE", "Begin with the sandboxes that were exported.", "State"),
    Option("export_on_exit", read_text, "FILE", "Write every sandbox's state when the server ends.", "State"),
    Option("max_sandboxes", read_count, "N", "How many sandboxes are kept; the least recently used goes.", "State"),
    Option("journal_size", read_count, "N", "How many requests a sandbox's journal keeps.", "State"),
    Option("log_format", read_log_format, "FORMAT", "text or json.", "Output"),
    Option("quiet", read_switch, "", "Print nothing but the READY line and errors.", "Output"),
)


def default_text(option: Option) -> str:
    """What the option is when nobody sets it, as one would write it; empty for off and none."""
    value = getattr(Settings(), option.field)
    if isinstance(value, ClockSetting):
        return value.mode
    if option.name == "balance":
        return f"{value // money.DOLLAR}"
    if option.name == "idle_timeout":
        return f"{value // SECOND}s"
    if option.name == "latency":
        return ""
    return str(value) if isinstance(value, str | int) and not option.is_switch else ""


def load(flags: Mapping[str, str | None], environment: Mapping[str, str] | None = None, **defaults: Any) -> Settings:
    """The settings that `flags` (None: not given) and the environment ask for, else `defaults`.

    Raises SettingsError.
    """
    variables = os.environ if environment is None else environment
    chosen = defaults
    for option in OPTIONS:
        flag = flags.get(option.name)
        given, text = (option.flag, flag) if flag is not None else (option.variable, variables.get(option.variable))
        if text is None:
            continue
        try:
            chosen[option.field] = option.read(text)
        except ValueError as error:
            raise SettingsError(f"{given}: {error}, got {text!r}") from None
    return Settings(**chosen)


def client_variables(url: str, api_key: str) -> dict[str, str]:
    """The variables by which programs find the server, or one sandbox of it, at `url`."""
    return {
        "CLEVORA_MOCK_URL": url,
        "CLEVORA_BASE_URL": f"{url}/v1",
        "CLEVORA_API_KEY": api_key,
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": api_key,
    }


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with `variables` in it, for a command."""
    return {**os.environ, **variables}


def server_url() -> str | None:
    """Where ``CLEVORA_MOCK_URL`` says that a server runs already."""
    return os.environ.get(PREFIX + "URL") or None


def is_colorless(environment: Mapping[str, str] | None = None) -> bool:
    """Whether terminals are to stay without colors: ``NO_COLOR`` is set to anything, or the terminal knows none."""
    variables = os.environ if environment is None else environment
    return bool(variables.get("NO_COLOR")) or variables.get("TERM") == "dumb"


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """``CLEVORA_MOCK_*`` variables that set nothing, probably for a typing mistake."""
    variables = os.environ if environment is None else environment
    # CLEVORA_MOCK_URL is for clients: where the server is.
    known = {option.variable for option in OPTIONS} | {PREFIX + "URL"}
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known)
