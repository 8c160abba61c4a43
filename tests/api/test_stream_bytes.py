"""S1-S6 on the wire: every byte of a stream, its end, and the price of an early disconnect."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.control import start_scenario
from tests.support.raw_client import RawResponse, Response, connect, read_response, read_until
from tests.support.records import wait_for_entries
from tests.support.streams import chat_request, chunks, stream

if TYPE_CHECKING:
    from clevora_mock.core.journal import JournalEntry
    from clevora_mock.core.sandbox import Sandbox
    from tests.support.world import World

HELLO = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": "Hello!"}]}
LONG = {"messages": [{"role": "user", "content": "Write a long story about the sea, the moon and a lighthouse."}]}
BODIES: dict[str, dict[str, Any]] = {
    "the documented example": HELLO,
    "another question": {"messages": [{"role": "user", "content": "What is the capital of France?"}]},
    "a long answer": LONG,
    "cut after one token": LONG | {"max_tokens": 1},
    "cut after five tokens": LONG | {"max_tokens": 5},
    "cut by the newer name": LONG | {"max_completion_tokens": 3},
    "not cut": LONG | {"max_tokens": 100_000},
    "cold": LONG | {"temperature": 0},
    "a conversation": {
        "messages": [
            {"role": "system", "content": "Answer briefly."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "And again?"},
        ]
    },
    "other scripts and signs": {"messages": [{"role": "user", "content": 'Say "naïve café" 日本語 🙂\n\tdata: x\\'}]},
    "asked for usage": HELLO | {"stream_options": {"include_usage": True}},
    "asked for no usage": HELLO | {"stream_options": {"include_usage": False}},
}

every_body = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())


def unstreamed(world: "World", body: dict[str, Any]) -> Any:
    answer = world.http.post("/v1/chat/completions", headers=world.headers, json=body)
    assert answer.status_code == 200
    return answer.json()


def text_of(parts: list[dict[str, Any]]) -> str:
    return "".join(part["choices"][0]["delta"].get("content", "") for part in parts)


@pytest.mark.clause("S1")
@every_body
def test_a_stream_is_data_lines_and_blank_ones(world: "World", body: dict[str, Any]) -> None:
    """Each event is a `data: ` line of JSON and an empty line, separated by LF; the last event is [DONE]."""
    reply = stream(world, body)
    assert reply.status == 200
    assert reply.body.endswith(b"\n\ndata: [DONE]\n\n")
    assert b"\r" not in reply.body
    events = reply.body[:-2].split(b"\n\n")
    assert all(re.fullmatch(rb"data: [^\n]+", event) for event in events)
    assert all(isinstance(json.loads(event[6:]), dict) for event in events[:-1])
    assert reply.body.count(b"[DONE]") == 1


@pytest.mark.clause("S1", "W2")
def test_a_stream_has_its_content_type_and_a_request_id(world: "World") -> None:
    reply = stream(world, HELLO)
    headers = dict(reply.headers)
    assert headers["content-type"] == "text/event-stream"
    assert re.fullmatch("req_[0-9a-f]{24}", headers["x-request-id"])
    assert "content-length" not in headers


@pytest.mark.clause("S1")
def test_the_response_ends_at_once_after_done(world: "World") -> None:
    """The connection can be reused as soon as [DONE] has been read."""
    with connect(world.address) as connection:
        for _ in range(3):
            connection.sendall(chat_request(world, HELLO | {"stream": True}, close=False))
            assert read_response(connection).body.endswith(b"data: [DONE]\n\n")


@pytest.mark.clause("S2")
@every_body
def test_the_first_chunk_has_the_role_and_the_last_the_end(world: "World", body: dict[str, Any]) -> None:
    first, *middle, last = chunks(stream(world, body).body)
    assert first["choices"] == [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]
    for chunk in middle:
        (choice,) = chunk["choices"]
        assert choice.keys() == {"index", "delta", "finish_reason"}
        assert (choice["index"], choice["finish_reason"]) == (0, None)
        assert choice["delta"].keys() == {"content"}
        assert choice["delta"]["content"]
    (ending,) = last["choices"]
    assert (ending["index"], ending["delta"]) == (0, {})
    assert ending["finish_reason"] in ("stop", "length")
    assert last["usage"].keys() == {"prompt_tokens", "completion_tokens", "total_tokens"}


@pytest.mark.clause("S2", "S3")
@every_body
def test_every_chunk_belongs_to_the_same_answer(world: "World", body: dict[str, Any]) -> None:
    parts = chunks(stream(world, body).body)
    assert len({part["id"] for part in parts}) == 1
    assert parts[0]["id"].startswith("chatcmpl-")
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert {part["created"] for part in parts} == {1_767_225_600}
    assert {part["model"] for part in parts} == {body.get("model", "clevora-1.0-turbo")}
    assert {len(part["choices"]) for part in parts} == {1}


@pytest.mark.clause("S4")
@pytest.mark.parametrize("options", [None, {}, {"include_usage": True}, {"include_usage": False}])
def test_the_usage_comes_once_on_the_last_chunk(world: "World", options: dict[str, Any] | None) -> None:
    parts = chunks(stream(world, HELLO | {"stream_options": options}).body)
    assert ["usage" in part for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1]["usage"] == {"prompt_tokens": 8, "completion_tokens": 32, "total_tokens": 40}


@pytest.mark.clause("S5")
@every_body
def test_a_joined_stream_equals_the_unstreamed_answer(world: "World", body: dict[str, Any]) -> None:
    parts = chunks(stream(world, body).body)
    answer = unstreamed(world, body)
    assert text_of(parts) == answer["choices"][0]["message"]["content"]
    assert parts[-1]["choices"][0]["finish_reason"] == answer["choices"][0]["finish_reason"]
    assert parts[-1]["usage"] == answer["usage"]
    assert parts[-1]["model"] == answer["model"]


@pytest.mark.clause("S5", "B6")
@every_body
def test_a_stream_costs_the_same_as_the_unstreamed_answer(world: "World", body: dict[str, Any]) -> None:
    stream(world, body)
    tokens = unstreamed(world, body)["usage"]["total_tokens"]
    charges = world.run_in_server(lambda sandbox: [*sandbox.accounts.by_uid["demo"].ledger.entries][1:])
    assert [(charge.tokens, charge.amount) for charge in charges] == [(tokens, tokens * 500)] * 2


@pytest.mark.clause("S2", "C8")
def test_the_documented_stream_comes_word_by_word(world: "World") -> None:
    parts = chunks(stream(world, HELLO).body)
    assert [part["choices"][0]["delta"].get("content") for part in parts] == [
        None,
        "Clevora",
        " API",
        " successfully",
        " processed",
        " your",
        " request",
        ".",
        None,
    ]


@pytest.mark.clause("C6", "C7")
@pytest.mark.parametrize("limit", [1, 2, 3, 8])
def test_max_tokens_cuts_between_pieces(world: "World", limit: int) -> None:
    parts = chunks(stream(world, LONG | {"max_tokens": limit}).body)
    assert len(parts) - 2 == limit == parts[-1]["usage"]["completion_tokens"]
    assert parts[-1]["choices"][0]["finish_reason"] == "length"
    assert unstreamed(world, LONG)["choices"][0]["message"]["content"].startswith(text_of(parts))


@pytest.mark.clause("S1")
def test_the_documentations_own_client_reads_a_stream(world: "World") -> None:
    text = ""
    for line in stream(world, HELLO).body.decode().split("\n")[:-1]:
        if not line.startswith("data: "):
            continue
        payload = line[6:]
        if payload == "[DONE]":
            break
        text += json.loads(payload)["choices"][0]["delta"].get("content") or ""
    assert text == "Clevora API successfully processed your request."


@pytest.mark.clause("S7")
def test_a_refused_stream_is_plain_json_on_the_wire(world: "World") -> None:
    reply: Response
    with connect(world.address) as connection:
        connection.sendall(chat_request(world, {"messages": [], "stream": True}, close=False))
        reply = read_response(connection)
    assert reply.status == 400
    assert reply.header("content-type") == "application/json"
    assert json.loads(reply.body)["error"]["code"] == "invalid_field"


# --- leaving early ----------------------------------------------------------------------------------------------------


def only_entry(world: "World") -> "JournalEntry":
    """Return the journal's one entry, once the server has noticed the disconnect."""
    (entry,) = wait_for_entries(world, 1)
    return entry


