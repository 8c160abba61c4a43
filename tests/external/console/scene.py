"""A sandbox with something to see in every view, for screenshots and for axe."""

from typing import Any

from playwright.sync_api import Page

from tests.support.control import chat, control, start_scenario
from tests.support.world import World

VIEWS = (
    *("traffic", "entry", "money", "usage", "levers/scenario", "levers/match", "levers/clock", "levers/accounts"),
    *("levers/sandbox", "conduct", "fidelity"),
)
CHECKOUTS = ("open", "paid", "pending", "failed", "unknown")

_WEATHER = """name: mixed weather
description: >-
  Embeddings are limited, chats about storms fail, streams are cut.
  Finds clients that do not wait, and those that take half a stream for an answer.
rules:
  - name: long texts are too much
    when: {endpoint: embeddings, message: /encyclopedia/i}
    then: {error: 503}
  - name: embeddings are limited
    when: {endpoint: embeddings}
    then: {error: {status: 429, retry_after: 20}}
  - name: storms fail
    when: {endpoint: chat.completions, message: /storm/i}
    then: {error: 503}
  - name: streams are cut
    when: {endpoint: chat.completions, body: {stream: true}}
    then: {fault: {kind: early_end, after_tokens: 8}}
"""


def fill_scene(world: World) -> dict[str, str]:
    """Send requests on thirteen days, a few troubles, and top-ups; return the checkouts by their state."""
    world.headers["user-agent"] = "OpenAI/Python 3.54.0"
    control(world, "PATCH clock", json={"now": "2026-05-01T08:00:00Z"})
    for day in range(13):
        for part in range(2 + (day * 7) % 5):
            chat(world, f"What is new on day {day}? " * (1 + part), stream=part % 2 == 0, model="clevora-1.0-turbo")
            _post(world, "embeddings", {"input": ["a text", f"the text of day {day}"]})
            if part % 2:
                _post(world, "search", {"query": "quantum computing for beginners"})
            world.advance(2820)
        if day % 3 == 0:
            _post(world, "scripts/generate", {"topic": "The history of tea"})
        if day % 4 == 1:
            chat(world, "Hello!", headers={"x-clevora-mock-error": "500"})
        world.advance(86_400 - 2820 * (2 + (day * 7) % 5))
    _make_trouble(world)
    control(world, "POST accounts", json={"uid": "ann", "email": "ann@b.example", "balance": 3})
    return _open_checkouts(world)


def _make_trouble(world: World) -> None:
    control(world, "PUT scenario", json={"name": "flaky"})
    for _ in range(3):
        chat(world, "Explain backoff to a client", temperature=0.4)
        world.advance(1.5)
    start_scenario(world, _WEATHER)
    for _ in range(3):
        _post(world, "embeddings", {"input": "the same text"})
        world.advance(2)
    chat(world, "Will a storm come?", temperature=0.2, flavour="mint")
    chat(world, "Tell me about the weather", stream=True, model="clevora-1.0-turbo")
    world.http.get("/v1/modles", headers=world.headers)
    chat(world, "Hello!", temperature=9)
    for text in ("What does a good client do after a 429?", "And after a 503?"):
        chat(world, text, model="clevora-1.0-turbo")
        world.advance(3.25)


def _open_checkouts(world: World) -> dict[str, str]:
    opened = {state: world.open_checkout(dollars) for state, dollars in _AMOUNTS.items()}
    control(world, f"POST checkouts/{opened['paid']}/pay")
    control(world, f"POST checkouts/{opened['failed']}/fail")
    control(world, f"POST checkouts/{opened['pending']}/pay", json={"delay": "1h"})
    return opened | {
        "unknown": "cks_none",
        "open": f"{opened['open']}?return_url=http%3A%2F%2Flocalhost%3A3000%2Fbilling",
    }


_AMOUNTS = {"paid": 50, "failed": 25, "pending": 100, "open": 15}


def open_view(page: Page, view: str) -> None:
    """Go to a view, and wait until it is drawn."""
    hash_of = {"entry": "traffic", "levers/match": "levers/scenario"}.get(view, view)
    page.evaluate("hash => { location.hash = `#/${hash}` }", hash_of)
    if view == "entry":
        page.locator(".table-row", has_text="429").first.click()
        page.locator(".panel-body").wait_for()
    elif view == "levers/match":
        body = page.get_by_label("Body, or paste a curl command")
        body.fill('{"messages": [{"role": "user", "content": "Will a storm come?"}]}')
        page.get_by_role("button", name="Which rule?").click()
        page.locator(".decides").wait_for()
    else:
        page.locator("main h1").first.wait_for()
    # Charts and findings come a moment later.
    page.wait_for_timeout(900)


def _post(world: World, endpoint: str, body: dict[str, Any]) -> None:
    world.http.post(f"/v1/{endpoint}", headers=world.headers, json=body)
