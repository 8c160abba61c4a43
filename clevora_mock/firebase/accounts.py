"""``accounts:...``: sign up, sign in, look up, change, delete, as the Auth emulator answers Firebase's SDKs."""

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from clevora_mock.core import identity
from clevora_mock.core.identity import Identity
from clevora_mock.core.passwords import MIN_CHARACTERS
from clevora_mock.core.reply import Reply
from clevora_mock.core.users import User
from clevora_mock.firebase import profiles, sessions
from clevora_mock.firebase.auth import claims_of, set_identity, user_of
from clevora_mock.firebase.errors import refused, unsupported
from clevora_mock.firebase.schemas import IdTokenRequest, Lookup, SignIn, SignUp, Update
from clevora_mock.firebase.sessions import Provider, Tokens
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import json_answer

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_EMAIL_CHARACTERS = 256
_CLEARABLE = {"DISPLAY_NAME", "PHOTO_URL"}


async def sign_up(context: RequestContext, asked: SignUp) -> Reply:
    """Handle ``accounts:signUp``: a new user, or an anonymous one who from now on has email and password."""
    if asked.local_id:
        raise refused("UNEXPECTED_PARAMETER")
    if asked.id_token is None and asked.email is None and asked.password is None:
        return _signed_in("SignupNewUser", context, _create_user(context, None, None), "anonymous")
    if not asked.email:
        raise refused("MISSING_EMAIL")
    if not asked.password:
        raise refused("MISSING_PASSWORD")
    email = free_email(context, asked.email)
    require_strength(asked.password)
    if asked.id_token is None:
        user = _create_user(context, email, asked.password)
    else:
        user, _ = user_of(context, asked.id_token)
        context.sandbox.users.change_email(user, email)
        _set_password(context, user, asked.password)
    user.name = asked.display_name or user.name
    return _signed_in("SignupNewUser", context, user, "password")


async def sign_in(context: RequestContext, asked: SignIn) -> Reply:
    """Handle ``accounts:signInWithPassword``. Email enumeration protection is on, as in new Firebase projects."""
    if asked.email is None:
        raise refused("MISSING_EMAIL")
    require_email(asked.email)
    if not asked.password:
        raise refused("MISSING_PASSWORD")
    user = context.sandbox.users.with_email(asked.email)
    if user is None or user.password is None or not user.password.fits(asked.password):
        raise refused("INVALID_LOGIN_CREDENTIALS")
    return _signed_in("VerifyPassword", context, user, "password", registered=True)


async def lookup(context: RequestContext, asked: IdTokenRequest) -> Reply:
    """Handle ``accounts:lookup``: whom an ID token is about."""
    who = identity.subject(claims_of(context, asked.id_token))
    profile = profiles.by_uid(context.sandbox, who.uid, who.email)
    if profile is None:
        raise refused("USER_NOT_FOUND")
    return _kind("GetAccountInfo", users=[profile])


async def update(context: RequestContext, asked: Update) -> Reply:
    """Handle ``accounts:update``: change name, picture, email or password; the last two revoke older tokens."""
    beyond = {
        "oobCode": asked.oob_code,
        "deleteProvider": asked.delete_provider,
        "linkProviderUserInfo": asked.link_provider_user_info,
    }
    for name, value in beyond.items():
        if value:
            raise unsupported(f"accounts:update with {name}")
    if asked.id_token is None:
        raise refused("INVALID_REQ_TYPE")
    clear = set(asked.delete_attribute or ())
    if clear - _CLEARABLE:
        raise unsupported(f"deleteAttribute {min(clear - _CLEARABLE)}")
    user, provider = user_of(context, asked.id_token)
    is_new = _change_credentials(context, user, asked)
    if asked.display_name is not None or "DISPLAY_NAME" in clear:
        user.name = asked.display_name or None
    if asked.photo_url is not None or "PHOTO_URL" in clear:
        user.picture = asked.photo_url or None
    tokens = sessions.start(context, user, "password" if asked.password else provider) if is_new else None
    return _changed(user, tokens)


