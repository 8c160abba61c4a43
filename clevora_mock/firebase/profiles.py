"""Firebase's descriptions of users.

A uid may belong to a user, or to an account alone, or be unknown: any valid ID token is accepted (K8), and the Admin
SDK for Node looks up the uid of each token. So accounts and unknown uids have profiles too; only deleted users do not.
"""

from typing import Any

from clevora_mock.clock import SECOND, iso
from clevora_mock.contract.limits import is_uid
from clevora_mock.core.accounts import Account
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.users import User

_MILLISECOND = SECOND // 1000


def find_by_uid(sandbox: Sandbox, uid: str, email: str | None = None) -> dict[str, Any] | None:
    """Return the profile of `uid`, None for a deleted user; `email` is from the token, for an unknown uid."""
    user = sandbox.users.by_uid.get(uid)
    if user is not None:
        return _describe_user(user, sandbox.clock.now())
    if uid in sandbox.users.deleted or not is_uid(uid):
        return None
    account = sandbox.accounts.by_uid.get(uid)
    return _describe_account(account) if account is not None else _basic_profile(uid, email)


def find_by_email(sandbox: Sandbox, email: str) -> dict[str, Any] | None:
    """Return the profile of the user or account with `email`, None if there is none."""
    user = sandbox.users.find_by_email(email)
    if user is not None:
        return _describe_user(user, sandbox.clock.now())
    for account in sandbox.accounts.by_uid.values():
        # Accounts with a user, also a deleted one, are found by the user's email only.
        if account.uid in sandbox.users.by_uid or account.uid in sandbox.users.deleted:
            continue
        if account.email is not None and account.email.lower() == email.lower():
            return _describe_account(account)
    return None


def _describe_user(user: User, now: int) -> dict[str, Any]:
    """Return the profile of a user, without the password's hash."""
    profile = _basic_profile(user.uid, user.email)
    profile |= {key: value for key, value in (("displayName", user.name), ("photoUrl", user.picture)) if value}
    profile["providerUserInfo"] = list_providers(user)
    profile["createdAt"] = _milliseconds(user.created)
    profile["lastLoginAt"] = _milliseconds(user.last_sign_in)
    profile["lastRefreshAt"] = iso(user.last_refresh)
    revoked_before = user.revoked_before(now)
    if revoked_before is not None:
        profile["validSince"] = str(revoked_before // SECOND)
    return profile


def list_providers(user: User) -> list[dict[str, Any]]:
    """Return Firebase's list of a user's sign-in methods: password, or none for anonymous users."""
    if user.email is None or user.password is None:
        return []
    info = {"providerId": "password", "email": user.email, "federatedId": user.email, "rawId": user.email}
    return [info | {key: value for key, value in (("displayName", user.name), ("photoUrl", user.picture)) if value}]


def _describe_account(account: Account) -> dict[str, Any]:
    """Return the profile of an account without a user; without `validSince`, as its token may be older than it."""
    return _basic_profile(account.uid, account.email) | {"createdAt": _milliseconds(account.created)}


def _basic_profile(uid: str, email: str | None) -> dict[str, Any]:
    profile: dict[str, Any] = {"localId": uid}
    if email is not None:
        profile |= {"email": email, "emailVerified": False}
    return profile


def _milliseconds(moment: int) -> str:
    return str(moment // _MILLISECOND)
