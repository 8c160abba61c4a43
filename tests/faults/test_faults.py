"""Each fault as a plain socket receives it, for each kind of request, and its default price."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import pytest

from clevora_mock.faults import FAULTS
from clevora_mock.faults.base import STREAM as STREAMED
from clevora_mock.settings import DEMO_KEY
from tests.support import records
from tests.support import scenarios as support
from tests.support.raw_client import SILENCE_SECONDS, TIMEOUT_SECONDS, RawResponse, connect, read, read_until_silent
from tests.support.scenarios import (
    CHAT,
    EMBEDDINGS,
    REQUEST_EXAMPLES,
    SCRIPTS,
    SEARCH,
    STREAM,
    RequestExample,
    has,
    send,
    start_rules,
)
from tests.support.server import RunningServer
from tests.support.world import World, fresh_world

DONE = b"data: [DONE]\n\n"
RULE = "it goes wrong"

# Compares the received response with the one without the fault.
Check = Callable[[RawResponse, RawResponse, bool], None]
# The default bill: nothing, the sent part of a stream, or everything.
Price = Literal["nothing", "sent", "whole"]


@dataclass(frozen=True)
class Case:
    """A fault with its options, its visible effect, and its default price."""

    name: str
    fault: str | dict[str, Any]
    check: Check
    price: Price
    stalls: bool = False
    # Received before the stall: events of a stream, or bytes of any other body.
    amount: int = 0

    @property
    def kind(self) -> str:
        return self.fault if isinstance(self.fault, str) else str(self.fault["kind"])


# --- what is seen -----------------------------------------------------------------------------------------------------


def nothing(ending: str) -> Check:
    def check(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
        assert (seen.raw, seen.ending) == (b"", ending)

    return check


def headers_only(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
    assert (seen.status, seen.body, seen.ending) == (200, b"", "reset")
    assert seen.raw.endswith(b"\r\n\r\n")
    assert seen.headers["content-type"] == plain.headers["content-type"]


def part(ending: str, tokens: int) -> Check:
    """Return the role and `tokens` tokens of a stream, or a part of any other response."""

    def check(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
        assert (seen.status, seen.ending, seen.is_whole) == (200, ending, False)
        if streamed:
            assert seen.events == plain.events[: min(1 + tokens, len(plain.events) - 2)]
            return
        assert seen.headers["content-length"] == str(len(plain.body))
        assert len(seen.body) < len(plain.body)
        assert plain.plain.startswith(seen.plain) or len(seen.body) < 40

    return check


def truncated(fraction: float) -> Check:
    def check(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
        assert (seen.status, seen.ending, seen.is_whole) == (200, "fin", False)
        if streamed:
            assert seen.chunked
            # The sentinel is sent with the last chunk.
            assert seen.events == plain.events[: max(1, int((len(plain.events) - 1) * fraction))]
        else:
            assert int(seen.headers["content-length"]) == len(plain.body)
            assert len(seen.body) == int(len(plain.body) * fraction)

    return check


def unchanged(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
    assert (seen.status, seen.ending) == (200, "whole")
    assert seen.plain == plain.plain
    assert seen.headers["content-type"] == plain.headers["content-type"]


def garbage(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
    assert (seen.status, seen.ending, seen.headers["content-type"]) == (200, "whole", "application/json")
    with pytest.raises(ValueError):  # noqa: PT011 - neither UTF-8 nor JSON, and both are ValueErrors
        json.loads(seen.body)


def empty(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
    assert (seen.status, seen.ending, seen.body) == (200, "whole", b"")
    assert seen.headers["content-length"] == "0"


def as_html(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
    assert (seen.status, seen.ending, seen.headers["content-type"]) == (200, "whole", "text/html")
    assert seen.plain == plain.plain


def page(status: int) -> Check:
    def check(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
        assert (seen.status, seen.ending, seen.headers["content-type"]) == (status, "whole", "text/html")
        assert seen.body.startswith(b"<html>")
        assert f"<h1>{status} ".encode() in seen.body

    return check


def without(document: Any, path: list[str]) -> Any:
    """Return `document` without a field, in all items of lists."""
    if isinstance(document, list):
        return [without(item, path) for item in document]
    if not isinstance(document, dict):
        return document
    if len(path) == 1:
        return {name: value for name, value in document.items() if name != path[0]}
    return {name: without(value, path[1:]) if name == path[0] else value for name, value in document.items()}


def missing(*fields: str) -> Check:
    def check(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
        assert (seen.status, seen.ending) == (200, "whole")
        got, expected = (documents(one, streamed) for one in (seen, plain))
        for one in fields:
            expected = without(expected, one.split("."))
        assert got == expected
        assert not streamed or seen.events[-1] == DONE

    return check


def documents(seen: RawResponse, streamed: bool) -> list[Any]:
    if not streamed:
        return [json.loads(seen.plain)]
    return [json.loads(event.removeprefix(b"data: ")) for event in seen.events if event != DONE]


def in_stream(check: Callable[[list[bytes], list[bytes]], None]) -> Check:
    """Return a check of a complete stream with one change; responses that are not streams are unchanged."""

    def checked(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
        if not streamed:
            unchanged(seen, plain, streamed)
            return
        assert (seen.status, seen.ending, seen.headers["content-type"]) == (200, "whole", "text/event-stream")
        check(seen.events, plain.events)

    return checked


def place(plain: list[bytes], tokens: int) -> int:
    """Return the index of the event after `tokens` tokens, at most the last one with content."""
    return min(1 + tokens, len(plain) - 3)


def malformed(tokens: int) -> Check:
    def check(events: list[bytes], plain: list[bytes]) -> None:
        at = place(plain, tokens)
        assert len(events) == len(plain)
        assert [one for index, one in enumerate(events) if index != at] == plain[:at] + plain[at + 1 :]
        assert events[at].startswith(b"data: {")
        with pytest.raises(json.JSONDecodeError):
            json.loads(events[at].removeprefix(b"data: "))

    return in_stream(check)


def duplicate(tokens: int) -> Check:
    def check(events: list[bytes], plain: list[bytes]) -> None:
        at = place(plain, tokens)
        assert events == plain[: at + 1] + plain[at:]

    return in_stream(check)


def error_frame(tokens: int) -> Check:
    def check(events: list[bytes], plain: list[bytes]) -> None:
        # Never behind the end of the stream.
        assert events[:-1] == plain[: min(1 + tokens, len(plain) - 2)]
        said = json.loads(events[-1].removeprefix(b"data: "))
        assert said["error"]["code"] == "internal_error"
        assert said.keys() == {"error"}

    return in_stream(check)


def no_usage(events: list[bytes], plain: list[bytes]) -> None:
    assert (events[:-2], events[-1]) == (plain[:-2], DONE)
    last = json.loads(plain[-2].removeprefix(b"data: "))
    del last["usage"]
    assert json.loads(events[-2].removeprefix(b"data: ")) == last


def early_end(tokens: int) -> Check:
    def check(events: list[bytes], plain: list[bytes]) -> None:
        # A whole HTTP message, without the finish reason and without the sentinel.
        assert events == plain[: min(1 + tokens, len(plain) - 2)]

    return in_stream(check)


def unframed_error(tokens: int) -> Check:
    def check(events: list[bytes], plain: list[bytes]) -> None:
        assert events[:-1] == plain[: min(1 + tokens, len(plain) - 2)]
        assert json.loads(events[-1])["error"]["code"] == "internal_error"

    return in_stream(check)


def commented(every: int) -> Check:
    def check(events: list[bytes], plain: list[bytes]) -> None:
        comment = b": keep-alive\n\n"
        # The last chunk and the sentinel follow each other without one.
        between = len(plain) - 2
        assert events.count(comment) == between // every
        assert [one for one in events if one != comment] == plain
        assert events.index(comment) == every

    return in_stream(check)


def line_endings(ending: bytes) -> Check:
    def check(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
        if not streamed:
            unchanged(seen, plain, streamed)
            return
        assert seen.ending == "whole"
        assert seen.plain == plain.plain.replace(b"\n", ending)

    return check


def usage_chunk(events: list[bytes], plain: list[bytes]) -> None:
    assert (events[:-3], events[-1]) == (plain[:-2], DONE)
    finished, extra = (json.loads(event.removeprefix(b"data: ")) for event in events[-3:-1])
    usual = json.loads(plain[-2].removeprefix(b"data: "))
    assert extra == usual | {"choices": []}
    del usual["usage"]
    assert finished == usual


def wrong_types(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
    assert (seen.status, seen.ending) == (200, "whole")
    for got, usual in zip(documents(seen, streamed), documents(plain, streamed), strict=True):
        if "usage" in got:
            assert isinstance(got["usage"], str)
            got["usage"] = json.loads(got["usage"])
        if "id" in got:
            (got["id"],) = got["id"]
        assert got == usual


def no_done(events: list[bytes], plain: list[bytes]) -> None:
    assert events == plain[:-1]


def split_utf8(seen: RawResponse, plain: RawResponse, streamed: bool) -> None:
    if not streamed:
        unchanged(seen, plain, streamed)
        return
    assert seen.ending == "whole"
    text = seen.body.decode()
    assert text.replace("…", "", 1).encode().endswith(DONE)
    whole = [one.decode("utf-8", "replace") for one in seen.segments]
    assert len(seen.segments) > 1
    assert any("�" in one for one in whole), "no character is cut between two segments"


CASES = (
    Case("reset", "reset", nothing("reset"), "nothing"),
    Case("reset at start", {"kind": "reset", "at": "start"}, nothing("reset"), "nothing"),
    Case("reset at headers", {"kind": "reset", "at": "headers"}, headers_only, "nothing"),
    Case("reset after 0 tokens", {"kind": "reset", "after_tokens": 0}, part("reset", 0), "sent"),
    Case("reset after tokens", {"kind": "reset", "after_tokens": 3}, part("reset", 3), "sent"),
    Case("reset after all tokens", {"kind": "reset", "after_tokens": 100_000}, part("reset", 100_000), "sent"),
    Case("close", "close", nothing("fin"), "nothing"),
    Case("close after 0 tokens", {"kind": "close", "after_tokens": 0}, part("fin", 0), "sent"),
    Case("close after tokens", {"kind": "close", "after_tokens": 3}, part("fin", 3), "sent"),
    Case("close after all tokens", {"kind": "close", "after_tokens": 100_000}, part("fin", 100_000), "sent"),
    Case("stall", "stall", nothing("silence"), "nothing", stalls=True),
    Case("stall after tokens", {"kind": "stall", "after_tokens": 3}, part("silence", 3), "sent", stalls=True, amount=4),
    Case("stall for a while", {"kind": "stall", "for": "30s"}, unchanged, "whole"),
    Case("stall on the way", {"kind": "stall", "after_tokens": 3, "for": "30s"}, unchanged, "whole"),
    Case("truncate", "truncate", truncated(0.5), "sent"),
    Case("truncate most", {"kind": "truncate", "fraction": 0.1}, truncated(0.1), "sent"),
    Case("truncate little", {"kind": "truncate", "fraction": 0.99}, truncated(0.99), "sent"),
    Case("slow body", {"kind": "slow_body", "bytes_per_second": 500}, unchanged, "whole"),
    Case("garbage", "garbage", garbage, "nothing"),
    Case("empty body", "empty_body", empty, "nothing"),
    Case("wrong content type", "wrong_content_type", as_html, "whole"),
    Case("html error", "html_error", page(502), "nothing"),
    *(
        Case(f"html error {status}", {"kind": "html_error", "status": status}, page(status), "nothing")
        for status in (502, 503, 504)
    ),
    Case("missing usage", {"kind": "missing_fields", "fields": ["usage"]}, missing("usage"), "whole"),
    Case(
        "missing inner fields",
        {
            "kind": "missing_fields",
            "fields": ["choices.message.content", "choices.delta", "data.embedding", "results.title", "script.hook"],
        },
        missing("choices.message.content", "choices.delta", "data.embedding", "results.title", "script.hook"),
        "whole",
    ),
    Case("malformed chunk", "malformed_chunk", malformed(0), "whole"),
    Case("malformed chunk later", {"kind": "malformed_chunk", "after_tokens": 4}, malformed(4), "whole"),
    Case("malformed last chunk", {"kind": "malformed_chunk", "after_tokens": 9999}, malformed(9999), "whole"),
    Case("duplicate chunk", "duplicate_chunk", duplicate(0), "whole"),
    Case("duplicate chunk later", {"kind": "duplicate_chunk", "after_tokens": 4}, duplicate(4), "whole"),
    Case("duplicate last chunk", {"kind": "duplicate_chunk", "after_tokens": 9999}, duplicate(9999), "whole"),
    Case("split UTF-8", "split_utf8", split_utf8, "whole"),
    Case("no usage", "no_usage", in_stream(no_usage), "whole"),
    Case("no [DONE]", "no_done", in_stream(no_done), "whole"),
    Case("early end", "early_end", early_end(0), "sent"),
    Case("early end later", {"kind": "early_end", "after_tokens": 5}, early_end(5), "sent"),
    Case("early end at the end", {"kind": "early_end", "after_tokens": 9999}, early_end(9999), "sent"),
    Case("comments", "comments", commented(1), "whole"),
    Case("some comments", {"kind": "comments", "every": 4}, commented(4), "whole"),
    Case("CR LF", "line_endings", line_endings(b"\r\n"), "whole"),
    Case("CR", {"kind": "line_endings", "style": "cr"}, line_endings(b"\r"), "whole"),
    Case("usage chunk", "usage_chunk", in_stream(usage_chunk), "whole"),
    Case("unframed error", "unframed_error", unframed_error(0), "sent"),
    Case("unframed error later", {"kind": "unframed_error", "after_tokens": 5}, unframed_error(5), "sent"),
    Case("wrong types", {"kind": "wrong_types", "fields": ["usage", "id"]}, wrong_types, "whole"),
    Case("float embeddings", "float_embeddings", unchanged, "whole"),
    Case("error frame", "error_frame", error_frame(0), "sent"),
    Case("error frame later", {"kind": "error_frame", "after_tokens": 5}, error_frame(5), "sent"),
    Case("error frame at the end", {"kind": "error_frame", "after_tokens": 9999}, error_frame(9999), "sent"),
)

# The other endpoints respond in one piece like chat, so one case of each kind suffices for them.
OTHERS = [case for case in {case.kind: case for case in reversed(CASES)}.values() if FAULTS[case.kind].requires is None]
each_example = pytest.mark.parametrize("example", REQUEST_EXAMPLES, ids=lambda example: example.name)


def test_the_table_is_complete() -> None:
    assert {case.kind for case in CASES} == set(FAULTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_in_a_stream_is_sent_billed_and_journaled(world: World, case: Case) -> None:
    """For a partially sent stream, the prompt and the sent tokens are billed."""
    seen, prompt_tokens, whole_tokens = send_with_fault(world, STREAM, case)
    said = sum(b'"content":' in event for event in seen.events)
    check_accounts(world, STREAM, case, {"nothing": None, "sent": prompt_tokens + said, "whole": whole_tokens})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_in_a_body_is_sent_billed_and_journaled(world: World, case: Case) -> None:
    """A body in one piece is billed whole once one byte of it was sent; faults of streams do not change it."""
    seen, _, whole_tokens = send_with_fault(world, CHAT, case)
    sent = whole_tokens if seen.body else None
    nothing = whole_tokens if FAULTS[case.kind].requires else None
    check_accounts(world, CHAT, case, {"nothing": nothing, "sent": sent, "whole": whole_tokens})


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.kind)
def test_a_fault_is_the_same_at_every_endpoint(frozen_server: RunningServer, case: Case) -> None:
    for example in (EMBEDDINGS, SEARCH, SCRIPTS):
        world = fresh_world(frozen_server)
        seen, _, whole_tokens = send_with_fault(world, example, case)
        sent = whole_tokens if seen.body else None
        check_accounts(world, example, case, {"nothing": None, "sent": sent, "whole": whole_tokens})


def send_with_fault(world: World, example: RequestExample, case: Case) -> tuple[RawResponse, int, int]:
    """Send the request without and with the fault; return the second response, and the first's tokens."""
    plain = send(world, example)
    assert plain.ending == "whole"
    (first,) = records.journal(world)
    start_rules(world, {"name": RULE, "then": {"fault": case.fault}})
    seen = send(world, example, stalls=case.stalls, amount=case.amount)
    case.check(seen, plain, example.streamed)
    if seen.raw:
        assert seen.headers["x-clevora-mock-rule"] == RULE
    unaffected = FAULTS[case.kind].requires not in (None, STREAMED if example.streamed else None)
    entry = records.entry_json(world)
    assert entry["fault"] == (None if unaffected else case.kind)
    assert (entry["rule"], entry["status"], entry["code"]) == (RULE, seen.status, None)
    assert entry["abandoned"] == case.stalls
    return seen, first.prompt_tokens, first.prompt_tokens + first.completion_tokens


