"""Each shipped scenario with OpenAI's SDK, and through a plain socket for details that the SDK hides.

The SDK's pauses advance the sandbox's clock, so the tests do not wait.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openai
import pytest
from openai import OpenAI

from clevora_mock.resources import scenarios
from tests.support import records
from tests.support import scenarios as support
from tests.support.raw_client import TIMEOUT_SECONDS, RawResponse
from tests.support.records import balance, charges, entry_json, journal
from tests.support.scenarios import (
    CHAT,
    EMBEDDINGS,
    QUESTION,
    REQUEST_EXAMPLES,
    SEARCH,
    STREAM,
    send,
    start_shipped_scenario,
)
from tests.support.server import RunningServer
from tests.support.world import World

MESSAGES: Any = [{"role": "user", "content": QUESTION}]
FLAKY = "two failures, then fine"


@pytest.fixture
def world(frozen_server: RunningServer, request: pytest.FixtureRequest) -> Iterator[World]:
    """Provide a sandbox that is named after the test, so that its draws are the same in every run."""
    name = request.node.originalname.replace("_", "-").lower()[:40]
    fresh = World(frozen_server, name)
    with fresh.http:
        yield fresh
        records.check_totals(fresh)


@pytest.fixture
def sdk_pauses(world: World, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Provide the SDK's pauses before its retries, which advance the sandbox's clock."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        world.advance(seconds)

    monkeypatch.setattr(openai._base_client, "time", SimpleNamespace(sleep=sleep, time=time.time))
    return slept


@pytest.fixture
def client(world: World, sdk_pauses: list[float]) -> Iterator[OpenAI]:
    """Provide the SDK with its defaults: two retries."""
    with OpenAI(base_url=world.base_url, api_key=world.api_key) as sdk:
        yield sdk


@pytest.fixture
def plain(client: OpenAI) -> OpenAI:
    """Provide the SDK without retries."""
    return client.with_options(max_retries=0)


def chat(sdk: OpenAI, **changes: Any) -> Any:
    return sdk.chat.completions.create(model="clevora-1.0-turbo", messages=MESSAGES, **changes)


def rules(world: World) -> list[str | None]:
    return [entry.rule for entry in journal(world)]


def statuses(world: World) -> list[int | None]:
    return [entry.status or None for entry in journal(world)]


def test_there_is_a_test_for_each() -> None:
    names = {path.stem for path in Path(str(scenarios())).glob("*.yaml")}
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    missing = [name for name in names if not any(one.startswith(name.replace("-", "_")) for one in tested)]
    assert missing == []


def test_default_lets_everything_pass(world: World, client: OpenAI) -> None:
    start_shipped_scenario(world, "default")
    answer = chat(client)
    assert answer.choices[0].message.content
    (charge,) = charges(world)
    assert charge.tokens == answer.usage.total_tokens
    entry = entry_json(world)
    assert (entry["rule"], entry["nearMisses"], entry["status"]) == (None, [], 200)


def test_not_activated_is_mended_by_a_top_up(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    """402 is not retried; a top-up of $15 activates the account."""
    start_shipped_scenario(world, "not-activated")
    with pytest.raises(openai.APIStatusError) as refused:
        chat(client)
    assert (refused.value.status_code, refused.value.code) == (402, "account_not_activated")
    assert (statuses(world), sdk_pauses) == ([402], [])
    pay(world, 20)
    assert chat(client).choices
    assert len(charges(world)) == 1


def pay(world: World, dollars: int, outcome: str = "pay") -> dict[str, Any]:
    """Top up through the API, and finish the checkout."""
    answer = world.http.post(f"/__mock/checkouts/{world.open_checkout(dollars)}/{outcome}")
    assert answer.status_code == 200, answer.text
    finished = answer.json()
    assert isinstance(finished, dict)
    return finished


def test_out_of_credit_refuses_after_the_line_is_crossed(world: World, client: OpenAI) -> None:
    """The request that exhausts the balance is served; later ones are 402."""
    start_shipped_scenario(world, "out-of-credit")
    assert balance(world) == 0.05
    served = 0
    while balance(world) > 0:
        chat(client)
        served += 1
    with pytest.raises(openai.APIStatusError) as refused:
        chat(client)
    assert (refused.value.status_code, refused.value.code) == (402, "insufficient_balance")
    assert served > 1
    assert len(charges(world)) == served
    assert charges(world)[-1].balance_after <= 0
    assert statuses(world)[-1] == 402


def test_rate_limited_refuses_the_fourth_within_a_minute(world: World, plain: OpenAI) -> None:
    """The fourth request within a minute is refused until the time in Retry-After."""
    start_shipped_scenario(world, "rate-limited")
    for _ in range(3):
        chat(plain)
        world.advance(5)
    with pytest.raises(openai.RateLimitError) as refused:
        chat(plain)
    assert refused.value.code == "rate_limit_exceeded"
    assert refused.value.response.headers["retry-after"] == "45"
    world.advance(44)
    with pytest.raises(openai.RateLimitError):
        chat(plain)
    world.advance(1)
    assert chat(plain).choices
    assert len(charges(world)) == 4


def test_rate_limited_is_survived_by_the_sdks_retries(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    start_shipped_scenario(world, "rate-limited")
    for number in range(4):
        chat(client, max_tokens=10 + number)
    assert sdk_pauses == [60]
    assert statuses(world) == [200, 200, 200, 429, 200]
    assert world.http.get("/__mock/conduct").json()["findings"] == []


def test_daily_cap_refuses_until_midnight(world: World, plain: OpenAI) -> None:
    """The request that exceeds the limit is served; later ones are refused until midnight UTC."""
    start_shipped_scenario(world, "daily-cap")
    world.advance(6 * 3600)
    used = 0
    while used < 100:
        used += chat(plain).usage.total_tokens
    with pytest.raises(openai.RateLimitError) as refused:
        chat(plain)
    assert refused.value.code == "daily_token_limit_exceeded"
    assert refused.value.response.headers["retry-after"] == str(18 * 3600)
    world.advance(18 * 3600 - 1)
    with pytest.raises(openai.RateLimitError):
        chat(plain)
    world.advance(1)
    assert chat(plain).choices
    assert sum(charge.tokens for charge in charges(world)[:-1]) == used


def test_flaky_is_survived_by_two_retries(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    start_shipped_scenario(world, "flaky")
    answer = chat(client)
    assert answer.choices[0].message.content
    assert len(sdk_pauses) == 2
    assert statuses(world) == [500, 500, 200]
    assert rules(world) == [FLAKY, FLAKY, None]
    described = {"field": "calls", "expected": "call 1-2", "got": "call 3"}
    assert entry_json(world)["nearMisses"] == [{"rule": FLAKY, "failed": "calls", "draw": None} | described]
    (charge,) = charges(world)
    assert charge.tokens == answer.usage.total_tokens


def test_flaky_raises_without_retries(world: World, plain: OpenAI) -> None:
    start_shipped_scenario(world, "flaky")
    with pytest.raises(openai.InternalServerError) as failed:
        chat(plain)
    assert (failed.value.status_code, failed.value.code) == (500, "internal_error")
    assert failed.value.response.headers["x-clevora-mock-rule"] == FLAKY
    with pytest.raises(openai.InternalServerError):
        plain.embeddings.create(model="clevora-embed-1", input="text")
    assert chat(plain).choices
    assert len(charges(world)) == 1


def test_outage_serves_a_proxys_pages_for_half_a_minute(world: World, plain: OpenAI) -> None:
    """Half a minute of a proxy's error pages, on every endpoint; then normal responses."""
    start_shipped_scenario(world, "outage")
    with pytest.raises(openai.InternalServerError) as failed:
        chat(plain)
    assert failed.value.status_code == 503
    assert failed.value.response.headers["content-type"] == "text/html"
    assert "<h1>503 " in failed.value.response.text
    # Not the contract's error, so it has no code.
    assert failed.value.code is None
    assert world.http.get("/v1/keys", headers=world.signed_in()).status_code == 503
    world.advance(29.999)
    with pytest.raises(openai.InternalServerError):
        chat(plain)
    world.advance(0.001)
    assert chat(plain).choices
    assert statuses(world) == [503, 503, 503, 200]
    assert journal(world)[0].fault == "html_error"
    assert len(charges(world)) == 1


