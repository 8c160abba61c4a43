"""The state of one sandbox, and the changes that involve more than one part of it.

Synchronous and without I/O, so that no other request runs between a check and its change. Callers pass the time (`now`,
a timestamp of the sandbox's clock).
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from clevora_mock.clock import Clock
from clevora_mock.contract.limits import KEY_DIGITS, KEY_PREFIX, counted
from clevora_mock.core.accounts import Account, Accounts, Key
from clevora_mock.core.changes import ChangeKind, ChangeListener
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import Exchange, Principal, RequestFacts
from clevora_mock.core.journal import MAX_ENTRIES, Journal, JournalMemory
from clevora_mock.core.ledger import Charge, Ledger
from clevora_mock.core.limits import COUNTING, Counting, Limits, RateLimiter
from clevora_mock.core.payments import Checkout, Checkouts, Outcome, event
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.rules import purpose_of
from clevora_mock.core.scenario import DEFAULT, AccountStart, Scenario
from clevora_mock.core.scenario_run import NOTHING_DISPLACED, Displaced, ScenarioRun
from clevora_mock.core.usage import AccountUsage, Activity

if TYPE_CHECKING:
    from clevora_mock.core.passwords import Password
    from clevora_mock.core.users import Users

# Errors before the endpoint's work are not part of the account's usage (U7); an unknown model is found by the work.
_UNRECORDED = frozenset({401, 402, 403, 404, 405, 429})

MAX_SIDE_RUNS = 64


class SandboxConfig(Struct, frozen=True):
    """The initial state of a sandbox: the demo account (`balance` in micro-dollars), secrets, limits and sizes.

    With a `token_key`, only tokens that were issued with it are taken.
    """

    seed: int
    uid: str
    email: str
    password: str
    api_key: str
    balance: int
    firebase_project: str
    webhook_secret: str
    limits: Limits
    counting: Counting = COUNTING
    token_key: bytes | None = None
    real_delays: bool = False
    journal_size: int = MAX_ENTRIES


class StartupScenario:
    """The scenario that new sandboxes start with, shared by all of them and replaced when its file changes."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario


