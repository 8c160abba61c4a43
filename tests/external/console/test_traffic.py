"""Traffic: requests as they come, one of them in detail, and what can be done with it."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from clevora_mock.core.sandbox import Sandbox
from tests.external.console.conftest import Open, clipboard, opened
from tests.support.control import chat, control, start_scenario
from tests.support.program import environment
from tests.support.world import World

RULES = """
name: of the test
rules:
  - {name: about tea, when: {message: tea}, then: {error: 503}}
  - {name: limited, when: {endpoint: chat.completions, message: coffee}, then: {error: {status: 429, retry_after: 7}}}
"""


def rows(page: Page) -> list[str]:
    """Return the endpoints of the rows in sight, the newest first."""
    return page.locator(".table-row .cell-endpoint").all_inner_texts()


def open_first(page: Page) -> None:
    page.locator(".table-row").first.click()
    page.locator(".panel-body").wait_for()


def test_a_request_appears_within_a_second(open_page: Open, live_world: World) -> None:
    page = opened(open_page, live_world)
    chat(live_world)
    answered = time.monotonic()
    page.locator(".table-row").wait_for()
    assert time.monotonic() - answered < 1
    assert rows(page) == ["chat.completions"]


def test_the_empty_list_says_how_to_send_the_first_request(console: Page, world: World) -> None:
    expect(console.get_by_role("heading", name="No requests yet")).to_be_visible()
    console.get_by_role("button", name="Copy command").click()
    told = clipboard(console)
    answer = subprocess.run(["bash", "-c", told], capture_output=True, text=True, timeout=30, check=True)
    assert '"chat.completion"' in answer.stdout
    expect(console.locator(".table-row")).to_have_count(1)


def test_an_entry_says_what_was_answered_why_and_what_it_cost(console: Page, world: World) -> None:
    start_scenario(world, RULES)
    chat(world, "I would like a coffee", unknown_field=1)
    open_first(console)
    panel = console.locator(".panel")
    for text in ("429", "rate_limit_exceeded", "limited decided", "about tea", "message", '"tea"', "unknown_field"):
        expect(panel).to_contain_text(text)
    chat(world, "Hello!")
    expect(console.locator(".table-row")).to_have_count(2)
    open_first(console)
    expect(panel).to_contain_text("No rule applied")
    expect(panel).to_contain_text("The balance went from $100.00 to")


def test_a_finding_is_at_the_request_that_it_is_about(console: Page, world: World) -> None:
    body = {"messages": [{"role": "user", "content": "coffee"}], "sparkle": True}
    world.http.post("/v1/chat/completions", headers=world.headers, json=body)
    console.locator(".table-row", has_text="finding").click()
    expect(console.locator(".panel")).to_contain_text("unknown fields")


def test_filters_and_the_search_narrow_the_list(console: Page, world: World) -> None:
    start_scenario(world, RULES)
    for text in ("tea", "coffee", "water"):
        chat(world, text)
    world.http.post("/v1/embeddings", headers=world.headers, json={"input": "water"})
    expect(console.locator(".table-row")).to_have_count(4)
    console.get_by_label("Status").select_option("5xx")
    expect(console.locator(".table-row")).to_have_count(1)
    console.get_by_label("Status").select_option("")
    console.get_by_label("Rule").select_option("none")
    expect(console.locator(".table-row")).to_have_count(2)
    console.get_by_label("Endpoint").select_option("embeddings")
    expect(console.locator(".table-row")).to_have_count(1)
    console.get_by_role("button", name="Clear", exact=True).click()
    console.get_by_label("Text").fill("COFFEE")
    expect(console.locator(".table-row")).to_have_count(1)
    expect(console.locator(".count")).to_have_text("1 of 4 requests")


def test_a_paused_list_stands_still_and_counts_what_came(console: Page, world: World) -> None:
    chat(world)
    expect(console.locator(".table-row")).to_have_count(1)
    console.get_by_role("button", name="Pause").click()
    chat(world)
    expect(console.get_by_role("button", name="Resume (1 new)")).to_be_visible()
    assert len(rows(console)) == 1
    console.get_by_role("button", name="Resume").click()
    expect(console.locator(".table-row")).to_have_count(2)


@pytest.mark.parametrize("text", ["Hello!", 'it\'s "quoted" $HOME `id` \\ and\nwrapped', "tea"])
def test_the_copied_curl_command_gives_the_same(console: Page, world: World, text: str) -> None:
    start_scenario(world, RULES)
    first = chat(world, text, temperature=0.5)
    open_first(console)
    console.get_by_role("button", name="Copy as curl").click()
    command = clipboard(console).replace("curl ", "curl -s -w '\\n%{http_code}' ", 1)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    answered, _, status = done.stdout.rpartition("\n")
    assert int(status) == first.status_code
    assert ('"choices"' in answered) == first.is_success
    newest, before = control(world, "GET requests?limit=2")["requests"]
    assert newest["body"] == before["body"]


def test_the_copied_program_gives_the_same(console: Page, world: World) -> None:
    first = chat(world, "it's true: null", stop=None, stream=False)
    open_first(console)
    console.get_by_role("button", name="Copy as Python").click()
    done = subprocess.run([sys.executable, "-c", clipboard(console)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{first.status_code} ")
    newest, before = control(world, "GET requests?limit=2")["requests"]
    assert newest["body"] == before["body"]


@pytest.mark.parametrize("text", ["Hello!", "tea", "coffee", "reset"])
def test_the_copied_test_passes(console: Page, world: World, text: str, tmp_path: Path) -> None:
    """In a fresh sandbox, also where a rule or a fault answered."""
    start_scenario(world, f"{RULES}  - {{name: broken, when: {{message: reset}}, then: {{fault: reset}}}}\n")
    try:
        chat(world, text)
    except httpx.TransportError:
        assert text == "reset"
    open_first(console)
    console.get_by_role("button", name="Copy as pytest").click()
    (tmp_path / "test_copied.py").write_text(clipboard(console), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_copied.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout


def test_the_copied_rule_answers_the_same_requests_so(console: Page, world: World) -> None:
    start_scenario(world, RULES)
    chat(world, "coffee")
    open_first(console)
    console.get_by_role("button", name="Copy as scenario rule").click()
    start_scenario(world, clipboard(console))
    assert [chat(world, text).status_code for text in ("coffee", "tea")] == [429, 200]


def test_a_request_is_sent_again_and_marked_as_the_consoles(console: Page, world: World) -> None:
    chat(world, "once more")
    open_first(console)
    console.get_by_role("button", name="Send again").click()
    expect(console.locator(".table-row")).to_have_count(2)
    expect(console.locator(".table-row").first).to_contain_text("console")
    newest, before = control(world, "GET requests")["requests"]
    assert newest["body"] == before["body"]
    expect(console.locator(".panel .facts")).to_contain_text(newest["id"])


def test_the_keyboard_goes_through_the_list(console: Page, world: World) -> None:
    for text in ("first", "second", "third"):
        chat(world, text)
    expect(console.locator(".table-row")).to_have_count(3)
    console.get_by_role("grid", name="Requests").focus()
    console.keyboard.press("ArrowDown")
    console.keyboard.press("ArrowDown")
    console.keyboard.press("Enter")
    expect(console.locator(".panel")).to_contain_text("second")
    console.keyboard.press("ArrowDown")
    expect(console.locator(".panel")).to_contain_text("first")
    console.keyboard.press("Escape")
    expect(console.locator(".panel")).to_have_count(0)


def test_ten_thousand_entries_scroll_smoothly(open_page: Open, world: World) -> None:
    """Frames are timed while the list scrolls as a wheel does; a page with every row would take seconds for one."""
    chat(world)

    def multiply(sandbox: Sandbox) -> None:
        entry = sandbox.journal.entries[0]
        for number in range(1, 10_000):
            sandbox.journal.entries.append(replace(entry, serial=number, id=f"req_{number}"))
        sandbox.journal.total = 10_000

    world.run_in_server(multiply)
    page = opened(open_page, world)
    expect(page.locator(".count")).to_have_text("10,000 requests")
    gaps = page.evaluate("""async () => {
      const box = document.querySelector(".table");
      const gaps = [];
      let last = performance.now();
      for (let step = 0; step <= 120; step++) {
        box.scrollTop = 120 * step;
        await new Promise(requestAnimationFrame);
        gaps.push(performance.now() - last);
        last = performance.now();
      }
      return gaps;
    }""")
    assert page.locator(".table-row").count() < 80
    page.locator(".table").evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(page.locator(".table-row").last).to_have_attribute("aria-rowindex", "10001")
    assert sorted(gaps)[len(gaps) // 2] < 50
    page.get_by_label("Text").fill("req_77")
    expect(page.locator(".count")).to_have_text("111 of 10,000 requests")


HOSTILE = [
    '<img src=x onerror="window.hacked = 1">',
    "<script>window.hacked = 1</script>",
    "javascript:window.hacked = 1",
    "\u202egnorw \u2067isolated\u200f",
    "\x1b[31mred\x1b[0m \x07 \x00",
    "${window.hacked = 1} {{7*7}} </pre></bdi><h1>big</h1>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(open_page: Open, world: World, text: str) -> None:
    rule = {"name": text[:60].replace("\x00", ""), "when": {"message": "never"}, "then": {"error": 500}}
    world.http.put("/__mock/scenario", json={"name": "hostile", "rules": [rule]})
    headers = {"user-agent": text.encode("ascii", "replace").decode().replace("\x00", "").replace("\x07", "")}
    headers = {} if "\x1b" in text else headers
    body = {"messages": [{"role": "user", "content": text}], "model": "clevora-1.0-turbo", text: 1}
    world.http.post("/v1/chat/completions", headers=world.headers | headers, json=body)
    world.http.get(f"/v1/{text.replace(chr(0), '').replace(chr(7), '').replace(chr(27), '')}", headers=world.headers)
    page = opened(open_page, world)
    expect(page.locator(".table-row")).to_have_count(2)
    page.locator(".table-row").last.click()
    expect(page.locator(".panel")).to_contain_text("content")
    for view in ("levers", "conduct", "fidelity"):
        page.evaluate("view => { location.hash = `#/${view}` }", view)
        page.locator(".view h1").wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, script:not([type=module]), iframe, h1:has-text('big')").count() == 0
    shown = page.evaluate("document.body.innerText")
    assert not {"\x1b", "\u202e", "\u2067", "\u200f"} & set(shown)


def test_four_mebibytes_do_not_stop_the_page(console: Page, world: World) -> None:
    chat(world, "a" * (4 * 1024 * 1024 - 200))
    chat(world, "short")
    expect(console.locator(".table-row")).to_have_count(2)
    console.locator(".table-row").last.click()
    expect(console.locator(".panel")).to_contain_text("The journal keeps the first 16.0 KiB of 4.0 MiB.")
    expect(console.get_by_role("button", name="Copy as curl")).to_be_disabled()
