"""B1-B6: charges and credits over several requests, to the micro-dollar."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.control import control, start_scenario
from tests.support.situations import CHAT, set_up

if TYPE_CHECKING:
    from clevora_mock.core.ledger import LedgerEntry
    from clevora_mock.core.sandbox import Sandbox
    from tests.support.world import World

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}  # 8 + 32 tokens, 20,000 micro-dollars
CENT = 10_000

# Micro-dollars per token: $0.50, $0.10, $0.20 and $1.00 per 1,000.
BILLABLE: list[tuple[str, str, dict[str, Any], int]] = [
    ("chat.completions", "/v1/chat/completions", CHAT, 500),
    ("embeddings", "/v1/embeddings", {"input": ["the cat sat", "on the mat"]}, 100),
    ("search", "/v1/search", {"query": "underwater drone footage"}, 200),
    ("scripts.generate", "/v1/scripts/generate", {"topic": "AI in 2026", "length": "short"}, 1000),
]


def send(world: "World", path: str = "/v1/chat/completions", body: Any = None) -> httpx.Response:
    return world.http.post(path, headers=world.headers, json=HELLO if body is None else body)


def ledger_of(world: "World", uid: str = "demo") -> tuple[int, list["LedgerEntry"]]:
    return world.run_in_server(
        lambda sandbox: (sandbox.accounts.by_uid[uid].ledger.balance, list(sandbox.accounts.by_uid[uid].ledger.entries))
    )


def top_up(world: "World", dollars: float, uid: str, number: int) -> None:
    """Top up, and have the payment's event delivered."""
    data = {"checkout_session_id": world.open_checkout(dollars, uid), "payment_id": f"pay_{number}"}
    set_up(world, {}, ("event", f"evt_{number}", {"type": "payment.succeeded", "data": data}))


@pytest.mark.clause("B1", "B5", "B6")
@pytest.mark.parametrize(("name", "path", "body", "rate"), BILLABLE, ids=[row[0] for row in BILLABLE])
def test_a_charge_is_tokens_times_the_endpoints_rate(
    world: "World", name: str, path: str, body: dict[str, Any], rate: int
) -> None:
    response = send(world, path, body)
    assert response.status_code == 200
    tokens = response.json()["usage"]["total_tokens"]
    balance, entries = ledger_of(world)
    assert tokens > 0
    assert balance == 100_000_000 - tokens * rate
    charge = entries[-1]
    assert (charge.type, charge.endpoint, charge.tokens, charge.amount) == ("charge", name, tokens, tokens * rate)
    key, day = world.run_in_server(
        lambda sandbox: (sandbox.accounts.by_uid["demo"].keys[0].tokens, sandbox.accounts.by_uid["demo"].usage.days)
    )
    assert key == tokens
    assert [(row.tokens, row.endpoints[name].tokens) for row in day.values()] == [(tokens, tokens)]


@pytest.mark.clause("B1")
@pytest.mark.parametrize(("name", "path", "body", "rate"), BILLABLE, ids=[row[0] for row in BILLABLE])
def test_a_thousand_tokens_cost_the_printed_price(
    world: "World", name: str, path: str, body: dict[str, Any], rate: int
) -> None:
    printed = {"chat.completions": 0.5, "embeddings": 0.1, "search": 0.2, "scripts.generate": 1.0}
    send(world, path, body)
    shown = world.http.get("/api/developer/transactions", headers=world.signed_in()).json()["data"]["transactions"][0]
    assert shown["amount"] == pytest.approx(shown["tokens"] * printed[name] / 1000, abs=1e-9)
    assert printed[name] * 1000 == rate