class Sandbox:
    """Accounts, users, limits, payments, scenario and journal under one name.

    `side_runs` are scenarios that run beside the active one, for single requests. `running` is the number of requests
    that run, and `is_kept` is True once the server has the sandbox beyond them. `changes` counts those of the clock and
    the scenario. `size` is the memory of what it keeps
    beside the journal, in bytes, when it was counted last, and `uncounted` the number of requests since.
    """

    def __init__(
        self,
        name: str,
        config: SandboxConfig,
        clock: Clock,
        startup: StartupScenario,
        journals: JournalMemory | None = None,
    ) -> None:
        self.name = name
        self.config = config
        self.clock = clock
        self.startup = startup
        self.running = 0
        self.is_kept = False
        self.size = self.uncounted = 0
        self._wall_clock = Clock() if config.real_delays else None
        self.journal = Journal(config.journal_size, journals)
        self.change_listeners: list[ChangeListener] = []
        self.reset()

    def announce(self, kind: ChangeKind, subject: str | None = None) -> None:
        """Call the listeners after a change, and count one that requests before and after cannot be compared for."""
        self.changes += kind in ("clock", "scenario")
        for listener in self.change_listeners:
            listener(kind, subject)

    def reset(self) -> None:
        """Restore the initial state: clock, draws, demo account and startup scenario."""
        # Before the clock is another one, for those who judge the entries.
        self.journal.clear()
        self.changes = 0
        self.clock.restart()
        self.rng = SeededRng(self.config.seed, self.name)
        self.limits = self.config.limits
        self.accounts = Accounts()
        self._users: Users | None = None
        self.checkouts = Checkouts()
        self.last_used: int | None = None
        self.ledger_entries = 0
        # The memory of a snapshot's texts.
        self.restored_bytes = 0
        self._open_demo()
        # Nothing that the scenario before had replaced is there any longer.
        self.scenario_run = ScenarioRun(DEFAULT, self.clock.now())
        self.start_scenario(self.startup.scenario)

    def start_scenario(self, scenario: Scenario) -> None:
        """Activate `scenario` in place of the active one, whose clock, account and limits end with it.

        Apply its own, and reset its counters and draws. Ledger, usage and journal stay; a balance that it sets is an
        adjustment in the ledger.
        """
        self._bring_back(self.scenario_run.displaced)
        before, start = self.clock.motion, scenario.clock
        if start is not None:
            if start.mode is not None:
                self.clock.set_mode(start.mode, start.speed)
            if start.start is not None:
                self.clock.set(start.start)
            self.announce("clock")
        now = self.clock.now()
        self.limits = scenario.limits or self.config.limits
        displaced = self._start_account(scenario.account)
        if start is not None:
            displaced = replace(displaced, clock=before)
        for rule in scenario.rules:
            purpose = purpose_of(scenario, rule)
            self.rng.restart(f"chance of {purpose}", f"delay of {purpose}")
        ends = None if scenario.ttl is None else now + scenario.ttl
        self.scenario_run = ScenarioRun(scenario, now, ends=ends, displaced=displaced)
        self.side_runs: dict[str, ScenarioRun] = {}
        self.announce("scenario")

    def restart_future_scenarios(self) -> None:
        """Let scenarios begin now that began after now, since the clock was set back."""
        now = self.clock.now()
        for run in (self.scenario_run, *self.side_runs.values()):
            ahead = max(0, run.began - now)
            run.began -= ahead
            run.ends = None if run.ends is None else max(0, run.ends - ahead)

    def end_expired_scenario(self) -> None:
        """End the active scenario if its time is over."""
        ends = self.scenario_run.ends
        if ends is not None and self.clock.now() >= ends:
            self.start_scenario(DEFAULT)

    def _start_account(self, wanted: AccountStart | None) -> Displaced:
        """Set the demo account as a scenario says, and return what that replaced."""
        if wanted is None:
            return NOTHING_DISPLACED
        account = self._demo()
        balance, activated, access = account.ledger.balance, account.activated, account.developer_access
        self._set_account(account, wanted.balance, wanted.activated, wanted.developer_access)
        return Displaced(
            adjustment=account.ledger.balance - balance,
            activated=None if account.activated == activated else activated,
            developer_access=None if account.developer_access == access else access,
        )

    def _bring_back(self, displaced: Displaced) -> None:
        """Bring back what a scenario has replaced; a flag that has changed since is already as it was."""
        if displaced.clock is not None:
            self.clock.resume(displaced.clock)
            self.announce("clock")
        account = self._demo()
        activated = account.activated if displaced.activated is None else displaced.activated
        balance = account.ledger.balance - displaced.adjustment if displaced.adjustment else None
        self._set_account(account, balance, activated, displaced.developer_access)

    def _demo(self) -> Account:
        return self.accounts.get_or_create(self.config.uid, self.config.email, self.clock.now())

    def start_side_run(self, name: str, scenario: Scenario) -> ScenarioRun:
        """Start a scenario beside the active one, for the requests that select it by `name`."""
        if len(self.side_runs) >= MAX_SIDE_RUNS:
            del self.side_runs[next(iter(self.side_runs))]
        run = self.side_runs[name] = ScenarioRun(scenario, self.clock.now())
        return run

    @property
    def has_users(self) -> bool:
        """True once `users` has been used."""
        return self._users is not None

    @property
    def users(self) -> "Users":
        """The Firebase users, with the demo account's; created on first use."""
        if self._users is None:
            from clevora_mock.core.passwords import Password  # noqa: PLC0415 - few sandboxes need them
            from clevora_mock.core.users import User, Users  # noqa: PLC0415

            config = self.config
            password = Password.of(config.password, self.rng.hex_at("demo salt", 0, 32))
            self._users = Users()
            self._users.add(User(config.uid, config.email, password, self.accounts.by_uid[config.uid].created))
        return self._users

    @users.setter
    def users(self, users: "Users") -> None:
        self._users = users

    @property
    def delay_clock(self) -> Clock | None:
        """The clock for delays; None if they are recorded without waiting, since a frozen clock does not advance."""
        if self.clock.mode != "frozen":
            return self.clock
        return self._wall_clock

    def require_access(self, facts: RequestFacts, principal: Principal) -> None:
        """Raise a 401 for a revoked key, a 403 without the developer access that the endpoint requires (W6)."""
        if principal.key is not None:
            principal.key.require_valid()
        has_access = principal.account is not None and principal.account.developer_access
        if facts.endpoint is not None and facts.endpoint.requires_developer_access and not has_access:
            raise ApiError("developer_access_required", hint="POST /api/developer/activate with an ID token gives it")

    def admit(self, principal: Principal) -> int:
        """Count a request of an API key, and return when. Raises a 402 without funds, a 429 over its limits (W6)."""
        now = self.clock.now()
        if principal.key is not None:
            principal.key.account.require_funds()
            principal.key.limiter.acquire(now, self.limits, self.config.counting)
        return now

    def take_back(self, principal: Principal, admitted: int) -> None:
        """Let a request that was admitted at that time, and failed, not count, if the contract's file says so."""
        if principal.key is not None and not self.config.counting.count_failed:
            principal.key.limiter.take_back(admitted)

    def update_account(
        self,
        account: Account,
        balance: int | None = None,
        activated: bool | None = None,
        developer_access: bool | None = None,
    ) -> None:
        """Set all values that are not None; a balance is set by an adjustment, and activates like any other (B2).

        It stays when the scenario ends, whose own adjustment it replaces.
        """
        self._set_account(account, balance, activated, developer_access)
        run = self.scenario_run
        if balance is not None and account.uid == self.config.uid:
            run.displaced = replace(run.displaced, adjustment=0)

    def _set_account(
        self, account: Account, balance: int | None, activated: bool | None, developer_access: bool | None
    ) -> None:
        before = account.activated, account.developer_access
        if balance is not None:
            if balance != account.ledger.balance:
                account.ledger.adjust(self.next_entry(), balance, self.clock.now())
                self.announce("money", account.uid)
            account.activate_if_funded()
        if activated is not None:
            account.activated = activated
        if developer_access is not None:
            account.developer_access = developer_access
        if before != (account.activated, account.developer_access):
            self.announce("account", account.uid)

    def credit(self, account: Account, amount: int, now: int) -> None:
        """Add `amount` micro-dollars to an account, which may activate it (B2)."""
        was_activated = account.activated
        account.credit(self.next_entry(), amount, now)
        self.announce("money", account.uid)
        if account.activated != was_activated:
            self.announce("account", account.uid)

    def record(self, exchange: Exchange, now: int) -> None:
        """Charge a finished request and add it to the usage and the journal."""
        endpoint, key, account = exchange.facts.endpoint, exchange.principal.key, exchange.principal.account
        charged, failed = exchange.charged, exchange.failed
        cost = 0
        logged = False
        if endpoint is not None and endpoint.rate is not None and key is not None and account is not None:
            tokens = exchange.prompt_tokens + exchange.completion_tokens if charged else 0
            if charged:
                cost = tokens * (endpoint.rate if exchange.reply.rate is None else exchange.reply.rate)
                charge = Charge(endpoint.name, tokens, cost, exchange.plan.rule, key.preview)
                account.ledger.charge(self.next_entry(), charge, now)
            failed_at_work = exchange.status not in _UNRECORDED or exchange.reply.code == "model_not_found"
            if charged or failed_at_work:
                logged = True
                account.usage.record(Activity(endpoint.name, tokens, failed, exchange.latency(now)), now)
                key.record(tokens, now)
        self.journal.add(exchange, now, cost, logged)
        self.last_used = now
        if cost and account is not None:
            self.announce("money", account.uid)

    def create_key(self, account: Account, name: str, now: int) -> tuple[Key, str]:
        """Create a key and return it with its raw form, which is not stored."""
        raw = self.rng.unused_id("key", KEY_PREFIX, self.accounts.find_key, KEY_DIGITS)
        key_id = self.rng.unused_id("key id", "key_", self.accounts.find_key)
        key = Key(account, key_id, raw, name, now)
        self.accounts.add_key(key)
        self.announce("account", account.uid)
        return key, raw

    def next_uid(self) -> str:
        """Return a random uid, as Firebase does, that no account or user has."""
        return self.rng.unused_id("uid", "", lambda uid: uid in self.accounts.by_uid or uid in self.users.by_uid, 28)

    def new_password(self, text: str) -> "Password":
        """Hash `text` with a new salt."""
        from clevora_mock.core.passwords import Password  # noqa: PLC0415 - few sandboxes need them

        return Password.of(text, self.rng.next_hex("salt", 32))

    def open_checkout(self, account: Account, amount: int, now: int) -> Checkout:
        checkout_id = self.rng.unused_id("checkout", "cks_", self.checkouts.by_id.get)
        checkout = Checkout(checkout_id, account.uid, account.email, amount, now)
        self.checkouts.open(checkout)
        return checkout

    def payment_event(self, checkout: Checkout, now: int) -> dict[str, Any]:
        """Build the event of a finished checkout."""
        outcome: Outcome = "failed" if checkout.status == "failed" else "succeeded"
        business = "bus_" + self.rng.hex_at("business", 0)
        checkout.payment_id = self.rng.unused_id("payment", "pay_", partial(self.checkouts.has_processed, "payment"))
        return event(checkout, outcome, checkout.payment_id, business, now)

    def next_event_id(self) -> str:
        """Return the id of a new event; all deliveries of an event have the same one."""
        return self.rng.unused_id("event", "evt_", partial(self.checkouts.has_processed, "event"))

    def receive_payment(self, event_id: str, announced: dict[str, Any], now: int) -> None:
        """Credit the account of the checkout that a verified event pays. Raises NotCreditedError."""
        checkout = self.checkouts.claim(event_id, announced)
        account = self.accounts.get_or_create(checkout.uid, checkout.email, now)
        self.credit(account, checkout.amount, now)

    def reset_money(self) -> None:
        """Reset ledgers, usage, rate limits and checkouts; the demo account gets its opening credit again."""
        now = self.clock.now()
        for account in self.accounts.by_uid.values():
            account.ledger, account.usage = Ledger(), AccountUsage()
            for key in account.keys:
                key.requests = key.tokens = 0
                key.last_used, key.limiter = None, RateLimiter()
        self.ledger_entries = 0
        self.checkouts = Checkouts()
        demo = self._demo()
        demo.activated = False
        if self.config.balance > 0:
            self.credit(demo, self.config.balance, now)
        # As at startup, the scenario's account settings follow the opening credit.
        start, run = self.scenario_run.scenario.account, self.scenario_run
        if start is not None:
            found = self._start_account(replace(start, developer_access=None))
            run.displaced = replace(run.displaced, adjustment=found.adjustment, activated=found.activated)

    def close(self) -> None:
        """Drop pending checkouts, and stop counting the journal's memory; a later sandbox of this name is a new one."""
        self.checkouts = Checkouts()
        self.announce("closed")
        self.journal.stop_counting()

    def next_entry(self) -> int:
        """Return the serial number of the next ledger entry."""
        self.ledger_entries = counted(self.ledger_entries + 1)
        return self.ledger_entries

    def entry_id(self, serial: int) -> str:
        """Return the public id of a ledger entry."""
        return "txn_" + self.rng.hex_at("transaction", serial)

    def log_id(self, serial: int) -> str:
        """Return the public id of a request in the log."""
        return "log_" + self.rng.hex_at("log", serial)

    def _open_demo(self) -> None:
        config, now = self.config, self.clock.now()
        account = self.accounts.get_or_create(config.uid, config.email, now)
        account.developer_access = True
        if config.balance > 0:
            self.credit(account, config.balance, now)
        key = Key(account, "key_" + self.rng.next_hex("key id"), config.api_key, "Demo key", now)
        self.accounts.add_key(key)
