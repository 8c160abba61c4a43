"""A scenario as frozen values: the initial state and the rules.

`scenarios` reads them from files, and `core.rules` evaluates them. Durations and times are in microseconds, money in
micro-dollars.
"""

import math
import re
from http import HTTPStatus
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from clevora_mock.clock import MAX_DURATION
from clevora_mock.contract.errors import DEFAULT_RETRY_AFTER, INJECTABLE_ERRORS, STATUSES, CustomErrorSpec, ErrorSpec
from clevora_mock.core.errors import ApiError
from clevora_mock.core.expressions import Expression
from clevora_mock.core.limits import Limits
from clevora_mock.core.reply import FaultEffect, Reply
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.text_size import IdText, NameText

# Each request looks at all of them.
MAX_RULES = 500

# Standard deviations from the median to the 99th percentile of a normal distribution.
DEVIATIONS_TO_P99 = 2.3263478740408408

_NOTHING = "No rules: only the contract's own errors. A client that fails here misreads the API itself."

# Python 3.13 has other words for four; an error's code, which is made of them, must be the same in each version.
_PHRASES = {int(status): status.phrase for status in HTTPStatus} | {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
}

# The bounds of a stream's pace, in tokens a second.
MIN_RATE, MAX_RATE = 0.001, 1_000_000

# In microseconds; files have ``250ms``, ``2s``, ``1.5m`` or ``1h``.
Duration = Annotated[int, Meta(extra_json_schema={"format": "duration"})]


class AccountStart(Struct, frozen=True):
    """The demo account at the start of the scenario; None leaves a value unchanged."""

    balance: int | None = None
    activated: bool | None = None
    developer_access: bool | None = None


class ClockStart(Struct, frozen=True):
    """The sandbox's clock at the start of the scenario; None leaves a value unchanged."""

    start: int | None = None
    mode: Literal["real", "frozen", "scaled"] | None = None
    speed: float = 1.0


class Payments(Struct, frozen=True):
    """The outcome of checkouts' payments, and the delay of their events."""

    outcome: Literal["succeed", "fail"] = "succeed"
    delay: int = 0


class Calls(Struct, frozen=True):
    """A selection of a rule's calls: inclusive ranges (an end of None is open), or every n-th call."""

    ranges: tuple[tuple[int, int | None], ...] = ()
    every: int | None = None


class TextPattern(Struct, frozen=True):
    """A plain text, which must equal a header or be contained in a message, or a regular expression to search for."""

    text: str
    expression: Expression | None = None


class When(Struct, frozen=True):
    """The conditions of a rule; None means no condition, and for a header that it is absent.

    `turn` is the number of user messages, `last_role` the role of the last message; the conditions of `not_` must not
    all be met.
    """

    endpoints: tuple[str, ...] | None = None
    calls: Calls | None = None
    key: str | None = None
    account: str | None = None
    header: tuple[tuple[str, TextPattern | None], ...] = ()
    body: dict[str, Any] | None = None
    message: TextPattern | None = None
    turn: int | None = None
    last_role: str | None = None
    not_: "When | None" = None
    between: tuple[int, int] | None = None
    chance: float | None = None


class InjectedError(Struct, frozen=True):
    """The error to respond with; None means the default of the status.

    `retry_after` (seconds) and `retry_after_ms` are numbers, or texts to send as they are; None means no header, and
    UNSET the default. `body` replaces the contract's shape.
    """

    status: int
    code: str | None = None
    message: str | None = None
    retry_after: float | str | UnsetType | None = UNSET
    type: str | None = None
    retry_after_ms: float | str | None = None
    body: bytes | None = None
    content_type: str | None = None

    def resolve(self) -> ApiError:
        """Return the error, completed by the contract's error for the status, if it has one."""
        known = INJECTABLE_ERRORS.get(self.status, ())
        spec = next((spec for spec in known if self.code in (None, spec.code)), None)
        if spec is None or self.type is not None:
            spec = self._custom(spec)
        return ApiError(spec, self.message)

    def _custom(self, spec: ErrorSpec | None) -> ErrorSpec:
        phrase = _PHRASES.get(self.status, f"Status {self.status}")
        code = self.code or (spec.code if spec else re.sub("[^a-z0-9]+", "_", phrase.lower()))
        usual = STATUSES.get(self.status, STATUSES[400 if self.status < 500 else 500])
        message = spec.message if spec else phrase
        return CustomErrorSpec(code, self.status, message, "", own_type=self.type or usual.type)

    def shape(self, reply: Reply) -> Reply:
        """Return the contract's reply with the waits, and with the error's own body and content type if it has them."""
        after = DEFAULT_RETRY_AFTER.get(self.status) if self.retry_after is UNSET else self.retry_after
        waits = ((b"retry-after", after, 1), (b"retry-after-ms", self.retry_after_ms, 1000))
        for name, wait, share in waits:
            if wait is not None:
                # SDKs look at the milliseconds first.
                seconds = reply.retry_after if isinstance(wait, str) else wait / share
                header = (name, (wait if isinstance(wait, str) else _decimal(wait)).encode())
                reply = replace(reply, headers=(*reply.headers, header), retry_after=seconds)
        if self.body is not None:
            reply = replace(reply.with_body(self.body), code=None, message=None)
        if self.content_type is not None:
            reply = reply.with_header(b"content-type", self.content_type.encode())
        return reply


