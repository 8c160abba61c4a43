"""Sandboxes are independent: each behaves like a separate server."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.core.sandbox import Sandbox
from clevora_mock.settings import Settings
from tests.support.control import chat, connect, control, start_scenario
from tests.support.examples import examples
from tests.support.random_steps import STEPS, Player, Step
from tests.support.server import RunningServer, serve_settings
from tests.support.world import World, fresh_world

LOOKS = [
    *("ledger?uid=demo", "requests", "scenario", "clock", "conduct", "state", "accounts/demo"),
    *(f"firestore/clevora_developer_{what}" for what in ("usage", "usage/demo", "keys", "logs", "transactions")),
]


def visible_state(sandbox: World) -> list[bytes]:
    """Return all visible state of a sandbox, without a request to it, whose id would be a draw."""
    answers = [sandbox.http.get(f"/__mock/{place}") for place in LOOKS]
    state = json.loads(answers[LOOKS.index("state")].content)
    state["draws"].pop("own request")
    return [answer.content for answer in answers if "version" not in answer.text[:20]] + [json.dumps(state).encode()]


def test_sandboxes_share_no_state(frozen_server: RunningServer) -> None:
    one, other = fresh_world(frozen_server), fresh_world(frozen_server)
    before = visible_state(other)
    key = control(one, "POST accounts", json={"uid": "ann"})["apiKey"]
    start_scenario(one, "name: own\nlimits: {requests_per_minute: 1}\naccount: {balance: 20}")
    statuses = [chat(one).status_code for _ in range(2)]
    Player(one).play([("topup", 50), ("pay", "pay"), ("key", "k"), ("advance", 86_400)])
    assert statuses == [200, 429]
    assert visible_state(other) == before
    assert chat(other, headers={"authorization": f"Bearer {key}"}).status_code == 401
    assert [chat(other).status_code for _ in range(2)] == [200, 200]


def test_draws_depend_on_the_name(frozen_server: RunningServer) -> None:
    answers = [chat(fresh_world(frozen_server)) for _ in range(2)]
    assert answers[0].headers["x-request-id"] != answers[1].headers["x-request-id"]
    assert answers[0].json()["choices"] == answers[1].json()["choices"]


def test_each_sandbox_starts_with_the_servers_settings() -> None:
    key = "sk_live_" + "c" * 32
    clock = "frozen:2026-05-11T14:00:00Z"
    settings = Settings(scenario="flaky", balance=20, api_key=key, seed=7, clock=clock, no_rate_limit=True)
    with serve_settings(settings) as server:
        for place in ("", "/sandbox/late", "/sandbox/0-z"):
            with connect(server.url + place) as http:
                health = http.get("/__mock/health").json()
                assert health["sandbox"] == (place.rpartition("/")[2] or "default")
                assert (health["scenario"], health["seed"]) == ("flaky", 7)
                assert health["clock"] == {"now": "2026-05-11T14:00:00.000Z", "mode": "frozen"}
                assert http.get("/__mock/accounts/demo").json()["balance"] == 20
                assert http.get("/__mock/state").json()["limits"]["requests_per_minute"] is None
                body = {"messages": [{"role": "user", "content": "Hi"}]}
                headers = {"authorization": f"Bearer {key}"}
                said = [http.post("/v1/chat/completions", headers=headers, json=body).status_code for _ in range(3)]
                assert said == [500, 500, 200]


@pytest.mark.parametrize("name", ["a", "0", "a-", "a" * 63, "9-to-5", "default"])
def test_a_name_has_letters_digits_and_hyphens(world: World, name: str) -> None:
    answer = world.server.url
    with connect(answer) as http:
        assert http.get(f"/sandbox/{name}/__mock/health").json()["sandbox"] == name


def test_an_escaped_name_is_the_same_name(world: World) -> None:
    with connect(world.server.url) as http:
        assert http.get("/sandbox/%61/__mock/health").json()["sandbox"] == "a"


@pytest.mark.parametrize("path", ["/sandbox", "/sandbox/", "/sandbox//a/__mock/health", "/sandbox/a/sandbox/b"])
def test_a_path_without_a_sandbox_or_with_two_is_not_found(world: World, path: str) -> None:
    with connect(world.server.url) as http:
        answer = http.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", ["A", "-a", "a_b", "a.b", "a" * 64, "%C3%A4", "a%20b", "", "a%0A"])
def test_an_invalid_name_is_not_found(world: World, name: str) -> None:
    with connect(world.server.url) as http:
        assert http.get(f"/sandbox/{name}/__mock/health").status_code == 404
        names = {sandbox["name"] for sandbox in http.get("/__mock/sandboxes").json()["sandboxes"]}
    assert name not in names


def use(http: httpx.Client, name: str) -> None:
    """Make the sandbox `name`, or use it."""
    assert http.post(f"/sandbox/{name}/__mock/reset", json={"only": "journal"}).status_code == 200


def test_beyond_the_capacity_the_least_recently_used_is_evicted(capfd: pytest.CaptureFixture[str]) -> None:
    with serve_settings(Settings(max_sandboxes=3)) as server, connect(server.url) as http:

        def names() -> list[str]:
            return [sandbox["name"] for sandbox in http.get("/__mock/sandboxes").json()["sandboxes"]]

        for name in ("a", "b", "a", "c"):
            use(http, name)
        assert names() == ["default", "a", "c"]
        assert capfd.readouterr().err.count("sandbox b evicted, ") == 1
        use(http, "b")
        assert names() == ["default", "c", "b"]
        said = "clevora-mock: sandbox a evicted, the least recently used of 3; raise --max-sandboxes to keep more\n"
        assert said in capfd.readouterr().err


def test_an_eviction_is_not_mentioned_under_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with serve_settings(Settings(max_sandboxes=2, quiet=True)) as server, connect(server.url) as http:
        for name in ("a", "b", "c"):
            use(http, name)
    assert capfd.readouterr().err == ""


def test_a_capacity_of_one_works() -> None:
    with serve_settings(Settings(max_sandboxes=1)) as server, connect(server.url) as http:
        for name in ("a", "b"):
            assert http.get(f"/sandbox/{name}/__mock/health").json()["sandbox"] == name


def test_a_removed_sandbox_starts_anew(frozen_server: RunningServer) -> None:
    world = fresh_world(frozen_server)
    start_scenario(world, "payments: {delay: 30s}")
    player = Player(world)
    first = player.play([("topup", 50), ("chat", "Hello!"), ("pay", "pay")])
    clock = world.clock
    assert world.http.delete("").json() == {"removed": world.name}
    assert world.http.delete("").json() == {"removed": None}
    assert world.name not in names_of(world)
    world.server.run_in_server(lambda: clock.advance(60))
    assert world.http.get("/__mock/requests").json()["count"] == 0
    assert control(world, "GET accounts/demo")["balance"] == 100
    world.http.delete("")
    start_scenario(world, "payments: {delay: 30s}")
    assert Player(world).play([("topup", 50), ("chat", "Hello!"), ("pay", "pay")]) == first


def names_of(world: World) -> set[str]:
    with connect(world.server.url) as http:
        return {sandbox["name"] for sandbox in http.get("/__mock/sandboxes").json()["sandboxes"]}


def test_the_default_sandbox_cannot_be_removed(world: World) -> None:
    with connect(world.server.url) as http:
        for path in ("/", "/sandbox/default", "/sandbox/default/"):
            assert http.delete(path).status_code == 404
        assert http.get("/__mock/health").status_code == 200


def test_the_list_has_requests_spend_scenario_and_last_use(world: World) -> None:

    def figures() -> dict[str, object]:
        with connect(world.server.url) as http:
            listed = http.get("/__mock/sandboxes").json()["sandboxes"]
        return next(one for one in listed if one["name"] == world.name)

    control(world, "GET health")
    unused = {"name": world.name, "requests": 0, "spend": 0, "scenario": "default", "lastUsed": None}
    assert figures() == unused
    chat(world)
    control(world, "PATCH clock", json={"advance": 5})
    chat(world)
    start_scenario(world, "name: own\nlimits: {requests_per_minute: 60}")
    used = figures()
    assert used["spend"] == pytest.approx(100 - control(world, "GET accounts/demo")["balance"])
    assert used | {"spend": 0} == unused | {"requests": 2, "scenario": "own", "lastUsed": "2026-01-01T00:00:05.000Z"}


@examples(30)
@given(steps=st.lists(st.tuples(st.integers(0, 2), STEPS), max_size=16))
def test_interleaved_requests_to_sandboxes_are_independent(
    frozen_server: RunningServer, steps: list[tuple[int, Step]]
) -> None:
    worlds = [fresh_world(frozen_server) for _ in range(3)]
    players = [Player(world) for world in worlds]
    together: list[list[object]] = [[], [], []]
    for place, step in steps:
        together[place].append(players[place].one(step))
    for place, world in enumerate(worlds):
        world.http.delete("")
        assert Player(world).play([step for at, step in steps if at == place]) == together[place]


def check_sums(sandbox: Sandbox) -> None:
    for account in sandbox.accounts.by_uid.values():
        sums = account.ledger.sums()
        assert sums.credits - sums.charges + sums.adjustments == account.ledger.balance
        assert account.ledger.spent == sums.charges
        used = account.usage
        assert sums.tokens == used.total.tokens == sum(key.tokens for key in account.keys)
        assert sums.tokens == sum(day.tokens for day in used.days.values())
        assert sum(count.tokens for day in used.days.values() for count in day.endpoints.values()) == sums.tokens


RESETS: st.SearchStrategy[Step] = st.tuples(st.just("reset"), st.sampled_from(["journal", "ledger", "scenario", None]))


@examples(50)
@given(steps=st.lists(st.one_of(STEPS, RESETS), max_size=20))
def test_the_money_is_exact_after_any_requests(frozen_server: RunningServer, steps: list[Step]) -> None:
    """Credits + adjustments - charges = balance after each step; ledger, usage, keys and days have the same tokens."""
    world = fresh_world(frozen_server)
    player = Player(world)
    for step in steps:
        assert player.one(step)[0] < 600
        world.run_in_server(check_sums)
