"""``/api/developer/*`` (K8, B7, B11, U1-U7): the endpoints of the dashboard."""

from msgspec.structs import replace

from clevora_mock.api.envelope import enveloped
from clevora_mock.api.parameters import LIMIT, RANGE
from clevora_mock.api.schemas import dashboard
from clevora_mock.clock import iso
from clevora_mock.contract.limits import TIER
from clevora_mock.core import money
from clevora_mock.core.accounts import Account
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.messages import masked_excerpt
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.context import RequestContext
from clevora_mock.web.parsing import number_text, parse_document, require_plain


async def activate_account(context: RequestContext) -> Reply:
    """Handle ``POST /api/developer/activate``: give developer access; idempotent. A body has no fields (W4)."""
    if body := context.facts.body:
        require_plain(body, context.facts.headers)
        parse_document(body)
    identity = context.principal.identity
    if identity is None:
        raise ApiError("invalid_id_token")
    account = context.sandbox.accounts.get_or_create(identity.uid, identity.email, context.now)
    context.sandbox.update_account(account, developer_access=True)
    context.set_principal(replace(context.principal, account=account))
    return enveloped(_render_account(account))


async def show_account(context: RequestContext) -> Reply:
    """Handle ``GET /api/developer/account``: also for a user without an account, who has no access yet."""
    identity = context.principal.identity
    if identity is None:
        raise ApiError("invalid_id_token")
    account = context.principal.account or Account(identity.uid, identity.email, context.now)
    return enveloped(_render_account(account))


async def create_topup(context: RequestContext, request: dashboard.TopupRequest) -> Reply:
    """Handle ``POST /api/developer/topup``: open a checkout; the payment's webhook credits it."""
    written = number_text(context.facts.body, "amount")
    try:
        amount = money.micros(written, decimals=2)
    except ValueError:
        raise invalid("amount", "a number with at most two decimals", masked_excerpt(written, 60)) from None
    checkout = context.sandbox.open_checkout(context.account, amount, context.now)
    return enveloped(dashboard.CheckoutLink(f"{context.base_url}/checkout/{checkout.id}"))


async def list_transactions(context: RequestContext) -> Reply:
    """Handle ``GET /api/developer/transactions?limit=``: the newest ledger entries first."""
    limit = LIMIT.read(context.facts.query)
    entries = context.account.ledger.entries
    newest = [entries[-index] for index in range(1, min(limit, len(entries)) + 1)]
    return enveloped(dashboard.TransactionList([render_transaction(context.sandbox, entry) for entry in newest]))


async def show_usage(context: RequestContext) -> Reply:
    """Handle ``GET /api/developer/usage?range=``."""
    days = RANGE.read(context.facts.query)
    return enveloped(context.account.usage.report(days, context.now))


def _render_account(account: Account) -> dashboard.AccountView:
    return dashboard.AccountView(
        uid=account.uid,
        email=account.email,
        developer_access=account.developer_access,
        activated=account.activated,
        balance=money.dollars(account.ledger.balance),
        tier=TIER,
    )


def render_transaction(sandbox: Sandbox, entry: LedgerEntry) -> dashboard.Transaction:
    """Return a ledger entry as the API and the control plane show it."""
    return dashboard.Transaction(
        id=sandbox.entry_id(entry.serial),
        type=entry.type,
        endpoint=entry.endpoint,
        tokens=entry.tokens,
        amount=money.dollars(entry.amount),
        balance_after=money.dollars(entry.balance_after),
        created_at=iso(entry.at),
    )