def _decimal(number: float) -> str:
    """Return a number in digits, without an exponent."""
    return f"{number:.9f}".rstrip("0").rstrip(".")


class ScriptedReply(Struct, frozen=True):
    """The content of a response instead of the model's; each endpoint uses its own field."""

    content: str | None = None
    finish_reason: Literal["stop", "length"] | None = None
    script: dict[str, Any] | None = None
    results: tuple[dict[str, Any], ...] | None = None
    vector: tuple[float, ...] | None = None


class Delay(Struct, frozen=True):
    """A delay before the response: fixed (`low`), uniform, or log-normal by its median and 99th percentile."""

    kind: Literal["fixed", "uniform", "lognormal"]
    low: int
    high: int

    def sample(self, rng: SeededRng, purpose: str) -> int:
        """Return a delay in microseconds, drawn for `purpose` unless it is fixed."""
        if self.kind == "fixed":
            return self.low
        share = rng.next_float(purpose)
        if self.kind == "uniform":
            return self.low + round(share * (self.high - self.low))
        from statistics import NormalDist  # noqa: PLC0415 - slow to import, and few scenarios need it

        sigma = math.log(self.high / self.low) / DEVIATIONS_TO_P99
        drawn = self.low * math.exp(sigma * NormalDist().inv_cdf(min(max(share, 1e-9), 1 - 1e-9)))
        return min(round(drawn), MAX_DURATION)


class StreamPace(Struct, frozen=True):
    """The pace of a stream: the time to first token, tokens per second, and `jitter` as a share of each interval."""

    ttft: int = 0
    tokens_per_second: float | None = None
    jitter: float = 0.0


class Then(Struct, frozen=True):
    """The action of a rule; `faults` in order. `charge` None means the contract's rule: success is charged."""

    error: InjectedError | None = None
    reply: ScriptedReply | None = None
    delay: Delay | None = None
    stream: StreamPace | None = None
    faults: tuple[FaultEffect, ...] = ()
    charge: bool | None = None


class Rule(Struct, frozen=True):
    """A rule: the conditions under which it applies to a request, and its action."""

    name: str
    when: When
    then: Then


class Scenario(Struct, frozen=True):
    """A whole scenario; `limits` None means the configured ones. `source` is its text, for snapshots.

    It ends by itself after `ttl`, if it has one.
    """

    name: str
    description: str = ""
    account: AccountStart | None = None
    clock: ClockStart | None = None
    limits: Limits | None = None
    payments: Payments = Payments()
    rules: tuple[Rule, ...] = ()
    ttl: int | None = None
    source: str = f'name: default\ndescription: "{_NOTHING}"\n'

    def means_the_same(self, other: "Scenario") -> bool:
        """Tell whether two scenarios differ in nothing but their text."""
        return replace(self, source="") == replace(other, source="")


class RuleNearMiss(Struct, frozen=True, gc=False):
    """A rule for the request's endpoint that did not apply, its first failed condition, and its draw if any.

    `field` is the part of the request that the condition is about, such as ``body.stream``.
    """

    rule: NameText
    condition: IdText
    draw: float | None = None
    field: NameText = ""
    expected: NameText = ""
    got: NameText = ""


class Plan(Struct, frozen=True):
    """The decision about a request: the action of the rule that applies, its draw, and the near misses before it.

    `purpose` is the name under which the rule's draws are counted. `rule` is None if no rule applies. `count` is the
    number of the request among those that met the rule's conditions, from 1.
    """

    then: Then = Then()
    rule: str | None = None
    purpose: str = ""
    draw: float | None = None
    misses: tuple[RuleNearMiss, ...] = ()
    count: int = 0


NO_PLAN = Plan()

# Suffixes of scenario files.
SUFFIXES = (".yaml", ".yml", ".json")


DEFAULT = Scenario("default", _NOTHING)
