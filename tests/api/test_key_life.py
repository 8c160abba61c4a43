"""K1-K6: the life cycle of a key."""

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from clevora_mock.core.sandbox import Sandbox
from tests.support.situations import CHAT, set_up

if TYPE_CHECKING:
    from tests.support.world import World

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}


def create_key(world: "World", name: str | None = None) -> Any:
    body = {} if name is None else {"name": name}
    return world.http.post("/v1/keys", headers=world.signed_in(), json=body).json()["data"]


def list_keys(world: "World") -> Any:
    return world.http.get("/v1/keys", headers=world.signed_in()).json()["data"]["keys"]


def chat(world: "World", key: str, body: object = HELLO) -> httpx.Response:
    return world.http.post("/v1/chat/completions", headers={"authorization": f"Bearer {key}"}, json=body)


@pytest.mark.clause("K1", "K3")
def test_new_keys_are_well_formed_and_all_different(world: "World") -> None:
    made = [create_key(world) for _ in range(20)]
    assert all(re.fullmatch("sk_live_[0-9a-f]{32}", one["key"]) for one in made)
    assert len({one["key"] for one in made}) == len({one["id"] for one in made}) == 20


@pytest.mark.clause("K4")
def test_a_preview_is_the_keys_first_20_and_last_2(world: "World") -> None:
    made = create_key(world, "mine")
    assert list_keys(world)[0]["preview"] == f"{made['key'][:20]}...{made['key'][-2:]}"
    assert re.fullmatch(r"sk_live_[0-9a-f]{12}\.\.\.[0-9a-f]{2}", list_keys(world)[0]["preview"])


@pytest.mark.clause("K4")
@pytest.mark.parametrize("apart", [0, 1, 0.000001])
def test_keys_are_listed_newest_first(world: "World", apart: float) -> None:
    """Also if all are created at the same timestamp."""
    for name in "abcde":
        create_key(world, name)
        world.advance(apart)
    assert [key["name"] for key in list_keys(world)] == ["e", "d", "c", "b", "a", "Demo key"]


@pytest.mark.clause("K4")
def test_using_or_revoking_a_key_does_not_move_it_in_the_list(world: "World") -> None:
    first, second = create_key(world, "first"), create_key(world, "second")
    chat(world, first["key"])
    world.http.delete(f"/v1/keys/{second['id']}", headers=world.signed_in())
    assert [key["name"] for key in list_keys(world)] == ["second", "first", "Demo key"]


@pytest.mark.clause("K4", "B6")
def test_a_key_counts_its_own_requests_tokens_and_last_use(world: "World") -> None:
    """The field lastUsed is null before the first request, then the time of the latest one."""
    made = create_key(world, "mine")
    assert (list_keys(world)[0]["lastUsed"], list_keys(world)[0]["requests"], list_keys(world)[0]["tokens"]) == (
        None,
        0,
        0,
    )
    chat(world, made["key"])
    world.advance(61.5)
    chat(world, made["key"])
    mine, demo = list_keys(world)
    assert (mine["lastUsed"], mine["requests"], mine["tokens"]) == ("2026-01-01T00:01:01.500Z", 2, 80)
    assert (demo["lastUsed"], demo["requests"], demo["tokens"]) == (None, 0, 0)


@pytest.mark.clause("K4", "K6", "U7")
def test_a_refused_request_does_not_update_last_used(world: "World") -> None:
    made = create_key(world, "mine")
    world.balance(0)
    assert chat(world, made["key"]).status_code == 402
    world.http.delete(f"/v1/keys/{made['id']}", headers=world.signed_in())
    assert chat(world, made["key"]).status_code == 401
    assert (list_keys(world)[0]["lastUsed"], list_keys(world)[0]["requests"]) == (None, 0)


@pytest.mark.clause("K6")
def test_revocation_applies_from_the_next_request(world: "World") -> None:
    made = create_key(world)
    assert chat(world, made["key"]).status_code == 200
    assert world.http.delete(f"/v1/keys/{made['id']}", headers=world.signed_in()).status_code == 200
    for seconds in (0, 1, 86_400):
        world.advance(seconds)
        refused = chat(world, made["key"])
        assert (refused.status_code, refused.json()["error"]["message"]) == (401, "Invalid API key")
    assert chat(world, world.api_key).status_code == 200


@pytest.mark.clause("K5", "K6")
def test_a_raw_key_as_an_id_revokes_only_that_key(world: "World") -> None:
    mine, other = create_key(world, "mine"), create_key(world, "other")
    answer = world.http.delete(f"/v1/keys/{mine['key']}", headers=world.signed_in()).json()["data"]
    assert answer == {"id": mine["id"], "status": "revoked"}
    assert [key["status"] for key in list_keys(world)] == ["active", "revoked", "active"]
    assert chat(world, other["key"]).status_code == 200


@pytest.mark.clause("K5")
def test_revoking_a_key_is_idempotent(world: "World") -> None:
    """The response is the same, and the key's counters stay."""
    made = create_key(world)
    chat(world, made["key"])
    first, again = (world.http.delete(f"/v1/keys/{made['id']}", headers=world.signed_in()) for _ in range(2))
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (list_keys(world)[0]["status"], list_keys(world)[0]["requests"]) == ("revoked", 1)


