"""``/__mock/accounts`` and ``/__mock/tokens``: users made to measure."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from clevora_mock.contract.limits import MAX_UID_CHARACTERS, TIER
from clevora_mock.control.endpoint import now_of, sandbox_of
from clevora_mock.core import identity, money
from clevora_mock.core.accounts import Account
from clevora_mock.core.errors import ApiError, invalid, missing
from clevora_mock.core.identity import Identity
from clevora_mock.core.passwords import MIN_CHARACTERS
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.users import User
from clevora_mock.web.json_response import json_response
from clevora_mock.web.parsing import parse_body, parse_optional_body, quoted

_NAME = "Made by the control plane"
_BALANCE = 100.0

Uid = Annotated[str, Meta(min_length=1, max_length=MAX_UID_CHARACTERS)]
Dollars = Annotated[float, Meta(ge=-money.MAX_DOLLARS, le=money.MAX_DOLLARS)]


class NewAccount(Struct, forbid_unknown_fields=True, rename="camel"):
    """An account to be made. Without more, one that can be used at once: $100, activated, with developer access.

    With `password` its owner can sign in at Firebase, by email.
    """

    uid: Uid | None = None
    email: str | None = None
    password: Annotated[str, Meta(min_length=MIN_CHARACTERS)] | None = None
    balance: Dollars | None = None
    activated: bool | None = None
    developer_access: bool | None = None


class AccountChange(Struct, forbid_unknown_fields=True, rename="camel"):
    """What to change in an account; a balance is set by an adjustment in its ledger."""

    balance: Dollars | None = None
    activated: bool | None = None
    developer_access: bool | None = None


class TokenRequest(Struct, forbid_unknown_fields=True, rename="camel"):
    """An ID token to be issued; `expires_in` in seconds."""

    uid: Uid
    email: str | None = None
    expires_in: Annotated[int, Meta(ge=1, le=315_360_000)] | None = None


async def create(request: Request) -> Response:
    """Handle ``POST /__mock/accounts``: a new account and its first key, whole."""
    asked = parse_optional_body(await request.body(), NewAccount)
    sandbox, now = sandbox_of(request), now_of(request)
    balance = _micros(_BALANCE if asked.balance is None else asked.balance)
    uid = asked.uid or "user_" + sandbox.chance.hex("account", 12)
    if uid in sandbox.accounts.by_uid:
        raise invalid("uid", "one that is not taken (PATCH changes an account)", quoted(uid))
    if asked.password is not None:
        _create_user(sandbox, uid, asked.email, asked.password, now)
    account = sandbox.accounts.get_or_create(uid, asked.email, now)
    if balance > 0:
        account.credit(sandbox.next_entry(), balance, now)
    sandbox.update_account(account, balance, asked.activated, asked.developer_access is not False)
    _, raw = sandbox.create_key(account, _NAME, now)
    return json_response(_view(account) | {"apiKey": raw})


async def show(request: Request) -> Response:
    """Handle ``GET /__mock/accounts/{uid}``."""
    return json_response(_view(_find(request)))


async def change(request: Request) -> Response:
    """Handle ``PATCH /__mock/accounts/{uid}``."""
    account = _find(request)
    asked = parse_body(await request.body(), AccountChange)[0]
    balance = None if asked.balance is None else _micros(asked.balance)
    sandbox_of(request).update_account(account, balance, asked.activated, asked.developer_access)
    return json_response(_view(account))


async def issue(request: Request) -> Response:
    """Handle ``POST /__mock/tokens``: an ID token that is good in this sandbox."""
    asked = parse_body(await request.body(), TokenRequest)[0]
    lifetime = asked.expires_in or identity.LIFETIME_SECONDS
    project = sandbox_of(request).config.firebase_project
    return json_response(
        {"idToken": identity.issue(Identity(asked.uid, asked.email), project, now_of(request), lifetime)}
    )


def _find(request: Request) -> Account:
    """The account that the path names; 404 when there is none."""
    account = sandbox_of(request).accounts.by_uid.get(request.path_params["uid"])
    if account is None:
        raise ApiError("not_found", "No such account")
    return account


def _view(account: Account) -> dict[str, object]:
    """An account as the control plane shows it."""
    return {
        "uid": account.uid,
        "email": account.email,
        "balance": money.dollars(account.ledger.balance),
        "activated": account.activated,
        "developerAccess": account.developer_access,
        "tier": TIER,
        "keys": [
            {"id": key.id, "name": key.name, "preview": key.preview, "revoked": key.revoked} for key in account.keys
        ],
    }


def _create_user(sandbox: Sandbox, uid: str, email: str | None, password: str, now: int) -> None:
    """Create the Firebase user of an account that is about to be created."""
    users = sandbox.users
    if email is None:
        raise missing("email")
    if users.with_email(email) is not None:
        raise invalid("email", "one that nobody signs in with", quoted(email))
    if uid in users.by_uid:
        raise invalid("uid", "one that nobody signs in with, or no password", quoted(uid))
    if users.is_full:
        raise ApiError("invalid_field", "password: there are as many users as a sandbox keeps")
    users.add(User(uid, email.lower(), sandbox.new_password(password), now))


def _micros(amount: float) -> int:
    try:
        return money.micros(amount)
    except ValueError:
        raise invalid("balance", "a number with at most six decimals", quoted(amount)) from None
