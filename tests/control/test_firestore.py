"""U8: the documented collections in Firestore, compared with the API."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.situations import StoredValues, set_up

if TYPE_CHECKING:
    from tests.support.world import World

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}


def place(world: "World", path: str) -> Any:
    answer = world.http.get(f"/__mock/firestore/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return answer.json()


def busy(world: "World") -> StoredValues:
    """Provide a sandbox with two keys, requests on two days, successes and failures."""
    memory: StoredValues = {}
    set_up(world, memory, "second key")
    set_up(world, memory, "example")
    set_up(world, memory, ("failures", 1))
    world.advance(86_400)
    set_up(world, memory, ("asked with second key", "/v1/chat/completions", HELLO))
    set_up(world, memory, ("asked", "/v1/chat/completions", HELLO | {"max_tokens": 2}))
    return memory


@pytest.mark.clause("U8", "B6")
def test_the_totals_are_the_reports(world: "World") -> None:
    busy(world)
    summary = world.http.get("/api/developer/usage", headers=world.signed_in()).json()["data"]["summary"]
    assert place(world, "clevora_developer_usage/demo") == {
        "requests": summary["totalRequests"],
        "tokens": summary["totalTokens"],
        "errors": 1,
        "lastUsed": summary["lastUsed"],
    }


@pytest.mark.clause("U8", "B6")
def test_the_days_are_the_series(world: "World") -> None:
    busy(world)
    series = world.http.get("/api/developer/usage?range=2", headers=world.signed_in()).json()["data"]["dailySeries"]
    days = place(world, "clevora_developer_usage/demo/days")["documents"]
    assert days == [row["date"] for row in series]
    for row in series:
        day = place(world, f"clevora_developer_usage/demo/days/{row['date']}")
        counts = {name: row[name] for name in ("requests", "tokens", "errors")}
        assert day == counts | {"endpoints": {"chat.completions": counts}}


@pytest.mark.clause("U8", "B6", "K4")
def test_the_keys_are_the_list(world: "World") -> None:
    memory = busy(world)
    listed = world.http.get("/v1/keys", headers=world.signed_in()).json()["data"]["keys"]
    assert sorted(place(world, "clevora_developer_keys")["documents"]) == sorted(key["id"] for key in listed)
    for key in listed:
        document = place(world, f"clevora_developer_keys/{key['id']}")
        assert document == {"uid": "demo"} | {name: value for name, value in key.items() if name != "id"}
        assert memory["second_key"] not in str(document)


@pytest.mark.clause("U8", "U7")
def test_the_logs_are_the_recent_activity(world: "World") -> None:
    busy(world)
    recent = world.http.get("/api/developer/usage", headers=world.signed_in()).json()["data"]["recentActivity"]
    logs = [
        place(world, f"clevora_developer_logs/{name}") for name in place(world, "clevora_developer_logs")["documents"]
    ]
    printed = ("endpoint", "tokens", "status", "latencyMs")
    assert [{name: log[name] for name in printed} for log in reversed(logs)] == recent
    assert {log["uid"] for log in logs} == {"demo"}


@pytest.mark.clause("U8", "B5")
def test_the_transactions_are_the_ledger(world: "World") -> None:
    busy(world)
    shown = world.http.get("/api/developer/transactions", headers=world.signed_in()).json()["data"]["transactions"]
    assert sorted(place(world, "clevora_developer_transactions")["documents"]) == sorted(item["id"] for item in shown)
    for item in shown:
        document = place(world, f"clevora_developer_transactions/{item['id']}")
        assert document == {"uid": "demo"} | {name: value for name, value in item.items() if name != "id"}


@pytest.mark.clause("U8")
def test_refusals_before_the_work_are_in_no_log(world: "World") -> None:
    before = [place(world, name) for name in ("clevora_developer_logs", "clevora_developer_usage/demo")]
    world.http.post("/v1/chat/completions", json=HELLO)
    world.http.get("/v1/chat/completions", headers=world.headers)
    world.http.post("/v1/nothing", headers=world.headers)
    world.balance(0)
    world.http.post("/v1/chat/completions", headers=world.headers, json=HELLO)
    assert [place(world, name) for name in ("clevora_developer_logs", "clevora_developer_usage/demo")] == before


@pytest.mark.clause("U8")
def test_reading_changes_nothing(world: "World") -> None:
    busy(world)
    assert place(world, "clevora_developer_usage/demo") == place(world, "clevora_developer_usage/demo")
    assert place(world, "clevora_developer_logs") == place(world, "clevora_developer_logs")


@pytest.mark.clause("U8")
def test_each_sandbox_has_its_own_documents(world: "World") -> None:
    set_up(world, {}, "example")
    elsewhere = world.http.get(
        f"{world.server.url}/sandbox/{world.name}-b/__mock/firestore/clevora_developer_usage/demo"
    )
    assert elsewhere.json()["requests"] == 0