@pytest.mark.clause("B6")
def test_prompt_and_answer_add_up(world: "World") -> None:
    for body in (CHAT, CHAT | {"max_tokens": 3}, HELLO):
        usage = send(world, body=body).json()["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.clause("B5")
def test_the_ledger_sums_to_the_balance(world: "World") -> None:
    for number in range(12):
        send(world, body=CHAT | {"max_tokens": number + 1})
        if number % 4 == 0:
            top_up(world, 15 + number / 100, "demo", number)
        send(world, body={})
    balance, entries = ledger_of(world)
    running = 0
    for entry in entries:
        running += entry.amount if entry.type == "credit" else -entry.amount
        assert entry.balance_after == running
    assert running == balance
    assert len(entries) == 1 + 12 + 3
    shown = world.http.get("/__mock/ledger?uid=demo").json()
    assert shown["credits"] - shown["charges"] == pytest.approx(shown["balance"], abs=1e-9)
    assert shown["balance"] == balance / 1_000_000


@pytest.mark.clause("B5", "B11")
def test_transactions_are_the_ledger_newest_first(world: "World") -> None:
    for number in range(5):
        send(world, body=CHAT | {"max_tokens": number + 1})
    shown = world.http.get("/api/developer/transactions", headers=world.signed_in()).json()["data"]["transactions"]
    _, entries = ledger_of(world)
    assert [item["tokens"] for item in shown] == [entry.tokens for entry in reversed(entries)]
    assert len({item["id"] for item in shown}) == 6
    again = world.http.get("/api/developer/transactions?limit=2", headers=world.signed_in()).json()["data"]
    assert again["transactions"] == shown[:2]


@pytest.mark.clause("B11")
def test_the_default_limit_of_transactions_is_fifty(world: "World") -> None:

    def credit(sandbox: "Sandbox") -> None:
        for _ in range(60):
            sandbox.accounts.by_uid["demo"].credit(sandbox.next_entry(), CENT, sandbox.clock.now())

    world.run_in_server(credit)
    counts = [
        len(
            world.http.get(f"/api/developer/transactions{query}", headers=world.signed_in()).json()["data"][
                "transactions"
            ]
        )
        for query in ("", "?limit=60", "?limit=500")
    ]
    assert counts == [50, 60, 61]


@pytest.mark.clause("B11")
def test_dollars_have_at_most_six_decimals(world: "World") -> None:
    for _ in range(9):
        send(world, "/v1/chat/completions", CHAT | {"max_tokens": 1})
    text = world.http.get("/api/developer/transactions", headers=world.signed_in()).text
    numbers = re.findall(r'"(?:amount|balanceAfter)":(-?[\d.e+-]+)', text)
    assert len(numbers) == 20
    assert [number for number in numbers if not re.fullmatch(r"-?\d+(\.\d{1,6})?", number)] == []


@pytest.mark.clause("B2")
@pytest.mark.parametrize(("before", "activated"), [(0, True), (-1, False), (1, True), (-15_000_000, False)])
def test_fifteen_dollars_activate_and_a_micro_dollar_less_does_not(
    world: "World", before: int, activated: bool
) -> None:
    """A credit of $15 on a balance a micro-dollar below zero leaves the account inactive."""
    set_up(world, {}, "second user")
    world.balance(before, "other")
    top_up(world, 15, "other", 1)
    data = world.http.get("/api/developer/account", headers=world.signed_in("other")).json()["data"]
    assert data["activated"] is activated


@pytest.mark.clause("B2")
@pytest.mark.parametrize(("balance", "activated"), [(14.999999, False), (15, True), (50, True)])
def test_the_control_plane_activates_by_a_balance(world: "World", balance: float, activated: bool) -> None:
    control(world, "POST accounts", json={"uid": "new", "balance": 0})
    assert control(world, "PATCH accounts/new", json={"balance": balance})["activated"] is activated
    assert control(world, "POST accounts", json={"uid": "other", "balance": balance})["activated"] is activated
    assert control(world, "PATCH accounts/new", json={"balance": 1})["activated"] is activated


@pytest.mark.clause("B2")
@pytest.mark.parametrize(("stated", "activated"), [("", True), (", activated: false", False)])
def test_a_scenario_activates_by_a_balance_unless_it_says_otherwise(
    world: "World", stated: str, activated: bool
) -> None:
    control(world, "PATCH accounts/demo", json={"balance": 0, "activated": False})
    start_scenario(world, f"account: {{balance: 15{stated}}}")
    answer = world.http.post("/v1/chat/completions", headers=world.headers, json=HELLO)
    assert answer.status_code == (200 if activated else 402)
    assert (answer.headers.get("x-clevora-mock-hint") or "").endswith("deactivated by a scenario or PATCH") != activated


@pytest.mark.clause("B2")
def test_an_opening_credit_activates(world: "World") -> None:
    control(world, "POST reset", json={"only": "ledger"})
    assert control(world, "GET accounts/demo")["activated"] is True


@pytest.mark.clause("B2", "B3")
def test_a_new_account_needs_access_and_then_funds(world: "World") -> None:
    """403 without access, 402 without funds, then 200; once activated, a balance below $15 suffices."""
    stranger = world.signed_in("new")
    assert world.http.post("/v1/keys", headers=stranger, json={}).status_code == 403
    assert world.http.post("/api/developer/activate", headers=stranger).status_code == 200
    key = world.http.post("/v1/keys", headers=stranger, json={}).json()["data"]["key"]
    headers = {"authorization": f"Bearer {key}"}
    codes = []

    def ask_new() -> None:
        response = world.http.post("/v1/chat/completions", headers=headers, json=HELLO)
        codes.append("served" if response.status_code == 200 else response.json()["error"]["code"])

    ask_new()
    top_up(world, 15, "new", 1)
    ask_new()
    world.balance(1, "new")
    ask_new()
    ask_new()
    top_up(world, 15, "new", 2)
    ask_new()
    assert codes == ["account_not_activated", "served", "served", "insufficient_balance", "served"]


@pytest.mark.clause("B2")
def test_an_account_without_funds_stays_activated(world: "World") -> None:
    world.balance(-500_000_000)
    assert send(world).json()["error"]["code"] == "insufficient_balance"
    top_up(world, 15, "demo", 1)
    assert world.http.get("/api/developer/account", headers=world.signed_in()).json()["data"]["activated"] is True


@pytest.mark.clause("B3", "B4")
def test_a_request_may_make_the_balance_negative(world: "World") -> None:
    world.balance(1)
    assert send(world).status_code == 200
    assert ledger_of(world)[0] == 1 - 20_000
    assert send(world).status_code == 402
    assert ledger_of(world)[0] == 1 - 20_000


@pytest.mark.clause("B3")
def test_a_balance_of_zero_is_refused(world: "World") -> None:
    world.balance(20_000)
    assert send(world).status_code == 200
    assert ledger_of(world)[0] == 0
    assert send(world).json()["error"]["code"] == "insufficient_balance"


@pytest.mark.clause("B4")
def test_concurrent_requests_are_all_served(live_world: "World") -> None:
    """Streams that began on a positive balance complete and are billed, however negative the balance becomes."""
    live_world.run_in_server(lambda sandbox: sandbox.clock.set_mode("scaled", 0.2))
    live_world.balance(1)

    def stream(_: int) -> int:
        return live_world.http.post(
            "/v1/chat/completions", headers=live_world.headers, json=HELLO | {"stream": True}
        ).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = [started.result() for started in [pool.submit(stream, number) for number in range(4)]]
    assert statuses == [200] * 4
    assert ledger_of(live_world)[0] == 1 - 4 * 20_000
    assert send(live_world).status_code == 402


@pytest.mark.clause("B4")
def test_a_stream_is_billed_when_it_completes(live_world: "World") -> None:
    live_world.run_in_server(lambda sandbox: sandbox.clock.set_mode("scaled", 0.2))
    with live_world.http.stream(
        "POST", "/v1/chat/completions", headers=live_world.headers, json=HELLO | {"stream": True}
    ) as response:
        lines = response.iter_lines()
        next(lines)
        running = ledger_of(live_world)
        list(lines)
    finished = ledger_of(live_world)
    assert running[0] == 100_000_000
    assert finished[0] == 100_000_000 - 20_000
    assert len(finished[1]) == 2


@pytest.mark.clause("B4", "U7")
@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), (CHAT | {"model": "gpt-4o"}, 404), (CHAT | {"max_tokens": 0}, 400), (CHAT | {"stream": "yes"}, 400)],
)
def test_refused_requests_are_not_charged(world: "World", body: dict[str, Any], status: int) -> None:
    before = ledger_of(world)
    assert send(world, body=body).status_code == status
    assert ledger_of(world) == before