def disconnect_after(world: "World", contents: int) -> tuple[int, str]:
    """Read so many contents of a long stream and disconnect; return how many were read, and their text."""

    def slow(sandbox: "Sandbox") -> None:
        sandbox.clock.set_mode("scaled", 0.2)

    world.run_in_server(slow)
    with connect(world.address) as connection:
        connection.sendall(chat_request(world, LONG | {"stream": True}))
        seen = read_until(
            connection, RawResponse(), lambda seen: b"".join(seen.events).count(b'"content":') >= contents
        )
    pieces = [json.loads(found) for found in re.findall(rb'"content":("(?:[^"\\]|\\.)*")', b"".join(seen.events))]
    return len(pieces), "".join(pieces)


@pytest.mark.clause("S6")
@pytest.mark.parametrize("contents", [1, 4])
def test_an_early_disconnect_is_billed_for_the_sent_tokens(live_world: "World", contents: int) -> None:
    full = live_world.http.post("/v1/chat/completions", headers=live_world.headers, json=LONG).json()
    live_world.run_in_server(lambda sandbox: sandbox.reset())
    received, text = disconnect_after(live_world, contents)
    entry = only_entry(live_world)
    usage, content = full["usage"], full["choices"][0]["message"]["content"]
    assert entry.prompt_tokens == usage["prompt_tokens"]
    # Frames in flight at the disconnect count as sent.
    assert received <= entry.completion_tokens < usage["completion_tokens"]
    assert entry.response.startswith(text)
    assert content.startswith(entry.response)
    assert entry.response != content
    tokens = entry.prompt_tokens + entry.completion_tokens
    charges = live_world.run_in_server(lambda sandbox: [*sandbox.accounts.by_uid["demo"].ledger.entries][1:])
    assert [(charge.tokens, charge.amount) for charge in charges] == [(tokens, tokens * 500)]


