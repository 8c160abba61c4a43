"""The price of a response under each fault: the charge, and the error in the usage."""

import json
from dataclasses import dataclass
from itertools import product

import pytest
from msgspec.structs import replace

from clevora_mock.clock import SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.exchange import Exchange, Principal, RequestFacts
from clevora_mock.core.reply import Frame, Reply, json_reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.faults import FAULTS, Fault
from clevora_mock.faults.base import BASE64
from clevora_mock.faults.base import STREAM as STREAMED
from clevora_mock.faults.body import (
    EmptyBody,
    FloatEmbeddings,
    Garbage,
    HtmlError,
    MissingFields,
    SlowBody,
    Truncate,
    WrongContentType,
    WrongTypes,
)
from clevora_mock.faults.connection import Close, Reset, Stall
from clevora_mock.faults.stream import (
    Comments,
    DuplicateChunk,
    EarlyEnd,
    ErrorFrame,
    LineEndings,
    MalformedChunk,
    NoDone,
    NoUsage,
    SplitUtf8,
    UnframedError,
    UsageChunk,
)
from tests.support.world import make_sandbox, make_stopped_clock

CHAT = ENDPOINT_BY_NAME["chat.completions"]
RATE = 500  # micro-dollars a token


def event(content: str) -> bytes:
    return f'data: {{"choices":[{{"delta":{{"content":"{content}"}}}}]}}\n\n'.encode()


# Both have a prompt of five tokens and an answer of four, and so a price of nine.
STREAM = Reply(
    (
        Frame(event("")),
        *(Frame(event(word), tokens=1, text=word) for word in ("a", "b", "c", "d")),
        Frame(b'data: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n'),
    ),
    ((b"content-type", b"text/event-stream"),),
    prompt_tokens=5,
    is_stream=True,
)
_BODY = json.dumps({"choices": [{"message": {"content": "a b c d"}}], "usage": {"total_tokens": 9}}).encode()
WHOLE = replace(json_reply(_BODY), prompt_tokens=5, completion_tokens=4, text="a b c d")


@dataclass(frozen=True)
class Row:
    """A fault, the number of sent frames, and the billed tokens; None for no charge."""

    fault: Fault
    sent: int
    paid: int | None

    def __str__(self) -> str:
        return repr(self.fault)


STREAM_ROWS = (
    Row(Reset(), 0, None),
    Row(Reset("headers"), 0, None),
    Row(Reset(after_tokens=0), 1, 5),
    Row(Reset(after_tokens=3), 4, 8),
    Row(Reset(after_tokens=1000), 5, 9),
    Row(Close(), 0, None),
    Row(Close(after_tokens=2), 3, 7),
    Row(Stall(), 0, None),
    Row(Stall(after_tokens=3), 4, 8),
    Row(Stall(for_=30 * SECOND), 6, 9),
    Row(Truncate(), 3, 7),
    Row(Truncate(0.1), 1, 5),
    Row(Truncate(0.99), 5, 9),
    Row(SlowBody(1_000_000_000), 1, 9),
    Row(Garbage(), 1, None),
    Row(EmptyBody(), 1, None),
    Row(WrongContentType(), 6, 9),
    Row(HtmlError(503), 1, None),
    Row(MissingFields(), 6, 9),
    Row(MalformedChunk(2), 6, 9),
    Row(DuplicateChunk(2), 7, 9),
    Row(SplitUtf8(), 7, 9),
    Row(NoUsage(), 6, 9),
    Row(NoDone(), 6, 9),
    Row(ErrorFrame(0), 2, 5),
    Row(ErrorFrame(2), 4, 7),
    Row(ErrorFrame(1000), 6, 9),
    Row(UnframedError(2), 4, 7),
    Row(EarlyEnd(), 1, 5),
    Row(EarlyEnd(2), 3, 7),
    Row(EarlyEnd(1000), 5, 9),
    Row(Comments(), 6, 9),
    Row(LineEndings("cr"), 6, 9),
    Row(UsageChunk(), 7, 9),
    Row(WrongTypes(), 6, 9),
)
WHOLE_ROWS = (
    Row(Reset(), 0, None),
    Row(Reset("headers"), 0, None),
    # No byte of a body in one piece is sent before its first token.
    Row(Reset(after_tokens=0), 1, None),
    Row(Reset(after_tokens=3), 1, 9),
    Row(Close(), 0, None),
    Row(Close(after_tokens=1), 1, 9),
    Row(Stall(), 0, None),
    Row(Stall(after_tokens=3), 1, 9),
    Row(Stall(for_=30 * SECOND), 1, 9),
    Row(Truncate(), 1, 9),
    Row(Truncate(0.001), 1, None),
    Row(SlowBody(10), 1, 9),
    Row(Garbage(), 1, None),
    Row(EmptyBody(), 1, None),
    Row(WrongContentType(), 1, 9),
    Row(HtmlError(502), 1, None),
    Row(MissingFields(), 1, 9),
    Row(WrongTypes(), 1, 9),
    Row(FloatEmbeddings(), 1, 9),
)
every_reply = pytest.mark.parametrize(
    ("reply", "rows"), [(STREAM, STREAM_ROWS), (WHOLE, WHOLE_ROWS)], ids=["stream", "whole"]
)


