"""The memory of what a sandbox keeps beside its journal: accounts, money, users, payments and scenarios.

The sizes of records were measured; they include the containers that hold them.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from clevora_mock.core.accounts import Account, Accounts, Key
from clevora_mock.core.payments import Checkouts
from clevora_mock.core.rng import SeededRng
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import DEFAULT, Scenario
from clevora_mock.core.snapshot import State, texts_of
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
# Of a day at one endpoint.
_COUNT_BYTES = 160
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
    records = size_of_records(sandbox.accounts, users, sandbox.checkouts, sandbox.rng)
    return records + sum(map(size_of_scenario, own)) + sandbox.restored_bytes


def size_of_records(accounts: Accounts, users: "Users | None", checkouts: Checkouts, rng: SeededRng) -> int:
    """Return the memory of all but the scenarios, and the texts of a snapshot."""
    marks = len(checkouts.processed_events) + len(rng.counters)
    size = sum(map(_size_of_account, accounts.by_uid.values())) + len(checkouts.by_id) * _CHECKOUT_BYTES
    if users is not None:
        marks += len(users.deleted)
        size += sum(map(_size_of_user, users.by_uid.values()))
    return size + marks * _MARK_BYTES


def _size_of_account(account: Account) -> int:
    entries, days = len(account.ledger.entries), len(account.usage.days)
    records = entries * _LEDGER_ENTRY_BYTES + days * _DAY_BYTES
    return _ACCOUNT_BYTES + records + sum(map(_size_of_key, account.keys))


def _size_of_key(key: Key) -> int:
    return _KEY_BYTES + max(0, len(key.limiter.recent) - _KEY_REQUESTS) * _REQUEST_BYTES


def _size_of_user(user: "User") -> int:
    return _USER_BYTES + sum(_width(text) for text in (user.name, user.picture) if text)


def size_of_scenario(scenario: Scenario) -> int:
    """Return the memory of a scenario with its source."""
    return _width(scenario.source) + min(len(scenario.source) * _VALUE_BYTES, _MOST_VALUES_BYTES)


def _width(text: str) -> int:
    return len(text) if text.isascii() else len(text) * _WIDE_BYTES


def size_of_state(state: State) -> int:
    """Return the memory of a snapshot's own texts, which live records share, and of its counts by endpoint.

    The journal and the sources of scenarios are counted elsewhere.
    """
    shared = {text for account in state.accounts for entry in account.entries for text in texts_of(entry) if text}
    days = (day for account in state.accounts for day in account.usage.days.values())
    runs = (state.scenario, *state.side_scenarios.values())
    rest = [
        *((account.uid, account.email, account.usage, account.keys) for account in state.accounts),
        *((run.name, run.counts, run.applied, run.switched_off) for run in runs),
        *(state.name, list(state.side_scenarios), state.draws, state.users, state.checkouts),
        *(state.deleted_users, state.events_seen),
    ]
    texts = sum(map(size_of_text, shared)) + sum(map(size_of_text, _texts_in(rest)))
    return texts + sum(len(day.endpoints) for day in days) * _COUNT_BYTES


def _texts_in(value: object) -> Iterator[str]:
    """Yield all texts in a value of lists, mappings and records."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, Struct):
            waiting += [getattr(one, name) for name in one.__struct_fields__]
        # Of times there are many, and nothing else in their list.
        elif isinstance(one, list | tuple) and one and not isinstance(one[0], int):
            waiting += one
