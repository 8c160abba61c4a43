"""Levers in a browser: what is switched in the page holds for the next client."""

import json
import re
from pathlib import Path

import openai
import pytest
from playwright.sync_api import Page, expect

from tests.external.console.conftest import Open, clipboard, go, opened
from tests.support.control import chat, control, start_scenario
from tests.support.world import World

TWO = "name: two\nrules:\n  - {name: fails, then: {error: 500}}\n  - {name: too, then: {error: 503}}\n"


def ask_sdk(world: World) -> str:
    client = openai.OpenAI(base_url=world.base_url, api_key=world.api_key, max_retries=0)
    made = client.chat.completions.create(model="clevora-1.0-turbo", messages=[{"role": "user", "content": "Hi"}])
    return str(made.choices[0].message.content)


def test_a_scenario_that_is_started_in_the_page_fails_the_next_call_of_the_sdk(console: Page, world: World) -> None:
    assert ask_sdk(world)
    go(console, "levers")
    console.get_by_role("button", name="Start flaky").click()
    expect(console.get_by_role("heading", name="Active: flaky")).to_be_visible()
    with pytest.raises(openai.InternalServerError):
        ask_sdk(world)
    expect(console.get_by_role("region", name="Rules").locator("tbody tr")).to_contain_text(["two failures, then fine"])
    expect(console.get_by_role("region", name="Rules").locator("td.number").nth(1)).to_have_text("1")
    console.get_by_role("button", name="End").click()
    expect(console.get_by_role("heading", name="Active: default")).to_be_visible()
    assert ask_sdk(world)


def test_a_rule_is_switched_off_and_on(console: Page, world: World) -> None:
    start_scenario(world, TWO)
    go(console, "levers")
    switch = console.get_by_role("switch", name="Rule fails")
    switch.click()
    expect(switch).not_to_be_checked()
    expect(console.locator(".rules .off")).to_have_count(1)
    assert chat(world).status_code == 503
    switch.click()
    expect(switch).to_be_checked()
    assert chat(world).status_code == 500


def test_the_editor_has_each_problem_at_its_line_and_starts_what_is_right(console: Page, world: World) -> None:
    go(console, "levers")
    console.get_by_label("Scenario", exact=True).fill("rules:\n  - whem: {endpoint: chat}\n    then: {error: 999}\n")
    expect(console.locator(".gutter .error")).to_have_text(["2", "3"])
    expect(console.locator(".lens")).to_contain_text('did you mean "when"?')
    expect(console.get_by_role("button", name="Start this")).to_be_disabled()
    console.get_by_role("button", name="2:5").click()
    expect(console.get_by_label("Scenario", exact=True)).to_be_focused()
    console.get_by_label("Scenario", exact=True).fill(TWO)
    expect(console.locator(".gutter .warning")).to_have_text(["4"])
    console.get_by_role("button", name="Start this").click()
    expect(console.get_by_role("heading", name="Active: two")).to_be_visible()
    assert chat(world).status_code == 500


def test_a_shipped_scenario_is_edited_and_enter_keeps_the_indentation(console: Page) -> None:
    go(console, "levers")
    console.get_by_role("button", name="Edit flaky").click()
    editor = console.get_by_label("Scenario", exact=True)
    expect(editor).to_have_value(re.compile("two failures, then fine"))
    editor.fill("rules:\n  - name: one")
    editor.press("End")
    editor.press("Enter")
    editor.press_sequentially("then: {error: 500}")
    expect(editor).to_have_value("rules:\n  - name: one\n    then: {error: 500}")


def test_the_match_debugger_takes_a_request_of_the_journal_and_a_curl_command(console: Page, world: World) -> None:
    start_scenario(
        world,
        "rules:\n  - {name: tea, when: {message: tea}, then: {error: 503}}\n"
        "  - {name: search, when: {endpoint: search}, then: {error: 500}}\n",
    )
    chat(world, "coffee")
    console.locator(".table-row").click()
    console.get_by_role("button", name="Match").click()
    verdicts = console.get_by_role("region", name="Verdicts on the rules")
    expect(verdicts.locator("tr").nth(1)).to_contain_text("does not apply")
    expect(verdicts.locator("tr").nth(1)).to_contain_text('"tea"')
    command = f"curl {world.base_url}/chat/completions -H 'Authorization: Bearer $CLEVORA_API_KEY' "
    command += """-d '{"messages": [{"role": "user", "content": "tea, it'\\''s"}]}'"""
    console.evaluate("text => navigator.clipboard.writeText(text)", command)
    body = console.get_by_label("Body, or paste a curl command")
    body.focus()
    body.press("ControlOrMeta+a")
    body.press("ControlOrMeta+v")
    expect(body).to_have_value(re.compile("tea, it's"))
    console.get_by_role("button", name="Which rule?").click()
    expect(console.locator(".match + div p")).to_have_text("tea decides.")


