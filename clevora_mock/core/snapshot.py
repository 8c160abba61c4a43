"""A sandbox's whole state as a document, and back (all or nothing).

The document is versioned and holds no secret: keys and passwords are hashes. What is restored goes on exactly as what
was saved would have, since clock, draws and counters are part of it. Times are in microseconds, money in micro-dollars.
"""

from collections import deque
from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct, convert

from clevora_mock.clock import DAY, MAX_SPEED, Clock, Mode
from clevora_mock.contract.limits import MAX_UID_CHARACTERS
from clevora_mock.core.accounts import Account, Accounts, Key
from clevora_mock.core.chance import Chance
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import LedgerEntry, LedgerTotals
from clevora_mock.core.limits import Limits
from clevora_mock.core.passwords import Password
from clevora_mock.core.payments import Checkout, Checkouts
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario_run import ScenarioRun
from clevora_mock.core.usage import Activity, Count, Day
from clevora_mock.core.users import CAPACITY, User, Users

VERSION = 1

# What every platform holds, and every moment up to which can be printed; a clock that runs may pass the last date.
LARGEST = 2**62
Int62 = Annotated[int, Meta(ge=-(LARGEST), le=LARGEST)]
Natural = Annotated[int, Meta(ge=0, le=LARGEST)]
Moment = Annotated[int, Meta(ge=0, le=LARGEST)]
DayNumber = Annotated[int, Meta(ge=0, le=LARGEST // DAY)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class StrictStruct(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a state; an unknown field was written by another version, and is refused."""


class ClockState(StrictStruct, frozen=True):
    """The sandbox's clock; `ahead` is how far a real one had been moved from the machine's own time."""

    mode: Mode
    now: Moment
    speed: Annotated[float, Meta(ge=0, le=MAX_SPEED)]
    ahead: Int62


class KeyState(StrictStruct, frozen=True):
    """A key; `hash` is the SHA-256 of what the client sends, in hex."""

    id: str
    hash: Hash
    preview: str
    name: str
    created: Moment
    last_used: Moment | None
    requests: Natural
    tokens: Natural
    revoked: bool
    recent: list[Moment]
    day: DayNumber
    day_tokens: Natural


class UsageState(StrictStruct, frozen=True):
    """An account's rollups; days are counted from 1970-01-01."""

    total: Count
    days: dict[DayNumber, Day]
    recent: list[Activity]
    last_used: Moment | None


class AccountState(StrictStruct, frozen=True):
    """An account with its money, usage and keys."""

    uid: str
    email: str | None
    created: Moment
    developer_access: bool
    activated: bool
    balance: Int62
    opening: LedgerTotals
    entries: list[LedgerEntry]
    usage: UsageState
    keys: list[KeyState]


class PasswordState(StrictStruct, frozen=True):
    """A password; `hash` is what is kept of it, in hex."""

    salt: str
    hash: Hash


class UserState(StrictStruct, frozen=True):
    """A user who signed up at Firebase."""

    uid: Annotated[str, Meta(min_length=1, max_length=MAX_UID_CHARACTERS)]
    email: str | None
    password: PasswordState | None
    created: Moment
    last_sign_in: Moment
    last_refresh: Moment
    valid_since: Moment | None
    name: str | None
    picture: str | None


class CheckoutState(StrictStruct, frozen=True):
    """A checkout; `due` is when its event is to be delivered."""

    id: str
    uid: str
    email: str | None
    amount: Natural
    created: Moment
    status: Literal["open", "succeeded", "failed"]
    credited: bool
    due: Moment | None


class ScenarioState(StrictStruct, frozen=True):
    """A scenario as it runs: its name and source, when it began and how often each rule was met."""

    name: str
    source: str
    began: Moment
    counts: dict[str, Natural]


class State(StrictStruct, frozen=True):
    """A whole sandbox."""

    version: int
    seed: int
    name: str
    clock: ClockState
    draws: dict[str, Natural]
    ledger_entries: Natural
    limits: Limits
    scenario: ScenarioState
    side_scenarios: dict[str, ScenarioState]
    accounts: list[AccountState]
    users: Annotated[list[UserState], Meta(max_length=CAPACITY)]
    deleted_users: Annotated[list[str], Meta(max_length=CAPACITY)]
    checkouts: list[CheckoutState]
    events_seen: list[str]
    journal: list[JournalEntry]
    journal_total: Natural


def dump(sandbox: Sandbox) -> State:
    """Return the present state of `sandbox`."""
    return State(
        version=VERSION,
        seed=sandbox.chance.seed,
        name=sandbox.chance.sandbox,
        clock=_clock(sandbox.clock),
        draws=dict(sandbox.chance.counters),
        ledger_entries=sandbox.ledger_entries,
        limits=sandbox.limits,
        scenario=_scenario(sandbox.scenario_run),
        side_scenarios={name: _scenario(run) for name, run in sandbox.side_runs.items()},
        accounts=[_account(account) for account in sandbox.accounts.by_uid.values()],
        users=convert([*sandbox.users.by_uid.values()], list[UserState], from_attributes=True),
        deleted_users=list(sandbox.users.deleted),
        checkouts=convert([*sandbox.checkouts.by_id.values()], list[CheckoutState], from_attributes=True),
        events_seen=list(sandbox.checkouts.processed_events),
        journal=list(sandbox.journal.entries),
        journal_total=sandbox.journal.total,
    )


class Restored(Struct, frozen=True):
    """The parts of a sandbox, made of a state before any of them replaces a present one."""

    accounts: Accounts
    users: Users
    checkouts: Checkouts
    chance: Chance


def parse(state: State) -> Restored:
    """Make the parts that `state` describes. Raises ValueError for one that contradicts itself."""
    if state.version != VERSION:
        raise ValueError(f"version: expected {VERSION}, got {state.version}")
    if state.journal_total < len(state.journal):
        raise ValueError("journal_total: less than there are entries in the journal")
    if state.clock.mode == "scaled" and not state.clock.speed:
        raise ValueError("clock: a scaled one needs a speed above 0")
    _check_numbers(state.journal)
    accounts = Accounts()
    for saved in state.accounts:
        if saved.uid in accounts.by_uid:
            raise ValueError(f"accounts: {saved.uid!r} is there twice")
        _restore_account(accounts, saved)
    users = _restore_users(state)
    checkouts = Checkouts()
    for waiting in state.checkouts:
        if waiting.id in checkouts.by_id:
            raise ValueError(f"checkouts: {waiting.id!r} is there twice")
        checkouts.open(_restore_checkout(waiting))
    checkouts.processed_events.update(dict.fromkeys(state.events_seen))
    return Restored(accounts, users, checkouts, Chance(state.seed, state.name, state.draws))


def restore(sandbox: Sandbox, state: State, restored: Restored) -> None:
    """Put `restored`, made of `state`, in the place of the sandbox's own parts. Nothing here can fail."""
    sandbox.accounts, sandbox.users = restored.accounts, restored.users
    sandbox.checkouts, sandbox.chance = restored.checkouts, restored.chance
    sandbox.ledger_entries = state.ledger_entries
    sandbox.limits = state.limits
    sandbox.journal.entries = deque(state.journal, sandbox.journal.entries.maxlen)
    sandbox.journal.total = state.journal_total
    sandbox.clock.run(state.clock.mode, state.clock.speed)
    if state.clock.mode == "real":
        sandbox.clock.run_ahead(state.clock.ahead)
    else:
        sandbox.clock.set(state.clock.now)


def _clock(clock: Clock) -> ClockState:
    return ClockState(clock.mode, clock.now(), clock.speed, clock.ahead if clock.mode == "real" else 0)


def _scenario(run: ScenarioRun) -> ScenarioState:
    return ScenarioState(run.scenario.name, run.scenario.source, run.began, dict(run.counts))


def _account(account: Account) -> AccountState:
    usage = account.usage
    return AccountState(
        uid=account.uid,
        email=account.email,
        created=account.created,
        developer_access=account.developer_access,
        activated=account.activated,
        balance=account.ledger.balance,
        opening=account.ledger.opening,
        entries=list(account.ledger.entries),
        usage=UsageState(usage.total, usage.days, list(usage.recent), usage.last_used),
        keys=[_key(key) for key in account.keys],
    )


def _key(key: Key) -> KeyState:
    return KeyState(
        id=key.id,
        hash=key.hash.hex(),
        preview=key.preview,
        name=key.name,
        created=key.created,
        last_used=key.last_used,
        requests=key.requests,
        tokens=key.tokens,
        revoked=key.revoked,
        recent=list(key.limiter.recent),
        day=key.limiter.day,
        day_tokens=key.limiter.tokens,
    )


def _restore_account(accounts: Accounts, saved: AccountState) -> None:
    _check_numbers([saved.opening, *saved.entries, saved.usage.total, *saved.usage.days.values(), *saved.usage.recent])
    account = accounts.get_or_create(saved.uid, saved.email, saved.created)
    account.developer_access, account.activated = saved.developer_access, saved.activated
    ledger = account.ledger
    ledger.balance, ledger.opening, ledger.entries = saved.balance, saved.opening, deque(saved.entries)
    sums = ledger.sums()
    ledger.spent = sums.charges
    if sums.credits - sums.charges + sums.adjustments != saved.balance:
        raise ValueError(f"accounts: the ledger of {saved.uid!r} does not sum up to its balance")
    usage = account.usage
    usage.total, usage.days, usage.last_used = saved.usage.total, saved.usage.days, saved.usage.last_used
    usage.recent.extend(saved.usage.recent)
    for key in saved.keys:
        if accounts.find_key(key.id) or accounts.has_key_hash(bytes.fromhex(key.hash)):
            raise ValueError(f"accounts: the key {key.id!r} is there twice")
        accounts.add_key(_restore_key(account, key))


def _restore_key(account: Account, saved: KeyState) -> Key:
    key = Key(account, saved.id, "", saved.name, saved.created)
    key.hash, key.preview, key.revoked = bytes.fromhex(saved.hash), saved.preview, saved.revoked
    key.last_used, key.requests, key.tokens = saved.last_used, saved.requests, saved.tokens
    key.limiter.recent.extend(saved.recent)
    key.limiter.day, key.limiter.tokens = saved.day, saved.day_tokens
    return key


def _restore_users(state: State) -> Users:
    users = Users()
    for saved in state.users:
        if saved.uid in users.by_uid:
            raise ValueError(f"users: {saved.uid!r} is there twice")
        if saved.email is not None and users.with_email(saved.email):
            raise ValueError(f"users: the email of {saved.uid!r} is somebody else's too")
        users.add(_restore_user(saved))
    for uid in state.deleted_users:
        if uid in users.by_uid:
            raise ValueError(f"deleted_users: {uid!r} is there")
        users.mark_deleted(uid)
    return users


def _restore_user(saved: UserState) -> User:
    password = None if saved.password is None else Password(saved.password.salt, saved.password.hash)
    user = User(saved.uid, saved.email, password, saved.created)
    user.last_sign_in, user.last_refresh, user.valid_since = saved.last_sign_in, saved.last_refresh, saved.valid_since
    user.name, user.picture = saved.name, saved.picture
    return user


def _restore_checkout(saved: CheckoutState) -> Checkout:
    checkout = Checkout(saved.id, saved.uid, saved.email, saved.amount, saved.created)
    checkout.status, checkout.credited, checkout.due = saved.status, saved.credited, saved.due
    return checkout


def _check_numbers(records: Iterable[Struct]) -> None:
    """Raise ValueError for a number that is too large to be true, and to be printed."""
    for record in records:
        for name in record.__struct_fields__:
            value = getattr(record, name)
            if isinstance(value, int) and abs(value) > LARGEST:
                raise ValueError(f"{name}: {value} is too large")
