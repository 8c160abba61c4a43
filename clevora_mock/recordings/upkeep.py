"""Looking after recordings: problems of a file, and removing exchanges from it."""

from collections import Counter
from collections.abc import Collection, Iterator
from operator import itemgetter
from pathlib import Path

import msgspec

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.recordings.canonical_request import request_key
from clevora_mock.recordings.masker import Masker
from clevora_mock.recordings.recorded_exchange import RecordedExchange, flaws
from clevora_mock.recordings.recording_file import (
    Recording,
    RecordingError,
    read_good_lines,
    read_recording,
    write_recording,
)
from clevora_mock.recordings.sandbox_recording import hidden_lines
from clevora_mock.recordings.secret_scan import find_secret


def problems(path: Path, max_age: int | None, now: int) -> list[str]:
    """Return what is wrong with a file, a line each; times in microseconds."""
    try:
        recording, unreadable = read_good_lines(path)
    except RecordingError as error:
        return [str(error)]
    by_line = sorted([*unreadable.items(), *_problems(recording)], key=itemgetter(0))
    found = [f"{path}:{number}: {problem}" for number, problem in by_line]
    try:
        # The age is the header's.
        if 1 not in unreadable:
            recording.require_young(max_age, now)
    except RecordingError as error:
        found.insert(0, str(error))
    if recording.torn:
        found.append(f"{path}: it ends within a line; clevora-mock recordings prune {path} removes that part")
    return found


def prune(path: Path, numbers: Collection[int]) -> int:
    """Remove the lines `numbers`, exchanges that an earlier one hides, and a part of a line at the end.

    Return the number of exchanges that are gone. Raises RecordingError or OSError.
    """
    recording = read_recording(path)
    lines = {line.number for line in recording.lines}
    unknown = sorted(set(numbers) - lines)
    if unknown:
        raise RecordingError(f"{path}:{unknown[0]}: no such exchange")
    gone = {*numbers, *hidden_lines(recording)}
    kept = [line.exchange for line in recording.lines if line.number not in gone]
    if gone or recording.torn:
        write_recording(path, recording.header, _renumbered(kept, recording.header.ignore))
    return len(gone)


def _problems(recording: Recording) -> Iterator[tuple[int, str]]:
    hidden = hidden_lines(recording)
    for line in recording.lines:
        exchange, number = line.exchange, line.number
        endpoint = ENDPOINT_BY_NAME.get(exchange.endpoint)
        is_public = endpoint is not None and endpoint.credential == "none"
        masker = Masker(emails=recording.header.emails, is_public=is_public)
        if endpoint is None:
            yield number, f"endpoint: expected one of the contract's, got {exchange.endpoint!r}"
        for flaw in flaws(exchange):
            yield number, flaw
        if number in hidden:
            yield number, f"n: expected another number than {exchange.n}, which an earlier identical request has"
        place = find_secret(exchange, masker)
        if place is not None:
            yield number, f"a secret is left in {place}"


def _renumbered(exchanges: list[RecordedExchange], ignore: Collection[str]) -> list[RecordedExchange]:
    """Return `exchanges` with identical requests numbered without gaps, in their order."""
    keys = [request_key(exchange.request, ignore) for exchange in exchanges]
    order = sorted(range(len(exchanges)), key=lambda index: exchanges[index].n)
    counts: Counter[bytes] = Counter()
    renumbered = list(exchanges)
    for index in order:
        counts[keys[index]] += 1
        renumbered[index] = msgspec.structs.replace(exchanges[index], n=counts[keys[index]])
    return renumbered
