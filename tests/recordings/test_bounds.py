"""The bounds of what is recorded."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.asgi import answering
from tests.support.live_api import ask, lines_of, serve_recorder, serve_replay, serve_upstream

JSON = [(b"content-type", b"application/json")]
FILE = "default.jsonl"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'"' + b"a" * 4 * 1024 * 1024 + b'"', "its answer is larger than 4 MiB"),
        (b"[" + b"1," * 200_000 + b"1]", "its answer has more than 200,000 values and lines"),
    ],
)
def test_an_answer_beyond_a_bound_is_passed_on_and_not_recorded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], body: bytes, reason: str
) -> None:
    with serve_upstream(answering(JSON, body)) as live, serve_recorder(live, tmp_path) as server:
        assert ask(server).content == body
    assert not (tmp_path / FILE).exists()
    assert f"POST /v1/chat/completions is not recorded: {reason}" in capfd.readouterr().err


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'"' + b"a" * (4 * 1024 * 1024 - 2) + b'"', marks=pytest.mark.slow),
        json.dumps(["," * 1_000_000]).encode(),
        pytest.param(b"[" + b"1," * 190_000 + b"1]", marks=pytest.mark.slow),
    ],
)
def test_an_answer_within_the_bounds_is_recorded(tmp_path: Path, body: bytes) -> None:
    with serve_upstream(answering(JSON, body)) as live, serve_recorder(live, tmp_path) as server:
        ask(server)
    assert [line["answer"] for line in lines_of(tmp_path / FILE)] == [body.decode()]


@pytest.mark.parametrize("value", [[1] * 200_001, [1e300] * 5_001])
def test_a_request_of_too_many_values_is_recorded_as_a_text(tmp_path: Path, value: Any) -> None:
    with serve_upstream(answering(JSON, b"{}")) as live, serve_recorder(live, tmp_path) as server:
        ask(server, x=value, password="abcdefgh")
    (line,) = lines_of(tmp_path / FILE)
    assert isinstance(line["request"]["body"], str)
    assert "abcdefgh" not in line["request"]["body"]
    with serve_replay(tmp_path) as server:
        assert ask(server, x=value, password="abcdefgh").content == b"{}"
