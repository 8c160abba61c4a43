"""Maximum sizes of a sandbox's collections, and less usual initial states."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from clevora_mock.clock import SECOND, Clock
from clevora_mock.core.accounts import Accounts, Key
from clevora_mock.core.errors import ApiError
from clevora_mock.core.ledger import Ledger
from clevora_mock.core.limits import RateLimiter
from clevora_mock.core.payments import Checkout, Checkouts
from clevora_mock.core.sandbox import Sandbox, StartupScenario
from clevora_mock.core.sandbox_size import size_of
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.core.scenario import DEFAULT
from clevora_mock.core.usage import AccountUsage, Activity, UsageDay
from clevora_mock.core.users import User, Users
from clevora_mock.scenarios.scenario_file import read_scenario
from clevora_mock.settings import Settings

NEW_YEAR = 1_767_225_600 * SECOND
DAY = 86_400 * SECOND


def sandbox(name: str = "alone", **settings: object) -> Sandbox:
    config = Settings(**settings).sandbox_config()  # type: ignore[arg-type]
    return Sandbox(name, config, Clock("frozen", start=NEW_YEAR), StartupScenario(DEFAULT))


def test_the_oldest_checkout_is_dropped_beyond_the_maximum() -> None:
    checkouts = Checkouts()
    for number in range(10_001):
        checkouts.open(Checkout(f"cks_{number}", "demo", None, 15_000_000, NEW_YEAR))
    assert len(checkouts.by_id) == 10_000
    assert "cks_0" not in checkouts.by_id
    assert "cks_10000" in checkouts.by_id


def test_the_oldest_processed_event_is_forgotten_beyond_the_maximum() -> None:
    checkouts = Checkouts()
    checkouts.open(Checkout("cks_1", "demo", None, 15_000_000, NEW_YEAR))
    checkouts.processed_events.update(dict.fromkeys(f"event {number}" for number in range(50_000)))
    event = {"type": "payment.succeeded", "data": {"checkout_session_id": "cks_1", "payment_id": "pay_1"}}
    assert checkouts.claim("evt_1", event) is checkouts.by_id["cks_1"]
    assert len(checkouts.processed_events) == 50_000
    assert list(checkouts.processed_events)[-2:] == ["event evt_1", "payment pay_1"]
    assert "event 1" not in checkouts.processed_events
    assert "event 2" in checkouts.processed_events


def test_a_sandbox_has_at_most_10_000_accounts_and_20_000_keys() -> None:
    accounts = Accounts()
    for number in range(10_000):
        account = accounts.get_or_create(f"u{number}", None, NEW_YEAR)
        for name in ("a", "b"):
            accounts.add_key(Key(account, f"key_{number}{name}", f"{number}{name}", name, NEW_YEAR))
    with pytest.raises(ApiError, match="The sandbox has its maximum of 10,000 accounts"):
        accounts.get_or_create("one more", None, NEW_YEAR)
    assert accounts.get_or_create("u9", None, NEW_YEAR).uid == "u9"
    with pytest.raises(ApiError, match="The sandbox has its maximum of 20,000 keys"):
        accounts.add_key(Key(account, "key_more", "more", "", NEW_YEAR))
    assert accounts.find_key("key_more") is None


def test_the_oldest_scenario_for_single_requests_is_dropped_beyond_the_maximum() -> None:
    alone = sandbox()
    for number in range(65):
        alone.start_side_run(f"s{number}", DEFAULT)
    assert list(alone.side_runs) == [f"s{number}" for number in range(1, 65)]


def test_the_oldest_day_of_a_keys_tokens_is_dropped_beyond_the_maximum() -> None:
    limiter = RateLimiter()
    for day in range(401):
        limiter.add_tokens(1, NEW_YEAR + day * DAY)
    first = NEW_YEAR // DAY
    assert list(limiter.tokens) == list(range(first + 1, first + 401))


def test_a_day_that_is_used_again_is_not_the_oldest() -> None:
    limiter = RateLimiter()
    for day in [*range(400), 0, 400]:
        limiter.add_tokens(1, NEW_YEAR + day * DAY)
    first = NEW_YEAR // DAY
    assert limiter.tokens[first] == 2
    assert first + 1 not in limiter.tokens


def test_the_oldest_day_of_the_usage_is_dropped_beyond_the_maximum() -> None:
    usage = AccountUsage()
    for day in range(401):
        usage.record(Activity("search", 1, failed=False, latency=0), NEW_YEAR + day * DAY)
    first = NEW_YEAR // DAY
    assert list(usage.days) == list(range(first + 1, first + 401))
    assert usage.total.requests == 401


def test_removing_an_unknown_sandbox_changes_nothing() -> None:
    sandboxes = Sandboxes(sandbox, lambda name, limit: None, 10)
    sandboxes.get("a")
    sandboxes.remove("b")
    assert [one.name for one in sandboxes.all()] == ["default", "a"]


def test_a_sandbox_is_removed() -> None:
    sandboxes = Sandboxes(sandbox, lambda name, limit: None, 10)
    sandboxes.get("a")
    sandboxes.remove("a")
    assert [one.name for one in sandboxes.all()] == ["default"]


@pytest.mark.parametrize(("capacity", "room"), [(0, 1), (1, 1), (2, 1), (3, 2)])
def test_there_is_room_for_so_many_sandboxes_beside_the_default_one(capacity: int, room: int) -> None:
    evicted: list[str] = []
    sandboxes = Sandboxes(sandbox, lambda name, limit: evicted.append(f"{name} {limit}"), capacity)
    names = ["default", "a", "b", "c"]
    assert sandboxes.has_room_for(names[: 1 + room])
    assert not sandboxes.has_room_for(names[: 2 + room])
    for name in names[: 2 + room]:
        sandboxes.get(name)
    assert evicted == ["a sandboxes"]


def remember_events(sandboxes: Sandboxes, name: str, count: int) -> None:
    one = sandboxes.get(name)
    one.checkouts.processed_events.update(dict.fromkeys(f"event {number}" for number in range(count)))
    sandboxes.count(one)


def test_the_least_recently_used_sandboxes_that_keep_much_are_evicted_beyond_the_memory() -> None:
    evicted: list[str] = []
    sandboxes = Sandboxes(sandbox, lambda name, limit: evicted.append(f"{name} {limit}"), 10, max_bytes=1_000_000)
    remember_events(sandboxes, "small", 200)
    for name in ("a", "b", "c"):
        remember_events(sandboxes, name, 1_000)
    sandboxes.get("a")
    assert evicted == []
    with sandboxes.resolve("/sandbox/b/v1"):
        remember_events(sandboxes, "d", 1_000)
    assert evicted == ["c memory"]
    assert [one.name for one in sandboxes.all()] == ["default", "small", "a", "b", "d"]


def test_what_a_removed_sandbox_kept_counts_no_longer() -> None:
    evicted: list[str] = []
    sandboxes = Sandboxes(sandbox, lambda name, limit: evicted.append(name), 10, max_bytes=1_000_000)
    remember_events(sandboxes, "a", 2_000)
    removed = sandboxes.get("a")
    sandboxes.remove("a")
    sandboxes.count(removed)
    remember_events(sandboxes, "b", 2_000)
    remember_events(sandboxes, "c", 1_000)
    assert evicted == []


def test_a_sandbox_is_counted_again_after_eight_requests() -> None:
    evicted: list[str] = []
    sandboxes = Sandboxes(sandbox, lambda name, limit: evicted.append(name), 10, max_bytes=1_000_000)
    remember_events(sandboxes, "a", 2_000)
    marks = sandboxes.get("b").checkouts.processed_events
    marks.update(dict.fromkeys(f"event {number}" for number in range(2_000)))
    for _ in range(7):
        with sandboxes.resolve("/sandbox/b/v1"):
            pass
    assert evicted == []
    with sandboxes.resolve("/sandbox/b/v1"):
        pass
    assert evicted == ["a"]


def test_the_scenario_of_all_sandboxes_counts_for_none() -> None:
    long = read_scenario("long", "rules: [{then: {error: 500}}]\n#" + "x" * 1_000_000)

    def make(name: str) -> Sandbox:
        return Sandbox(name, Settings().sandbox_config(), Clock("frozen", start=NEW_YEAR), StartupScenario(long))

    alone = make("alone")
    before = size_of(alone)
    alone.start_scenario(replace(long, name="own"))
    assert before < 10_000
    assert size_of(alone) - before > 1_000_000


@pytest.mark.parametrize(
    "grow",
    [
        lambda one: [one.accounts.get_or_create(f"u{number}", None, NEW_YEAR) for number in range(100)],
        lambda one: [one.create_key(one.accounts.by_uid["demo"], "", NEW_YEAR) for _ in range(100)],
        lambda one: [one.credit(one.accounts.by_uid["demo"], 1, NEW_YEAR) for _ in range(100)],
        lambda one: [one.open_checkout(one.accounts.by_uid["demo"], 1, NEW_YEAR) for _ in range(100)],
        lambda one: [one.users.add(User(f"u{number}", None, None, NEW_YEAR)) for number in range(100)],
        lambda one: [one.users.mark_deleted(f"u{number}") for number in range(100)],
        lambda one: [one.rng.next_hex(f"purpose {number}") for number in range(100)],
        lambda one: one.accounts.by_uid["demo"].usage.days.update(dict.fromkeys(range(100), UsageDay(0, 0, 0))),
        lambda one: one.start_side_run("own", read_scenario("own", "rules: [{then: {error: 500}}]\n#" + "x" * 10_000)),
    ],
    ids=["accounts", "keys", "entries", "checkouts", "users", "deleted users", "draws", "days", "side scenarios"],
)
def test_all_that_a_sandbox_keeps_is_counted(grow: Callable[[Sandbox], object]) -> None:
    alone = sandbox()
    before = size_of(alone)
    grow(alone)
    assert size_of(alone) - before >= 10_000


def test_a_new_uid_is_none_that_an_account_has() -> None:
    taken = sandbox().next_uid()
    alone = sandbox()
    alone.accounts.get_or_create(taken, None, NEW_YEAR)
    assert alone.next_uid() != taken


def test_a_balance_of_zero_makes_no_ledger_entry() -> None:
    alone = sandbox(balance=0)
    ledger = alone.accounts.by_uid["demo"].ledger
    assert (ledger.balance, list(ledger.entries)) == (0, [])
    alone.reset_money()
    ledger = alone.accounts.by_uid["demo"].ledger
    assert (ledger.balance, list(ledger.entries)) == (0, [])


def test_a_reset_ledger_leaves_no_use_of_a_key_and_no_checkout() -> None:
    alone = sandbox()
    account = alone.accounts.by_uid["demo"]
    key = account.keys[0]
    key.record(5, NEW_YEAR)
    key.limiter.acquire(NEW_YEAR, alone.limits)
    alone.open_checkout(account, 15_000_000, NEW_YEAR)
    alone.reset_money()
    assert (key.requests, key.tokens, key.last_used) == (0, 0, None)
    assert (list(key.limiter.recent), key.limiter.tokens) == ([], {})
    assert alone.checkouts.by_id == {}


@pytest.mark.parametrize(("uid", "left"), [("demo", 50_000_000), ("ann", 100_000_000)])
def test_only_the_demo_accounts_balance_replaces_a_scenarios(uid: str, left: int) -> None:
    """A value that the scenario has set is taken back at its end, unless another has been set since."""
    alone = sandbox()
    alone.accounts.get_or_create("ann", None, NEW_YEAR)
    alone.start_scenario(read_scenario("s", "account: {balance: 20}"))
    alone.update_account(alone.accounts.by_uid[uid], balance=50_000_000)
    alone.start_scenario(DEFAULT)
    assert alone.accounts.by_uid["demo"].ledger.balance == left


def test_a_flag_alone_replaces_no_balance_of_a_scenario() -> None:
    alone = sandbox()
    alone.start_scenario(read_scenario("s", "account: {balance: 20}"))
    alone.update_account(alone.accounts.by_uid["demo"], activated=True)
    alone.start_scenario(DEFAULT)
    assert alone.accounts.by_uid["demo"].ledger.balance == 100_000_000


def test_a_checkout_is_delivered_once_unless_more_is_asked_for() -> None:
    assert Checkout("cks_1", "demo", None, 15_000_000, NEW_YEAR).deliveries == 1


def test_a_reset_ledger_ends_an_activation_that_the_opening_credit_does_not_pay_for() -> None:
    alone = sandbox(balance=5)
    alone.accounts.by_uid["demo"].activated = True
    alone.reset_money()
    assert alone.accounts.by_uid["demo"].activated is False


def test_a_scenario_may_set_the_time_and_not_the_clocks_mode() -> None:
    alone = sandbox()
    alone.start_scenario(read_scenario("s", "clock: {start: 2026-05-01T00:00:00Z}"))
    assert alone.clock.mode == "frozen"
    assert alone.clock.now() == 1_777_593_600 * SECOND


def test_a_scenario_may_set_the_clocks_mode_and_speed() -> None:
    alone = sandbox()
    alone.start_scenario(read_scenario("s", "clock: {mode: scaled:60}"))
    assert (alone.clock.mode, alone.clock.speed) == ("scaled", 60)


def test_a_scenario_may_set_the_clocks_mode_and_not_the_time() -> None:
    alone = sandbox()
    alone.clock.set(NEW_YEAR + DAY)
    alone.start_scenario(read_scenario("s", "clock: {mode: frozen}"))
    assert alone.clock.now() == NEW_YEAR + DAY


def test_the_oldest_entry_of_a_ledger_is_summed_beyond_the_maximum() -> None:
    ledger = Ledger(max_entries=3)
    for serial in range(3):
        ledger.credit(serial, 1, NEW_YEAR)
    assert [entry.serial for entry in ledger.entries] == [0, 1, 2]
    ledger.credit(3, 1, NEW_YEAR)
    assert [entry.serial for entry in ledger.entries] == [1, 2, 3]
    assert ledger.opening.credits == 1


def test_there_is_room_for_ten_thousand_users_and_as_many_deleted_ones() -> None:
    users = Users()
    for number in range(9_999):
        users.add(User(f"user-{number}", None, None, NEW_YEAR))
    assert not users.is_full
    users.add(User("last", None, None, NEW_YEAR))
    assert users.is_full
    for number in range(10_001):
        users.mark_deleted(f"deleted-{number}")
    assert (len(users.deleted), next(iter(users.deleted))) == (10_000, "deleted-1")
