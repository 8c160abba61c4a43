"""``python -m benchmarks``: cold start and chat throughput, the mock and its floors by turns in one run."""

import argparse
from statistics import median

from benchmarks import requests
from benchmarks.load import load
from benchmarks.servers import pin_load, serving

CONNECTIONS = 32


def cold_start(rounds: int) -> None:
    """Seconds from the start of the process to the first answered chat."""
    times: dict[str, list[float]] = {"bare": [], "clevora-mock": []}
    for kind in times:
        # The first start of all writes bytecode.
        with serving(kind, requests.chat()):
            pass
    for _ in range(rounds):
        for kind, taken in times.items():
            with serving(kind, requests.chat()) as server:
                taken.append(server.seconds_to_first_answer)
    _table(
        "cold start to the first chat, ms", {kind: [1000 * t for t in taken] for kind, taken in times.items()}, "bare"
    )


def chat(rounds: int, seconds: float) -> None:
    """Chat requests a second at 32 connections, and processor time for each."""
    rates: dict[str, list[float]] = {"starlette": [], "clevora-mock": []}
    costs: dict[str, list[float]] = {kind: [] for kind in rates}
    tails: dict[str, list[float]] = {kind: [] for kind in rates}
    for _ in range(rounds):
        for kind, rate in rates.items():
            with serving(kind, requests.chat()) as server:
                load(server.port, [requests.chat()], CONNECTIONS, seconds / 4)
                before = server.processor_seconds()
                result = load(server.port, [requests.chat()], CONNECTIONS, seconds)
                costs[kind].append((server.processor_seconds() - before) / result.requests * 1e6)
                rate.append(result.rate)
                tails[kind].append(result.quantile(0.99) * 1000)
    _table(f"chats a second, {CONNECTIONS} connections", rates, "starlette")
    _table("processor time a chat, µs", costs, "starlette")
    _table("p99, ms", tails, "starlette")


def _table(title: str, figures: dict[str, list[float]], floor: str) -> None:
    print(f"\n{title}")
    for kind, values in figures.items():
        ratios = [value / below for value, below in zip(values, figures[floor], strict=True)]
        print(
            f"  {kind:<14} median {median(values):9.1f}   min {min(values):9.1f}   max {max(values):9.1f}"
            f"   x {floor} {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load in each round")
    chosen = parser.parse_args()
    pin_load()
    cold_start(chosen.rounds)
    chat(chosen.rounds, chosen.seconds)


if __name__ == "__main__":
    main()
