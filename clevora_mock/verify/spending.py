"""The cost of a run: by the price table beforehand, and by the account's own balance after each request with the key.

A server may charge otherwise than the table says. So the balance is read between any two requests that the account may
be charged for, and an endpoint is taken to be as dear again as it ever was: only one request is paid beyond what was
foreseen.
"""

import json
from collections.abc import Callable
from math import ceil

from msgspec import Struct

from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.contract.limits import SCRIPT_BUDGETS
from clevora_mock.core.money import text
from clevora_mock.verify.answers import json_of
from clevora_mock.verify.ask import CHEAP, ONE_TOKEN, Ask
from clevora_mock.verify.client import Answer, CannotCheckError

_RATES = {path: endpoint.rate for endpoint in ENDPOINTS if endpoint.rate for path in endpoint.paths}
# Requests from which the price of their endpoint is learned, before a dearer one is asked.
CHEAPEST = (ONE_TOKEN, CHEAP)
# Of a chat without `max_tokens`, and of what a prompt has beside its text.
_UNBOUNDED, _OVERHEAD = 200, 10


class Charge(Struct, frozen=True):
    """The most that a request to a path costs by the price table, in micro-dollars; 0 for one that is refused."""

    path: str
    greatest: int


def charge_of(ask: Ask) -> Charge:
    """Return the charge of a request."""
    return Charge(_path(ask), greatest_cost(ask))


def is_priced(ask: Ask) -> bool:
    """Tell whether requests to this path are charged, with whatever credential is taken."""
    return _path(ask) in _RATES


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


def _used_cost(charge: Charge, answer: Answer) -> int:
    """Return the price of an answer's usage, in micro-dollars; the greatest where it tells none."""
    if answer.status != 200:
        return 0
    try:
        tokens = json_of(answer)["usage"]["total_tokens"]
    except (CannotCheckError, KeyError, TypeError):
        return charge.greatest
    return tokens * _RATES.get(charge.path, 0) if type(tokens) is int and tokens > 0 else charge.greatest


def _path(ask: Ask) -> str:
    return ask.target.partition("?")[0].rstrip("/")


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return _texts(value.get("content") or value.get("text"))
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


class Spending:
    """The money that the run has spent; `read_balance` is None without an ID token, and the table is trusted then."""

    def __init__(self, most: int, read_balance: Callable[[], int] | None) -> None:
        self._most = most
        self._read_balance = read_balance
        self._start: int | None = None
        self._last: int | None = None
        self._estimated = 0
        # The last request, and what it used, until the balance tells its cost.
        self._unsettled: tuple[Charge, int] | None = None
        # Costs as multiples of what was expected, by path; and the most that a request cost that should be free.
        self._factors: dict[str, float] = {}
        self._unexpected = 0

    @property
    def spent(self) -> int:
        """Micro-dollars by the balance, or by the price table where that cannot be read or is less."""
        measured = 0 if self._start is None or self._last is None else self._start - self._last
        return max(measured, self._estimated)

    def require(self, charge: Charge, times: int = 1) -> None:
        """Raise CannotCheckError unless so many requests keep to the maximum, by what the ones before cost.

        A path that was not paid yet is taken to be as dear as the dearest.
        """
        if self._read_balance is not None and self._start is None:
            self._start = self._last = self._read_balance()
        self.settle()
        factor = self._factors.get(charge.path) or max(self._factors.values(), default=1)
        needed = times * max(ceil(charge.greatest * factor), self._unexpected)
        if self.spent + needed > self._most:
            left = text(max(0, self._most - self.spent))
            raise CannotCheckError(f"may cost {text(needed)}, and {left} of --max-spend is left")

    def record(self, charge: Charge, answer: Answer | None) -> None:
        """Note the answer to a request; None if it failed, or had none, and may have been charged."""
        used = charge.greatest if answer is None else _used_cost(charge, answer)
        self._estimated += used
        self._unsettled = (charge, used)

    def settle(self) -> None:
        """Read the balance if it may have changed, and learn from it. Raises CannotCheckError."""
        if self._unsettled is None:
            return
        charge, used = self._unsettled
        cost = used if self._read_balance is None or self._last is None else self._fallen()
        self._unsettled = None
        if charge.greatest and used:
            # An answer may use less than was held to be the most, and the next one not.
            factor = cost / min(used, charge.greatest)
            self._factors[charge.path] = max(1, factor, self._factors.get(charge.path, 1))
        else:
            self._unexpected = max(self._unexpected, cost)

    def _fallen(self) -> int:
        """Return what the balance fell by since it was last read."""
        assert self._read_balance is not None  # noqa: S101
        assert self._last is not None  # noqa: S101
        assert self._start is not None  # noqa: S101
        before, self._last = self._last, self._read_balance()
        # A payment that a probe announces raises the balance.
        self._start += max(0, self._last - before)
        return max(0, before - self._last)
