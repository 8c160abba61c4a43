"""Rules about paying again for what was answered before."""

from collections.abc import Iterator
from typing import Any

import msgspec

from clevora_mock.core.conduct.caller import Caller, is_after, is_complete
from clevora_mock.core.conduct.finding import ASKED_TWICE, EMBEDDED_TWICE, ConductFinding, is_answered
from clevora_mock.core.journal import JournalEntry
from clevora_mock.text.tokens import count

_EMBEDDINGS = "embeddings"


def asked_twice(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about paid requests that a paid answer came before."""
    again: list[JournalEntry] = []
    for group in caller.repeated:
        paid = [entry for entry in group if entry.cost and entry.endpoint != _EMBEDDINGS]
        first = next((entry for entry in paid if is_answered(entry)), None)
        again += [entry for entry in paid if first is not None and is_after(entry, first)]
    if again:
        cost = sum(entry.cost for entry in again)
        yield ASKED_TWICE.finding(f"{caller.name} paid again for what had been answered", again, cost)


def embedded_twice(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about texts that a request embeds twice, or that an earlier one has embedded.

    Its cost is the texts' share of the tokens.
    """
    # By model and text, the first request that embedded it.
    embedded: dict[tuple[object, str], JournalEntry] = {}
    again: list[JournalEntry] = []
    cost = 0
    for entry in caller.requests:
        if entry.endpoint != _EMBEDDINGS or not entry.cost or not is_answered(entry) or not is_complete(entry):
            continue
        model, texts = _inputs(entry)
        repeated: list[str] = []
        seen: set[str] = set()
        for text in texts:
            first = embedded.setdefault((model, text), entry)
            repeated += [text] if text in seen or is_after(entry, first) else []
            seen.add(text)
        tokens = sum(map(count, repeated)) and sum(map(count, texts))
        if tokens:
            again.append(entry)
            cost += entry.cost * sum(map(count, repeated)) // tokens
    if again:
        yield EMBEDDED_TWICE.finding(f"{caller.name} paid again for texts that had been embedded", again, cost)


def _inputs(entry: JournalEntry) -> tuple[object, list[str]]:
    """Return the model and the texts of a request for embeddings; none if the body is not the contract's."""
    try:
        document: Any = msgspec.json.decode(entry.body)
    except (ValueError, RecursionError):
        return None, []
    given = document.get("input") if isinstance(document, dict) else None
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return None, []
    model: object = document.get("model")
    return (model if isinstance(model, str) else None), texts
