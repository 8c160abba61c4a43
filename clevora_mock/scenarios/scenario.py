"""A scenario as a value: how the world starts, and the rules that disturb it.

What a file says, checked and frozen; reading one is `reading`'s part, deciding by one is `matching`'s. Durations and
moments are in microseconds, money in micro-dollars.
"""

import re
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from clevora_mock.core.limits import Limits

if TYPE_CHECKING:
    from clevora_mock.scenarios.faults import Fault

_NOTHING = "Nothing goes wrong: a client that fails here misreads the API itself."


class AccountStart(Struct, frozen=True):
    """The demo account when the scenario begins; None leaves a thing as it is."""

    balance: int | None = None
    activated: bool | None = None
    developer_access: bool | None = None


class ClockStart(Struct, frozen=True):
    """The sandbox's clock when the scenario begins; None leaves a thing as it is."""

    start: int | None = None
    mode: Literal["real", "frozen", "scaled"] | None = None
    speed: float = 1.0


class Payments(Struct, frozen=True):
    """What becomes of a checkout's payment, and how long its event is on its way."""

    outcome: Literal["succeed", "fail"] = "succeed"
    delay: int = 0


class Calls(Struct, frozen=True):
    """Which calls of a rule: numbers and ranges (an end of None is open), or every so many."""

    ranges: tuple[tuple[int, int | None], ...] = ()
    every: int | None = None


class Pattern(Struct, frozen=True):
    """A text to find: a plain one must be the whole (header) or a part (message), an expression is searched for."""

    text: str
    expression: re.Pattern[str] | None = None


class When(Struct, frozen=True):
    """The conditions of a rule; None does not ask."""

    endpoints: tuple[str, ...] | None = None
    calls: Calls | None = None
    key: str | None = None
    account: str | None = None
    header: tuple[tuple[str, Pattern], ...] = ()
    body: dict[str, Any] | None = None
    message: Pattern | None = None
    between: tuple[int, int] | None = None
    chance: float | None = None


class InjectedError(Struct, frozen=True):
    """The refusal to answer with; what is None follows from the status."""

    status: int
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None


class CannedReply(Struct, frozen=True):
    """What the model says instead; each endpoint takes its own."""

    content: str | None = None
    finish_reason: Literal["stop", "length"] | None = None
    script: dict[str, Any] | None = None
    results: tuple[dict[str, Any], ...] | None = None
    vector: tuple[float, ...] | None = None


class Delay(Struct, frozen=True):
    """A wait before the answer: fixed (both bounds alike), uniform, or log-normal by its median and 99th percentile."""

    kind: Literal["fixed", "uniform", "lognormal"]
    low: int
    high: int


class StreamPace(Struct, frozen=True):
    """How a stream flows: its first content after `ttft`, then so many tokens a second, give or take a share."""

    ttft: int = 0
    tokens_per_second: float | None = None
    jitter: float = 0.0


class Then(Struct, frozen=True):
    """What happens to a request to which the rule applies. `charge` None leaves the money to the usual rule."""

    error: InjectedError | None = None
    reply: CannedReply | None = None
    delay: Delay | None = None
    stream: StreamPace | None = None
    fault: "Fault | None" = None
    charge: bool | None = None


class Rule(Struct, frozen=True):
    """The first rule that applies to a request decides."""

    name: str
    when: When
    then: Then


class Scenario(Struct, frozen=True):
    """A whole scenario. `limits` None leaves the documented ones."""

    name: str
    description: str = ""
    account: AccountStart | None = None
    clock: ClockStart | None = None
    limits: Limits | None = None
    payments: Payments = Payments()
    rules: tuple[Rule, ...] = ()
    # The text that it was read from, so that a snapshot can hold it.
    source: str = f'name: default\ndescription: "{_NOTHING}"\n'


# What the name of a scenario's file may end in.
SUFFIXES = (".yaml", ".yml", ".json")

DEFAULT = Scenario("default", _NOTHING)