@pytest.mark.clause("B4", "U7", "W1")
def test_an_internal_error_is_a_free_500_without_details(world: "World") -> None:

    def broken(sandbox: "Sandbox") -> None:
        draw = sandbox.rng.next_hex

        def hex_or_fail(purpose: str, length: int = 24) -> str:
            if purpose == "chat":
                raise RuntimeError("a secret of the server")
            return draw(purpose, length)

        sandbox.rng.next_hex = hex_or_fail  # type: ignore[method-assign]

    world.run_in_server(broken)
    response = send(world)
    assert response.status_code == 500
    assert response.json()["error"].keys() == {"message", "type", "code"}
    assert (response.json()["error"]["type"], response.json()["error"]["code"]) == ("server_error", "internal_error")
    assert "secret" not in response.text
    assert ledger_of(world)[0] == 100_000_000
    total = world.run_in_server(lambda sandbox: sandbox.accounts.by_uid["demo"].usage.total)
    assert (total.requests, total.tokens, total.errors) == (1, 0, 1)


@pytest.mark.clause("B1")
def test_a_large_balance_is_exact_to_the_micro_dollar(world: "World") -> None:
    world.balance(1_000_000_000_000_001)
    send(world)
    balance, entries = ledger_of(world)
    assert balance == 1_000_000_000_000_001 - 20_000
    assert all(type(entry.amount) is int and type(entry.balance_after) is int for entry in entries)


@pytest.mark.clause("B6", "L1")
def test_two_keys_share_the_balance_but_not_the_counters(world: "World") -> None:
    memory: dict[str, Any] = {}
    set_up(world, memory, "second key")
    send(world)
    for _ in range(2):
        set_up(world, memory, ("asked with second key", "/v1/chat/completions", HELLO))
    keys = world.http.get("/v1/keys", headers=world.signed_in()).json()["data"]["keys"]
    assert [(key["name"], key["requests"], key["tokens"]) for key in keys] == [("second", 2, 80), ("Demo key", 1, 40)]
    assert ledger_of(world)[0] == 100_000_000 - 3 * 20_000
