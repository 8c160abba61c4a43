"""The memory of what a sandbox keeps beside its journal: accounts, money, users, payments and scenarios.

The sizes of records were measured; they include the containers that hold them.
"""

from typing import TYPE_CHECKING

from clevora_mock.core.accounts import Account, Accounts, Key
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.payments import Checkouts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.core.text_size import size_of_text

if TYPE_CHECKING:
    from clevora_mock.core.users import User, Users

_ACCOUNT_BYTES = 2_000
# Of a key with the requests of some minutes, and of each more of them.
_KEY_BYTES, _KEY_REQUESTS, _REQUEST_BYTES = 1_600, 30, 42
_USER_BYTES = 1_000
_CHECKOUT_BYTES = 600
# A mark of an event or a payment, with a long id; the uid of a deleted user; a counter of draws.
_MARK_BYTES = 300
_LEDGER_ENTRY_BYTES = 280
_DAY_BYTES = 600
# Of a text that has not ASCII alone, with its UTF-8, for each character.
_WIDE_BYTES = 8
# Of a parsed scenario: for each character of its source, and at most, since a scenario has a maximum of values.
_VALUE_BYTES, _MOST_VALUES_BYTES = 20, 1_600_000


def size_of(sandbox: Sandbox) -> int:
    """Return the memory in bytes, roughly."""
    runs = (sandbox.scenario_run, *sandbox.side_runs.values())
    shared = (DEFAULT, sandbox.startup.scenario)
    own = (run.scenario for run in runs if not any(run.scenario is each for each in shared))
    # Users are made on first use.
    users = sandbox.users if sandbox.has_users else None
    return size_of_records(sandbox.accounts, users, sandbox.checkouts, sandbox.rng) + sum(map(size_of_scenario, own))


def size_of_records(accounts: Accounts, users: "Users | None", checkouts: Checkouts, rng: SeededRng) -> int:
    """Return the memory of all but the scenarios."""
    marks = len(checkouts.processed_events) + len(rng.counters)
    size = sum(map(_size_of_account, accounts.by_uid.values())) + len(checkouts.by_id) * _CHECKOUT_BYTES
    if users is not None:
        marks += len(users.deleted)
        size += sum(map(_size_of_user, users.by_uid.values()))
    return size + marks * _MARK_BYTES


def _size_of_account(account: Account) -> int:
    entries, keys = account.ledger.entries, account.keys
    records = len(entries) * _LEDGER_ENTRY_BYTES + len(account.usage.days) * _DAY_BYTES
    return _ACCOUNT_BYTES + records + sum(map(_size_of_texts, entries)) + sum(map(_size_of_key, keys))


def _size_of_key(key: Key) -> int:
    return _KEY_BYTES + max(0, len(key.limiter.recent) - _KEY_REQUESTS) * _REQUEST_BYTES


def _size_of_texts(entry: LedgerEntry) -> int:
    """Return the memory of an entry's texts: those of a snapshot are its own."""
    return sum(size_of_text(text) for text in (entry.rule, entry.key) if text)


def _size_of_user(user: "User") -> int:
    return _USER_BYTES + sum(size_of_text(text) for text in (user.name, user.picture) if text)


def size_of_scenario(scenario: Scenario) -> int:
    """Return the memory of a scenario with its source."""
    length = len(scenario.source)
    text = length if scenario.source.isascii() else length * _WIDE_BYTES
    return text + min(length * _VALUE_BYTES, _MOST_VALUES_BYTES)