def check_accounts(world: World, example: RequestExample, case: Case, prices: dict[Price, int | None]) -> None:
    """Check the second charge, the journal's cost and the usage's errors; without a price, no charge and an error."""
    tokens = prices[case.price]
    paid = [(entry.tokens, entry.amount) for entry in records.charges(world)[1:]]
    assert paid == ([] if tokens is None else [(tokens, tokens * example.rate)])
    records.check_totals(world)
    assert records.entry_json(world)["cost"] == pytest.approx((tokens or 0) * example.rate / 1_000_000)
    summary = world.run_in_server(lambda sandbox: records.demo_account(sandbox).usage.total)
    assert (summary.requests, summary.errors) == (2, int(tokens is None))


@pytest.mark.parametrize(("charge", "share"), [(True, 1), (False, 0)], ids=["charged", "free"])
@pytest.mark.parametrize("fault", ["reset", "truncate", "garbage", "no_done"])
@pytest.mark.parametrize("example", [CHAT, STREAM], ids=lambda example: example.name)
def test_charge_overrides_the_price_of_a_fault(
    world: World, example: RequestExample, fault: str, charge: bool, share: int
) -> None:
    send(world, example)
    start_rules(world, {"then": {"fault": fault, "charge": charge}})
    send(world, example)
    first, *others = [entry.tokens for entry in records.charges(world)]
    assert others == [first] * share
    records.check_totals(world)


