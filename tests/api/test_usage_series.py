"""U3-U7 from real requests: totals, days, the breakdown and the newest twenty."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from clevora_mock.clock import DAY, FROZEN_START
from tests.support.situations import StoredValues, set_up

if TYPE_CHECKING:
    from tests.support.world import World

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}  # 40 tokens
A_DAY = 86_400


def send(world: "World", body: Any = None) -> int:
    answer = world.http.post("/v1/chat/completions", headers=world.headers, json=HELLO if body is None else body)
    return answer.json()["usage"]["total_tokens"] if answer.status_code == 200 else 0


def report(world: "World", days: int | None = None, path: str = "/api/developer/usage") -> Any:
    query = {} if days is None else {"range": days}
    return world.http.get(path, headers=world.signed_in(), params=query).json()["data"]


@pytest.mark.clause("U3", "U4", "U5")
def test_the_summary_of_several_days(world: "World") -> None:
    for requests in (3, 0, 2, 1):
        for _ in range(requests):
            send(world)
        world.advance(A_DAY)
    send(world, {})
    data = report(world, 3)
    assert data["summary"] == {
        "totalRequests": 7,
        "totalTokens": 6 * 40,
        "rangeRequests": 4,
        "rangeTokens": 3 * 40,
        "requestsToday": 1,
        "tokensToday": 0,
        "avgTokensPerRequest": 30,
        "successRate": 75.0,
        "lastUsed": "2026-01-05T00:00:00.000Z",
    }
    assert data["dailySeries"] == [
        {"date": "2026-01-03", "requests": 2, "tokens": 80, "errors": 0},
        {"date": "2026-01-04", "requests": 1, "tokens": 40, "errors": 0},
        {"date": "2026-01-05", "requests": 1, "tokens": 0, "errors": 1},
    ]


@pytest.mark.clause("U1")
def test_both_paths_return_the_same_report(world: "World") -> None:
    send(world)
    assert report(world, 7) == report(world, 7, "/v1/usage")


@pytest.mark.clause("U4")
@pytest.mark.parametrize("days", [1, 2, 30, 90])
def test_the_series_has_a_row_a_day_without_gaps(world: "World", days: int) -> None:
    for _ in range(4):
        send(world)
        world.advance(17 * A_DAY)
    data = report(world, days)
    dates = [dt.date.fromisoformat(row["date"]) for row in data["dailySeries"]]
    today = dt.date(2026, 1, 1) + dt.timedelta(days=4 * 17)
    assert dates == [today - dt.timedelta(days=back) for back in range(days - 1, -1, -1)]
    assert sum(row["requests"] for row in data["dailySeries"]) == data["summary"]["rangeRequests"]
    assert sum(row["tokens"] for row in data["dailySeries"]) == data["summary"]["rangeTokens"]
    assert data["summary"]["rangeRequests"] == sum(17 * back < days for back in range(1, 5))


@pytest.mark.clause("U4")
def test_the_day_changes_at_midnight_utc(world: "World") -> None:
    world.advance(A_DAY - 0.000001)
    send(world)
    world.advance(0.000001)
    send(world)
    assert [(row["date"], row["requests"]) for row in report(world, 2)["dailySeries"]] == [
        ("2026-01-01", 1),
        ("2026-01-02", 1),
    ]


@pytest.mark.clause("U7")
def test_the_day_is_that_of_completion(live_world: "World") -> None:
    """A stream past midnight, and its tokens of the day's limit, belong to the new day."""
    midnight = FROZEN_START + DAY

    def shortly_before(sandbox: Any) -> None:
        sandbox.clock.set_mode("scaled", 0.5)
        sandbox.clock.set(midnight - 5_000)

    live_world.run_in_server(shortly_before)
    streamed = live_world.http.post("/v1/chat/completions", headers=live_world.headers, json=HELLO | {"stream": True})
    assert streamed.status_code == 200
    assert [(row["date"], row["requests"], row["tokens"]) for row in report(live_world, 2)["dailySeries"]] == [
        ("2026-01-01", 0, 0),
        ("2026-01-02", 1, 40),
    ]