async def delete(context: RequestContext, asked: IdTokenRequest) -> Reply:
    """Handle ``accounts:delete``: the user goes; Clevora's account, if there is one, keeps its money."""
    user, _ = user_of(context, asked.id_token)
    context.sandbox.users.delete(user)
    return _kind("DeleteAccount")


async def find(context: RequestContext, asked: Lookup) -> Reply:
    """Handle ``projects/{project}/accounts:lookup``: anybody by uid or email, for who runs the project."""
    sandbox = context.sandbox
    if context.parameters["project"] != sandbox.config.firebase_project:
        reply = _kind("GetAccountInfo")
        hint = f"the users here are those of {sandbox.config.firebase_project}"
        return replace(reply, headers=(*reply.headers, (b"x-clevora-mock-hint", hint.encode())))
    found = [profiles.by_uid(sandbox, uid) for uid in asked.local_id or ()]
    found += [profiles.by_email(sandbox, email) for email in asked.email or ()]
    users = {profile["localId"]: profile for profile in found if profile is not None}
    # Without anybody there must be no list: the Admin SDK for Node takes an empty one for a user.
    return _kind("GetAccountInfo", users=list(users.values())) if users else _kind("GetAccountInfo")


def require_email(email: str) -> None:
    """400 for what has not the look of an email: something, an ``@``, something."""
    if len(email) > _EMAIL_CHARACTERS or not _EMAIL.fullmatch(email):
        raise refused("INVALID_EMAIL")


def free_email(context: RequestContext, email: str) -> str:
    """`email` as it is kept, when nobody has it yet."""
    require_email(email)
    if context.sandbox.users.with_email(email) is not None:
        raise refused("EMAIL_EXISTS")
    return email.lower()


def require_strength(password: str) -> None:
    """400 for a password that is too short."""
    if len(password) < MIN_CHARACTERS:
        raise refused("WEAK_PASSWORD")


def _create_user(context: RequestContext, email: str | None, password: str | None) -> User:
    if context.sandbox.users.is_full:
        raise refused("QUOTA_EXCEEDED")
    user = User(context.sandbox.next_uid(), email, None, context.now)
    if password is not None:
        _set_password(context, user, password)
    context.sandbox.users.add(user)
    return user


def _set_password(context: RequestContext, user: User, password: str) -> None:
    user.password = context.sandbox.new_password(password)
    user.valid_since = context.now


def _change_credentials(context: RequestContext, user: User, asked: Update) -> bool:
    """Give `user` the email and the password that are asked for, both or none; whether anything was revoked by it."""
    email = None
    if asked.email and asked.email.lower() != user.email:
        email = free_email(context, asked.email)
    if asked.password:
        require_strength(asked.password)
        _set_password(context, user, asked.password)
    if email is not None:
        context.sandbox.users.change_email(user, email)
        user.valid_since = context.now
    return bool(asked.password) or email is not None


def _signed_in(kind: str, context: RequestContext, user: User, provider: Provider, **more: bool) -> Reply:
    """Sign `user` in, and return the tokens."""
    tokens = sessions.start(context, user, provider)
    set_identity(context, Identity(user.uid, user.email))
    return _kind(kind, **more, **_outline(user), **msgspec.to_builtins(tokens))


def _changed(user: User, tokens: Tokens | None) -> Reply:
    told: dict[str, Any] = {"emailVerified": False, "providerUserInfo": profiles.providers(user)}
    if user.picture:
        told["photoUrl"] = user.picture
    return _kind("SetAccountInfo", **_outline(user), **told, **(msgspec.to_builtins(tokens) if tokens else {}))


def _outline(user: User) -> dict[str, Any]:
    told = {"localId": user.uid, "email": user.email, "displayName": user.name}
    return {key: value for key, value in told.items() if value is not None}


def _kind(kind: str, **content: Any) -> Reply:
    """Return an answer under Google's name for its kind."""
    return json_answer({"kind": f"identitytoolkit#{kind}Response", **content})