# --- timing -----------------------------------------------------------------------------------------------------------


@each_example
def test_a_stall_is_waited_out(world: World, example: RequestExample) -> None:
    plain = send(world, example)
    world.stop_clock()
    start_rules(world, {"then": {"fault": {"kind": "stall", "for": "30s"}}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, example))
        records.wait_for_timer(world)
        world.advance(29.9)
        assert read_until_silent(connection, RawResponse()).raw == b""
        world.advance(0.1)
        seen = read(connection, RawResponse())
    same_except_created(seen, plain)
    _, entry = records.wait_for_entries(world, 2)
    assert entry.latency // 1_000_000 == 30
    assert len(records.charges(world)) == 2
    records.check_totals(world)


@each_example
def test_a_stall_within_a_response_is_waited_out(world: World, example: RequestExample) -> None:
    plain = send(world, example)
    world.stop_clock()
    start_rules(world, {"then": {"fault": {"kind": "stall", "after_tokens": 3, "for": "30s"}}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, example))
        records.wait_for_timer(world)
        world.advance(29.9)
        seen = read_until_silent(connection, RawResponse(), has(example, 4))
        assert (seen.ending, seen.status) == ("silence", 200)
        assert 0 < len(seen.body) < len(plain.body)
        if example.streamed:
            assert len(seen.events) == 4
        world.advance(0.1)
        seen = read(connection, seen)
    same_except_created(seen, plain)
    records.wait_for_entries(world, 2)
    records.check_totals(world)


