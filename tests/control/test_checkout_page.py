"""B7, B8: the page where a top-up is paid."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from clevora_mock.core import payments
from tests.support.control import connect
from tests.support.product_tables import control_rows
from tests.support.server import serve_settings

if TYPE_CHECKING:
    from tests.support.world import World

DAY = 86_400


def opened(world: "World", amount: float = 50) -> str:
    """Return a checkout's URL, as the API returns it."""
    answer = world.http.post("/api/developer/topup", headers=world.signed_in(), json={"amount": amount})
    return str(answer.json()["data"]["checkoutUrl"])


def finish(world: "World", url: str, outcome: str) -> httpx.Response:
    return world.http.post(url, data={"outcome": outcome})


def account(world: "World") -> Any:
    return world.http.get("/api/developer/account", headers=world.signed_in()).json()["data"]


@pytest.mark.clause("B7")
def test_the_link_leads_to_the_mocks_own_page(world: "World") -> None:
    url = opened(world, 25.5)
    assert url.startswith(f"{world.url}/checkout/cks_")
    page = httpx.get(url)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "$25.50" in page.text
    assert 'value="succeeded"' in page.text


@pytest.mark.clause("B7")
def test_each_top_up_has_a_checkout_of_its_own(world: "World") -> None:
    assert opened(world) != opened(world)


@pytest.mark.clause("B7", "B8")
def test_paying_credits_once(world: "World") -> None:
    url = opened(world)
    assert account(world)["balance"] == 100
    paid = finish(world, url, "succeeded")
    assert (paid.status_code, urlsplit(paid.headers["location"]).path) == (303, urlsplit(url).path)
    assert account(world)["balance"] == 150
    assert "<button" not in world.http.get(url).text
    for outcome in ("succeeded", "failed"):
        again = finish(world, url, outcome)
        assert (again.status_code, again.json()["error"]["code"]) == (400, "invalid_field")
    assert account(world)["balance"] == 150


@pytest.mark.clause("B7", "B8")
def test_a_failed_payment_ends_the_checkout(world: "World") -> None:
    url = opened(world)
    assert finish(world, url, "failed").status_code == 303
    assert account(world)["balance"] == 100
    assert finish(world, url, "succeeded").status_code == 400
    assert account(world)["balance"] == 100
    assert "<button" not in world.http.get(url).text


@pytest.mark.clause("B7")
def test_the_page_says_what_has_become_of_the_payment(world: "World") -> None:
    paid, waiting, failed = (opened(world) for _ in range(3))
    finish(world, paid, "succeeded")
    finish(world, failed, "failed")
    world.http.post(f"/__mock/checkouts/{waiting.rpartition('/')[2]}/pay", json={"delay": 60})
    assert "Paid and credited." in world.http.get(paid).text
    assert "Paid. The webhook event is not delivered yet, so nothing is credited." in world.http.get(waiting).text
    assert "The card was declined. Nothing was charged." in world.http.get(failed).text


@pytest.mark.clause("B9")
@pytest.mark.parametrize(
    ("outcome", "error"), [("succeeded", (None, None)), ("failed", ("CARD_DECLINED", "The card was declined."))]
)
def test_only_the_event_of_a_failed_payment_has_an_error(
    world: "World", outcome: str, error: tuple[str | None, str | None]
) -> None:
    finish(world, opened(world), outcome)
    event = world.http.get("/__mock/requests?endpoint=dodo.webhook").json()["requests"][0]["body"]
    assert (event["type"], event["data"]["status"]) == (f"payment.{outcome}", outcome)
    assert (event["data"]["error_code"], event["data"]["error_message"]) == error


@pytest.mark.clause("B7")
def test_a_checkout_expires_after_a_day(world: "World") -> None:
    """It can be paid a microsecond before 24 hours are over, and not at 24 hours."""
    in_time, late = opened(world), opened(world)
    world.advance(DAY - 0.000001)
    assert finish(world, in_time, "succeeded").status_code == 303
    world.advance(0.000001)
    assert "expired" in world.http.get(late).text
    assert "<button" not in world.http.get(late).text
    refused = finish(world, late, "succeeded")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_field")
    assert account(world)["balance"] == 150


@pytest.mark.clause("B7")
@pytest.mark.parametrize(
    "form", ["", "outcome=", "outcome=maybe", "outcome=succeeded&outcome=failed", "other=succeeded"]
)
def test_an_invalid_form_changes_nothing(world: "World", form: str) -> None:
    url = opened(world)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert world.http.post(url, content=form, headers=headers).status_code == 400
    assert account(world)["balance"] == 100
    assert finish(world, url, "succeeded").status_code == 303