def test_the_clock_is_moved_and_every_time_is_by_it(console: Page, world: World) -> None:
    go(console, "levers/clock")
    expect(console.locator(".top .clock")).to_contain_text("2026-01-01 00:00:00 UTC · frozen")
    for button, time in (("+1 min", "00:01:00"), ("+1 h", "01:01:00"), ("To midnight UTC", "2026-01-02 00:00:00")):
        console.get_by_role("button", name=button).click()
        expect(console.locator(".top .clock")).to_contain_text(time)
    console.get_by_label("Time (UTC)").fill("2026-05-11T14:00:03")
    console.get_by_role("button", name="Set", exact=True).click()
    expect(console.locator(".top .clock")).to_contain_text("2026-05-11 14:00:03")
    chat(world)
    go(console, "traffic")
    expect(console.locator(".cell-time").last).to_have_text("14:00:03.000")
    go(console, "levers/clock")
    console.get_by_role("button", name="Run at this speed").click()
    expect(console.locator(".top .clock")).to_contain_text("60 s a second")
    console.get_by_role("button", name="Real time").click()
    expect(console.locator(".top .clock")).to_contain_text("real time")


def test_a_key_is_shown_once_works_and_is_revoked(console: Page, world: World) -> None:
    go(console, "levers/accounts")
    console.get_by_label("Name of a new key").fill("ci")
    console.get_by_role("button", name="Create key").click()
    console.locator(".reveal").get_by_role("button", name="Copy Key ci").click()
    headers = {"authorization": f"Bearer {clipboard(console)}"}
    assert chat(world, headers=headers).status_code == 200
    console.locator(".reveal").get_by_role("button", name="Done").click()
    assert clipboard(console) not in console.content()
    console.get_by_role("button", name="Revoke ci").click()
    expect(console.locator("tr", has_text="ci").locator(".badge").last).to_have_text("revoked")
    assert chat(world, headers=headers).status_code == 401


def test_an_account_is_made_signed_in_as_and_changed(console: Page, world: World) -> None:
    go(console, "levers/accounts")
    console.get_by_label("Uid").fill("ann")
    console.get_by_label("Balance, dollars", exact=True).fill("3")
    console.get_by_role("button", name="Create", exact=True).click()
    expect(console.locator(".reveal")).to_contain_text("sk_live_")
    console.get_by_role("button", name="Sign in as ann").click()
    expect(console.locator(".reveal")).to_contain_text("ID token of ann")
    console.get_by_role("button", name="Copy ID token of ann").click()
    token = {"authorization": f"Bearer {clipboard(console)}"}
    assert world.http.get("/api/developer/account", headers=token).json()["data"]["uid"] == "ann"
    console.get_by_label("Activated").check()
    expect(console.locator(".card .callout.bad")).to_have_count(0)
    assert control(world, "GET accounts/ann")["activated"] is True


def test_a_state_is_exported_and_imported(console: Page, world: World, tmp_path: Path) -> None:
    chat(world)
    go(console, "levers/sandbox")
    with console.expect_download() as saving:
        console.get_by_role("button", name="Export the state").click()
    saved = tmp_path / "state.json"
    saving.value.save_as(saved)
    assert json.loads(saved.read_text(encoding="utf-8"))["journal_total"] == 1
    console.get_by_role("button", name="Reset everything").click()
    console.get_by_role("button", name="Yes, reset everything").click()
    expect(console.locator(".message").first).to_contain_text("The sandbox was reset.")
    assert control(world, "GET requests")["count"] == 0
    console.locator("input[type=file]").set_input_files(saved)
    expect(console.locator(".message.good")).to_contain_text("is imported")
    assert control(world, "GET requests")["count"] == 1


def test_another_sandbox_is_opened(console: Page, world: World) -> None:
    go(console, "levers/sandbox")
    console.get_by_label("Another sandbox").fill(f"{world.name}-b")
    console.get_by_role("button", name="Open", exact=True).click()
    console.wait_for_url(f"**/sandbox/{world.name}-b/console")
    expect(console.locator(".top .sandbox")).to_contain_text(f"{world.name}-b")


def test_conduct_leads_to_its_requests(open_page: Open, world: World) -> None:
    body = {"messages": [{"role": "user", "content": "coffee"}], "sparkle": True}
    world.http.post("/v1/chat/completions", headers=world.headers, json=body)
    page = opened(open_page, world, "conduct")
    expect(page.locator(".finding")).to_contain_text("unknown fields")
    page.locator("summary").click()
    page.locator(".ids .link").click()
    expect(page.locator(".panel")).to_contain_text("coffee")


def test_every_clause_is_there_and_found_by_words(console: Page, world: World) -> None:
    go(console, "fidelity")
    total = len(control(world, "GET fidelity")["clauses"])
    expect(console.locator(".clause")).to_have_count(total)
    console.get_by_label("Search the clauses").fill("WEBHOOK signature")
    expect(console.locator("#B9")).to_be_visible()
    assert console.locator(".clause").count() < total / 4
    expect(console.locator(".clause").first).to_contain_text("Never checked against the live API.")
