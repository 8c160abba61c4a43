"""Effects of faults on replies of unusual shapes."""

import json

import pytest

from clevora_mock.core.reply import Frame, Reply, json_reply
from clevora_mock.faults import FAULTS, Fault
from clevora_mock.faults.body import MissingFields, SlowBody


def test_a_fault_has_to_define_its_effect() -> None:
    with pytest.raises(NotImplementedError):
        Fault().apply(Reply())


def test_an_empty_frame_does_not_count_in_a_slow_body() -> None:
    reply = SlowBody(10).apply(Reply((Frame(b"", tokens=1), Frame(b"ab", tokens=2, text="ab"))))
    assert [(frame.data, frame.tokens, frame.text) for frame in reply.frames] == [(b"a", 0, ""), (b"b", 2, "ab")]


def test_a_missing_field_below_a_string_changes_nothing() -> None:
    reply = MissingFields(("model.name",)).apply(json_reply(b'{"model": "clevora-chat"}'))
    assert json.loads(reply.body) == {"model": "clevora-chat"}


def paced() -> Reply:
    """Return a stream of a role, three tokens and the end, a second apart from the first token on."""
    parts = [(b"role", 0, 0), (b"one", 1, 0), (b"two", 1, 1), (b"three", 1, 2), (b"end", 0, 3)]
    frames = [
        Frame(b'data: {"%b":1}\n\n' % data, tokens, text=data.decode() if tokens else "", due=due * 1_000_000)
        for data, tokens, due in parts
    ]
    return Reply(tuple(frames), is_stream=True)


@pytest.mark.parametrize(
    ("kind", "after", "due"),
    [
        ("error_frame", 2, [0, 0, 1, 1]),
        ("unframed_error", 3, [0, 0, 1, 2, 2]),
        ("error_frame", 0, [0, 0]),
        ("early_end", 2, [0, 0, 1]),
        ("close", 2, [0, 0, 1]),
        ("reset", 1, [0, 0]),
        ("duplicate_chunk", 1, [0, 0, 1, 1, 2, 3]),
        ("duplicate_chunk", 2, [0, 0, 1, 2, 2, 3]),
        ("malformed_chunk", 2, [0, 0, 1, 2, 3]),
    ],
)
def test_a_fault_within_a_paced_stream_comes_in_its_turn(kind: str, after: int, due: list[int]) -> None:
    """An error and a duplicate come with the frame before them."""
    reply = FAULTS[kind](after_tokens=after).apply(paced())
    assert [frame.due // 1_000_000 for frame in reply.frames] == due


@pytest.mark.parametrize("kind", ["usage_chunk", "split_utf8"])
def test_a_frame_that_a_fault_adds_to_a_paced_stream_comes_with_the_one_before_it(kind: str) -> None:
    data = 'data: {"choices":["é"],"usage":{}}\n\ndata: [DONE]\n\n'.encode()
    reply = FAULTS[kind]().apply(Reply((Frame(b""), Frame(data, due=3_000_000)), is_stream=True))
    assert [frame.due for frame in reply.frames] == [0, 3_000_000, 3_000_000]


def test_a_duplicate_within_a_paced_stream_is_billed_and_journaled_once() -> None:
    reply = FAULTS["duplicate_chunk"](after_tokens=1).apply(paced())
    assert [frame.tokens for frame in reply.frames] == [0, 1, 0, 1, 1, 0]
    assert "".join(frame.text for frame in reply.frames) == "onetwothree"
