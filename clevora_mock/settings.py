"""The server's settings: one table, in human units.

Each field of `Settings` carries its row. Flags, environment variables, the keywords of ``running()``, help, shell
completion and the documentation's table follow from it. A flag beats ``CLEVORA_MOCK_<FLAG>`` beats the default. No
other module reads the environment.
"""

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from os import PathLike
from types import NoneType
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from msgspec import Struct, structs

from clevora_mock import setting_kinds as kinds
from clevora_mock.clock import Clock, read_duration
from clevora_mock.core import money
from clevora_mock.core.journal import MAX_ENTRIES
from clevora_mock.core.limits import Limits
from clevora_mock.core.rng import stable_hash
from clevora_mock.core.sandbox import SandboxConfig
from clevora_mock.core.sandboxes import MAX_SANDBOXES

PREFIX = "CLEVORA_MOCK_"
URL_VARIABLE = PREFIX + "URL"
# Of flags that are no settings of the server.
RUN_VARIABLES = (
    "CLEVORA_MOCK_FAIL_ON",
    "CLEVORA_MOCK_JUNIT",
    "CLEVORA_MOCK_BUDGET",
    "CLEVORA_MOCK_SPEND_BASELINE",
    "CLEVORA_MOCK_SPEND_TOLERANCE",
    "CLEVORA_MOCK_REPORT",
)

