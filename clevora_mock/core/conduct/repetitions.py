"""Rules about paying again for what was answered before."""

from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from clevora_mock.contract.limits import DEFAULT_MODEL
from clevora_mock.core.conduct.caller import Caller, is_after
from clevora_mock.core.conduct.finding import ASKED_TWICE, EMBEDDED_TWICE, ConductFinding, is_answered
from clevora_mock.core.journal import JournalEntry
from clevora_mock.text.tokens import count

_EMBEDDINGS = "embeddings"
# Of one caller that are compared, so that a long journal does not take long.
MAX_TEXTS = 100_000


def asked_twice(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about paid requests that a paid answer came before."""
    again = paid_answers(caller)
    if again:
        cost = sum(entry.cost for entry in again)
        yield ASKED_TWICE.finding(f"{caller.name} paid again for what had been answered", again, cost)


def embedded_twice(caller: Caller) -> Iterator[ConductFinding]:
    """Yield a finding about texts that a request embeds twice, or that an earlier one has embedded.

    Its cost is the texts' share of the tokens.
    """
    again = paid_texts(caller)
    if again:
        message = f"{caller.name} paid again for texts that had been embedded"
        yield EMBEDDED_TWICE.finding(message, [entry for entry, _ in again], sum(cost for _, cost in again))


def paid_answers(caller: Caller) -> list[JournalEntry]:
    """Return the requests that were paid although an answer had been before, but for embeddings."""
    groups = [group for group in caller.repeated if group[0].endpoint != _EMBEDDINGS]
    return [entry for group in groups for entry in _paid_again(caller, group)]


def paid_texts(caller: Caller) -> list[tuple[JournalEntry, int]]:
    """Return the requests with texts that had been embedded before, and what the texts' share of the tokens cost."""
    groups = [group for group in caller.identical if group[0].endpoint == _EMBEDDINGS]
    again = [(entry, entry.cost) for group in groups for entry in _paid_again(caller, group)]
    compared = 0
    # By model and text, the first request that embedded it.
    embedded: dict[object, dict[str, JournalEntry]] = defaultdict(dict)
    for entry in sorted(filter(None, map(_first_paid, groups)), key=attrgetter("serial")):
        model, texts = _inputs(entry)
        compared += len(texts)
        if compared > MAX_TEXTS:
            break
        repeated = _repeated(texts, entry, embedded[model])
        if repeated:
            again.append((entry, entry.cost * sum(map(count, repeated)) // max(1, sum(map(count, texts)))))
    return again


def _first_paid(group: list[JournalEntry]) -> JournalEntry | None:
    """Return the first of identical requests that was answered and paid."""
    return next((entry for entry in group if entry.cost and is_answered(entry)), None)


def _paid_again(caller: Caller, group: list[JournalEntry]) -> list[JournalEntry]:
    first = _first_paid(group)
    return [] if first is None else [entry for entry in group if entry.cost and caller.is_repeated(first, entry)]


def _repeated(texts: list[str], entry: JournalEntry, embedded: dict[str, JournalEntry]) -> list[str]:
    """Return the texts of a request that were embedded before, and add the others to `embedded`."""
    repeated = []
    for text in texts:
        first = embedded.get(text)
        if first is None:
            embedded[text] = entry
        elif first is entry or is_after(entry, first):
            repeated.append(text)
    return repeated


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
    model: object = document.get("model") or DEFAULT_MODEL[_EMBEDDINGS]
    return (model if isinstance(model, str) else None), texts