@pytest.mark.clause("K5", "K4")
def test_users_cannot_revoke_keys_of_others(world: "World") -> None:
    set_up(world, {}, "second user")
    made = create_key(world, "mine")
    for name in (made["id"], made["key"]):
        assert world.http.delete(f"/v1/keys/{name}", headers=world.signed_in("other")).status_code == 404
    assert chat(world, made["key"]).status_code == 200
    theirs = world.http.get("/v1/keys", headers=world.signed_in("other")).json()["data"]["keys"]
    assert [key["name"] for key in theirs] == ["theirs"]


@pytest.mark.clause("K6")
def test_revoking_a_key_does_not_end_its_stream(live_world: "World") -> None:
    made = create_key(live_world)
    live_world.run_in_server(lambda sandbox: sandbox.clock.set_mode("scaled", 0.2))
    headers = {"authorization": f"Bearer {made['key']}"}
    with live_world.http.stream(
        "POST", "/v1/chat/completions", headers=headers, json=HELLO | {"stream": True}
    ) as response:
        lines = response.iter_lines()
        first = next(lines)
        revoked = live_world.http.delete(f"/v1/keys/{made['id']}", headers=live_world.signed_in())
        rest = list(lines)
    assert revoked.status_code == 200
    assert first.startswith("data: {")
    assert "data: [DONE]" in rest
    assert (
        live_world.run_in_server(lambda sandbox: sandbox.accounts.by_uid["demo"].ledger.balance) == 100_000_000 - 20_000
    )
    assert chat(live_world, made["key"]).status_code == 401


@pytest.mark.clause("K3", "K4", "U8")
def test_a_whole_key_is_shown_once_and_never_again(world: "World", capfd: pytest.CaptureFixture[str]) -> None:
    """No whole key in lists, errors, the ledger, Firestore's collections, the journal, or the server's output."""
    made = create_key(world, "mine")
    raw = made["key"]
    chat(world, raw)
    chat(world, raw, {})
    chat(world, raw, CHAT | {"model": raw})
    chat(world, raw, {"messages": [{"role": raw, "content": "Hi"}]})
    said = [
        world.http.request(method, path, headers=headers).text
        for method, path in (
            ("GET", "/v1/keys"),
            ("GET", f"/v1/keys/{raw}"),
            ("PUT", f"/v1/keys/{raw}"),
            ("GET", f"/v1/keys/{raw}/x"),
            ("DELETE", f"/v1/keys/{raw}"),
            ("GET", f"/{raw}"),
            ("GET", "/api/developer/account"),
            ("GET", "/api/developer/transactions"),
            ("GET", "/api/developer/usage"),
            ("GET", "/__mock/ledger?uid=demo"),
            ("GET", "/__mock/firestore/clevora_developer_keys"),
            ("GET", f"/__mock/firestore/clevora_developer_keys/{made['id']}"),
            ("GET", f"/__mock/firestore/clevora_developer_keys/{raw}"),
            ("GET", "/__mock/firestore/clevora_developer_logs"),
            ("GET", "/__mock/health"),
            ("GET", "/docs/llms"),
        )
        for headers in (world.signed_in(), {"authorization": f"Bearer {raw}"})
    ]
    assert [text for text in said if raw in text] == []

    def everything(sandbox: Sandbox) -> str:
        return repr([[getattr(entry, name) for name in entry.__struct_fields__] for entry in sandbox.journal.entries])

    assert raw not in world.run_in_server(everything)
    kept = world.run_in_server(
        lambda sandbox: [getattr(key, name) for key in sandbox.accounts.by_uid["demo"].keys for name in key.__slots__]
    )
    assert raw not in repr(kept)
    assert raw not in "".join(capfd.readouterr())


@pytest.mark.clause("K8", "K9")
def test_activating_developer_access_is_idempotent(world: "World") -> None:
    first = world.http.post("/api/developer/activate", headers=world.signed_in("new")).json()
    world.http.post("/v1/keys", headers=world.signed_in("new"), json={"name": "kept"})
    again = world.http.post("/api/developer/activate", headers=world.signed_in("new")).json()
    assert again == first
    keys = world.http.get("/v1/keys", headers=world.signed_in("new")).json()["data"]["keys"]
    assert [key["name"] for key in keys] == ["kept"]


@pytest.mark.clause("K7")
def test_a_token_expires_by_the_sandboxs_clock(world: "World") -> None:
    headers = world.signed_in()
    world.advance(3599.999999)
    assert world.http.get("/v1/keys", headers=headers).status_code == 200
    world.advance(0.000001)
    assert world.http.get("/v1/keys", headers=headers).status_code == 401


@pytest.mark.clause("K2")
@pytest.mark.parametrize("path", ["/v1/keys", "/v1/usage", "/api/developer/account", "/api/developer/transactions"])
def test_an_api_key_refused_by_the_dashboard_counts_as_unused(world: "World", path: str) -> None:
    assert world.http.get(path, headers=world.headers).status_code == 401
    assert list_keys(world)[0]["requests"] == 0
