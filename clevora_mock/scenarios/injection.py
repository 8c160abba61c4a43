"""What a plan makes of a request: the error to answer with, and how long to hold the answer back."""

import math

from clevora_mock.core.chance import Chance
from clevora_mock.core.errors import ApiError
from clevora_mock.scenarios.errors import FAILURES
from clevora_mock.scenarios.scenario import Delay, InjectedError

# A 429 without more says when to come back; so do the documented ones.
_RETRY_AFTER = {429: 1}
_P99 = 2.3263478740408408  # standard deviations from the median to the 99th percentile


def error_of(injected: InjectedError) -> ApiError:
    """The refusal that a rule asks for; what it leaves open follows from the status."""
    rows = FAILURES[injected.status]
    failure = next((row for row in rows if row.code == injected.code), rows[0])
    retry_after = _RETRY_AFTER.get(injected.status) if injected.retry_after is None else injected.retry_after
    return ApiError(failure, injected.message, retry_after=retry_after)


def wait_of(delay: Delay, chance: Chance, purpose: str) -> int:
    """A delay in microseconds, drawn for `purpose` where it is not fixed."""
    if delay.kind == "fixed":
        return delay.low
    share = chance.unit(purpose)
    if delay.kind == "uniform":
        return delay.low + round(share * (delay.high - delay.low))
    from statistics import NormalDist  # noqa: PLC0415 - a dear import, for few scenarios

    # Log-normal through its median and its 99th percentile.
    spread = math.log(delay.high / delay.low) / _P99
    return round(delay.low * math.exp(spread * NormalDist().inv_cdf(min(max(share, 1e-9), 1 - 1e-9))))
