"""``/api/developer/*`` (K8, B7, B11, U1-U7): the dashboard's calls."""

from msgspec.structs import replace

from clevora_mock.api.envelope import enveloped
from clevora_mock.api.schemas import dashboard
from clevora_mock.clock import iso
from clevora_mock.contract.limits import (
    DEFAULT_TRANSACTIONS,
    DEFAULT_USAGE_DAYS,
    MAX_TRANSACTIONS,
    MAX_USAGE_DAYS,
    TIER,
)
from clevora_mock.core import money
from clevora_mock.core.accounts import Account
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.context import RequestContext
from clevora_mock.web.parsing import int_param, quoted


async def activate(context: RequestContext) -> Reply:
    """Handle ``POST /api/developer/activate``: the dashboard's button; repeating it changes nothing."""
    identity = context.principal.identity
    if identity is None:
        raise ApiError("invalid_id_token")
    account = context.sandbox.accounts.get_or_create(identity.uid, identity.email, context.now)
    account.developer_access = True
    context.identify(replace(context.principal, account=account))
    return enveloped(_view(account))


async def account(context: RequestContext) -> Reply:
    """Handle ``GET /api/developer/account``."""
    return enveloped(_view(context.account))


async def topup(context: RequestContext, request: dashboard.TopupRequest) -> Reply:
    """Handle ``POST /api/developer/topup``: a checkout to pay; no credit yet."""
    try:
        amount = money.micros(request.amount, decimals=2)
    except ValueError:
        raise invalid("amount", "a number with at most two decimals", quoted(request.amount)) from None
    checkout = context.sandbox.open_checkout(context.account, amount, context.now)
    return enveloped(dashboard.CheckoutLink(f"{context.base_url}/checkout/{checkout.id}"))


async def transactions(context: RequestContext) -> Reply:
    """Handle ``GET /api/developer/transactions?limit=``: the newest ledger entries."""
    limit = int_param(context.facts.query, "limit", (1, MAX_TRANSACTIONS), DEFAULT_TRANSACTIONS)
    entries = context.account.ledger.entries
    newest = [entries[-index] for index in range(1, min(limit, len(entries)) + 1)]
    return enveloped(dashboard.Transactions([transaction(context.sandbox, entry) for entry in newest]))


async def usage(context: RequestContext) -> Reply:
    """Handle ``GET /api/developer/usage?range=``: the analytics."""
    days = int_param(context.facts.query, "range", (1, MAX_USAGE_DAYS), DEFAULT_USAGE_DAYS)
    return enveloped(context.account.usage.report(days, context.now))


def _view(account: Account) -> dashboard.AccountView:
    return dashboard.AccountView(
        uid=account.uid,
        email=account.email,
        developer_access=account.developer_access,
        activated=account.activated,
        balance=money.dollars(account.ledger.balance),
        tier=TIER,
    )


def transaction(sandbox: Sandbox, entry: LedgerEntry) -> dashboard.Transaction:
    """Return a ledger entry as it is shown."""
    return dashboard.Transaction(
        id=sandbox.entry_id(entry.serial),
        type=entry.type,
        endpoint=entry.endpoint,
        tokens=entry.tokens,
        amount=money.dollars(entry.amount),
        balance_after=money.dollars(entry.balance_after),
        created_at=iso(entry.at),
    )
