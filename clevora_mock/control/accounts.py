"""``/__mock/accounts`` and ``/__mock/tokens``."""

from typing import Annotated

from msgspec import Meta, Struct, structs
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import DOLLAR, MAX_EMAIL_CHARACTERS, TIER
from clevora_mock.control.endpoint import get_now, get_sandbox
from clevora_mock.control.route import ControlHandler
from clevora_mock.control.schemas import (
    AccountDetails,
    AccountDetailsList,
    AccountKey,
    CreatedAccount,
    IdToken,
    KeyLimits,
    LimitsView,
    Refusal,
)
from clevora_mock.control.seconds import Seconds, to_micros
from clevora_mock.core import id_tokens, money
from clevora_mock.core.accounts import Account, Email, Key, Uid
from clevora_mock.core.errors import ApiError, invalid, missing
from clevora_mock.core.id_tokens import Identity
from clevora_mock.core.messages import masked_excerpt
from clevora_mock.core.passwords import MIN_CHARACTERS
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.users import User
from clevora_mock.web.background import Background
from clevora_mock.web.json_response import json_response
from clevora_mock.web.long_json import encode_parts, long_response
from clevora_mock.web.parsing import number_text, parse_body, parse_optional_body, value_text

_KEY_NAME = "Made by the control plane"
_BALANCE = 100 * DOLLAR
# The work that an account is, for `Background.run`.
_SIZE = 50
_MAX_LIFETIME_SECONDS = 10 * 365 * 86_400

Dollars = Annotated[float, Meta(ge=-money.MAX_DOLLARS, le=money.MAX_DOLLARS)]


class NewAccount(Struct, forbid_unknown_fields=True, rename="camel"):
    """An account to create. `balance` (dollars) defaults to 100, and `developer_access` to true.

    `activated` defaults to what the balance says (B2).

    With `password`, the user can sign in to Firebase by email.
    """

    uid: Uid | None = None
    email: Email | None = None
    password: Annotated[str, Meta(min_length=MIN_CHARACTERS)] | None = None
    balance: Dollars | None = None
    activated: bool | None = None
    developer_access: bool | None = None


class AccountChange(Struct, forbid_unknown_fields=True, rename="camel"):
    """Changes to an account; a balance is set by an adjustment in its ledger."""

    balance: Dollars | None = None
    activated: bool | None = None
    developer_access: bool | None = None


class TokenRequest(Struct, forbid_unknown_fields=True, rename="camel"):
    """An ID token to issue; `expires_in` is at least a second, without its fraction."""

    uid: Uid
    email: Email | None = None
    expires_in: Seconds | None = None


async def create_account(request: Request) -> Response:
    """Handle ``POST /__mock/accounts``: create an account, and return it with its whole first key."""
    body = parse_optional_body(await request.body(), NewAccount)
    sandbox, now = get_sandbox(request), get_now(request)
    balance = _BALANCE if body.balance is None else _read_balance(await request.body())
    uid = body.uid or sandbox.rng.unused_id("account", "user_", sandbox.accounts.by_uid.get, 12)
    if uid in sandbox.accounts.by_uid:
        raise invalid("uid", "one without an account (PATCH changes an account)", value_text(uid))
    if body.password is not None:
        _create_user(sandbox, uid, body.email, body.password, now)
    account = sandbox.accounts.get_or_create(uid, body.email, now)
    if balance > 0:
        sandbox.credit(account, balance, now)
    sandbox.update_account(account, balance, body.activated, body.developer_access is not False)
    _, raw = sandbox.create_key(account, _KEY_NAME, now)
    return json_response(CreatedAccount(**structs.asdict(render_account(account)), api_key=raw))