@pytest.mark.clause("B7", "W3")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_checkout_is_not_found(world: "World", method: str) -> None:
    answer = world.http.request(
        method, "/checkout/cks_none", data={"outcome": "succeeded"} if method == "POST" else None
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.clause("B7", "B8")
@pytest.mark.parametrize(("verb", "status", "balance"), [("pay", "succeeded", 150), ("fail", "failed", 100)])
def test_the_control_plane_finishes_a_checkout_too(world: "World", verb: str, status: str, balance: float) -> None:
    session = opened(world).rpartition("/")[2]
    done = world.http.post(f"/__mock/checkouts/{session}/{verb}")
    assert done.json() == {"id": session, "status": status, "webhookStatus": 200, "webhookStatuses": [200]}
    assert world.http.post(f"/__mock/checkouts/{session}/{verb}").status_code == 400
    assert account(world)["balance"] == balance


@pytest.mark.parametrize(
    ("then", "status"),
    [({"delay": "60s"}, 200), ({"fault": {"kind": "stall", "for": "60s"}}, 0), ({"error": 503}, 503)],
)
def test_paying_does_not_wait_for_what_a_scenario_does_to_the_webhook(
    live_world: "World", then: dict[str, Any], status: int
) -> None:
    session = opened(live_world).rpartition("/")[2]
    live_world.http.put("/__mock/scenario", json={"rules": [{"when": {"endpoint": "dodo.webhook"}, "then": then}]})
    done = live_world.http.post(f"/__mock/checkouts/{session}/pay", timeout=5)
    assert (done.status_code, done.json()["webhookStatus"]) == (200, status)


def test_latency_delays_neither_the_control_plane_nor_health() -> None:
    with serve_settings(latency="60s") as server, connect(server.url) as http:
        sandbox = server.sandbox()
        account = sandbox.accounts.by_uid["demo"]
        session = server.run_in_server(lambda: sandbox.open_checkout(account, 50_000_000, 1)).id
        rows = [row for row in control_rows() if row.path != "/__mock/events"]
        for row in rows:
            path = row.path.replace("{id}", session).replace("{uid}", "demo").replace("{path:path}", "x")
            assert http.request(row.method, path, timeout=5).status_code != 500
        assert len(rows) > 25


@pytest.mark.clause("B8", "B9")
def test_the_event_goes_through_the_webhook(world: "World") -> None:
    finish(world, opened(world), "succeeded")
    entries = world.run_in_server(lambda sandbox: [(entry.endpoint, entry.status) for entry in sandbox.journal.entries])
    assert ("dodo.webhook", 200) in entries


@pytest.mark.clause("B2", "B7")
def test_paying_fifteen_dollars_activates_a_new_account(world: "World") -> None:
    stranger = world.signed_in("new")
    world.http.post("/api/developer/activate", headers=stranger)
    answer = world.http.post("/api/developer/topup", headers=stranger, json={"amount": 15}).json()
    assert finish(world, answer["data"]["checkoutUrl"], "succeeded").status_code == 303
    data = world.http.get("/api/developer/account", headers=stranger).json()["data"]
    assert (data["activated"], data["balance"]) == (True, 15)


@pytest.mark.clause("B7", "W8")
def test_another_origin_cannot_pay(world: "World") -> None:
    url = opened(world)
    refused = world.http.post(url, data={"outcome": "succeeded"}, headers={"origin": "https://evil.example"})
    assert refused.status_code == 403
    assert account(world)["balance"] == 100


@pytest.mark.clause("B9")
def test_an_event_has_the_fields_of_a_payment() -> None:
    made = payments.event(
        payments.Checkout("cks_1", "ada", None, 15_500_000, 0), "succeeded", "pay_1", "bus_1", 1_767_225_600_000_000
    )
    assert made["data"] == {
        "payload_type": "Payment",
        "billing": {"country": "US", "state": None, "city": None, "street": None, "zipcode": None},
        "brand_id": "bus_1",
        "business_id": "bus_1",
        "card_last_four": "4242",
        "card_network": "visa",
        "card_type": "credit",
        "checkout_session_id": "cks_1",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "currency": "USD",
        "customer": {"customer_id": "cus_ada", "email": "ada@clevora.example", "name": "ada", "metadata": {}},
        "digital_products_delivered": False,
        "disputes": [],
        "error_code": None,
        "error_message": None,
        "includes_usage": False,
        "is_multi_subscription": False,
        "is_update_payment_method": False,
        "metadata": {"uid": "ada", "amount": "15.50"},
        "payment_id": "pay_1",
        "payment_method": "card",
        "payment_provider": "dodo",
        "refunds": [],
        "retry_attempt": 0,
        "service_periods": [],
        "settlement_amount": 1550,
        "settlement_currency": "USD",
        "status": "succeeded",
        "subscription_ids": [],
        "tax": 0,
        "total_amount": 1550,
    }


@pytest.mark.clause("B7")
@pytest.mark.parametrize(("verb", "status"), [("pay", "succeeded"), ("fail", "failed")])
def test_a_finished_checkout_tells_what_has_become_of_it(world: "World", verb: str, status: str) -> None:
    path = f"/__mock/checkouts/{opened(world).rpartition('/')[2]}/{verb}"
    assert world.http.post(path).status_code == 200
    again = world.http.post(path)
    assert again.status_code == 400
    assert again.json()["error"]["message"] == f"id: expected an open checkout, got one whose payment {status}"


BROWSER = {"accept": "text/html"}


def state(page: httpx.Response) -> str:
    """Return the state that a page shows, by which its look is chosen."""
    return page.text.partition('<main class="')[2].partition('"')[0]


@pytest.mark.clause("B7")
def test_each_state_of_a_checkout_looks_different(world: "World") -> None:
    url = opened(world)
    assert state(world.http.get(url)) == "open"
    world.http.post(f"/__mock/checkouts/{url.rpartition('/')[2]}/pay", json={"delay": "1m"})
    assert state(world.http.get(url)) == "pending"
    world.advance(60)
    paid = world.http.get(url)
    assert state(paid) == "paid"
    assert "New balance <strong>$150.00</strong>" in paid.text
    failed = opened(world)
    finish(world, failed, "failed")
    assert state(world.http.get(failed)) == "failed"
    late = opened(world)
    world.advance(DAY)
    assert state(world.http.get(late)) == "expired"
    assert "Mock checkout" in world.http.get(late).text


@pytest.mark.clause("B7")
def test_a_browser_gets_a_page_for_what_cannot_be_paid(world: "World") -> None:
    url = opened(world)
    finish(world, url, "succeeded")
    used = world.http.post(url, data={"outcome": "succeeded"}, headers=BROWSER)
    assert (used.status_code, state(used)) == (400, "used")
    for method in ("GET", "POST"):
        data = {"outcome": "succeeded"} if method == "POST" else None
        unknown = world.http.request(method, "/checkout/cks_none", data=data, headers=BROWSER)
        assert (unknown.status_code, state(unknown)) == (404, "unknown")
    late = opened(world)
    world.advance(DAY)
    expired = world.http.post(late, data={"outcome": "succeeded"}, headers=BROWSER)
    assert (expired.status_code, state(expired)) == (400, "expired")
    assert account(world)["balance"] == 150


@pytest.mark.parametrize(("outcome", "status"), [("succeeded", "succeeded"), ("failed", "failed")])
def test_the_page_leads_back_to_the_return_url_with_the_outcome(world: "World", outcome: str, status: str) -> None:
    url = opened(world) + "?return_url=https%3A%2F%2Fshop.example%2Fdone%3Forder%3D7%26x"
    assert 'href="https://shop.example/done?order=7&amp;x="' in world.http.get(url).text
    paid = finish(world, url, outcome)
    page = world.http.get(paid.headers["location"].removeprefix(f"/sandbox/{world.name}"))
    link = page.text.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    query = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert query.pop("payment_id")[0].startswith("pay_")
    assert query == {"order": ["7"], "x": [""], "status": [status], "email": ["demo@clevora.example"]}
    assert "Back to shop.example" in page.text


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "/path", "https://", "https://[", ""]
)
def test_a_return_url_that_is_no_web_address_is_no_link(world: "World", target: str) -> None:
    page = world.http.get(opened(world), params={"return_url": target})
    assert page.status_code == 200
    assert "Back to" not in page.text


@pytest.mark.parametrize("place", ["shop.example@evil.example:8443", "a:b@evil.example:8443"])
def test_the_way_back_names_the_host_without_credentials(world: "World", place: str) -> None:
    page = world.http.get(opened(world), params={"return_url": f"http://{place}/done"})
    assert "Back to evil.example:8443<" in page.text


def test_the_page_is_not_kept_in_a_cache(world: "World") -> None:
    assert world.http.get(opened(world)).headers["cache-control"] == "no-store"


def test_a_return_url_is_escaped(world: "World") -> None:
    page = world.http.get(opened(world), params={"return_url": 'https://x.example/"><script>alert(1)</script>'})
    assert "<script" not in page.text
