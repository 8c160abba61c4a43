"""The run report from disk, without a network: its views, its numbers, hostile text, long runs, and its looks."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.cli.run_report.render import RunFacts, render_report
from clevora_mock.core.spend import SpendGroup
from clevora_mock.core.waste import Waste
from tests.external.console.conftest import Open, go
from tests.external.console.test_accessibility import violations
from tests.external.console.test_traffic import HOSTILE
from tests.support.documents import ROOT
from tests.support.run_records import finding, journal_entry, record

FOLDER = ROOT / "build" / "screenshots"
VIEWS = ("overview", "tests", "tests/1", "tests/1/1", "requests", "requests/1/0", "spend", "faults", "findings")
FAILURE = """    def test_waits(clevora):
>       assert clevora.conduct() == []
E       AssertionError: assert [Finding(kind='early_retry')] == []

tests/test_chat.py:14: AssertionError"""
FINDING: dict[str, Any] = {
    "message": "repeated a request before Retry-After was over",
    "advice": "Wait for as long as Retry-After says.",
    "requests": ["req_1"],
    "dollars": 0.01,
}
LIMITED = {"status": 429, "code": "rate_limit_exceeded", "rule": "three, then a pause", "cost": 0.0, "response": ""}


def run_of_three() -> list[SandboxRecord]:
    """Return a test that passed after a retry, one that failed, and one over its budget."""
    chats = SpendGroup("chat.completions", requests=2, tokens=40, spent=20_000)
    retried = [journal_entry(2), journal_entry(0, **LIMITED)]
    early = [journal_entry(3, body={"model": "other"}), journal_entry(1, **LIMITED), journal_entry(0, **LIMITED)]
    return [
        record("tests/test_chat.py::test_retries", spent=10_000, requests=retried),
        record(
            "tests/test_chat.py::test_waits",
            requests=early,
            outcome="failed",
            failure=FAILURE,
            findings=[finding(**FINDING)],
            by_endpoint=[chats],
            by_key=[chats],
            by_rule=[chats],
        ),
        record("tests/test_money.py::test_costly", 2, budget=10_000, waste=[Waste("asked_twice", ["req_1"], 10_000)]),
    ]


FACTS = RunFacts("pytest tests", 1_000_000, {"tests/test_chat.py::test_retries": 5_000, "gone": 1}, "spend.json")


def opened(open_page: Open, folder: Path, records: list[SandboxRecord], **options: Any) -> Page:
    """Return a page with a run's report, opened from disk without a network."""
    path = folder / "run.html"
    path.write_bytes(render_report(records, FACTS))
    page = open_page(path.as_uri(), offline=True, **{"viewport": {"width": 1440, "height": 900}} | options)
    page.locator("main h1").first.wait_for(state="attached")
    return page


def test_the_overview_says_what_failed_and_what_the_run_spent(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, run_of_three())
    expect(page.locator(".verdict")).to_contain_text("1 test failed; 1 finding about the client.")
    expect(page.locator(".figure").nth(2)).to_contain_text("$0.04")
    expect(page.locator(".figure").nth(2)).to_contain_text("+$0.035 (+700 %) since the baseline")
    expect(page.locator(".figure").nth(3)).to_contain_text("$0.01")
    expect(page.locator(".figure").nth(4)).to_contain_text("1 answered after a retry")
    expect(page.locator(".card", has_text="Failed tests")).to_contain_text("AssertionError: assert [Finding(")


def test_the_overview_says_which_finding_failed_a_test(open_page: Open, tmp_path: Path) -> None:
    head = "--clevora-fail-on=error: findings about the client's conduct:"
    failure = f"{head}\nerror early_retry: asked again\n  Wait.\n  requests: req_1"
    page = opened(open_page, tmp_path, [record(outcome="failed", failure=failure)])
    expect(page.locator(".card .reason").first).to_have_text("error early_retry: asked again")


def test_a_failure_without_a_sandbox_says_so(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, [record(sandbox="", requests=[], outcome="failed", failure="E   OSError")])
    go(page, "tests/0")
    expect(page.locator(".empty")).to_contain_text("It failed without a sandbox.")
    expect(page.locator(".facts")).to_contain_text("none")


def test_a_test_has_its_failure_beside_each_of_its_requests(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, run_of_three())
    page.locator(".views a", has_text="Tests").click()
    page.get_by_label("Outcome").select_option("failed")
    expect(page.locator(".count")).to_have_text("1 of 3 tests")
    page.locator(".table-row").click()
    expect(page.locator(".failure b")).to_have_text(
        "E       AssertionError: assert [Finding(kind='early_retry')] == []\n"
    )
    expect(page.locator(".summary .finding")).to_contain_text("Wait for as long as Retry-After says.")
    page.locator(".table-row").nth(1).click()
    expect(page.locator(".panel")).to_contain_text("three, then a pause decided")
    expect(page.locator(".failure")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".summary")).to_be_visible()