def record(reply: Reply, sent: int) -> tuple[list[tuple[int, int]], int]:
    """Record a request with `reply`: return the charges in tokens and micro-dollars, and the usage's errors."""
    sandbox: Sandbox = make_sandbox(make_stopped_clock())
    account = sandbox.accounts.by_uid["demo"]
    now = sandbox.clock.now()
    facts = RequestFacts("req_1", now, "POST", CHAT.path, endpoint=CHAT)
    status = reply.status if reply.has_head else 0
    sandbox.record(
        Exchange(facts, Principal(account.keys[0], account), reply, status, frames_sent=sent, answered=now), now
    )
    charges = [(entry.tokens, entry.amount) for entry in account.ledger.entries if entry.type == "charge"]
    return charges, account.usage.total.errors


def exchanged(reply: Reply, sent: int) -> Exchange:
    facts = RequestFacts("req_1", 0, "POST", CHAT.path, endpoint=CHAT)
    return Exchange(facts, Principal(), reply, reply.status if reply.has_head else 0, frames_sent=sent, answered=0)


def paid(tokens: int | None) -> list[tuple[int, int]]:
    return [] if tokens is None else [(tokens, tokens * RATE)]


def test_the_rows_name_every_fault() -> None:
    assert {row.fault.kind for row in STREAM_ROWS} == {kind for kind in FAULTS if FAULTS[kind].requires != BASE64}
    assert {row.fault.kind for row in WHOLE_ROWS} == {kind for kind in FAULTS if FAULTS[kind].requires != STREAMED}


@every_reply
def test_a_fault_costs_the_sent_part_of_the_response(reply: Reply, rows: tuple[Row, ...]) -> None:
    """A response of which nothing was sent counts as an error and costs nothing."""
    found = {str(row): record(row.fault.try_apply(reply), row.sent) for row in rows}
    assert found == {str(row): (paid(row.paid), int(row.paid is None)) for row in rows}


@every_reply
def test_an_answer_that_was_not_sent_has_no_tokens_and_no_text(reply: Reply, rows: tuple[Row, ...]) -> None:
    """A fault that leaves a part of the answer keeps the prompt's tokens; a rule that charges keeps all of them."""
    for row in rows:
        faulty = row.fault.try_apply(reply)
        exchange = exchanged(faulty, row.sent)
        known = (exchange.prompt_tokens, exchange.completion_tokens, exchange.text)
        assert known == (0, 0, "") if row.paid is None else exchange.prompt_tokens == 5, row
        billed = exchanged(faulty.charged(True), row.sent)
        assert billed.prompt_tokens == 5, row


@every_reply
def test_a_charged_rule_bills_all_of_the_work(reply: Reply, rows: tuple[Row, ...]) -> None:
    """A response of which nothing was sent still counts as an error."""
    found = {str(row): record(row.fault.try_apply(reply.charged(True)), row.sent) for row in rows}
    assert found == {str(row): (paid(9), int(row.paid is None)) for row in rows}


@every_reply
def test_a_rule_without_charge_bills_nothing(reply: Reply, rows: tuple[Row, ...]) -> None:
    found = {str(row): record(row.fault.try_apply(reply.charged(False)), row.sent) for row in rows}
    assert found == {str(row): ([], int(row.paid is None)) for row in rows}


@pytest.mark.parametrize("kind", [kind for kind, fault in FAULTS.items() if fault.requires == STREAMED])
def test_a_fault_of_streams_does_not_change_a_body_in_one_piece(kind: str) -> None:
    assert FAULTS[kind]().try_apply(WHOLE) is WHOLE


@pytest.mark.parametrize("fault", [Reset(after_tokens=1), Close(after_tokens=1), Stall(after_tokens=1)], ids=repr)
def test_a_fault_after_some_tokens_does_not_change_an_error(fault: Fault) -> None:
    refused = json_reply(b'{"error":{}}', 429)
    assert fault.try_apply(refused) is refused


@pytest.mark.parametrize(("sent", "tokens"), [(1, 5), (2, 6), (5, 9), (6, 9)])
def test_an_abandoned_stream_costs_the_sent_frames(sent: int, tokens: int) -> None:
    assert record(STREAM, sent) == (paid(tokens), 0)


def test_a_slow_stream_costs_the_events_whose_last_byte_was_sent() -> None:
    """Ten slices a second, of one byte each."""
    slow = SlowBody(10).try_apply(STREAM)
    first = len(STREAM.frames[0].data) + len(STREAM.frames[1].data)
    assert record(slow, first - 1) == (paid(5), 0)
    assert record(slow, first) == (paid(6), 0)


def test_two_faults_together_cost_no_more_than_the_whole_answer() -> None:
    """In any order; an answer that costs nothing is an error."""
    for reply, (first, second) in product((STREAM, WHOLE), product(FAULTS.values(), repeat=2)):
        found = second().try_apply(first().try_apply(reply))
        charges, errors = record(found, len(found.frames))
        assert all(5 <= tokens <= 9 for tokens, _ in charges), (first, second)
        assert bool(charges) != bool(errors), (first, second)
        charged = second().try_apply(first().try_apply(reply.charged(True)))
        assert record(charged, len(charged.frames))[0] == paid(9)


def test_an_error_costs_nothing_and_counts_as_one() -> None:
    assert record(json_reply(b'{"error":{}}', 500), 1) == ([], 1)


def test_a_refusal_before_the_work_does_not_count_as_an_error() -> None:
    for status in (401, 402, 403, 429):
        assert record(json_reply(b'{"error":{}}', status), 1) == ([], 0)
