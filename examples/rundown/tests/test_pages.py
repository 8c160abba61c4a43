"""Pages while the API returns no errors."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient


def test_the_page_is_served(app: TestClient) -> None:
    page = app.get("/")

    assert page.status_code == 200
    assert "<h1>Rundown</h1>" in page.text


def test_a_topic_becomes_an_outline_with_sources(app: TestClient) -> None:
    rundown = app.post("/outline", json={"topic": "black holes", "style": "podcast"}).json()

    assert rundown["script"]["title"]
    assert len(rundown["script"]["sections"]) > 1
    assert "Black Holes" in rundown["sources"][0]["title"]


def test_an_answer_comes_in_pieces(ask: Callable[[str], Any]) -> None:
    pieces, end = ask("What should the first question to the guest be?")

    assert len(pieces) > 3
    assert end == {"done": True}


def test_a_topic_of_nothing_is_not_sent_on(app: TestClient) -> None:
    refusal = app.post("/outline", json={"topic": "  "})

    assert refusal.status_code == 400
    assert refusal.json()["trouble"] == "topic: expected some text"
