"""The console when it is not alone, and when the server goes away or forgets."""

from msgspec.structs import replace
from playwright.sync_api import Page, expect

import clevora_mock
from clevora_mock.core.sandbox import Sandbox
from tests.external.console.conftest import Open, connected, go, opened
from tests.support.control import chat, connect, control
from tests.support.ports import free_port
from tests.support.world import World


def test_two_tabs_show_the_same(console: Page, open_page: Open, world: World) -> None:
    other = open_page(f"{world.url}/console#/levers", beside=console)
    connected(other)
    chat(world)
    expect(console.locator(".table-row")).to_have_count(1)
    other.get_by_role("button", name="Start flaky").click()
    go(console, "levers")
    expect(console.get_by_role("heading", name="Active: flaky")).to_be_visible()


def test_two_sandboxes_do_not_mix(console: Page, open_page: Open, world: World) -> None:
    other_world = World(world.server, f"{world.name}-b")
    other = opened(open_page, other_world)
    chat(world)
    expect(console.locator(".table-row")).to_have_count(1)
    expect(other.get_by_role("heading", name="No requests yet")).to_be_visible()
    chat(other_world)
    chat(other_world)
    expect(other.locator(".table-row")).to_have_count(2)
    assert console.locator(".table-row").count() == 1
    other_world.http.close()


def test_a_page_that_was_offline_shows_what_it_missed(console: Page, world: World) -> None:
    console.context.set_offline(True)
    console.evaluate("fetch('/__mock/health').catch(() => {})")
    chat(world)
    console.context.set_offline(False)
    expect(console.locator(".table-row")).to_have_count(1)
    connected(console)


def test_a_reset_empties_the_page(console: Page, world: World) -> None:
    chat(world)
    expect(console.locator(".table-row")).to_have_count(1)
    control(world, "POST reset")
    expect(console.get_by_role("heading", name="No requests yet")).to_be_visible()
    chat(world)
    expect(console.locator(".table-row")).to_have_count(1)


def test_a_restart_is_survived(open_page: Open) -> None:
    """The page says that it is cut off, and then shows the new server, whose ids are the same as the old one's."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    body = {"messages": [{"role": "user", "content": "Hello!"}]}
    with clevora_mock.running(port=port) as server, connect(url) as http:
        headers = {"authorization": f"Bearer {server.api_key}"}
        for _ in range(2):
            http.post("/v1/chat/completions", headers=headers, json=body)
        page = open_page(f"{url}/console")
        connected(page)
        expect(page.locator(".table-row")).to_have_count(2)
    expect(page.locator(".connection")).to_have_text("Reconnecting…")
    assert page.locator(".table-row").count() == 2
    with clevora_mock.running(port=port), connect(url) as http:
        http.post("/v1/chat/completions", headers=headers, json=body)
        connected(page)
        expect(page.locator(".table-row")).to_have_count(1)


def test_a_burst_that_overflows_the_events_is_shown_whole(console: Page, world: World) -> None:
    """The server keeps 1,000 events for a page that is slow, and drops the oldest beyond."""
    chat(world)
    expect(console.locator(".table-row")).to_have_count(1)

    def burst(sandbox: Sandbox) -> None:
        first = sandbox.journal.entries[0]
        for number in range(1, 1501):
            entry = replace(first, serial=number, id=f"req_{number}")
            sandbox.journal.entries.append(entry)
            sandbox.journal.total += 1
            for listener in sandbox.journal.listeners:
                listener(entry)

    world.run_in_server(burst)
    expect(console.locator(".count")).to_have_text("1,501 requests", timeout=10_000)


def test_a_sandbox_that_is_removed_and_comes_again_is_shown(console: Page, world: World) -> None:
    for _ in range(2):
        chat(world)
    expect(console.locator(".table-row")).to_have_count(2)
    world.http.delete("/")
    expect(console.get_by_role("heading", name="No requests yet")).to_be_visible()
    chat(world)
    expect(console.locator(".table-row")).to_have_count(1)


def test_back_leaves_a_request_at_once_however_many_were_looked_at(console: Page, world: World) -> None:
    for _ in range(3):
        chat(world)
    expect(console.locator(".table-row")).to_have_count(3)
    for row in range(3):
        console.locator(".table-row").nth(row).click()
    console.go_back()
    expect(console.locator(".panel")).to_have_count(0)