def test_a_finding_leads_to_its_request(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, run_of_three())
    go(page, "findings")
    page.locator("summary").click()
    page.get_by_role("button", name="req_1").click()
    expect(page.locator(".panel .facts")).to_contain_text("req_1")


def test_faults_say_how_many_were_answered_after_all(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, run_of_three())
    go(page, "faults")
    expect(page.locator(".card")).to_contain_text("in 2 tests")
    expect(page.locator(".card")).to_contain_text("1 of 3 answered when the same was asked again.")


def test_spend_has_the_change_of_each_test(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, run_of_three())
    go(page, "spend")
    expect(page.locator(".table-row", has_text="test_retries").locator(".cell-change")).to_have_text("+$0.005 (+100 %)")
    expect(page.locator(".table-row", has_text="test_costly").locator(".cell-change")).to_have_text("new")
    expect(page.locator(".card", has_text="In the baseline alone")).to_contain_text("gone")


def test_the_keyboard_goes_from_test_to_request(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, run_of_three())
    go(page, "tests")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.locator(".table").press(key)
    expect(page.locator("h1 .test-name")).to_have_text("test_waits")
    for key in ("ArrowDown", "Enter"):
        page.locator(".table").press(key)
    expect(page.locator(".panel .facts")).to_contain_text("req_0")


@pytest.mark.parametrize("text", [*HOSTILE, "</script><script>window.hacked = 1</script>", "<!--<script>"])
def test_hostile_text_stays_text(open_page: Open, tmp_path: Path, text: str) -> None:
    miss = {"rule": text, "failed": text, "field": text, "expected": text, "got": text, "draw": None}
    changes = dict.fromkeys(("path", "query", "client", "message", "hint", "code", "rule", "fault", "response"), text)
    entry = journal_entry(0, status=500, body={text: text}, ignored=[text], nearMisses=[miss], **changes)
    found = finding(message=text, advice=text, kind=text)
    group = SpendGroup(text, 1, 1, 1)
    groups = {"by_endpoint": [group], "by_rule": [group], "by_key": [group]}
    test = record(text, requests=[entry], outcome="failed", failure=text, findings=[found], **groups)
    page = opened(open_page, tmp_path, [test])
    for view in (
        "overview",
        "tests",
        "tests/0",
        "tests/0/0",
        "requests",
        "requests/0/0",
        "spend",
        "faults",
        "findings",
    ):
        go(page, view)
        page.wait_for_timeout(100)
        assert page.evaluate("window.hacked") is None
        assert page.locator("img, script:not([id]):not([type=module]), iframe, h1:text-is('big')").count() == 0
        shown = page.evaluate("document.body.innerText")
        assert not {"\x1b", "\u202e", "\u2067", "\u200f"} & set(shown)


def test_two_thousand_requests_scroll(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, [record(chats=2_000)])
    go(page, "requests")
    expect(page.locator(".count")).to_have_text("2,000 requests")
    assert page.locator(".table-row").count() < 80
    page.locator(".table").evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(page.locator(".table-row").last).to_have_attribute("aria-rowindex", "2001")


def test_an_address_opens_its_request_in_sight(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, [record(chats=2_000)])
    go(page, "tests/0/1500")
    expect(page.locator(".table-row.open")).to_be_in_viewport()


def test_a_run_without_requests_says_so(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, [])
    expect(page.locator(".verdict h1")).to_have_text("Pass")
    for view in ("tests", "requests", "spend", "faults", "findings", "tests/4"):
        go(page, view)
        expect(page.locator(".empty").first).to_be_visible()


@pytest.mark.parametrize("width", [380, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_is_drawn_within_the_window_and_axe_finds_nothing_serious(
    open_page: Open, tmp_path: Path, theme: str, width: int
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": theme}
    page = opened(open_page, tmp_path, run_of_three(), **options)
    wrong = {}
    for view in VIEWS:
        go(page, view)
        page.wait_for_timeout(200)
        page.screenshot(path=FOLDER / f"report-{view.replace('/', '-')}-{theme}-{width}.png")
        is_wide = page.evaluate(
            "Math.max(document.body.scrollWidth, document.querySelector('main').scrollWidth) > innerWidth"
        )
        found = [*violations(page), *(["wider than the window"] if is_wide else [])]
        if found:
            wrong[view] = found
    assert wrong == {}


def test_opening_it_reads_no_other_file(open_page: Open, tmp_path: Path) -> None:
    page = opened(open_page, tmp_path, run_of_three())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.locator("main h1").first.wait_for()
    assert [url for url in asked if not url.startswith("data:")] == [page.url]