@pytest.mark.clause("U6")
def test_recent_activity_is_the_newest_twenty(world: "World") -> None:
    words = [{"messages": [{"role": "user", "content": "word " * count}], "max_tokens": 1} for count in range(1, 26)]
    sizes = [send(world, body) for body in words]
    assert len(set(sizes)) == 25
    recent = report(world)["recentActivity"]
    assert [row["tokens"] for row in recent] == sizes[:4:-1]
    assert all(row.keys() == {"endpoint", "tokens", "status", "latencyMs"} for row in recent)


@pytest.mark.clause("U6", "U7")
def test_recent_activity_mixes_keys_and_outcomes(world: "World") -> None:
    memory: StoredValues = {}
    set_up(world, memory, "second key")
    send(world)
    set_up(world, memory, ("asked with second key", "/v1/chat/completions", HELLO | {"max_tokens": 2}))
    send(world, {"messages": []})
    recent = report(world)["recentActivity"]
    assert [(row["status"], row["tokens"]) for row in recent] == [("error", 0), ("success", 10), ("success", 40)]


@pytest.mark.clause("U7")
def test_refusals_before_the_work_are_not_in_the_report(world: "World") -> None:
    """401, 402, 403, 404 for a path, 405 and 429 do not change the report."""
    send(world)
    before = report(world)
    chat = "/v1/chat/completions"
    world.http.post(chat, json=HELLO)
    world.http.post("/v1/nothing", headers=world.headers, json=HELLO)
    world.http.get(chat, headers=world.headers)
    set_up(world, {}, ("tokens used", 1_000_000))
    assert world.http.post(chat, headers=world.headers, json=HELLO).status_code == 429
    world.balance(0)
    assert world.http.post(chat, headers=world.headers, json=HELLO).status_code == 402
    set_up(world, {}, "no developer access")
    assert world.http.post(chat, headers=world.headers, json=HELLO).status_code == 403

    def give_back(sandbox: Any) -> None:
        sandbox.accounts.by_uid["demo"].developer_access = True

    world.run_in_server(give_back)
    assert report(world) == before


@pytest.mark.clause("U7", "W5")
def test_a_body_too_large_is_an_error_of_the_account(world: "World") -> None:
    world.http.post("/v1/chat/completions", headers=world.headers, content=b" " * (4 * 1024 * 1024 + 1))
    data = report(world, 1)
    assert data["dailySeries"] == [{"date": "2026-01-01", "requests": 1, "tokens": 0, "errors": 1}]
    assert world.run_in_server(lambda sandbox: sandbox.accounts.by_uid["demo"].ledger.balance) == 100_000_000


@pytest.mark.clause("U5")
def test_success_is_rounded_to_one_decimal(world: "World") -> None:
    send(world)
    send(world)
    send(world, {})
    assert report(world)["summary"]["successRate"] == 66.7


@pytest.mark.clause("U4")
def test_the_average_fits_the_printed_figures(world: "World") -> None:

    def printed(sandbox: Any) -> None:
        usage = sandbox.accounts.by_uid["demo"].usage
        usage.total = replace(usage.total, requests=12_480, tokens=982_341)
        today = FROZEN_START // DAY
        usage.days[today] = replace(usage.days[today], requests=3_120, tokens=211_400)

    send(world)
    world.run_in_server(printed)
    summary = report(world)["summary"]
    assert (summary["totalRequests"], summary["totalTokens"]) == (12_480, 982_341)
    assert (summary["rangeRequests"], summary["rangeTokens"]) == (3_120, 211_400)
    assert summary["avgTokensPerRequest"] == 68


@pytest.mark.clause("U3", "B6")
def test_usage_has_the_billed_tokens(world: "World") -> None:
    for number in range(6):
        send(world, HELLO | {"max_tokens": number + 1})
    ledger = world.http.get("/__mock/ledger?uid=demo").json()["tokens"]
    keys = world.http.get("/v1/keys", headers=world.signed_in()).json()["data"]["keys"]
    data = report(world, 1)
    assert data["summary"]["totalTokens"] == ledger == sum(key["tokens"] for key in keys)
    assert data["endpointBreakdown"] == {"chat.completions": {"requests": 6, "tokens": ledger}}
    assert data["dailySeries"][0]["tokens"] == ledger
