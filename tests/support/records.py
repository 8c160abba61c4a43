"""The records of a sandbox: journal, ledger and usage, and waits for them."""

from typing import Any

from clevora_mock.core.accounts import Account
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.sandbox import Sandbox
from tests.support.wait import wait_until
from tests.support.world import World


def demo_account(sandbox: Sandbox) -> Account:
    return sandbox.accounts.by_uid["demo"]


def journal(world: World) -> list[JournalEntry]:
    """Return all journal entries, oldest first."""
    return world.run_in_server(lambda sandbox: list(sandbox.journal.entries))


def statuses(world: World) -> list[int | None]:
    """Return the statuses of all requests so far."""
    return [entry.status for entry in journal(world)]


def entry_json(world: World, index: int = 0) -> dict[str, Any]:
    """Return a request as the control plane shows it; 0 is the newest."""
    entry = world.http.get("/__mock/requests").json()["requests"][index]
    assert isinstance(entry, dict)
    return entry


def charges(world: World) -> list[LedgerEntry]:
    """Return the demo account's charges, oldest first."""
    return world.run_in_server(
        lambda sandbox: [entry for entry in demo_account(sandbox).ledger.entries if entry.type == "charge"]
    )


def balance(world: World, uid: str = "demo") -> float:
    """Return an account's balance in dollars, as the API shows it."""
    answer = world.http.get("/api/developer/account", headers=world.signed_in(uid))
    return float(answer.json()["data"]["balance"])


def wait_for_entries(world: World, count: int) -> list[JournalEntry]:
    """Return the journal, once it has `count` entries; entries are added after the response."""
    wait_until(lambda: len(journal(world)) >= count, f"fewer than {count} requests are written down")
    return journal(world)


def wait_for_charges(world: World, count: int = 1) -> list[LedgerEntry]:
    """Return the demo account's charges, once there are `count` of them."""
    wait_until(lambda: len(charges(world)) >= count, f"fewer than {count} charges")
    return charges(world)


def wait_for_timer(world: World, count: int = 1) -> None:
    """Return once `count` requests wait for the sandbox's clock."""
    wait_until(
        lambda: world.run_in_server(lambda sandbox: len(sandbox.clock.timers)) >= count, f"fewer than {count} wait"
    )


def check_totals(world: World) -> None:
    """Check the sums of the demo account's ledger, and that they agree with usage, keys and journal."""
    world.run_in_server(check_sums)


def check_sums(sandbox: Sandbox) -> None:
    """Check the same for a sandbox, in the server's thread."""
    account = demo_account(sandbox)
    sums = account.ledger.sums()
    assert sums.credits + sums.adjustments - sums.charges == account.ledger.balance
    assert sums.tokens == account.usage.total.tokens == sum(key.tokens for key in account.keys)
    assert sums.charges == account.ledger.spent
    assert sum(entry.cost for entry in sandbox.journal.entries) == sums.charges
