"""The memory of what a sandbox keeps beside its journal: accounts, money, users, payments and scenarios.

The sizes of records were measured; they include the containers that hold them.
"""

from typing import TYPE_CHECKING

from clevora_mock.core.accounts import Account, Accounts
from clevora_mock.core.payments import Checkouts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import DEFAULT, Scenario

if TYPE_CHECKING:
    from clevora_mock.core.users import Users

_ACCOUNT_BYTES = 2_000
_KEY_BYTES = 1_600
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
        size += len(users.by_uid) * _USER_BYTES
    return size + marks * _MARK_BYTES


def _size_of_account(account: Account) -> int:
    entries, days = len(account.ledger.entries), len(account.usage.days)
    records = len(account.keys) * _KEY_BYTES + entries * _LEDGER_ENTRY_BYTES + days * _DAY_BYTES
    return _ACCOUNT_BYTES + records


def size_of_scenario(scenario: Scenario) -> int:
    """Return the memory of a scenario with its source."""
    length = len(scenario.source)
    text = length if scenario.source.isascii() else length * _WIDE_BYTES
    return text + min(length * _VALUE_BYTES, _MOST_VALUES_BYTES)
