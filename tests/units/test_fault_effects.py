"""Effects of faults on replies of unusual shapes."""

import json

import pytest

from clevora_mock.core.reply import Frame, Reply, json_reply
from clevora_mock.faults import Fault
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
