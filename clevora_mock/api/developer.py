"""``/api/developer/*`` (contract K8, B7, B11, U1-U7): the dashboard's calls."""

from clevora_mock.api import dashboard, parsing
from clevora_mock.api.answers import Answer, success
from clevora_mock.clock import iso
from clevora_mock.contract.limits import DEFAULT_TRANSACTIONS, DEFAULT_USAGE_DAYS, MAX_TRANSACTIONS, MAX_USAGE_DAYS
from clevora_mock.core import money
from clevora_mock.core.accounts import Account
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.ledger import Entry
from clevora_mock.core.sandbox import Sandbox


async def activate(call: Call) -> Answer:
    """``POST /api/developer/activate``: the dashboard's button; again changes nothing."""
    if call.identity is None:
        raise ApiError("invalid_id_token")
    account = call.account = call.sandbox.open_account(call.identity, call.arrived)
    account.developer_access = True
    return success(view(account))


async def account(call: Call) -> Answer:
    """``GET /api/developer/account``."""
    return success(view(call.caller))


async def topup(call: Call) -> Answer:
    """``POST /api/developer/topup``: a checkout to pay; no credit yet."""
    request = parsing.request(call, dashboard.TopupRequest)
    try:
        amount = money.micros(request.amount, decimals=2)
    except ValueError:
        raise invalid("amount", "a number with at most two decimals", parsing.shown(request.amount)) from None
    checkout = call.sandbox.open_checkout(call.caller, amount, call.arrived)
    return success(dashboard.CheckoutLink(f"{call.base_url}/checkout/{checkout.id}"))


async def transactions(call: Call) -> Answer:
    """``GET /api/developer/transactions?limit=``: the newest ledger entries."""
    limit = parsing.number(call, "limit", (1, MAX_TRANSACTIONS), DEFAULT_TRANSACTIONS)
    entries = call.caller.book.entries
    newest = [entries[-index] for index in range(1, min(limit, len(entries)) + 1)]
    return success(dashboard.Transactions([transaction(call.sandbox, entry) for entry in newest]))


async def usage(call: Call) -> Answer:
    """``GET /api/developer/usage?range=``: the analytics."""
    days = parsing.number(call, "range", (1, MAX_USAGE_DAYS), DEFAULT_USAGE_DAYS)
    return success(call.caller.usage.report(days, call.arrived))


def view(account: Account) -> dashboard.AccountView:
    """An account as its owner sees it."""
    return dashboard.AccountView(
        uid=account.uid,
        email=account.email,
        developer_access=account.developer_access,
        activated=account.activated,
        balance=money.dollars(account.book.balance),
        tier="preview",
    )


def transaction(sandbox: Sandbox, entry: Entry) -> dashboard.Transaction:
    """A ledger entry as it is shown."""
    return dashboard.Transaction(
        id=sandbox.entry_id(entry.serial),
        type=entry.type,
        endpoint=entry.endpoint,
        tokens=entry.tokens,
        amount=money.dollars(entry.amount),
        balance_after=money.dollars(entry.balance_after),
        created_at=iso(entry.at),
    )