def test_outage_is_survived_by_patience(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    start_shipped_scenario(world, "outage")
    patient = client.with_options(max_retries=10)
    assert chat(patient).choices
    assert 28 < sum(sdk_pauses) < 45
    assert statuses(world)[-1] == 200


def test_brownout_is_slow_and_fails_one_in_ten(world: World, plain: OpenAI) -> None:
    """A tenth fails after one to five seconds; the others are slow, one in a hundred very slow."""
    start_shipped_scenario(world, "brownout")
    outcomes: Counter[str] = Counter()
    for _ in range(150):
        try:
            plain.embeddings.create(model="clevora-embed-1", input="text")
            outcomes["fine"] += 1
        except openai.InternalServerError:
            outcomes["failed"] += 1
        world.advance(1)
    assert 6 <= outcomes["failed"] <= 26
    slow = [entry.latency for entry in journal(world) if entry.rule == "slow"]
    failed = [entry for entry in journal(world) if entry.rule == "slow, then a failure"]
    assert (len(slow), len(failed)) == (outcomes["fine"], outcomes["failed"])
    assert len(charges(world)) == len(slow)
    assert 600_000 < sorted(slow)[len(slow) // 2] < 1_050_000
    assert all(1_000_000 <= entry.latency <= 5_000_000 and entry.status == 500 for entry in failed)
    assert all(entry.draw is not None and entry.draw < 0.1 for entry in failed)
    misses = [entry.misses for entry in journal(world) if entry.rule == "slow"]
    assert all(miss.condition == "chance" and (miss.draw or 0) >= 0.1 for (miss,) in misses)


def test_slow_stream_waits_and_then_sends_slowly(world: World) -> None:
    """The role at once, three seconds without data, then a slow stream, by the sandbox's clock."""
    start_shipped_scenario(world, "slow-stream")
    world.stop_clock()
    began = world.clock.now()
    chunks: list[Any] = []
    with OpenAI(base_url=world.base_url, api_key=world.api_key) as sdk:
        reader = threading.Thread(target=lambda: chunks.extend(chat(sdk, stream=True, max_tokens=8)), daemon=True)
        reader.start()
        records.wait_for_timer(world)
        world.advance(2.9)
        assert world.run_in_server(lambda sandbox: len(sandbox.clock.timers)) == 1
        while not journal(world):
            # The clock advances only while the server waits for it.
            if world.run_in_server(lambda sandbox: len(sandbox.clock.timers)):
                world.advance(0.01)
        reader.join(TIMEOUT_SECONDS)
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant"] + [None] * 9
    last = chunks[-1]
    assert (last.choices[0].finish_reason, last.usage.completion_tokens) == ("length", 8)
    # Eight steps of a fifth of a second, each plus or minus 30 %.
    passed = (world.clock.now() - began) / 1_000_000 - 3
    assert 8 * 0.2 * 0.7 <= passed <= 8 * 0.2 * 1.3 + 0.5
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == journal(world)[0].response


def test_slow_stream_is_only_recorded_under_a_frozen_clock(world: World, client: OpenAI) -> None:
    start_shipped_scenario(world, "slow-stream")
    chunks = list(chat(client, stream=True, max_tokens=8))
    assert chunks[-1].usage.completion_tokens == 8
    records.wait_for_entries(world, 1)
    assert 3000 + 1600 * 0.7 <= entry_json(world)["latencyMs"] <= 3000 + 1600 * 1.3
    assert len(chat(client, max_tokens=8).choices) == 1
    assert entry_json(world)["latencyMs"] == 0


def test_cut_stream_ends_after_twelve_tokens(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    """Twelve tokens in a whole HTTP message; only the missing last chunk shows the end, and the SDK raises nothing."""
    whole = chat(client)
    start_shipped_scenario(world, "cut-stream")
    seen = send(world, STREAM)
    assert (seen.ending, seen.is_whole, len(seen.events)) == ("whole", True, 13)
    assert all(b"[DONE]" not in event and b'"finish_reason":"' not in event for event in seen.events)
    text, error = read_stream(client)
    assert whole.choices[0].message.content.startswith(text)
    assert error is None
    records.wait_for_entries(world, 3)
    assert [charge.tokens for charge in charges(world)[1:]] == [whole.usage.prompt_tokens + 12] * 2
    entry = entry_json(world)
    assert (entry["rule"], entry["fault"], entry["status"]) == ("ended after 12 tokens", "early_end", 200)
    assert entry["response"] == text
    assert sdk_pauses == []


def test_cut_stream_cuts_a_short_answer_too(world: World) -> None:
    start_shipped_scenario(world, "cut-stream")
    short = support.RequestExample("short", STREAM.endpoint, STREAM.path, STREAM.body | {"max_tokens": 4}, STREAM.rate)
    seen = send(world, short)
    assert (seen.ending, len(seen.events)) == ("whole", 5)
    assert b"[DONE]" not in seen.body


def test_pessimist_lets_a_patient_client_through(world: World) -> None:
    """Refusals say when to come back, streams are late and odd, some end early; the draws are seeded."""
    start_shipped_scenario(world, "pessimist")
    met: Counter[str | None] = Counter()
    for number in range(160):
        example = (STREAM, SEARCH)[number % 2]
        seen = send(world, example)
        entry = journal(world)[-1]
        met[entry.rule] += 1
        assert seen.ending == "whole"
        if entry.rule in ("too many requests, by chance", "unavailable, by chance"):
            assert (seen.status in (429, 503), seen.headers["retry-after"]) == (True, "1")
        elif entry.rule == "a stream that ends early":
            assert (entry.fault, entry.completion_tokens, b"[DONE]" in seen.body) == ("early_end", 8, False)
        elif example is STREAM:
            assert (entry.fault, seen.events[-1]) == ("comments, split_utf8", b"data: [DONE]\n\n")
            assert b": keep-alive\n\n" in seen.events
        else:
            assert 0 <= entry.latency < 50_000
        world.advance(1)
    assert 6 <= met["too many requests, by chance"] + met["unavailable, by chance"] <= 28
    assert 1 <= met["a stream that ends early"] <= 10
    assert met["a little late"] > 50
    records.check_totals(world)


def read_stream(sdk: OpenAI) -> tuple[str, str | None]:
    """Return the text of a stream as far as the SDK reads it, and the SDK's error at its end."""
    text = ""
    try:
        for chunk in chat(sdk, stream=True):
            text += chunk.choices[0].delta.content or ""
    except Exception as error:  # noqa: BLE001 - any exception is an outcome
        return text, f"{type(error).__name__}: {error}"
    return text, None


BROKEN = {
    "a line that is not JSON": "malformed_chunk",
    "a chunk twice": "duplicate_chunk",
    "a character in two segments": "split_utf8",
    "no usage": "no_usage",
    "no [DONE]": "no_done",
    "an error in the middle": "error_frame",
}


def test_broken_stream_breaks_in_six_ways(world: World, client: OpenAI) -> None:
    """Six kinds of faults, each about as often; bodies in one piece are unchanged."""
    whole = chat(client)
    content = whole.choices[0].message.content
    start_shipped_scenario(world, "broken-stream")
    outcomes: dict[str, set[str]] = {}
    for number in range(60):
        text, error = read_stream(client)
        entry = records.wait_for_entries(world, number + 2)[-1]
        assert entry.rule is not None
        assert (entry.status, entry.fault) == (200, BROKEN[entry.rule])
        outcomes.setdefault(entry.rule, set()).add((error or "").partition(":")[0])
        check_broken(entry.rule, text, content)
        world.advance(1)
    assert outcomes.keys() == BROKEN.keys()
    # The SDK stops at invalid JSON and at an error, and does not notice the other faults.
    assert outcomes.pop("a line that is not JSON") == {"JSONDecodeError"}
    assert outcomes.pop("an error in the middle") == {"APIError"}
    assert set.union(*outcomes.values()) == {""}
    counted = Counter(entry.rule for entry in journal(world)[1:])
    assert all(3 <= counted[rule] <= 20 for rule in BROKEN)
    assert len(charges(world)) == 61


def check_broken(rule: str, text: str, content: str) -> None:
    if rule == "a chunk twice":
        assert len(text) > len(content)
    elif rule == "a character in two segments":
        assert text.startswith("Déjà vu")
        assert "日本語" in text
    elif rule in ("no usage", "no [DONE]"):
        assert text == content
    else:
        assert content.startswith(text)
        assert text != content


def test_broken_stream_does_not_change_bodies_in_one_piece(world: World, client: OpenAI) -> None:
    start_shipped_scenario(world, "broken-stream")
    assert chat(client).choices
    assert {miss.condition for miss in journal(world)[0].misses} == {"body"}


DROPS = {
    "reset before a byte": (None, "reset", "reset"),
    "closed before a byte": (None, "fin", "close"),
    "reset after the headers": (200, "reset", "reset"),
    "half a body": (200, "fin", "truncate"),
}


def test_connection_drops_come_in_each_kind(world: World) -> None:
    start_shipped_scenario(world, "connection-drops")
    met: set[str] = set()
    for number in range(120):
        ask = REQUEST_EXAMPLES[number % len(REQUEST_EXAMPLES)]
        seen: RawResponse = send(world, ask)
        entry = journal(world)[-1]
        if entry.rule is None:
            assert (seen.status, seen.ending, entry.fault) == (200, "whole", None)
            assert [miss.condition for miss in entry.misses] == ["chance"] * 4
        else:
            met.add(entry.rule)
            assert (seen.status, seen.ending, entry.fault) == DROPS[entry.rule]
            assert entry.status == (seen.status or 0)
            assert (entry.cost > 0) == (entry.rule == "half a body")
        world.advance(1)
    assert met == DROPS.keys()


def test_connection_drops_raise_the_sdks_connection_error(world: World, plain: OpenAI) -> None:
    """Every kind is the same error to the SDK; half a body is billed."""
    start_shipped_scenario(world, "connection-drops")
    met: set[str] = set()
    for _ in range(60):
        count = len(journal(world))
        try:
            chat(plain)
            failed = False
        except openai.APIConnectionError:
            failed = True
        entry = records.wait_for_entries(world, count + 1)[-1]
        assert failed == (entry.rule is not None)
        met |= {entry.rule} if entry.rule else set()
        world.advance(1)
    assert met == DROPS.keys()


def test_connection_drops_are_survived_by_retries(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    """A retry bills twice if half of the lost response had been sent."""
    start_shipped_scenario(world, "connection-drops")
    for _ in range(30):
        assert client.with_options(max_retries=8).embeddings.create(model="clevora-embed-1", input="text").data
        world.advance(3)
    assert sdk_pauses
    halves = rules(world).count("half a body")
    assert len(charges(world)) == 30 + halves


def test_charged_but_lost_bills_lost_responses(world: World, plain: OpenAI) -> None:
    """Every second response is billed and not delivered."""
    start_shipped_scenario(world, "charged-but-lost")
    answer = chat(plain)
    with pytest.raises(openai.APIConnectionError):
        chat(plain)
    records.wait_for_entries(world, 2)
    first, second = charges(world)
    assert first.tokens == second.tokens == answer.usage.total_tokens
    entry = entry_json(world)
    assert (entry["status"], entry["rule"], entry["fault"]) == (None, "billed, then silence", "close")
    assert entry["cost"] == pytest.approx(second.amount / 1_000_000)
    for ask in (EMBEDDINGS, SEARCH, STREAM):
        assert send(world, ask).ending == "whole"
        assert send(world, ask).raw == b""
    assert len(charges(world)) == 8


def test_charged_but_lost_is_billed_again(world: World, client: OpenAI) -> None:
    """The SDK's retry succeeds; the ledger has both charges."""
    start_shipped_scenario(world, "charged-but-lost")
    for _ in range(2):
        assert chat(client).choices
    assert rules(world) == [None, "billed, then silence", None]
    assert len(charges(world)) == 3


def test_revoked_key_is_401_after_three_calls(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    start_shipped_scenario(world, "revoked-key")
    for _ in range(3):
        chat(client)
    for _ in range(2):
        with pytest.raises(openai.AuthenticationError) as refused:
            client.embeddings.create(model="clevora-embed-1", input="text")
        assert refused.value.code == "invalid_api_key"
    assert sdk_pauses == []
    assert statuses(world) == [200, 200, 200, 401, 401]
    assert rules(world)[3:] == ["revoked after three calls"] * 2
    assert len(charges(world)) == 3
    assert "revoked_key" in [finding["kind"] for finding in world.http.get("/__mock/conduct").json()["findings"]]


def test_no_developer_access_is_403_until_activated(world: World, client: OpenAI, sdk_pauses: list[float]) -> None:
    start_shipped_scenario(world, "no-developer-access")
    with pytest.raises(openai.PermissionDeniedError) as refused:
        chat(client)
    assert refused.value.code == "developer_access_required"
    assert (statuses(world), sdk_pauses, charges(world)) == ([403], [], [])
    assert world.http.post("/api/developer/activate", headers=world.signed_in()).status_code == 200
    assert chat(client).choices


def test_payment_fails_and_no_money_comes(world: World, plain: OpenAI) -> None:
    start_shipped_scenario(world, "payment-fails")
    assert pay(world, 50)["status"] == "failed"
    assert balance(world) == 0
    with pytest.raises(openai.APIStatusError) as refused:
        chat(plain)
    assert refused.value.status_code == 402
    delivered = [entry for entry in journal(world) if entry.endpoint == "dodo.webhook"]
    assert [entry.status for entry in delivered] == [200]
    assert b"payment.failed" in delivered[0].body


def test_late_payment_is_credited_after_five_minutes(world: World, plain: OpenAI) -> None:
    start_shipped_scenario(world, "late-payment")
    assert pay(world, 50)["webhookStatus"] is None
    world.advance(299.9)
    assert balance(world) == 0
    with pytest.raises(openai.APIStatusError) as refused:
        chat(plain)
    assert refused.value.code == "insufficient_balance"
    before = len(journal(world))
    world.advance(0.1)
    records.wait_for_entries(world, before + 1)
    assert balance(world) == 50
    assert chat(plain).choices
    world.advance(3600)
    credited = world.run_in_server(
        lambda sandbox: [one.amount for one in records.demo_account(sandbox).ledger.entries if one.type == "credit"]
    )
    assert credited[1:] == [50_000_000]


def test_the_first_call_of_each_endpoint_is_whole_by_default(world: World) -> None:
    start_shipped_scenario(world, "default")
    for ask in (*REQUEST_EXAMPLES, CHAT):
        seen = send(world, ask)
        assert (seen.status, seen.ending) == (200, "whole")
        assert ask.streamed or json.loads(seen.body)