def same_except_created(seen: RawResponse, plain: RawResponse) -> None:
    """Return True if two responses differ only in their time."""
    assert (seen.status, seen.ending) == (200, "whole")
    assert len(seen.body) == len(plain.body)


@each_example
def test_a_stall_under_a_frozen_clock_is_recorded(world: World, example: RequestExample) -> None:
    """No wait under a frozen clock; journal and usage have the duration."""
    start_rules(world, {"then": {"fault": {"kind": "stall", "for": "30s"}}})
    assert send(world, example).ending == "whole"
    assert records.entry_json(world)["latencyMs"] == 30_000
    (recent,) = world.run_in_server(lambda sandbox: list(records.demo_account(sandbox).usage.recent))
    assert recent.latency == 30_000_000


@pytest.mark.parametrize("for_", [None, "1h"])
def test_a_disconnect_during_a_stall_is_noticed(world: World, for_: str | None) -> None:
    """The disconnect is noticed at once, not at the end of the stall, and no task remains."""
    world.stop_clock()
    fault = {"kind": "stall"} | ({} if for_ is None else {"for": for_})
    start_rules(world, {"then": {"fault": fault}})
    seen = send(world, CHAT, stalls=True)
    assert (seen.raw, seen.ending) == (b"", "silence")
    assert not world.run_in_server(lambda sandbox: len(sandbox.clock.timers))
    assert records.charges(world) == []
    entry = records.entry_json(world)
    assert (entry["status"], entry["abandoned"], entry["fault"]) == (None, True, "stall")