# Kubernetes sets these for every service whose name begins with `clevora-mock`, in all containers of its namespace.
_SERVICE_LINK = re.compile(PREFIX + r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")

DEMO_UID = "demo"
DEMO_EMAIL = "demo@clevora.example"
DEMO_PASSWORD = "clevora-demo"  # noqa: S105 - public, so that everybody can sign in
DEMO_KEY = "sk_live_0123456789abcdef0123456789abcdef"
DEMO_SECRET = "whsec_" + b64encode(b"clevora-mock-webhook-secret").decode()

# These say how recordings are used.
_OF_RECORDINGS = frozenset({"on_miss", "pace", "ignore", "mask_emails", "max_age", "recordings_on_request"})

# A shell keeps the variables of the live API, so without one of the first they mean nothing; a flag is a mistake.
_FORWARDING = ("record", "diff", "replay")
_NEED_FORWARDING = ("upstream", "upstream_key")

FileName = str | PathLike[str]


class SettingsError(ValueError):
    """A setting with an invalid value; the message has the setting, the expectation and the value."""


class Setting(Struct, frozen=True):
    """A setting; `section` is its section in the help.

    `field`, `default` and `optional` are filled in from its field in `Settings`.
    """

    kind: kinds.SettingKind
    section: str
    help: str
    field: str = ""
    default: Any = None
    optional: bool = False

    @property
    def name(self) -> str:
        """The setting's name, without the underscore of the field `import_`."""
        return self.field.rstrip("_")

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        return self.kind is kinds.SWITCH

    @property
    def default_text(self) -> str:
        """The default as a text; empty for off and none."""
        return "" if self.default is None or self.default is False else str(self.default)

    def text(self, value: object) -> str:
        """Return `value` as on the command line."""
        if isinstance(value, PathLike):
            return str(os.fspath(value))
        return "" if value is None else str(value)

    def check(self, value: object, source: str) -> Any:
        """Convert `value`, a text or a Python value, for `Settings`. Raises SettingsError with `source`."""
        if value is None and self.optional:
            return None
        try:
            return self.kind.parse(self.text(value))
        except ValueError:
            shown = self.kind.show(self.text(value)) if isinstance(value, str) else repr(value)
            hint = self.kind.hint(self.text(value))
            raise SettingsError(f"{source}: expected {self.kind.expected}, got {shown}{hint}") from None


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a server: money in dollars, durations as text (``250ms``), times as text.

    Raises SettingsError for an invalid value.
    """

    host: Annotated[str, Setting(kinds.ADDRESS, "Address", "Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Setting(kinds.PORT, "Address", "Port to listen on; 0 picks a free one.")] = 2538
    allowed_host: Annotated[
        str | None, Setting(kinds.HOSTS, "Address", "Host names for the control plane besides loopback's.")
    ] = None
    control: Annotated[
        Literal["loopback", "allowed", "off"],
        Setting(
            kinds.ACCESS,
            "Address",
            "Who may use the control plane: loopback (this machine), allowed (all that reach it), off (nobody).",
        ),
    ] = "loopback"
    server_name: Annotated[
        str | None, Setting(kinds.SERVER_NAME, "Address", "Name the server and its start in every response.")
    ] = None
    idle_timeout: Annotated[
        str, Setting(kinds.TIMEOUT, "Address", "Close connections without a request for this long.")
    ] = "75s"
    scenario: Annotated[
        FileName | None, Setting(kinds.SCENARIO, "Faults", "The scenario that sandboxes start with: a name, or a file.")
    ] = None
    scenarios: Annotated[
        FileName | None, Setting(kinds.DIRECTORY, "Faults", "A directory with scenarios of your own.")
    ] = None
    watch: Annotated[bool, Setting(kinds.SWITCH, "Faults", "Reload the scenario's file when it changes.")] = False
    latency: Annotated[
        str | None, Setting(kinds.DELAY, "Faults", "Delay every answer by this long, such as 250ms.")
    ] = None
    tokens_per_second: Annotated[
        float | None, Setting(kinds.RATE, "Faults", "Pace streams at this rate instead of sending them at once.")
    ] = None
    no_rate_limit: Annotated[
        bool, Setting(kinds.SWITCH, "Faults", "Turn off the limits of requests per minute and tokens per day.")
    ] = False
    seed: Annotated[
        int, Setting(kinds.SEED, "Answers", "Seed of all random values: ids, texts, faults; random draws one.")
    ] = 0
    catalog: Annotated[
        FileName | None, Setting(kinds.FILE, "Answers", "A search catalog of your own (JSON lines or a JSON array).")
    ] = None
    contract: Annotated[
        FileName | None, Setting(kinds.FILE, "Answers", "Rows of the contract that the live API has otherwise (YAML).")
    ] = None
    evidence: Annotated[
        FileName | None, Setting(kinds.FILE, "Answers", "Evidence of clevora-mock verify, to show beside the clauses.")
    ] = None
    clock: Annotated[str, Setting(kinds.CLOCK, "Time", "real, frozen[:TIME] or scaled:N (N times as fast).")] = "real"
    real_delays: Annotated[
        bool, Setting(kinds.SWITCH, "Time", "Wait for delays in wall time even if the clock is frozen.")
    ] = False
    api_key: Annotated[str, Setting(kinds.API_KEY, "Accounts", "The demo account's key.")] = DEMO_KEY
    balance: Annotated[
        float, Setting(kinds.DOLLARS, "Accounts", "The demo account's opening credit; below 15 is not activated.")
    ] = 100
    firebase_project: Annotated[str, Setting(kinds.PROJECT, "Accounts", "The Firebase project of valid ID tokens.")] = (
        "demo-clevora"
    )
    webhook_secret: Annotated[
        str, Setting(kinds.SECRET, "Accounts", "The secret for signatures of payment events.")
    ] = DEMO_SECRET
    strict_tokens: Annotated[
        bool,
        Setting(kinds.SWITCH, "Accounts", "Take only ID tokens of this server; set --webhook-secret or --seed too."),
    ] = False
    import_: Annotated[FileName | None, Setting(kinds.FILE, "State", "Load the sandboxes of an export at startup.")] = (
        None
    )
    export_on_exit: Annotated[
        FileName | None, Setting(kinds.FILE, "State", "Export all sandboxes to this file at shutdown.")
    ] = None
    state: Annotated[
        FileName | None,
        Setting(
            kinds.FILE, "State", "Load the sandboxes of this file, if it exists, and export them to it at shutdown."
        ),
    ] = None
    upstream: Annotated[
        str | None, Setting(kinds.UPSTREAM, "Recordings", "The live API, for --record or --diff; needs httpx.")
    ] = None
    upstream_key: Annotated[
        str | None,
        Setting(kinds.CREDENTIAL, "Recordings", "The key for the live API, in place of --api-key; better a variable."),
    ] = None
    record: Annotated[
        FileName | None,
        Setting(kinds.DIRECTORY, "Recordings", "Forward to --upstream, and record its answers in this directory."),
    ] = None
    record_mode: Annotated[
        Literal["once", "new", "all"],
        Setting(kinds.RECORD_MODE, "Recordings", "Record where no file is (once), what is in no file (new), or all."),
    ] = "once"
    replay: Annotated[
        FileName | None, Setting(kinds.DIRECTORY, "Recordings", "Answer from the recordings in this directory.")
    ] = None
    on_miss: Annotated[
        Literal["mock", "fail"] | None,
        Setting(kinds.ON_MISS, "Recordings", "Answer what is in no recording (mock; fail where CI is set)."),
    ] = None
    pace: Annotated[
        Literal["recorded", "none"], Setting(kinds.PACE, "Recordings", "Replay at the recorded pace, or at once.")
    ] = "recorded"
    ignore: Annotated[
        str | None, Setting(kinds.FIELDS, "Recordings", "Fields of requests that do not count when they are compared.")
    ] = None
    mask_emails: Annotated[
        bool, Setting(kinds.SWITCH, "Recordings", "Mask e-mail addresses in recordings, beside all secrets.")
    ] = False
    max_age: Annotated[
        str | None, Setting(kinds.AGE, "Recordings", "Refuse recordings that are older than this, such as 30d.")
    ] = None
    recordings_on_request: Annotated[
        bool, Setting(kinds.SWITCH, "Recordings", "Only in sandboxes that ask for one: PUT /__mock/recording.")
    ] = False
    diff: Annotated[
        bool,
        Setting(kinds.SWITCH, "Recordings", "Ask --upstream as well, and report at the end where its answers differ."),
    ] = False
    max_sandboxes: Annotated[
        int, Setting(kinds.COUNT, "State", "Maximum of sandboxes; the least recently used is evicted.")
    ] = MAX_SANDBOXES
    journal_size: Annotated[int, Setting(kinds.COUNT, "State", "Maximum of requests in a sandbox's journal.")] = (
        MAX_ENTRIES
    )
    log_format: Annotated[
        Literal["text", "json"] | None, Setting(kinds.LOG_FORMAT, "Output", "Log each request as text or json.")
    ] = "text"
    quiet: Annotated[bool, Setting(kinds.SWITCH, "Output", "Print nothing but the READY line and errors.")] = False

    def __post_init__(self) -> None:
        for setting in SETTINGS:
            value = getattr(self, setting.field)
            if value is not setting.default:
                structs.force_setattr(self, setting.field, setting.check(value, setting.field))

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The names in `allowed_host`, in lower case."""
        return tuple(name.strip().lower() for name in self.allowed_host.split(",")) if self.allowed_host else ()

    @property
    def latency_micros(self) -> int:
        """`latency` in microseconds."""
        return read_duration(self.latency) if self.latency is not None else 0

    @property
    def idle_timeout_micros(self) -> int:
        """`idle_timeout` in microseconds."""
        return read_duration(self.idle_timeout)

    @property
    def ignored_fields(self) -> tuple[str, ...]:
        """The names in `ignore`."""
        return tuple(name.strip() for name in self.ignore.split(",")) if self.ignore else ()

    @property
    def max_age_micros(self) -> int | None:
        """`max_age` in microseconds."""
        return None if self.max_age is None else kinds.parse_age(self.max_age)

    @property
    def on_miss_here(self) -> Literal["mock", "fail"]:
        """`on_miss`, by default ``fail`` where the environment has ``CI``."""
        return self.on_miss or ("fail" if os.environ.get("CI") else "mock")

    @property
    def conflict(self) -> str | None:
        """A message about settings of which one needs another, or excludes it; None if all go together."""
        if (message := self._recordings_conflict) is not None:
            return message
        if self.watch and self.scenario is None:
            return "--watch: expected --scenario beside it, whose file is watched"
        if self.state is not None and (self.import_ or self.export_on_exit) is not None:
            return "--state: expected neither --import nor --export-on-exit beside it"
        return None

    def require_consistent(self) -> None:
        """Raise SettingsError for a `conflict`."""
        if self.conflict is not None:
            raise SettingsError(self.conflict)

    @property
    def _recordings_conflict(self) -> str | None:
        for flag, value in (("--record", self.record), ("--diff", self.diff)):
            if value and self.upstream is None:
                return f"{flag}: expected --upstream (CLEVORA_MOCK_UPSTREAM) beside it, which answers"
            if value and self.replay is not None:
                return f"--replay: expected no {flag} beside it"
        if self.record is not None and self.diff:
            return "--diff: expected no --record beside it"
        if self.upstream is not None and not (self.record or self.diff or self.replay):
            return "--upstream: expected --record or --diff beside it"
        return self._unused_setting

    @property
    def _unused_setting(self) -> str | None:
        """A message about a setting of recordings that nothing would use."""
        if self.record_mode != "once" and self.record is None:
            return "--record-mode: expected --record beside it"
        if self.upstream_key is not None and self.upstream is None and self.replay is None:
            return "--upstream-key: expected --upstream beside it"
        if self.record is None and self.replay is None:
            for setting in SETTINGS:
                if setting.name in _OF_RECORDINGS and getattr(self, setting.name) != setting.default:
                    return f"{setting.flag}: expected --record or --replay beside it"
        return None

    @property
    def token_key(self) -> bytes | None:
        """The key of the tokens that are taken; None without `strict_tokens`."""
        return stable_hash("tokens", self.seed, self.webhook_secret) if self.strict_tokens else None

    def make_clock(self) -> Clock:
        """Return a clock for a sandbox."""
        return kinds.make_clock(self.clock)

    def sandbox_config(self) -> SandboxConfig:
        """Return the initial state of sandboxes, in the core's units."""
        return SandboxConfig(
            seed=self.seed,
            uid=DEMO_UID,
            email=DEMO_EMAIL,
            password=DEMO_PASSWORD,
            api_key=self.api_key,
            balance=money.micros(self.balance),
            firebase_project=self.firebase_project,
            webhook_secret=self.webhook_secret,
            token_key=self.token_key,
            real_delays=self.real_delays,
            journal_size=self.journal_size,
            limits=Limits(None, None) if self.no_rate_limit else Limits(),
        )


def _table() -> tuple[Setting, ...]:
    rows = []
    for field in structs.fields(Settings):
        kind, row = get_args(field.type)
        optional = NoneType in get_args(kind)
        rows.append(structs.replace(row, field=field.name, default=field.default, optional=optional))
    return tuple(rows)


SETTINGS = _table()


def load(flags: Mapping[str, str | None], environment: Mapping[str, str] | None = None, **defaults: Any) -> Settings:
    """Return settings from `flags` (None: not given), the environment and `defaults`, in this order.

    Variables of the live API are passed over where nothing forwards to it, records or replays.
    Raises SettingsError with the flag or the variable.
    """
    variables = _own_variables(environment)
    chosen = defaults
    for setting in SETTINGS:
        flag = flags.get(setting.name)
        source, text = (setting.flag, flag) if flag is not None else (setting.variable, variables.get(setting.variable))
        if text is not None:
            chosen[setting.field] = setting.check(text, source)
    unused = _NEED_FORWARDING if not any(chosen.get(name) for name in _FORWARDING) else ()
    return Settings(**{name: value for name, value in chosen.items() if name not in unused or flags.get(name)})


def as_variables(values: Mapping[str, object]) -> dict[str, str]:
    """Return the environment variables for `values` by field; None is left out."""
    by_field = {setting.field: setting for setting in SETTINGS}
    return {
        by_field[field].variable: by_field[field].text(value) for field, value in values.items() if value is not None
    }


def client_variables(url: str, api_key: str) -> dict[str, str]:
    """Return the environment variables for clients of the server, or of one sandbox, at `url`."""
    return {
        URL_VARIABLE: url,
        "CLEVORA_BASE_URL": f"{url}/v1",
        "CLEVORA_API_KEY": api_key,
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": api_key,
        **proxy_exceptions(urlsplit(url).hostname or ""),
    }


def proxy_exceptions(host: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return ``NO_PROXY`` and ``no_proxy`` with this machine and `host` added, for which clients then use no proxy."""
    variables = os.environ if environment is None else environment
    names = ("NO_PROXY", "no_proxy")
    # Some clients read only one of the two, so both get all hosts.
    given = [host.strip() for name in names for host in variables.get(name, "").split(",")]
    hosts = dict.fromkeys([*filter(None, given), *_own_hosts(host)])
    # Clients recognize ``*``, which means all hosts, only as the whole value.
    return dict.fromkeys(names, "*" if "*" in hosts else ",".join(hosts))


def _own_hosts(host: str) -> list[str]:
    return ["127.0.0.1", "localhost", *({host} - {"127.0.0.1", "localhost", ""})]


def proxy_hint(host: str, environment: Mapping[str, str] | None = None) -> str | None:
    """Explain why no request to `host` may have arrived; None unless a proxy for HTTP is set.

    The proxy itself is not shown, since it may hold a password.
    """
    variables = os.environ if environment is None else environment
    proxies = [name for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy") if variables.get(name)]
    if not proxies:
        return None
    exceptions = f"NO_PROXY={','.join(_own_hosts(host))}"
    hosts = [one.strip() for name in ("NO_PROXY", "no_proxy") for one in variables.get(name, "").split(",")]
    is_set = host in hosts or "*" in hosts
    # The command of `exec` has it; under pytest only one of the fixtures sets it.
    advice = f"does the client heed {exceptions}?" if is_set else f"set {exceptions}, as the fixture clevora_env does"
    return f"no request arrived, and {proxies[0]} is set: {advice}"


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with `variables` added."""
    return {**os.environ, **variables}


def server_url() -> str | None:
    """Return the URL of a running server from ``CLEVORA_MOCK_URL``, if set."""
    return os.environ.get(URL_VARIABLE) or None


def upstream_url() -> str | None:
    """Return the address of the live API from ``CLEVORA_MOCK_UPSTREAM``, if set."""
    return os.environ.get(PREFIX + "UPSTREAM") or None


def _own_variables(environment: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the environment without a Kubernetes service's variables, as ``CLEVORA_MOCK_PORT=tcp://10.0.0.1:2538``."""
    variables = os.environ if environment is None else environment
    return {
        name: value
        for name, value in variables.items()
        if not (_SERVICE_LINK.fullmatch(name) or (name.endswith("_PORT") and re.match("(tcp|udp|sctp)://", value)))
    }


def is_colorless(environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether to print without colors: ``NO_COLOR`` is not empty, or ``TERM`` is dumb."""
    variables = os.environ if environment is None else environment
    return bool(variables.get("NO_COLOR")) or variables.get("TERM") == "dumb"


def is_github_actions(environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a workflow of GitHub Actions runs, which reads annotations from what is printed."""
    variables = os.environ if environment is None else environment
    return variables.get("GITHUB_ACTIONS") == "true"


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the ``CLEVORA_MOCK_*`` variables that are no settings, probably misspelled."""
    variables = _own_variables(environment)
    known = {setting.variable for setting in SETTINGS} | {URL_VARIABLE, *RUN_VARIABLES}
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known)


def reachable_host(host: str) -> str:
    """Return the address for connections from this machine to a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
