"""Serves one adapter: reads a call per line from standard input, and prints its outcome in a line."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, TextIO


def names(error: Exception) -> list[str]:
    """Return the names by which a program can catch `error`: its class and the bases of that."""
    return [
        f"{name}.{kind.__name__}"
        for kind in type(error).__mro__
        if kind not in Exception.__mro__
        for name, module in sys.modules.items()
        if vars(module).get(kind.__name__) is kind
    ]


def gather(answer: Any, outcome: dict[str, Any]) -> None:
    """Add the result of a function to `outcome`, complete or piece by piece as it arrives."""
    if isinstance(answer, AsyncIterator):
        asyncio.run(drain(answer, outcome))
    elif isinstance(answer, Iterator):
        for piece in answer:
            add(piece, outcome)
    else:
        outcome.update(asyncio.run(answer) if isinstance(answer, Coroutine) else answer)


async def drain(pieces: AsyncIterator[dict[str, Any]], outcome: dict[str, Any]) -> None:
    async for piece in pieces:
        add(piece, outcome)


def add(piece: dict[str, Any], outcome: dict[str, Any]) -> None:
    for name, value in piece.items():
        outcome.setdefault(name, []).append(value)


def called(adapter: ModuleType, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the outcome of one call. Pieces of a stream before an error stay in it."""
    outcome: dict[str, Any] = {}
    try:
        gather(getattr(adapter, function)(**arguments), outcome)
    except Exception as error:  # noqa: BLE001 - any exception is an outcome
        outcome["error"] = {"names": names(error), "message": str(error)} | adapter.described(error)
    return outcome


def serve(adapter: ModuleType, calls: TextIO, answers: TextIO) -> None:
    for line in calls:
        print(json.dumps(called(adapter, **json.loads(line))), file=answers, flush=True)


def shorten_pauses(speed: int) -> None:
    """Let `time.sleep` wait a fraction of the time."""
    wait = time.sleep
    time.sleep = lambda seconds: wait(float(seconds) / speed)


if __name__ == "__main__":
    shorten_pauses(int(os.environ["SPEED"]))
    # Some libraries print; their output must not mix with the outcomes.
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(import_module(f"adapters.{sys.argv[1]}"), sys.stdin, own)
