"""Each kind of finding: clients that are wrong, and beside them clients that look similar and are right."""

import json
import time
from collections.abc import Iterable
from itertools import accumulate, count
from typing import Any

import pytest
from msgspec.structs import replace

from clevora_mock.clock import SECOND
from clevora_mock.core.conduct.finding import KINDS, MAX_REQUESTS, ConductFinding, verdict
from clevora_mock.core.conduct.rules import MAX_FINDINGS, findings
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.scenario import RuleNearMiss

CHAT = "chat.completions"
EMBEDDINGS = "embeddings"
LATE = 1_000_000.0


def sent(
    text: str | bytes = "Hello!", at: float = 0.0, took: float = 0.01, *, endpoint: str = CHAT, **changes: Any
) -> JournalEntry:
    """Return a request with the body `text`, sent at a time and answered `took` later, in seconds; 200 and $0.02.

    `connection` names the one that it is sent on; all have the same by default.
    """
    # No rule reads it.
    connection = changes.pop("connection", "first")
    body = changes.pop("body", text if isinstance(text, bytes) else json.dumps({"text": text}).encode())
    retry_after = changes.pop("retry_after", None)
    begun, ended = round(at * SECOND), round((at + took) * SECOND)
    entry = JournalEntry(
        serial=0,
        id="",
        at=begun,
        completed=ended,
        endpoint=endpoint,
        method="POST",
        path=f"/v1/{endpoint}",
        key="sk_live_0123...",
        key_id="key_1",
        account="demo",
        status=200,
        code=None,
        latency=ended - begun,
        prompt_tokens=8,
        completion_tokens=32,
        cost=20_000,
        balance_after=99_980_000,
        client="test",
        body=body,
        body_bytes=len(body),
        response="",
        ignored=(),
        logged=True,
        retry_at=None if retry_after is None else ended + round(retry_after * SECOND),
        hint=connection,
        changes=0,
        is_real=True,
    )
    return replace(entry, **changes)


def failed(
    text: str = "Hello!", at: float = 0.0, took: float = 0.01, status: int = 500, **changes: Any
) -> JournalEntry:
    return sent(text, at, took, **({"status": status, "cost": 0} | changes))


def streamed(text: str = "Hello!", at: float = 0.0, took: float = 0.01, **changes: Any) -> JournalEntry:
    return sent(json.dumps({"text": text, "stream": True}).encode(), at, took, **changes)


def embedded(texts: object, at: float = 0.0, **changes: Any) -> JournalEntry:
    facts: dict[str, Any] = {"cost": 1_000, "body": json.dumps({"input": texts}).encode()}
    return sent("", at, endpoint=EMBEDDINGS, **(facts | changes))