@each_example
def test_slow_body_comes_in_pieces(world: World, example: RequestExample) -> None:
    """Ten equal pieces a second, each at its time."""
    plain = send(world, example)
    world.stop_clock()
    speed = len(plain.body) * 2
    start_rules(world, {"then": {"fault": {"kind": "slow_body", "bytes_per_second": speed}}})
    sizes: list[int] = []
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, example))
        seen = RawResponse()
        while sum(sizes) < len(plain.body):
            connection.settimeout(TIMEOUT_SECONDS)
            before = len(seen.body)
            while len(seen.body) == before:
                seen.segments.append(connection.recv(65_536))
            sizes.append(len(seen.body) - before)
            while not seen.is_whole and not world.run_in_server(lambda sandbox: len(sandbox.clock.timers)):
                pass
            world.advance(0.1)
    assert len(sizes) in (5, 6)
    assert sum(sizes) == len(plain.body)
    assert set(sizes[:-1]) == {speed // 10}
    records.wait_for_entries(world, 2)
    assert len(records.charges(world)) == 2
    records.check_totals(world)


def test_leaving_a_slow_stream_pays_for_whole_events(world: World) -> None:
    """Only tokens whose last byte was sent are billed."""
    plain = send(world, STREAM)
    (whole,) = records.journal(world)
    world.stop_clock()
    start_rules(world, {"then": {"fault": {"kind": "slow_body", "bytes_per_second": len(plain.body) * 2}}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, STREAM))
        records.wait_for_timer(world)
        seen = read_until_silent(connection, RawResponse(), lambda seen: len(seen.body) >= len(plain.body) // 5)
        assert seen.ending == "silence"
    records.wait_for_entries(world, 2)
    said = sum(b'"content":' in event for event in seen.events)
    assert 0 < said < whole.completion_tokens
    assert records.charges(world)[1].tokens == whole.prompt_tokens + said
    records.check_totals(world)


def test_a_partially_sent_body_is_billed_whole(world: World) -> None:
    """Also if the client disconnects after the first piece of a slow body."""
    plain = send(world, EMBEDDINGS)
    world.stop_clock()
    start_rules(world, {"then": {"fault": {"kind": "slow_body", "bytes_per_second": len(plain.body)}}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, EMBEDDINGS))
        records.wait_for_timer(world)
        assert read_until_silent(connection, RawResponse(), has(EMBEDDINGS, 1)).ending == "silence"
    records.wait_for_entries(world, 2)
    first, second = records.charges(world)
    assert first.tokens == second.tokens
    records.check_totals(world)


# --- faults and other conditions --------------------------------------------------------------------------------------


def test_split_utf8_cuts_the_answers_own_characters(world: World) -> None:
    """The cut is within a character of the answer if there is a multi-byte one."""
    text = "Déjà vu in 日本語."
    start_rules(world, {"then": {"reply": {"content": text}, "fault": "split_utf8"}})
    seen = send(world, STREAM)
    said = [json.loads(event.removeprefix(b"data: ")) for event in seen.events[:-1]]
    assert "".join(one["choices"][0]["delta"].get("content", "") for one in said) == text
    assert any("�" in segment.decode("utf-8", "replace") for segment in seen.segments)
    assert records.charges(world)[0].tokens == said[-1]["usage"]["total_tokens"]


@pytest.mark.parametrize("kind", ["split_utf8", "malformed_chunk", "duplicate_chunk", "error_frame", "no_usage"])
def test_faults_apply_to_an_empty_stream(world: World, kind: str) -> None:
    start_rules(world, {"then": {"reply": {"content": ""}, "fault": kind}})
    seen = send(world, STREAM)
    assert (seen.status, seen.ending) == (200, "whole")
    records.check_totals(world)


@pytest.mark.parametrize(
    ("fault", "status", "ending", "code"),
    [
        ("reset", None, "reset", None),
        ("close", None, "fin", None),
        ({"kind": "reset", "at": "headers"}, 429, "reset", "rate_limit_exceeded"),
        ("truncate", 429, "fin", "rate_limit_exceeded"),
        ("wrong_content_type", 429, "whole", "rate_limit_exceeded"),
        ({"kind": "missing_fields", "fields": ["error.code"]}, 429, "whole", "rate_limit_exceeded"),
        ({"kind": "stall", "for": "1s"}, 429, "whole", "rate_limit_exceeded"),
        ({"kind": "slow_body", "bytes_per_second": 1000}, 429, "whole", "rate_limit_exceeded"),
    ],
    ids=str,
)
def test_a_fault_applies_to_an_injected_error(
    world: World, fault: Any, status: int | None, ending: str, code: str | None
) -> None:
    start_rules(world, {"then": {"error": 429, "fault": fault}})
    seen = send(world, CHAT)
    assert (seen.status, seen.ending) == (status, ending)
    if status is not None:
        assert seen.headers["retry-after"] == "1"
    entry = records.entry_json(world)
    assert (entry["status"], entry["code"]) == (status, code)
    assert records.charges(world) == []
    records.check_totals(world)


@pytest.mark.parametrize("example", REQUEST_EXAMPLES, ids=lambda example: example.name)
def test_a_charged_error_is_billed_as_the_work(world: World, example: RequestExample) -> None:
    """The account is charged for the work; the client gets the error, and the usage counts one."""
    send(world, example)
    start_rules(world, {"then": {"error": 500, "charge": True}})
    seen = send(world, example)
    assert (seen.status, seen.json["error"]["code"]) == (500, "internal_error")
    first, second = records.charges(world)
    assert (first.tokens, first.amount) == (second.tokens, second.amount)
    records.check_totals(world)
    assert world.run_in_server(lambda sandbox: records.demo_account(sandbox).usage.total.errors) == 1


def test_the_journal_has_the_response_that_a_charged_error_replaces(world: World) -> None:
    start_rules(world, {"then": {"reply": {"content": "Thirty days."}, "fault": "truncate", "charge": True}})
    for example in (CHAT, STREAM):
        assert send(world, example, x_clevora_mock_error="500").status == 500
        assert records.journal(world)[-1].response == "Thirty days."


@pytest.mark.parametrize("kind", ["reset", "close", "stall"])
def test_a_fault_waits_for_the_delay(world: World, kind: str) -> None:
    """A fault that ends the connection comes after the delay, and an error beside it is not sent."""
    world.stop_clock()
    start_rules(world, {"then": {"delay": "5s", "error": 503, "fault": kind}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, CHAT))
        records.wait_for_timer(world)
        world.advance(4.9)
        assert read_until_silent(connection, RawResponse()).ending == "silence"
        world.advance(0.1)
        seen = read(connection, RawResponse(), SILENCE_SECONDS if kind == "stall" else TIMEOUT_SECONDS)
    assert (seen.raw, seen.ending) == (b"", {"reset": "reset", "close": "fin", "stall": "silence"}[kind])


BAD = RequestExample("bad", CHAT.endpoint, CHAT.path, {"messages": []}, CHAT.rate)


def test_a_charged_error_for_an_invalid_request_costs_nothing(world: World) -> None:
    """There is no work to bill, since the request is invalid."""
    start_rules(world, {"then": {"error": 500, "charge": True}})
    assert send(world, BAD).status == 500
    assert records.charges(world) == []
    records.check_totals(world)


def test_a_refusal_is_never_charged(world: World) -> None:
    start_rules(world, {"then": {"fault": "truncate", "charge": True}})
    assert send(world, BAD).status == 400
    world.balance(0)
    assert send(world, CHAT).status == 402
    assert records.charges(world) == []
    records.check_totals(world)


@pytest.mark.parametrize("reason", ["bad", "poor", "fast"])
def test_an_outage_precedes_the_requests_own_errors(world: World, reason: str) -> None:
    """A proxy's page replaces every error after authentication: 400, 402 and 429."""
    start_rules(
        world, {"then": {"fault": "html_error"}}, limits={"requests_per_minute": 0 if reason == "fast" else None}
    )
    if reason == "poor":
        world.balance(0)
    seen = send(world, BAD if reason == "bad" else CHAT)
    page(502)(seen, seen, False)
    assert "retry-after" not in seen.headers
    entry = records.entry_json(world)
    assert (entry["status"], entry["code"], entry["fault"]) == (502, None, "html_error")
    assert records.charges(world) == []


@pytest.mark.parametrize(
    ("kind", "status", "ending"),
    [
        ("reset", None, "reset"),
        ("close", None, "fin"),
        ("truncate", 400, "fin"),
        ("slow_body", 400, "whole"),
        ("wrong_content_type", 400, "whole"),
        ("missing_fields", 400, "whole"),
        ("no_done", 400, "whole"),
        ("garbage", 200, "whole"),
        ("html_error", 502, "whole"),
    ],
)
def test_a_fault_applies_to_the_requests_own_error(world: World, kind: str, status: int | None, ending: str) -> None:
    seen = send(world, BAD, x_clevora_mock_fault=kind)
    assert (seen.status, seen.ending) == (status, ending)
    assert records.entry_json(world)["fault"] == (None if kind in ("no_done", "missing_fields") else kind)
    assert records.charges(world) == []
    records.check_totals(world)


def post(world: World, example: RequestExample) -> httpx.Response:
    return world.http.post(example.path, headers=world.headers, json=example.body)


@pytest.mark.parametrize(
    "fault", [{"kind": "wrong_types", "fields": ["nope.x"]}, {"kind": "missing_fields", "fields": ["nope"]}]
)
def test_a_fault_that_changes_nothing_has_a_hint_and_is_not_in_the_journal(world: World, fault: dict[str, Any]) -> None:
    start_rules(world, {"then": {"fault": fault}})
    for example in (CHAT, STREAM):
        answer = post(world, example)
        entry = records.entry_json(world)
        assert (answer.status_code, entry["fault"]) == (200, None)
        assert entry["hint"] == f"the fault finds no {fault['fields'][0]} in this answer"
        assert answer.headers["x-clevora-mock-hint"] == entry["hint"]


def test_of_several_fields_the_absent_ones_are_in_the_hint(world: World) -> None:
    fields = ["usage", f"a.{DEMO_KEY}", "choices[1].index"]
    start_rules(world, {"then": {"fault": {"kind": "missing_fields", "fields": fields}}})
    assert send(world, CHAT).status == 200
    entry = records.entry_json(world)
    assert entry["fault"] == "missing_fields"
    assert entry["hint"].startswith("the fault finds no a.sk_live_")
    assert entry["hint"].endswith(", choices[1].index in this answer")
    assert DEMO_KEY not in entry["hint"]


@pytest.mark.parametrize(
    ("field", "left"),
    [
        ("choices.index", [["finish_reason", "message"]]),
        ("choices[0].index", [["finish_reason", "message"]]),
        ("choices[].index", [["finish_reason", "message"]]),
        ("choices.0.index", [["finish_reason", "message"]]),
        ("choices[0]", []),
        ("choices[1]", [["finish_reason", "index", "message"]]),
        ("[].", [["finish_reason", "index", "message"]]),
    ],
)
def test_a_path_goes_through_all_items_or_one_by_its_index(world: World, field: str, left: list[list[str]]) -> None:
    start_rules(world, {"then": {"fault": {"kind": "missing_fields", "fields": [field]}}})
    answer = post(world, CHAT)
    assert [sorted(choice) for choice in answer.json()["choices"]] == left


def test_a_fault_applies_to_every_endpoint_and_to_nothing_else(world: World) -> None:
    start_rules(world, {"when": {"endpoint": "*"}, "then": {"fault": "html_error"}})
    for path in ("/v1/keys", "/api/developer/account", "/v1/usage", "/docs/llms"):
        answer = world.http.get(path, headers=world.signed_in())
        assert (path, answer.status_code, answer.headers["content-type"]) == (path, 502, "text/html")
    head = world.http.head("/docs/llms")
    assert (head.status_code, head.content) == (502, b"")
    assert world.http.post("/api/dodo/webhook", json={}).status_code == 502
    assert world.http.get("/v1/nothing").status_code == 404
    assert world.http.get("/__mock/clock").status_code == 200


def test_a_cut_response_to_head_is_a_head(world: World) -> None:
    start_rules(world, {"when": {"endpoint": "*"}, "then": {"fault": "truncate"}})
    with connect(world.address) as connection:
        connection.sendall(f"HEAD /sandbox/{world.name}/docs/llms HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        seen = read(connection, RawResponse())
    assert (seen.status, seen.ending, seen.body) == (200, "fin", b"")
    assert int(seen.headers["content-length"]) > 30_000


def test_faults_that_need_tokens_do_not_apply_to_refusals(world: World) -> None:
    start_rules(world, {"then": {"fault": {"kind": "close", "after_tokens": 2}}})
    seen = send(world, BAD)
    assert (seen.status, seen.ending) == (400, "whole")
    assert records.entry_json(world)["fault"] is None


def test_an_http_1_0_client_sees_that_a_body_is_cut(world: World) -> None:
    """Without chunks, only a ``content-length`` above the received bytes tells a cut body from a whole one."""
    start_rules(world, {"then": {"fault": {"kind": "close", "after_tokens": 2}}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, STREAM).replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1))
        seen = read(connection, RawResponse())
    assert (seen.status, seen.ending) == (200, "fin")
    assert sum(b'"content":' in event for event in seen.events) >= 2
    assert int(seen.headers["content-length"]) > len(seen.body)


def test_the_connection_stays_open_after_a_complete_response(world: World) -> None:
    start_rules(world, {"when": {"calls": 1}, "then": {"fault": "garbage"}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, CHAT))
        assert read(connection, RawResponse()).ending == "whole"
        connection.sendall(support.request_bytes(world, CHAT))
        seen = read(connection, RawResponse())
    assert (seen.status, seen.json["object"]) == (200, "chat.completion")
