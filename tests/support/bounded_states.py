"""Snapshots with numbers at the bounds that a restored one may have."""

from collections.abc import Callable
from typing import Any

State = dict[str, Any]

MOST = 2**62
# Micro-dollars.
MOST_MONEY = 2**60
_RULES = "name: own\nrules: [{name: one, when: {endpoint: chat.completions}, then: {delay: 1ms}}]"


def displaced(mode: str, speed: float, wall: int, now: int) -> Callable[[State], None]:
    """Return the change to a scenario that has replaced such a clock."""

    def change(state: State) -> None:
        state["scenario"]["displaced"]["clock"] = {"mode": mode, "speed": speed, "wall": wall, "now": now}

    return change


def clock(**fields: Any) -> Callable[[State], None]:
    """Return the change of the present clock."""
    return lambda state: state["clock"].update(fields)


def place(*path: str | int, value: Any) -> Callable[[State], None]:
    """Return the change that sets a value."""

    def change(state: State) -> None:
        parent: Any = state
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = value

    return change


def _count_draws(state: State) -> None:
    state["draws"] = dict.fromkeys((*state["draws"], "key", "key id", "uid", "account", "checkout"), MOST)


def _forget_draws(state: State) -> None:
    state["draws"] = {}


def _count_usage(state: State) -> None:
    usage = state["accounts"][0]["usage"]
    full = {"requests": MOST, "tokens": MOST, "errors": MOST}
    usage["total"] = dict(full)
    usage["days"] = {name: full | {"endpoints": {"chat.completions": dict(full)}} for name in usage["days"]}


def _count_calls(state: State) -> None:
    state["scenario"] |= {"source": _RULES, "counts": {"one": MOST}, "applied": {"one": MOST}}


def _count_a_key(state: State) -> None:
    key = state["accounts"][0]["keys"][0]
    key |= {"requests": MOST, "tokens": MOST, "day_tokens": dict.fromkeys(key["day_tokens"], MOST)}
    state["limits"] = {"requests_per_minute": None, "tokens_per_day": None}


def balance(micros: int) -> Callable[[State], None]:
    """Return the change to a demo account whose dropped entries come to a balance."""

    def change(state: State) -> None:
        account = state["accounts"][0]
        sums = {"entries": MOST, "tokens": MOST, "credits": 0, "charges": 0, "adjustments": micros}
        account |= {"entries": [], "balance": micros, "opening": sums}

    return change


def _fill_the_ledger(state: State) -> None:
    """Fill the ledger, so that the next entry adds the first one to totals at their bound."""
    account = state["accounts"][0]
    entry = {"serial": 1, "type": "credit", "endpoint": None, "tokens": MOST, "amount": 1, "balance_after": 1, "at": 0}
    sums = {"entries": MOST, "tokens": MOST, "credits": MOST, "charges": MOST, "adjustments": 0}
    account |= {"entries": [entry] * 10_000, "balance": 10_000, "opening": sums}


# Each with a lower bound, an upper one, or all numbers of a kind at theirs.
CHANGES: dict[str, Callable[[State], None]] = {
    "a displaced clock beyond all times": displaced("scaled", 1e6, -MOST, MOST),
    "a displaced clock before all times": displaced("scaled", 1e6, MOST, -MOST),
    "a displaced real clock": displaced("real", 1, 0, -MOST),
    "a displaced clock without a speed": displaced("real", 0, 0, 0),
    "a displaced frozen clock": displaced("frozen", 0, 0, -(10**15)),
    "a displaced scaled clock": displaced("scaled", 1e6, 0, MOST),
    "a frozen clock": clock(mode="frozen", now=MOST),
    "a scaled clock": clock(mode="scaled", speed=1e6, now=MOST),
    "a slow clock": clock(mode="scaled", speed=5e-324, now=0),
    "a real clock ahead": clock(mode="real", ahead=MOST),
    "a real clock behind": clock(mode="real", ahead=-MOST),
    "a scenario that began in the future": place("scenario", "began", value=MOST),
    "a scenario that ends in the future": place("scenario", "ends", value=MOST),
    "a displaced adjustment": place("scenario", "displaced", "adjustment", value=MOST),
    "a displaced negative adjustment": place("scenario", "displaced", "adjustment", value=-MOST),
    "the journal's total": place("journal_total", value=MOST),
    "the ledger's entries": place("ledger_entries", value=MOST),
    "draws": _count_draws,
    "no draws": _forget_draws,
    "usage": _count_usage,
    "a scenario's counts": _count_calls,
    "a key": _count_a_key,
    "a balance": balance(MOST_MONEY),
    "a full ledger": _fill_the_ledger,
    "a debt": balance(-MOST_MONEY),
}
