"""Recordings of random answers of a live API: what is written can be read and replayed, whatever the answer was."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.recordings.masker import Masker
from clevora_mock.recordings.recorded_exchange import CanonicalRequest, RecordingHeader, is_recorded_header
from clevora_mock.recordings.recorder import Answer, NotRecordedError, Piece, record
from clevora_mock.recordings.recording_file import append_exchange, read_recording, write_recording
from clevora_mock.recordings.replay import reply_of

# Hundreds of examples.
pytestmark = pytest.mark.slow

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
HEADER = RecordingHeader("2026-01-05T00:00:00.000Z", "api.example", "0.1.0")

values = st.text(st.characters(max_codepoint=255), max_size=20)
names = st.sampled_from(["cache-control", "retry-after", "allow", "x-request-id"]) | st.builds(
    "x-ratelimit-{}".format, st.text(TOKEN, max_size=10) | st.text(max_size=5)
)
counts = st.integers(-1, 20) | st.integers(10**8, 10**9 + 1) | st.integers() | st.floats() | st.none()
usages = st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens"]), counts)
documents = st.fixed_dictionaries({"text": st.text()}, optional={"usage": usages})


def events(found: list[dict[str, Any]]) -> bytes:
    return b"".join(b"data: %s\n\n" % json.dumps(one).encode() for one in found) + b"data: [DONE]\n\n"


# A media type and a body, which is JSON, a stream, a text or bytes.
bodies = st.one_of(
    st.tuples(st.just("application/json"), documents.map(lambda one: json.dumps(one).encode())),
    st.tuples(st.just("text/event-stream"), st.lists(documents, max_size=3).map(events)),
    st.tuples(st.sampled_from(["text/event-stream", "text/plain"]), st.text().map(str.encode)),
    st.tuples(st.just("application/octet-stream"), st.binary()),
)
costly = {"usage": {"prompt_tokens": 10**9, "completion_tokens": 10**9}}


@example("scripts.generate", 200, {}, ("application/json", json.dumps(costly).encode()), [0])
@example("search", 200, {"x-ratelimit-limit.requests": "5"}, ("application/json", b"{}"), [0])
@example("search", 200, {"cache-control": "a\x01b"}, ("application/json", b"{}"), [0])
@example("search", 200, {}, ("text/event-stream", events([{}])), [9, 3])
@example("search", 200, {}, ("application/json", b"{}"), [10**12])
@given(
    st.sampled_from(["chat.completions", "search", "scripts.generate", "docs.llms"]),
    st.integers(100, 700),
    st.dictionaries(names, values, max_size=3),
    bodies,
    st.lists(st.integers(0, 10**4) | st.integers(0, 10**10), min_size=1, max_size=4),
)
def test_what_is_written_is_read_and_replayed(
    endpoint: str, status: int, headers: dict[str, str], content: tuple[str, bytes], times: list[int]
) -> None:
    media_type, body = content
    step = len(body) // len(times) + 1
    pieces = tuple(Piece(time, body[step * index : step * (index + 1)]) for index, time in enumerate(times))
    kept = {name: value for name, value in headers.items() if is_recorded_header(name)} | {"content-type": media_type}
    answer = Answer(status, kept, pieces, complete=True)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "default.jsonl"
        write_recording(path, HEADER, ())
        # A refusal leaves the file as it was.
        with suppress(NotRecordedError):
            request = CanonicalRequest("POST", "/v1/search")
            append_exchange(path, record(ENDPOINT_BY_NAME[endpoint], request, 1, answer, Masker()))
        recording = read_recording(path)
        recording.require_usable()
        for line in recording.lines:
            reply_of(line.exchange, paced=True)
