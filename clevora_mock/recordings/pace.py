"""The pace of recorded answers as a scenario: a delay for each endpoint, and for streams the rate of tokens.

A delay is log-normal, as waits for servers are: its median and its 99th percentile follow from the mean and the
deviation of the logarithms (99 % lie below the mean plus 2.326 deviations). The percentile is the slowest recorded time
at most, since a few answers say little about rare ones. A stream begins with an event without content after the delay;
`ttft` is from there to the first content. The rate is that of the content's tokens, counted as the mock counts them,
since it paces its own. With the jitter J, intervals lie evenly within J of their mean, so their mean deviation is
J / 2.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import exp, log, sqrt

from msgspec import Struct

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.scenario import DEVIATIONS_TO_P99, MAX_RATE, MIN_RATE
from clevora_mock.recordings.event_stream import content_of, events
from clevora_mock.recordings.recorded_exchange import RecordedExchange
from clevora_mock.text import tokens

_MIN_SAMPLES = 2


class StreamTimes(Struct, frozen=True):
    """A stream's times in milliseconds: its first piece, its first and last content, and the tokens after the first.

    `intervals` are those between pieces with content, per token.
    """

    first: int
    content: int
    last: int
    tokens: int
    intervals: tuple[float, ...]


def scenario_text(exchanges: Iterable[RecordedExchange]) -> str:
    """Return a scenario in YAML with the pace of successful `exchanges`; empty without one."""
    answers: dict[str, list[int]] = {}
    streams: dict[str, list[StreamTimes]] = {}
    for exchange in exchanges:
        if exchange.status >= 400 or exchange.endpoint not in ENDPOINT_BY_NAME:
            continue
        if exchange.stream is None:
            answers.setdefault(exchange.endpoint, []).append(exchange.milliseconds or 0)
        elif (times := stream_times(exchange)) is not None:
            streams.setdefault(exchange.endpoint, []).append(times)
    rules = [line for name in sorted(streams) for line in _stream_rule(name, streams[name])]
    rules += [line for name in sorted(answers) for line in _answer_rule(name, answers[name])]
    if not rules:
        return ""
    head = ["name: recorded-pace", "description: Answers as fast as the recorded ones.", "rules:"]
    return "\n".join([*head, *rules]) + "\n"


def stream_times(exchange: RecordedExchange) -> StreamTimes | None:
    """Return the times of a stream; None for one without content."""
    said = [(event.end, content_of(event.data)) for event in events(exchange.text)]
    contents = [(end, content) for end, content in said if content]
    times: list[tuple[int, int]] = []
    position = done = 0
    for milliseconds, text in exchange.stream or ():
        position += len(text)
        first = done
        while done < len(contents) and contents[done][0] <= position:
            done += 1
        if done > first:
            content = "".join(text for _, text in contents[first:done])
            times.append((milliseconds, max(1, tokens.count(content))))
    if not times or exchange.stream is None:
        return None
    # Tokens of one piece came at once; they took the time since the piece before.
    intervals = tuple((after - before) / count for (before, _), (after, count) in pairwise(times))
    return StreamTimes(
        exchange.stream[0][0], times[0][0], times[-1][0], sum(count for _, count in times[1:]), intervals
    )


def _stream_rule(endpoint: str, streams: Sequence[StreamTimes]) -> Iterator[str]:
    yield f"  - name: {endpoint} stream"
    yield f"    when: {{endpoint: {endpoint}, body: {{stream: true}}}}"
    yield "    then:"
    yield from _delay([one.first for one in streams])
    yield f"      stream: {{{', '.join(_stream_entries(streams))}}}"


def _stream_entries(streams: Sequence[StreamTimes]) -> Iterator[str]:
    yield f"ttft: {_median([one.content - one.first for one in streams])}ms"
    count, spent = sum(one.tokens for one in streams), sum(one.last - one.content for one in streams)
    if count and spent:
        yield f"tokens_per_second: {min(max(1000 * count / spent, MIN_RATE), MAX_RATE):.4g}"
        intervals = [interval for one in streams for interval in one.intervals]
        mean = sum(intervals) / len(intervals)
        deviation = sum(abs(interval - mean) for interval in intervals) / len(intervals)
        yield f"jitter: {min(1.0, 2 * deviation / mean):.2g}"


def _answer_rule(endpoint: str, times: Sequence[int]) -> Iterator[str]:
    yield f"  - name: {endpoint}"
    yield f"    when: {{endpoint: {endpoint}}}"
    yield "    then:"
    yield from _delay(times)


def _delay(times: Sequence[int]) -> Iterator[str]:
    # None of them is 0, which has no logarithm.
    logarithms = [log(max(1, milliseconds)) for milliseconds in times]
    mean = sum(logarithms) / len(logarithms)
    if len(times) < _MIN_SAMPLES or min(times) == max(times):
        yield f"      delay: {round(exp(mean))}ms"
        return
    deviation = sqrt(sum((one - mean) ** 2 for one in logarithms) / (len(logarithms) - 1))
    median, high = round(exp(mean)), min(round(exp(mean + DEVIATIONS_TO_P99 * deviation)), max(times))
    yield f"      delay: {{lognormal: {{median: {median}ms, p99: {max(high, median)}ms}}}}"


def _median(values: Sequence[int]) -> int:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2