def journal(entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    """Return entries as a journal has them: in the order in which they ended, numbered from 0."""
    ended = sorted(entries, key=lambda entry: entry.completed)

    def follows(entry: JournalEntry) -> int | None:
        before = [serial for serial, other in enumerate(ended) if _is_before(other, entry)]
        return max(before, default=None)

    return [
        replace(entry, serial=serial, id=f"req_{serial}", follows=follows(entry)) for serial, entry in enumerate(ended)
    ]


def _is_before(other: JournalEntry, entry: JournalEntry) -> bool:
    return other.hint == entry.hint and other.completed <= entry.at


def found(entries: Iterable[JournalEntry], **more: Any) -> list[ConductFinding]:
    return findings(journal(entries), **more)


def each(pauses: Iterable[float], status: int = 500, **changes: Any) -> list[JournalEntry]:
    """Return a failing request, repeated after each of the pauses."""
    at, run = 0.0, [failed(status=status, **changes)]
    for pause in pauses:
        at += 0.01 + pause
        run.append(failed(at=at, status=status, **changes))
    return run


def workers(pauses: Iterable[float], connections: int) -> list[JournalEntry]:
    """Return the requests of six workers that start 130 ms apart, on so many connections, and back off."""
    return [
        failed(at=round(worker * 0.13 + at, 2), took=0.005, connection=f"{worker % connections}")
        for worker in range(6)
        for at in accumulate(pauses, initial=0.0)
    ]


def usage(at: float, **changes: Any) -> JournalEntry:
    facts: dict[str, Any] = {"endpoint": "developer.usage", "method": "GET", "cost": 0}
    return sent(b"", at, **(facts | changes))


REFUSED = failed(status=429, retry_after=2.0)
HARMLESS = "comments, split_utf8, line_endings, usage_chunk, slow_body"
ASKED = b'{"messages": [{"role": "user", "content": "Hello!"}], "stream": true}'
ASKED_LESS = b'{"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 10}'
TOLD: dict[str, Any] = {"status": 401, "code": "invalid_api_key"}
FLAKY: dict[str, Any] = {"rule": "flaky"}
MENDED: dict[str, Any] = {"misses": (RuleNearMiss("flaky", "calls"),)}
OTHER: dict[str, Any] = {"misses": (RuleNearMiss("flaky", "message"),)}

WRONG: dict[str, tuple[str, list[JournalEntry]]] = {
    "asks at once after a 429": ("early_retry", [REFUSED, failed(at=0.02)]),
    "asks shortly before the end": ("early_retry", [REFUSED, sent(at=1.9)]),
    "repeats a 400": ("retried_final", [failed(status=400), failed(at=1, status=400)]),
    "repeats a 401 with a key": ("retried_final", [failed(status=401), failed(at=1, status=401)]),
    "repeats a 400 on another connection": (
        "retried_final",
        [failed(status=400), failed(at=2, status=400, connection="second")],
    ),
    "repeats a 402 without money": ("retried_final", [failed(status=402), failed(at=9, status=402)]),
    "goes on with a revoked key": (
        "revoked_key",
        [failed("a", status=401, code="invalid_api_key"), failed("b", 1, status=401, code="invalid_api_key")],
    ),
    "repeats a 500 in a loop": ("no_backoff", each([0.001] * 5)),
    "repeats a 503 every second": ("no_backoff", each([1.0] * 5, 503)),
    "repeats a 500 on each of many connections": (
        "no_backoff",
        [failed(at=at * 1.2, connection=f"{at}") for at in range(6)],
    ),
    "repeats a 500 without end": ("retry_storm", each([0.001] * 150)),
    "gives up at the first 500": ("gave_up", [failed("a", **FLAKY), sent("b", 1, **MENDED)]),
    "gives up at a short 429": ("gave_up", [replace(REFUSED, body=b"a", body_bytes=1), sent("b", 3)]),
    "goes on after half a stream": ("half_stream", [streamed("a", fault="early_end"), streamed("b", 1)]),
    "goes on after broken JSON": ("broken_json", [sent("a", fault="garbage", cost=0), sent("b", 1)]),
    "goes on after a broken line": ("broken_json", [streamed("a", fault="comments, malformed_chunk"), sent("b", 1)]),
    "sits out a stall": ("no_timeout", [sent(took=31, fault="stall")]),
    "misspells a field": ("unknown_fields", [sent(ignored=("temprature",))]),
    "leaves a stream": ("unread_stream", [streamed(abandoned=True)]),
    "polls usage": ("usage_polling", [usage(at * 0.5) for at in range(3)]),
    "asks the same again": ("asked_twice", [sent(), sent(at=1)]),
    "asks the same again at once": ("asked_twice", [sent(), sent(at=0.011)]),
    "asks the same again on another connection": ("asked_twice", [sent(), sent(at=1.1, connection="second")]),
    "asks the same again on two connections": (
        "asked_twice",
        [sent(at=at + number / 1000, took=0.0005, connection=f"{number}") for at in (0, 1.2) for number in range(2)],
    ),
    "asks again what came whole in an unusual form": ("asked_twice", [streamed(fault=HARMLESS), streamed(at=1)]),
    "embeds the same again": ("embedded_twice", [embedded("cat"), embedded("cat", 1)]),
    "embeds it again and names the model": (
        "embedded_twice",
        [embedded("cat"), embedded("", 1, body=b'{"input": "cat", "model": "clevora-embed-1"}')],
    ),
    "embeds it again in another batch": ("embedded_twice", [embedded(["cat", "mat"]), embedded(["mat", "hat"], 1)]),
    "embeds it twice in one batch": ("embedded_twice", [embedded(["cat", "cat"])]),
}

RIGHT: dict[str, list[JournalEntry]] = {
    # The server handles them one after another.
    "sends the same eight times at once": [
        sent(at=number / 100, took=0.009, connection=f"{number}") for number in range(8)
    ],
    "sends the same from threads that share two connections": [
        sent(at=number / 100, took=0.009, connection=f"{number // 2 % 2}") for number in range(8)
    ],
    "sends the same eight times at once, refused": [
        failed(at=number / 100, took=0.009, status=400, connection=f"{number}") for number in range(8)
    ],
    "sends a revoked key eight times at once": [
        failed(f"{number}", at=number / 100, took=0.009, connection=f"{number}", **TOLD) for number in range(8)
    ],
    "has workers that back off": workers([0.5, 1.0, 2.0, 4.0], connections=6),
    "has workers that back off and share connections": workers([0.5, 1.0, 2.0, 4.0], connections=1),
    "gets a new ID token after a 401": [
        failed("", at, status=status, key=None, account=None, endpoint="keys.list", method="GET")
        for at, status in ((0, 401), (3600, 401))
    ],
    "is two clients with one key that wait": [REFUSED, sent(at=0.5, client="other")],
    "is two clients with one key that are told": [failed("a", **TOLD), failed("b", 1, client="other", **TOLD)],
    "is two clients with one key that ask the same": [sent(), sent(at=1, client="other")],
    "asks again after another scenario, refused": [failed(status=400), sent(at=1, changes=1)],
    "asks again after another scenario, without a key": [failed(status=401), sent(at=1, changes=1)],
    "asks again after another scenario, out of money": [failed(status=402), sent(at=1, changes=1)],
    "asks again after another scenario, too soon": [REFUSED, sent(at=0.5, changes=1)],
    "asks again after another scenario, revoked": [failed("a", **TOLD), failed("b", 1, changes=1, **TOLD)],
    "gives up before another scenario": [failed("a", status=429), sent("b", 9, changes=1)],
    "chooses its answers by headers": [failed(status=400, changes=None), sent(at=1, changes=None)],
    "pays some of what it owes": [
        failed(status=402, code="insufficient_balance", balance_after=-5),
        failed(at=9, status=402, code="insufficient_balance", balance_after=-2),
    ],
    "waits, and the clock is set": [REFUSED, sent(at=0.5, changes=1)],
    "waits by its own clock": [REFUSED, sent(at=0.5, is_real=False)],
    "backs off by its own clock": each([0.001] * 5, is_real=False),
    "reads usage by its own clock": [usage(at * 0.5, is_real=False) for at in range(5)],
    "polls through failures": [usage(at * 5, status=500) for at in range(7)],
    "reads usage after each chat": [one for at in range(4) for one in (sent(f"{at}", at / 10), usage(at / 10 + 0.05))],
    "asks again without a stream after a 500": [
        failed(body=ASKED, **FLAKY),
        sent(at=0.5, body=ASKED_LESS, **MENDED),
    ],
    "asks again without a stream after half of one": [
        sent(body=ASKED, fault="early_end"),
        sent(at=0.5, body=ASKED_LESS),
    ],
    "waits as told": [REFUSED, sent(at=2.02)],
    "has a timer that fires a little early": [REFUSED, sent(at=1.98)],
    "asks another thing after a 429": [REFUSED, sent("other", 0.02), sent(at=2.1)],
    "sends the same at the same time, refused": [failed(took=1, status=429, retry_after=9), failed(took=1, status=429)],
    "sends the same at the same time, failed": [failed(took=1, status=400), failed(at=0.5, took=1, status=400)],
    "mends a 400": [failed("wrong", status=400), sent("right", 1)],
    "asks again after a top-up": [
        failed(status=402, code="insufficient_balance", balance_after=0),
        sent(at=9, balance_after=10_000_000),
    ],
    "had requests in flight when the key was revoked": [
        failed("a", took=1, status=401, code="invalid_api_key"),
        failed("b", 0.5, took=1, status=401, code="invalid_api_key"),
    ],
    # Two retries after some half a second and a second.
    "OpenAI's SDK under a 500": [*each([0.4, 0.9]), sent("other", 5)],
    "OpenAI's SDK with eight retries": each([0.4, 0.8, 1.6, 3.1, 6.1, 7.9, 6.4, 7.1]),
    "AI SDK": each([2.0, 4.0]),
    "LangChain with six retries": each([1.9, 2.1, 7.4, 8.2, 31.0, 40.0]),
    "got": each([1.0, 2.1, 4.05, 8.0]),
    "ky": each([0.3, 0.6, 1.2, 2.4, 4.8]),
    "waits as often as a 503 says": each([1.01] * 8, 503, retry_after=1.0),
    "tries once in a while": each([30.0] * 8),
    "many workers, each with two retries": [
        failed(at=at + worker / 1000) for worker in range(20) for at in (0.0, 0.5, 1.5)
    ],
    "tries twice, then gives up": [*each([0.5], **FLAKY), sent("other", 9, **MENDED)],
    "gives up what a rule refuses for its text": [failed("a", **FLAKY), sent("b", 1, **OTHER)],
    "gives up what would take hours": [failed("a", status=429, retry_after=7200.0), sent("b", 7300)],
    "gives up what was billed": [failed("a", cost=20_000, **FLAKY), sent("b", 1, **MENDED)],
    "stops at a failure": [sent("a"), failed("b", 1, **FLAKY)],
    "asks again for half a stream": [streamed("a", fault="early_end"), streamed("a", 1), streamed("b", 2)],
    "stops at half a stream": [streamed("a"), streamed("b", 1, fault="early_end")],
    "leaves a broken stream": [streamed("a", fault="malformed_chunk", abandoned=True), sent("b", 1)],
    "asks again after broken JSON": [sent("a", fault="garbage", cost=0), sent("a", 1), sent("b", 2)],
    "gives a stall up": [sent(took=31, fault="stall", abandoned=True, cost=0)],
    "waits for a short stall": [sent(took=5, fault="stall")],
    "leaves a stalled stream": [streamed(fault="stall", abandoned=True)],
    "reads usage twice, as a page that is loaded again": [usage(at) for at in (0.0, 0.5, 2.0)],
    "reads two ranges of usage": [usage(at / 10, query=f"range={at % 2}") for at in range(2)],
    "asks the same at the same time": [sent(took=2), sent(at=1, took=2)],
    "asks again for what was lost": [sent(status=0, fault="close"), sent(at=1)],
    "asks again for a stream that was cut": [streamed(fault="early_end"), streamed(at=1)],
    "asks a free thing twice": [sent(endpoint="keys.list", cost=0), sent(endpoint="keys.list", cost=0, at=1)],
    "asks another time with more history": [sent("a"), sent("a, then b", 1)],
    "embeds different texts": [embedded(["cat", "mat"]), embedded(["hat"], 1)],
    "embeds at the same time": [embedded("cat", completed=SECOND), embedded("cat", 0.5, completed=2 * SECOND)],
    "embeds again what failed": [embedded("cat", status=500, cost=0), embedded("cat", 1)],
    "has long bodies with one beginning": [sent(body_bytes=20_000), sent(at=1, body_bytes=20_000)],
}


@pytest.mark.parametrize(("kind", "entries"), WRONG.values(), ids=WRONG)
def test_a_client_that_is_wrong_has_a_finding(kind: str, entries: list[JournalEntry]) -> None:
    assert [finding.kind for finding in found(entries, is_wall_time=True)] == [kind]


@pytest.mark.parametrize("entries", RIGHT.values(), ids=RIGHT)
def test_a_client_that_is_right_has_none(entries: list[JournalEntry]) -> None:
    assert found(entries, is_wall_time=True) == []


def test_every_kind_has_a_client_that_is_wrong() -> None:
    assert {kind for kind, _ in WRONG.values()} == {kind.name for kind in KINDS}


@pytest.mark.parametrize(
    "kind", ["early_retry", "no_backoff", "retry_storm", "usage_polling"], ids=lambda kind: f"{kind}"
)
def test_pauses_are_not_judged_by_a_clock_that_stands_still(kind: str) -> None:
    for named, entries in WRONG.values():
        if named == kind:
            frozen = [
                replace(entry, serial=at, follows=at - 1, at=0, completed=0, is_real=False)
                for at, entry in enumerate(entries)
            ]
            assert [finding for finding in findings(frozen) if finding.kind == kind] == []


def test_requests_at_the_same_moment_are_told_apart_by_what_had_ended_on_their_connection() -> None:
    entries = [replace(sent(took=0), serial=serial, id=f"req_{serial}") for serial in range(2)]
    concurrent = [replace(entry, follows=None) for entry in entries]
    in_a_row = [replace(entry, follows=entry.serial - 1) for entry in entries]
    assert (findings(concurrent), [one.kind for one in findings(in_a_row)]) == ([], ["asked_twice"])


def test_a_stall_is_only_measured_by_a_real_clock() -> None:
    assert found([sent(took=31, fault="stall")]) == []


@pytest.mark.parametrize(("seconds", "kinds"), [(9, []), (11, ["gave_up"])])
def test_a_client_may_still_ask_again_for_some_seconds(seconds: int, kinds: list[str]) -> None:
    entries = [failed("a", **FLAKY), sent("b", 1, **MENDED)]
    assert [finding.kind for finding in found(entries, now=seconds * SECOND)] == kinds


@pytest.mark.parametrize(
    ("entries", "cost"),
    [
        ([sent(), sent(at=1), sent(at=2)], 40_000),
        ([embedded(["cat", "the mat"]), embedded(["the mat", "hat"], 1, cost=3_000)], 2_000),
        ([embedded(["cat", "cat", "cat"], cost=300)], 200),
        ([streamed(abandoned=True, cost=500)], 500),
        ([REFUSED, sent(at=0.5)], 0),
        ([failed(status=400, cost=700), failed(at=1, status=400, cost=700)], 700),
    ],
    ids=["the second and third", "a share", "all but one", "what was sent", "an answer", "billed errors"],
)
def test_a_finding_costs_what_was_paid_for_nothing(entries: list[JournalEntry], cost: int) -> None:
    assert [finding.cost for finding in found(entries)] == [cost]


def test_the_verdict_is_that_of_the_worst_finding() -> None:
    error, warning = found([REFUSED, sent(at=1)]), found([sent(), sent(at=1)])
    assert [verdict(each) for each in ([], warning, error, warning + error)] == ["pass", "warn", "fail", "fail"]


def test_a_finding_lists_the_first_hundred_requests_and_counts_all() -> None:
    (finding,) = found([sent(f"{number}", number, ignored=("x",)) for number in range(300)])
    assert (len(finding.requests), finding.count) == (MAX_REQUESTS, 300)
    assert finding.requests[0] == "req_0"


def test_of_too_many_findings_errors_are_kept() -> None:
    warnings = [sent(key=f"key {number}", ignored=("x",)) for number in range(MAX_FINDINGS)]
    entries = journal([*warnings, failed("a", 1, status=400), failed("a", 2, status=400)])
    kept = findings(entries)
    assert (len(kept), kept[0].kind) == (MAX_FINDINGS, "retried_final")


@pytest.mark.slow
def test_the_time_grows_with_the_number_of_requests() -> None:
    """A journal with few different requests, and one with texts that all occur again, are the hardest."""
    numbers = count()
    hard = [sent(f"{number % 7}", number) for number in range(4_000)]
    hard += [embedded([f"{next(numbers) % 900}" for _ in range(20)], number) for number in range(4_000)]
    entries = [replace(entry, serial=serial, follows=serial - 1) for serial, entry in enumerate(hard)]

    def took(size: int) -> float:
        start = time.thread_time()
        findings(entries[: size // 2] + entries[4_000 : 4_000 + size // 2])
        return time.thread_time() - start

    small, large = min(took(1_000) for _ in range(3)), min(took(8_000) for _ in range(3))
    # A time that grows with the square is 64 times as long.
    assert large < 40 * small