def list_accounts(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/accounts``."""

    async def show(request: Request) -> Response:
        accounts = [*get_sandbox(request).accounts.by_uid.values()]
        parts = encode_parts(AccountDetailsList([]), accounts=map(render_account, accounts))
        return await long_response(background, _SIZE * len(accounts), parts)

    return show


async def show_account(request: Request) -> Response:
    """Handle ``GET /__mock/accounts/{uid}``."""
    return json_response(render_account(_find_account(request)))


async def change_account(request: Request) -> Response:
    """Handle ``PATCH /__mock/accounts/{uid}``."""
    account = _find_account(request)
    body = parse_body(await request.body(), AccountChange)[0]
    balance = None if body.balance is None else _read_balance(await request.body())
    get_sandbox(request).update_account(account, balance, body.activated, body.developer_access)
    return json_response(render_account(account))


async def issue_token(request: Request) -> Response:
    """Handle ``POST /__mock/tokens``: return an ID token that is valid in this sandbox."""
    body = parse_body(await request.body(), TokenRequest)[0]
    lifetime = id_tokens.LIFETIME_SECONDS
    if body.expires_in is not None:
        lifetime = to_micros("expiresIn", body.expires_in) // SECOND
    if not 1 <= lifetime <= _MAX_LIFETIME_SECONDS:
        raise invalid("expiresIn", f"1 to {_MAX_LIFETIME_SECONDS} seconds", value_text(body.expires_in))
    config, user = get_sandbox(request).config, Identity(body.uid, body.email)
    token = id_tokens.issue(user, config.firebase_project, get_now(request), lifetime, key=config.token_key)
    return json_response(IdToken(token))


def show_limits(background: Background) -> ControlHandler:
    """Handle ``GET /__mock/limits``."""

    async def show(request: Request) -> Response:
        sandbox, now = get_sandbox(request), get_now(request)
        limits = sandbox.limits
        keys = [key for account in sandbox.accounts.by_uid.values() for key in account.keys]
        view = LimitsView(limits.requests_per_minute, limits.tokens_per_day, [])
        rendered = (_render_limits(key, *key.limiter.left(now, limits, sandbox.config.counting)) for key in keys)
        return await long_response(background, _SIZE * len(keys), encode_parts(view, keys=rendered))

    return show


def _render_limits(key: Key, requests: int | None, tokens: int | None) -> KeyLimits:
    return KeyLimits(key.id, key.name, key.preview, key.account.uid, key.revoked, requests, tokens)


def _refusal(account: Account) -> Refusal | None:
    """Return the error that the account's next request with an API key gets (W6)."""
    try:
        if not account.developer_access:
            raise ApiError("developer_access_required")
        account.require_funds()
    except ApiError as error:
        return Refusal(error.spec.status, error.spec.code, error.hint or error.message)
    return None


def _find_account(request: Request) -> Account:
    """Return the account in the path. Raises a 404 when there is none."""
    account = get_sandbox(request).accounts.by_uid.get(request.path_params["uid"])
    if account is None:
        raise ApiError("not_found", "No such account")
    return account


def render_account(account: Account) -> AccountDetails:
    """Return an account as the control plane shows it."""
    return AccountDetails(
        uid=account.uid,
        email=account.email,
        balance=money.dollars(account.ledger.balance),
        activated=account.activated,
        developer_access=account.developer_access,
        tier=TIER,
        refusal=_refusal(account),
        keys=[AccountKey(key.id, key.name, key.preview, key.revoked) for key in account.keys],
    )


def _create_user(sandbox: Sandbox, uid: str, email: str | None, password: str, now: int) -> None:
    """Create the Firebase user of a new account. Raises a 400 when email or uid has a user."""
    users = sandbox.users
    if email is None:
        raise missing("email")
    if len(email.lower()) > MAX_EMAIL_CHARACTERS:
        raise invalid("email", f"at most {MAX_EMAIL_CHARACTERS} characters in lower case", value_text(email))
    if users.find_by_email(email) is not None:
        raise invalid("email", "one that no Firebase user has", value_text(email))
    if uid in users.by_uid:
        raise invalid("uid", "one that no Firebase user has, or no password", value_text(uid))
    if users.is_full:
        raise ApiError("invalid_field", "password: the sandbox has its maximum number of Firebase users")
    users.add(User(uid, email.lower(), sandbox.new_password(password), now))


def _read_balance(body: bytes) -> int:
    """Return the micro-dollars of a body's balance, which is a number. Raises a 400 for more than six decimals."""
    amount = number_text(body, "balance")
    try:
        return money.micros(amount)
    except ValueError:
        raise invalid("balance", "a number with at most six decimals", masked_excerpt(amount, 60)) from None
