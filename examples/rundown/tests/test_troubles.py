"""Pages while the API refuses, fails or breaks off; each test causes the error in its own sandbox."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

# Sends a question; returns the pieces of the answer and the last line.
Ask = Callable[[str], tuple[list[str], dict[str, Any]]]

TOPIC = {"topic": "black holes", "style": "podcast"}


def test_a_short_rate_limit_is_waited_out_and_a_missing_search_is_done_without(app: TestClient, sandbox: Any) -> None:
    sandbox.use("premiere-night")

    rundown = app.post("/outline", json=TOPIC).json()

    assert rundown["script"]["sections"]
    assert rundown["sources"] == []
    assert sandbox.statuses("scripts.generate") == [429, 200]


def test_a_long_rate_limit_is_passed_on_to_the_reader(app: TestClient, ask: Ask, sandbox: Any) -> None:
    sandbox.use("rate-limited")
    app.post("/outline", json=TOPIC | {"topic": "white dwarfs"})
    ask("Who should be the guest?")

    refusal = app.post("/outline", json=TOPIC)

    assert refusal.status_code == 503
    assert refusal.headers["retry-after"] == str(refusal.json()["retryAfter"]) == "60"
    sandbox.advance(60)
    assert app.post("/outline", json=TOPIC).status_code == 200


def test_an_empty_account_is_not_asked_again(app: TestClient, sandbox: Any) -> None:
    sandbox.use("not-activated")

    refusal = app.post("/outline", json=TOPIC)

    assert refusal.status_code == 503
    assert "top up" in refusal.json()["trouble"]
    assert sandbox.statuses("scripts.generate") == [402]


def test_failures_that_pass_are_not_noticed(ask: Ask, sandbox: Any) -> None:
    sandbox.use("flaky")

    pieces, end = ask("Who should be the guest?")

    assert pieces
    assert end == {"done": True}
    assert sandbox.statuses("chat.completions") == [500, 500, 200]


def test_an_answer_that_breaks_off_is_not_passed_for_a_whole_one(ask: Ask, sandbox: Any) -> None:
    sandbox.use("premiere-night")

    pieces, end = ask("Who should be the guest?")

    assert pieces
    assert "broke off" in end["trouble"]
