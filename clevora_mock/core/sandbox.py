"""All state of one sandbox, and the few changes that touch more than one part of it.

Plain and synchronous: no I/O, no time and no chance of its own. Whoever calls says when it is (`now`, a moment of the
sandbox's clock), and nothing here waits, so no other request comes between a check and its change.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from clevora_mock.clock import Clock
from clevora_mock.core.accounts import Account, Accounts, Key
from clevora_mock.core.call import Call
from clevora_mock.core.chance import Chance
from clevora_mock.core.errors import ApiError
from clevora_mock.core.journal import ENTRIES, Journal
from clevora_mock.core.ledger import Book
from clevora_mock.core.limits import Limits, Meter
from clevora_mock.core.payments import Checkout, Checkouts, Outcome, event
from clevora_mock.core.usage import Activity, Usage

if TYPE_CHECKING:
    from clevora_mock.core.identity import Identity
    from clevora_mock.core.passwords import Password
    from clevora_mock.core.users import Users
    from clevora_mock.scenarios.course import Course

# Refusals at the gates leave no trace in the account's usage (U7).
_UNRECORDED = frozenset({401, 402, 403, 404, 405, 429})


class Beginning(Struct, frozen=True):
    """How a sandbox starts: one activated demo account with money, a well-known key and a well-known password."""

    seed: int
    uid: str
    email: str
    password: str
    api_key: str
    balance: int
    firebase_project: str
    webhook_secret: str
    limits: Limits
    real_delays: bool = False
    journal_size: int = ENTRIES


class Sandbox:
    """Accounts, users, money, limits, usage, payments and journal under one name."""

    # What the scenario has set going, and the courses of scenarios that single requests have asked for.
    course: "Course"
    side_courses: dict[str, "Course"]

    def __init__(self, name: str, beginning: Beginning, clock: Clock, begin: Callable[["Sandbox"], None]) -> None:
        self.name = name
        self.beginning = beginning
        self.clock = clock
        self._begin = begin
        self._wall_clock = Clock() if beginning.real_delays else None
        self.journal = Journal(beginning.journal_size)
        self.reset()

    def reset(self) -> None:
        """Back to the beginning: clock, draws, demo account and scenario as at the start."""
        self.clock.restart()
        self.chance = Chance(self.beginning.seed, self.name)
        self.limits = self.beginning.limits
        self.accounts = Accounts()
        self._users: Users | None = None
        self.checkouts = Checkouts()
        self.journal.clear()
        self.last_used: int | None = None
        self.ledger_entries = 0
        self._open_demo()
        self._begin(self)

    @property
    def users(self) -> "Users":
        """Firebase's users, the demo account's among them; made when first asked for, which few sandboxes are."""
        if self._users is None:
            from clevora_mock.core.passwords import Password  # noqa: PLC0415 - few sandboxes are asked for them
            from clevora_mock.core.users import User, Users  # noqa: PLC0415

            start = self.beginning
            password = Password.of(start.password, self.chance.at("demo salt", 0, 32))
            self._users = Users()
            self._users.add(User(start.uid, start.email, password, self.accounts.by_uid[start.uid].created))
        return self._users

    @users.setter
    def users(self, users: "Users") -> None:
        self._users = users

    @property
    def pacemaker(self) -> Clock | None:
        """The clock to wait by, None where waiting is only written down: nothing moves a frozen clock on."""
        if self.clock.mode != "frozen":
            return self.clock
        return self._wall_clock

    def require_access(self, call: Call) -> None:
        """The gate right behind authentication (W6): developer access, where the endpoint asks for it."""
        endpoint = call.endpoint
        if endpoint is None or endpoint.credential not in ("api_key", "id_token") or endpoint.open_to_all:
            return
        if call.account is None:
            raise ApiError("developer_access_required")
        call.account.require_access()

    def admit(self, call: Call) -> None:
        """The gates in front of the work (W6): funds, then limits."""
        if call.key is not None:
            call.key.account.require_funds()
            call.key.meter.admit(self.clock.now(), self.limits)

    def amend(
        self,
        account: Account,
        balance: int | None = None,
        activated: bool | None = None,
        developer_access: bool | None = None,
    ) -> None:
        """Set what is not None; a balance by an adjustment, which activates nobody."""
        if balance is not None and balance != account.book.balance:
            account.book.adjust(self.next_entry(), balance, self.clock.now())
        if activated is not None:
            account.activated = activated
        if developer_access is not None:
            account.developer_access = developer_access

    def settle(self, call: Call, now: int) -> None:
        """What a finished request leaves behind: the charge, the usage, the journal's entry. Once for each call."""
        if not call.emulated:
            return
        endpoint, account, key = call.endpoint, call.account, call.key
        cost = 0
        logged = False
        if endpoint is not None and endpoint.rate is not None and account is not None and key is not None:
            failed = call.status >= 400 or call.voided
            charged = not failed if call.charge is None else call.charge
            tokens = call.tokens if charged else 0
            if charged:
                cost = tokens * endpoint.rate
                account.book.charge(self.next_entry(), endpoint.name, tokens, cost, now)
            if charged or call.status not in _UNRECORDED:
                logged = True
                latency = now - call.arrived + call.waited
                account.usage.record(Activity(endpoint.name, tokens, failed, latency), now)
                key.record(tokens, now)
        self.journal.add(call, now, cost, logged)
        self.last_used = now

    def create_key(self, account: Account, name: str, now: int) -> tuple[Key, str]:
        """A new key and its raw form, which is kept nowhere."""
        raw = "sk_live_" + self.chance.hex("key", 32)
        key = Key(account, "key_" + self.chance.hex("key id"), raw, name, now)
        self.accounts.add_key(key)
        return key, raw

    def open_account(self, identity: "Identity", now: int) -> Account:
        return self.accounts.open(identity.uid, identity.email, now)

    def next_uid(self) -> str:
        """A uid, as Firebase draws one, that is nobody's yet."""
        while True:
            uid = self.chance.hex("uid", 28)
            if uid not in self.accounts.by_uid and uid not in self.users.by_uid:
                return uid

    def new_password(self, text: str) -> "Password":
        """`text` as it is kept, under a salt of its own."""
        from clevora_mock.core.passwords import Password  # noqa: PLC0415

        return Password.of(text, self.chance.hex("salt", 32))

    def open_checkout(self, account: Account, amount: int, now: int) -> Checkout:
        checkout = Checkout("cks_" + self.chance.hex("checkout"), account.uid, account.email, amount, now)
        self.checkouts.open(checkout)
        return checkout

    def payment_event(self, checkout: Checkout, now: int) -> dict[str, Any]:
        """What Dodo Payments says about a finished checkout. No money moves before it arrives."""
        outcome: Outcome = "failed" if checkout.status == "failed" else "succeeded"
        business = "bus_" + self.chance.at("business", 0)
        return event(checkout, outcome, "pay_" + self.chance.hex("payment"), business, now)

    def receive_payment(self, event_id: str, announced: dict[str, Any], now: int) -> bool:
        """Credit what a genuine event pays for; whether it did."""
        checkout = self.checkouts.redeem(event_id, announced)
        if checkout is None:
            return False
        account = self.accounts.open(checkout.uid, checkout.email, now)
        account.credit(self.next_entry(), checkout.amount, now)
        return True

    def reset_money(self) -> None:
        """Ledger, usage and counts as at the start, for accounts that came later with nothing on them."""
        now = self.clock.now()
        for account in self.accounts.by_uid.values():
            account.book, account.usage = Book(), Usage()
            for key in account.keys:
                key.requests = key.tokens = 0
                key.last_used, key.meter = None, Meter()
        self.ledger_entries = 0
        self.checkouts = Checkouts()
        demo = self.accounts.open(self.beginning.uid, self.beginning.email, now)
        demo.activated = False
        if self.beginning.balance > 0:
            demo.credit(self.next_entry(), self.beginning.balance, now)
        # The scenario had its say on the money after the opening credit, at the start as well.
        start = self.course.scenario.account
        if start is not None:
            self.amend(demo, start.balance, start.activated)

    def retire(self) -> None:
        """Nothing that was still to come, comes: whatever has this name from now on is another sandbox."""
        self.checkouts = Checkouts()

    def next_entry(self) -> int:
        """The serial number of the next ledger entry."""
        self.ledger_entries += 1
        return self.ledger_entries

    def entry_id(self, serial: int) -> str:
        """The id under which a ledger entry is shown."""
        return "txn_" + self.chance.at("transaction", serial)

    def log_id(self, serial: int) -> str:
        """The id under which a request is shown in the log."""
        return "log_" + self.chance.at("log", serial)

    def _open_demo(self) -> None:
        start, now = self.beginning, self.clock.now()
        account = self.accounts.open(start.uid, start.email, now)
        account.developer_access = True
        if start.balance > 0:
            account.credit(self.next_entry(), start.balance, now)
        key = Key(account, "key_" + self.chance.hex("key id"), start.api_key, "Demo key", now)
        self.accounts.add_key(key)