@pytest.mark.clause("S6", "U7")
def test_an_abandoned_stream_is_a_success_in_the_usage(live_world: "World") -> None:
    disconnect_after(live_world, 2)
    entry = only_entry(live_world)
    tokens = entry.prompt_tokens + entry.completion_tokens
    data = live_world.http.get("/api/developer/usage?range=1", headers=live_world.signed_in()).json()["data"]
    assert (data["summary"]["totalRequests"], data["summary"]["totalTokens"]) == (1, tokens)
    assert data["summary"]["successRate"] == 100
    assert [(row["status"], row["tokens"]) for row in data["recentActivity"]] == [("success", tokens)]
    (log_id,) = live_world.http.get("/__mock/firestore/clevora_developer_logs").json()["documents"]
    log = live_world.http.get(f"/__mock/firestore/clevora_developer_logs/{log_id}").json()
    assert (log["status"], log["tokens"], log["output"]) == ("success", tokens, entry.response)


@pytest.mark.clause("S6", "B4")
def test_a_disconnect_after_the_end_is_billed_once(world: "World") -> None:
    with connect(world.address) as connection:
        connection.sendall(chat_request(world, HELLO | {"stream": True}))
        read_until(connection, RawResponse(), lambda seen: b"[DONE]" in seen.raw)
    assert only_entry(world).completion_tokens == 32
    charges = world.run_in_server(lambda sandbox: [*sandbox.accounts.by_uid["demo"].ledger.entries][1:])
    assert [charge.amount for charge in charges] == [20_000]


@pytest.mark.clause("S2")
def test_a_very_long_answer_has_several_tokens_a_chunk(world: "World") -> None:
    text = "a b " * 20_000
    start_scenario(world, f"rules: [{{then: {{reply: {{content: {text}}}}}}}]")
    answer = stream(world, HELLO)
    contents = [part["choices"][0]["delta"].get("content", "") for part in chunks(answer.body)]
    assert "".join(contents).split() == text.split()
    assert len(contents) < 32_768
