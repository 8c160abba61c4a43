"""``/__mock/accounts`` and ``/__mock/tokens``: users made to measure."""

from typing import Annotated

from msgspec import Meta, Struct

from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.contract.limits import TIER
from clevora_mock.core import identity, money
from clevora_mock.core.accounts import Account
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError, invalid, missing
from clevora_mock.core.identity import Identity
from clevora_mock.core.users import User

_NAME = "Made by the control plane"
_BALANCE = 100.0

Uid = Annotated[str, Meta(min_length=1, max_length=128)]
Dollars = Annotated[float, Meta(ge=-1_000_000_000, le=1_000_000_000)]


class NewAccount(Struct, forbid_unknown_fields=True, rename="camel"):
    """An account to be made. Without more, one that can be used at once: $100, activated, with developer access.

    With `password` its owner can sign in at Firebase, by email.
    """

    uid: Uid | None = None
    email: str | None = None
    password: Annotated[str, Meta(min_length=6)] | None = None
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


async def create(call: Call) -> Answer:
    """``POST /__mock/accounts``: a new account and its first key, whole."""
    asked = parsing.optional(call, NewAccount)
    sandbox = call.sandbox
    balance = _micros(_BALANCE if asked.balance is None else asked.balance)
    uid = asked.uid or "user_" + sandbox.chance.hex("account", 12)
    if uid in sandbox.accounts.by_uid:
        raise invalid("uid", "one that is not taken (PATCH changes an account)", parsing.shown(uid))
    if asked.password is not None:
        _let_sign_in(call, uid, asked.email, asked.password)
    account = sandbox.open_account(Identity(uid, asked.email), call.arrived)
    if balance > 0:
        account.credit(sandbox.next_entry(), balance, call.arrived)
    sandbox.amend(account, balance, asked.activated, asked.developer_access is not False)
    _, raw = sandbox.create_key(account, _NAME, call.arrived)
    return Json(view(account) | {"apiKey": raw})


async def show(call: Call) -> Answer:
    """``GET /__mock/accounts/{uid}``."""
    return Json(view(find(call)))


async def change(call: Call) -> Answer:
    """``PATCH /__mock/accounts/{uid}``."""
    account = find(call)
    asked = parsing.request(call, AccountChange)
    balance = None if asked.balance is None else _micros(asked.balance)
    call.sandbox.amend(account, balance, asked.activated, asked.developer_access)
    return Json(view(account))


async def issue(call: Call) -> Answer:
    """``POST /__mock/tokens``: an ID token that is good in this sandbox."""
    asked = parsing.request(call, TokenRequest)
    lifetime = asked.expires_in or identity.LIFETIME_SECONDS
    project = call.sandbox.beginning.firebase_project
    return Json({"idToken": identity.issue(Identity(asked.uid, asked.email), project, call.arrived, lifetime)})


def find(call: Call) -> Account:
    """The account that the path names; 404 when there is none."""
    account = call.sandbox.accounts.by_uid.get(call.parameters["uid"])
    if account is None:
        raise ApiError("not_found", "No such account")
    return account


def view(account: Account) -> dict[str, object]:
    """An account as the control plane shows it."""
    return {
        "uid": account.uid,
        "email": account.email,
        "balance": money.dollars(account.book.balance),
        "activated": account.activated,
        "developerAccess": account.developer_access,
        "tier": TIER,
        "keys": [
            {"id": key.id, "name": key.name, "preview": key.preview, "revoked": key.revoked} for key in account.keys
        ],
    }


def _let_sign_in(call: Call, uid: str, email: str | None, password: str) -> None:
    """Make a user of Firebase of the account that is about to be."""
    users = call.sandbox.users
    if email is None:
        raise missing("email")
    if users.with_email(email) is not None:
        raise invalid("email", "one that nobody signs in with", parsing.shown(email))
    if uid in users.by_uid:
        raise invalid("uid", "one that nobody signs in with, or no password", parsing.shown(uid))
    if users.is_full:
        raise ApiError("invalid_field", "password: there are as many users as a sandbox keeps")
    users.add(User(uid, email.lower(), call.sandbox.new_password(password), call.arrived))


def _micros(amount: float) -> int:
    try:
        return money.micros(amount)
    except ValueError:
        raise invalid("balance", "a number with at most six decimals", parsing.shown(amount)) from None
