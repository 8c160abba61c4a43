"""Who is known here, and how Firebase describes them.

Users come first. But a valid token makes anybody a signed-in user (K8), and Firebase's Admin SDK for Node looks up the
user of each token, by the uid alone. So an account of the sandbox is known without a sign-up, and so is a uid that
nobody has heard of, of which nothing else is told. Only a user who was deleted is gone.
"""

from typing import Any

from clevora_mock.clock import SECOND, iso
from clevora_mock.contract.limits import MAX_UID_CHARACTERS
from clevora_mock.core.accounts import Account
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.users import User

_MILLISECOND = SECOND // 1000


def by_uid(sandbox: Sandbox, uid: str, email: str | None = None) -> dict[str, Any] | None:
    """Firebase's description of whoever has `uid`; None for a deleted user.

    `email` is what a token says of somebody of whom nothing else is known.
    """
    user = sandbox.users.by_uid.get(uid)
    if user is not None:
        return of_user(user)
    if uid in sandbox.users.deleted or not 1 <= len(uid) <= MAX_UID_CHARACTERS:
        return None
    account = sandbox.accounts.by_uid.get(uid)
    return _of_account(account) if account is not None else _of_stranger(uid, email)


def by_email(sandbox: Sandbox, email: str) -> dict[str, Any] | None:
    """The same of whoever has `email`, a user or an account; None when nobody has."""
    user = sandbox.users.find_by_email(email)
    if user is not None:
        return of_user(user)
    for account in sandbox.accounts.by_uid.values():
        # Of an account whose user has come, or gone, the user decides.
        if account.uid in sandbox.users.by_uid or account.uid in sandbox.users.deleted:
            continue
        if account.email is not None and account.email.lower() == email.lower():
            return _of_account(account)
    return None


def of_user(user: User) -> dict[str, Any]:
    """What Firebase tells of a user; never the password's hash."""
    profile = _of_stranger(user.uid, user.email)
    profile |= {key: value for key, value in (("displayName", user.name), ("photoUrl", user.picture)) if value}
    profile["providerUserInfo"] = providers(user)
    profile["createdAt"] = _milliseconds(user.created)
    profile["lastLoginAt"] = _milliseconds(user.last_sign_in)
    profile["lastRefreshAt"] = iso(user.last_refresh)
    if user.valid_since is not None:
        profile["validSince"] = str(user.valid_since // SECOND)
    return profile


def providers(user: User) -> list[dict[str, Any]]:
    """The ways in which a user can sign in again."""
    if user.email is None or user.password is None:
        return []
    info = {"providerId": "password", "email": user.email, "federatedId": user.email, "rawId": user.email}
    return [info | {key: value for key, value in (("displayName", user.name), ("photoUrl", user.picture)) if value}]


def _of_account(account: Account) -> dict[str, Any]:
    """An account without a user. It has no `validSince`: it may be younger than the token that opened it."""
    return _of_stranger(account.uid, account.email) | {"createdAt": _milliseconds(account.created)}


def _of_stranger(uid: str, email: str | None) -> dict[str, Any]:
    profile: dict[str, Any] = {"localId": uid}
    if email is not None:
        profile |= {"email": email, "emailVerified": False}
    return profile


def _milliseconds(moment: int) -> str:
    return str(moment // _MILLISECOND)
