"""A long run of chats: changes of the rate and the memory, and the sums of the ledger."""

import subprocess
import sys
from itertools import repeat
from typing import Any

import msgspec

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import load
from benchmarks.measures.chat import CONNECTIONS
from benchmarks.plan import Plan
from benchmarks.samples import body
from benchmarks.servers import MOCK, ROOT, Serving, environment, serving

_FEW = 1000
_PARTS = 10
_USAGE_READS = 50

_NEW = f"{MOCK}, after {_FEW:,} chats"
_RATE = "chats a second, tenth by tenth"
_MEMORY = "resident memory, tenth by tenth"

# The price of a thousand tokens of chat, in dollars.
_PRICE = 0.5


def measure(plan: Plan, section: Section) -> None:
    served = [plan.samples.serve(requests.CHAT, "chat")]
    with serving("starlette", served, first=requests.chat()) as floor, serving(MOCK, first=requests.chat()) as mock:
        # The request that the start waits for is a chat too.
        asked = 1 + ask(mock.port, _FEW)
        for part in range(_PARTS):
            size = plan.requests * (part + 1) // _PARTS - plan.requests * part // _PARTS
            # Changes of the machine show in the bare server, which keeps no state.
            below = load(floor.port, repeat(requests.chat()), CONNECTIONS, plan.seconds / 4)
            result = load(mock.port, repeat(requests.chat(), size), CONNECTIONS, _limit(size))
            asked += _all(result.answered, size)
            section.add(_RATE, "", "starlette", below.rate, better="more")
            section.add(_RATE, "", MOCK, result.rate, better="more")
            section.add(_MEMORY, "MB", MOCK, mock.process.resident_megabytes())
        memory = section.values(_MEMORY)[MOCK]
        section.add("memory grown from the first tenth to the last", "MB", MOCK, memory[-1] - memory[0])
        _check_ledger(section, mock, asked)
        _compare_with_new(plan, section, mock)


def _compare_with_new(plan: Plan, section: Section, old: Serving) -> None:
    """Compare the server after its long run with a new one by turns, since the machine changes over minutes."""
    with serving(MOCK, first=requests.chat()) as new:
        ask(new.port, _FEW)
        servers = {_NEW: new, MOCK: old}
        for _ in range(plan.rounds):
            for shown, server in servers.items():
                result = load(server.port, repeat(requests.chat()), CONNECTIONS, plan.seconds)
                section.add("chats a second, after all of them", "", shown, result.rate, better="more")
            for shown, server in servers.items():
                section.add("usage of 90 days, read after all", "ms", shown, _usage_milliseconds(server))


def ask(port: int, size: int) -> int:
    """Send `size` chats, all of which must be answered."""
    return _all(load(port, repeat(requests.chat(), size), CONNECTIONS, _limit(size)).answered, size)


def _limit(size: int) -> float:
    """Return the seconds that `size` chats may take, at a hundred a second."""
    return 10 + size / 100


def _all(answered: int, size: int) -> int:
    if answered != size:
        raise RuntimeError(f"only {answered} of {size} chats in time")
    return answered


def _usage_milliseconds(server: Serving) -> float:
    """Return the median time of reading the usage."""
    command = [sys.executable, "-m", "clevora_mock", "token"]
    token = subprocess.run(command, check=True, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)
    request = requests.get("/api/developer/usage?range=90", token.stdout.strip())
    result = load(server.port, repeat(request, _USAGE_READS), 1, 60)
    return 1000 * result.quantile(0.5)


def _check_ledger(section: Section, server: Serving, chats: int) -> None:
    """Check the sums to the micro-dollar, and that there are as many charges as chats."""
    ledger: Any = msgspec.json.decode(body(server.port, requests.get("/__mock/ledger?uid=demo", "")))
    answer: Any = msgspec.json.decode(body(server.port, requests.chat()))
    cost = _micro(answer["usage"]["total_tokens"] * _PRICE / 1000)
    names = ("credits", "charges", "adjustments", "balance")
    credited, charges, adjustments, balance = (_micro(ledger[name]) for name in names)
    section.check(
        "credits - charges + adjustments = balance",
        credited - charges + adjustments == balance,
        f"{credited} - {charges} + {adjustments} = {balance} micro-dollars",
    )
    section.check("charges = chats x cost", charges == chats * cost, f"{charges} = {chats:,} x {cost} micro-dollars")


def _micro(dollars: float) -> int:
    return round(dollars * 1_000_000)
