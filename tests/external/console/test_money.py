"""Money, usage and the checkout page in a browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.external.console.conftest import Open, go, opened
from tests.support.control import chat, control
from tests.support.world import World


def test_the_gate_is_in_words_and_follows_the_balance(console: Page, world: World) -> None:
    go(console, "money")
    expect(console.locator(".next-request")).to_contain_text("is answered")
    control(world, "PATCH accounts/demo", json={"balance": 0.001})
    chat(world)
    expect(console.locator(".next-request")).to_contain_text("402 from the next request")
    expect(console.locator(".next-request")).to_contain_text("insufficient_balance")


def test_the_ledger_and_the_limits_follow_each_request(console: Page, world: World) -> None:
    go(console, "money")
    tokens = chat(world).json()["usage"]["total_tokens"]
    first = console.locator(".flush .table-row").first
    expect(first).to_contain_text("chat.completions")
    expect(first.locator(".cell-balance")).to_have_text(f"${100 - tokens * 0.0005:.4f}".rstrip("0"))
    expect(console.locator(".key-limits")).to_contain_text("59 of 60")
    expect(console.locator(".bars")).to_contain_text("chat.completions")


def test_a_top_up_that_is_paid_in_the_page_activates_the_account(console: Page, open_page: Open, world: World) -> None:
    control(world, "PATCH accounts/demo", json={"balance": 0, "activated": False})
    assert chat(world).json()["error"]["code"] == "account_not_activated"
    go(console, "money")
    expect(console.locator(".figure", has_text="Activation")).to_contain_text("Not activated")
    console.get_by_label("Dollars", exact=True).fill("15")
    console.get_by_role("button", name="Open a checkout").click()
    with console.context.expect_page() as popup:
        console.get_by_role("link", name="Pay it as a customer does").click()
    checkout = popup.value
    expect(checkout.get_by_text("Mock checkout")).to_be_visible()
    checkout.get_by_role("button", name="Pay $15.00").click()
    expect(checkout.get_by_role("heading", name="Payment successful")).to_be_visible()
    expect(checkout.locator(".balance")).to_contain_text("$15.00")
    expect(console.locator(".figure", has_text="Activation")).to_contain_text("Activated")
    expect(console.locator(".next-request")).to_contain_text("is answered")
    assert chat(world).status_code == 200


@pytest.mark.parametrize(
    ("button", "state", "balance"),
    [
        ("Pay", "paid and credited", 150),
        ("Fail", "failed", 100),
        ("Pay, deliver twice", "paid and credited", 150),
        ("Pay, 30 s late", "paid, not credited", 100),
    ],
)
def test_an_open_checkout_is_finished_in_the_page(
    console: Page, world: World, button: str, state: str, balance: float
) -> None:
    world.open_checkout()
    go(console, "money")
    console.get_by_role("button", name=button, exact=True).click()
    expect(console.get_by_role("region", name="Checkouts")).to_contain_text(state)
    assert control(world, "GET accounts/demo")["balance"] == balance
    if "late" in button:
        control(world, "PATCH clock", json={"advance": "30s"})
        expect(console.get_by_role("region", name="Checkouts")).to_contain_text("paid and credited")


def test_usage_is_what_the_api_says(console: Page, world: World) -> None:
    for _ in range(3):
        chat(world)
    go(console, "usage")
    expect(console.locator(".figure", has_text="Requests, 30 days")).to_contain_text("3")
    console.get_by_role("button", name="Table").first.click()
    expect(console.get_by_role("region", name="Requests a day (UTC)")).to_contain_text("2026-01-01")
    console.get_by_label("Range").select_option("1")
    expect(console.locator(".figure", has_text="Requests, 1 day")).to_contain_text("3")
    expect(console.locator(".plot canvas")).to_have_count(1)


def test_usage_without_requests_says_so(console: Page) -> None:
    go(console, "usage")
    expect(console.get_by_role("heading", name="No requests in 30 days").first).to_be_visible()


def test_a_checkout_leads_back_to_its_return_url(open_page: Open, world: World) -> None:
    page = open_page(f"{world.url}/checkout/{world.open_checkout()}?return_url={world.server.url}/docs/llms%3Fa%3D1")
    page.get_by_role("button", name="Let the payment fail").click()
    expect(page.get_by_role("heading", name="Payment failed")).to_be_visible()
    page.get_by_role("link", name="Back to").click()
    page.wait_for_url("**/docs/llms?a=1&payment_id=pay_*&status=failed&email=*")


def test_a_double_click_pays_once_and_says_that_it_is_used(open_page: Open, world: World) -> None:
    url = f"{world.url}/checkout/{world.open_checkout()}"
    first = open_page(url)
    second = open_page(url, beside=first)
    for page, heading in ((first, "Payment successful"), (second, "This checkout was already used")):
        page.get_by_role("button", name="Pay $50.00").click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert control(world, "GET accounts/demo")["balance"] == 150
    page = open_page(f"{world.url}/checkout/cks_none")
    expect(page.get_by_role("heading", name="No such checkout")).to_be_visible()


def test_money_is_also_that_of_other_accounts(open_page: Open, world: World) -> None:
    control(world, "POST accounts", json={"uid": "ann", "balance": 7.5})
    page = opened(open_page, world, "money")
    page.get_by_label("Account").select_option("ann")
    expect(page.locator(".figure", has_text="Tier")).to_contain_text("$7.50")
    expect(page.locator(".next-request")).to_contain_text("account_not_activated")
