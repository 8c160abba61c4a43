"""L1-L3 over time: the sliding minute to the microsecond, and the UTC day to the token."""

from typing import TYPE_CHECKING

import httpx
import pytest

from clevora_mock.clock import SECOND
from tests.support.situations import CHAT, set_up

if TYPE_CHECKING:
    from tests.support.world import World

HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}  # 40 tokens


def send(world: "World", body: object = CHAT, key: str | None = None) -> httpx.Response:
    return world.http.post(
        "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key or world.api_key}"}
    )


def wait(response: httpx.Response) -> int:
    assert response.status_code == 429
    return int(response.headers["retry-after"])


@pytest.mark.clause("L2")
def test_the_window_moves_with_each_request(world: "World") -> None:
    for _ in range(60):
        assert send(world).status_code == 200
        world.advance(1)
    for _ in range(5):
        assert send(world).status_code == 200
        assert wait(send(world)) == 1
        world.advance(1)


@pytest.mark.clause("L2")
@pytest.mark.parametrize("passed", [0, 0.000001, 0.5, 1, 17.25, 30, 58.999999, 59, 59.000001, 59.999999])
def test_retry_after_is_exact(world: "World", passed: float) -> None:
    set_up(world, {}, ("requests", 60))
    world.advance(passed)
    told = wait(send(world))
    assert 1 <= told <= 60
    assert told - 1 < 60 - passed <= told
    if told > 1:
        world.advance(told - 1)
        assert wait(send(world)) == 1
        world.advance(1)
    else:
        world.advance(told)
    assert send(world).status_code == 200


@pytest.mark.clause("L2")
def test_a_request_leaves_the_window_after_exactly_sixty_seconds(world: "World") -> None:
    set_up(world, {}, ("requests", 60))
    world.advance(59.999999)
    assert wait(send(world)) == 1
    world.advance(0.000001)
    assert [send(world).status_code for _ in range(60)] == [200] * 60
    assert wait(send(world)) == 60


@pytest.mark.clause("L2")
def test_refused_requests_do_not_count(world: "World") -> None:
    set_up(world, {}, ("requests", 60))
    for _ in range(100):
        assert send(world).status_code == 429
    world.advance(60)
    assert [send(world).status_code for _ in range(61)] == [200] * 60 + [429]


@pytest.mark.clause("L2", "W6")
def test_refusals_before_the_limit_do_not_count(world: "World") -> None:
    world.balance(0)
    assert {send(world).status_code for _ in range(61)} == {402}
    world.balance(100 * SECOND)
    assert world.http.put("/v1/chat/completions", headers=world.headers).status_code == 405
    assert world.http.post("/v1/nothing", headers=world.headers).status_code == 404
    assert [send(world).status_code for _ in range(61)] == [200] * 60 + [429]


@pytest.mark.clause("L2")
def test_requests_that_fail_later_count(world: "World") -> None:
    bodies = [{}, CHAT | {"model": "gpt-4o"}, CHAT | {"model": "clevora-embed-1"}]
    assert [send(world, body).status_code for body in bodies] == [400, 404, 400]
    too_large = world.http.post("/v1/chat/completions", headers=world.headers, content=b" " * (4 * 1024 * 1024 + 1))
    assert too_large.status_code == 413
    set_up(world, {}, ("requests", 56))
    assert send(world).status_code == 429


@pytest.mark.clause("L1")
def test_two_keys_of_one_account_have_a_window_each(world: "World") -> None:
    memory: dict[str, str] = {}
    set_up(world, memory, "second key")
    set_up(world, memory, ("requests", 60))
    assert send(world).status_code == 429
    assert [send(world, key=memory["second_key"]).status_code for _ in range(61)] == [200] * 60 + [429]


@pytest.mark.clause("L2", "B4", "U7")
def test_a_429_is_neither_charged_nor_counted(world: "World") -> None:
    set_up(world, {}, ("requests", 60))
    before = world.run_in_server(
        lambda sandbox: (
            sandbox.accounts.by_uid["demo"].ledger.balance,
            sandbox.accounts.by_uid["demo"].usage.total.requests,
        )
    )
    assert send(world).status_code == 429
    after = world.run_in_server(
        lambda sandbox: (
            sandbox.accounts.by_uid["demo"].ledger.balance,
            sandbox.accounts.by_uid["demo"].usage.total.requests,
        )
    )
    assert after == before


@pytest.mark.clause("L3")
def test_the_daily_limit_is_exactly_a_million_tokens(world: "World") -> None:
    set_up(world, {}, ("tokens used", 999_919))
    assert send(world, HELLO).json()["usage"]["total_tokens"] == 40
    assert send(world, HELLO).status_code == 200
    used = world.run_in_server(lambda sandbox: sandbox.accounts.by_uid["demo"].keys[0].limiter.tokens)
    assert list(used.values()) == [999_999]
    assert send(world, HELLO).status_code == 200
    refused = send(world, HELLO)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "daily_token_limit_exceeded")


@pytest.mark.clause("L3")
def test_the_daily_limit_ends_at_midnight(world: "World") -> None:
    world.advance(86_400 - 90)
    set_up(world, {}, ("tokens used", 1_000_000))
    assert wait(send(world)) == 90
    world.advance(89)
    assert wait(send(world)) == 1
    world.advance(0.999999)
    assert wait(send(world)) == 1
    world.advance(0.000001)
    assert send(world).status_code == 200


@pytest.mark.clause("L3")
def test_failed_requests_use_no_tokens_of_the_day(world: "World") -> None:
    set_up(world, {}, ("tokens used", 999_999))
    set_up(world, {}, ("failures", 3))
    assert send(world).status_code == 200


@pytest.mark.clause("L3", "L2")
def test_refusals_of_the_day_do_not_count_in_the_minute(world: "World") -> None:
    world.advance(86_400 - 1)
    set_up(world, {}, ("tokens used", 1_000_000))
    assert {send(world).status_code for _ in range(60)} == {429}
    world.advance(1)
    assert [send(world).status_code for _ in range(61)] == [200] * 60 + [429]
