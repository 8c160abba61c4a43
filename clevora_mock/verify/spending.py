"""The cost of a run: by the price table beforehand, and by the account's own balance after each request.

A server may charge more than the table says, so the largest factor that was seen is taken for the next request too, and
the cheapest request comes first.
"""

import json
from collections.abc import Callable

from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.contract.limits import SCRIPT_BUDGETS
from clevora_mock.core.money import text
from clevora_mock.verify.answers import json_of
from clevora_mock.verify.ask import Ask
from clevora_mock.verify.client import Answer, CannotCheckError

_RATES = {path: endpoint.rate for endpoint in ENDPOINTS if endpoint.rate for path in endpoint.paths}
# Of a chat without `max_tokens`, and of what a prompt has beside its text.
_UNBOUNDED, _OVERHEAD = 200, 10
# So many refused requests may lie between two looks at the balance.
_REFUSALS = 10


def greatest_cost(ask: Ask) -> int:
    """Return the most that a request costs by the price table, in micro-dollars; 0 for one that is refused."""
    path = _path(ask)
    if ask.error is not None or path not in _RATES or ask.credential != "key" or ask.method != "POST":
        return 0
    body = ask.body if isinstance(ask.body, dict) else json.loads(ask.raw or b"{}")
    tokens = sum(map(len, _texts(body.get("messages") or body.get("input") or body.get("query") or body.get("topic"))))
    if path == "/v1/chat/completions":
        tokens += _OVERHEAD + int(body.get("max_tokens") or body.get("max_completion_tokens") or _UNBOUNDED)
    elif path == "/v1/scripts/generate":
        tokens += _OVERHEAD + SCRIPT_BUDGETS[body.get("length") or "medium"]
    return tokens * _RATES[path]


def used_cost(ask: Ask, answer: Answer) -> int | None:
    """Return the price of an answer's usage, in micro-dollars; None where it tells none."""
    if answer.status != 200:
        return 0
    try:
        tokens = json_of(answer)["usage"]["total_tokens"]
    except (CannotCheckError, KeyError, TypeError):
        return None
    return tokens * _RATES[_path(ask)] if type(tokens) is int else None


def _path(ask: Ask) -> str:
    return ask.target.partition("?")[0].rstrip("/")


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return _texts(value.get("content") or value.get("text"))
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


class Spending:
    """The money that the run has spent; `read_balance` is None without an ID token, and the table is trusted then.

    The balance is read after each request that is charged, and before the next one once refusals lie between.
    """

    def __init__(self, most: int, read_balance: Callable[[], int] | None) -> None:
        self._most = most
        self._read_balance = read_balance
        self._start: int | None = None
        self._last: int | None = None
        self._estimated = 0
        self._factor = 1.0
        self._refusals = 0
        # The most that a request cost that should be free.
        self._unexpected = 0

    @property
    def spent(self) -> int:
        """Micro-dollars by the balance, or by the price table where that cannot be read or is less."""
        measured = 0 if self._start is None or self._last is None else self._start - self._last
        return max(measured, self._estimated)

    def require(self, cost: int) -> None:
        """Raise CannotCheckError unless a request of this greatest cost keeps to the maximum."""
        if self._read_balance is not None and self._start is None:
            self._start = self._last = self._read_balance()
        if self._last is not None and self._refusals and (cost or self._refusals >= _REFUSALS):
            self._measure_refusals()
        needed = round(cost * self._factor) if cost else self._unexpected * _REFUSALS
        if self.spent + needed > self._most:
            left = text(max(0, self._most - self.spent))
            raise CannotCheckError(f"may cost {text(needed)}, and {left} of --max-spend is left")

    def record(self, greatest: int, used: int | None) -> None:
        """Note a request of this greatest cost, and of `used` micro-dollars by its usage."""
        self._estimated += greatest if used is None else used
        if self._read_balance is None or self._last is None:
            return
        if not greatest:
            self.refused()
            return
        cost = self._fallen()
        if cost > (used or greatest):
            self._factor = max(self._factor, cost / (used or greatest))

    def lost(self, greatest: int) -> None:
        """Note a request that failed, or had no answer, and may have been charged."""
        self._estimated += greatest
        self._refusals += 1

    def refused(self) -> None:
        """Note a request that should charge nothing; the balance is read before the next one that does."""
        self._refusals += 1

    def _measure_refusals(self) -> None:
        cost = self._fallen()
        self._unexpected = max(self._unexpected, -(-cost // self._refusals))
        self._refusals = 0

    def _fallen(self) -> int:
        """Return what the balance fell by since it was last read."""
        assert self._read_balance is not None  # noqa: S101
        assert self._last is not None  # noqa: S101
        assert self._start is not None  # noqa: S101
        before, self._last = self._last, self._read_balance()
        # A payment that a probe announces raises the balance.
        self._start += max(0, self._last - before)
        return max(0, before - self._last)
