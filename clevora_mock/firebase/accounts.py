"""Handlers of ``accounts:...``: sign up, sign in, look up, update, delete; compatible with the Auth emulator."""

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from clevora_mock.core import id_tokens
from clevora_mock.core.id_tokens import Identity
from clevora_mock.core.masking import masked_text
from clevora_mock.core.passwords import MIN_CHARACTERS
from clevora_mock.core.reply import Reply
from clevora_mock.core.users import User
from clevora_mock.firebase import profiles, sessions
from clevora_mock.firebase.auth import read_claims, require_user, set_identity
from clevora_mock.firebase.errors import firebase_error, not_emulated
from clevora_mock.firebase.schemas import IdTokenRequest, LookupRequest, SignInRequest, SignUpRequest, UpdateRequest
from clevora_mock.firebase.sessions import Provider, SessionTokens
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import encode_reply

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MAX_EMAIL_CHARACTERS = 256
_CLEARABLE = {"DISPLAY_NAME", "PHOTO_URL"}


async def sign_up(context: RequestContext, request: SignUpRequest) -> Reply:
    """Handle ``accounts:signUp``: create a user, or set email and password of the ID token's anonymous user."""
    if request.local_id:
        raise firebase_error("UNEXPECTED_PARAMETER")
    if request.id_token is None and request.email is None and request.password is None:
        return _sign_in("SignupNewUser", context, _create_user(context, None, None), "anonymous")
    if not request.email:
        raise firebase_error("MISSING_EMAIL")
    if not request.password:
        raise firebase_error("MISSING_PASSWORD")
    email = require_free_email(context, request.email)
    require_strength(request.password)
    if request.id_token is None:
        user = _create_user(context, email, request.password)
    else:
        user, _ = require_user(context, request.id_token)
        context.sandbox.users.change_email(user, email)
        _set_password(context, user, request.password)
    user.name = masked_text(request.display_name or "") or user.name
    return _sign_in("SignupNewUser", context, user, "password")


async def sign_in(context: RequestContext, request: SignInRequest) -> Reply:
    """Handle ``accounts:signInWithPassword``. Email enumeration protection is on, as in new Firebase projects."""
    if request.email is None:
        raise firebase_error("MISSING_EMAIL")
    require_email(request.email)
    if not request.password:
        raise firebase_error("MISSING_PASSWORD")
    config = context.sandbox.config
    if config.token_key is not None and request.password == config.password:
        hint = "with --strict-tokens the well-known password signs nobody in; POST /__mock/tokens issues a token"
        raise firebase_error("INVALID_LOGIN_CREDENTIALS", hint=hint)
    user = context.sandbox.users.find_by_email(request.email)
    if user is None or user.password is None or not user.password.matches(request.password):
        raise firebase_error("INVALID_LOGIN_CREDENTIALS")
    return _sign_in("VerifyPassword", context, user, "password", registered=True)


async def look_up_user(context: RequestContext, request: IdTokenRequest) -> Reply:
    """Handle ``accounts:lookup``: return the user of an ID token."""
    user = id_tokens.subject(read_claims(context, request.id_token))
    profile = profiles.find_by_uid(context.sandbox, user.uid, user.email)
    if profile is None:
        raise firebase_error("USER_NOT_FOUND")
    return _encode("GetAccountInfo", users=[profile])


async def update_user(context: RequestContext, request: UpdateRequest) -> Reply:
    """Handle ``accounts:update``: change name, picture, email or password; the last two revoke existing tokens."""
    not_supported = {
        "oobCode": request.oob_code,
        "deleteProvider": request.delete_provider,
        "linkProviderUserInfo": request.link_provider_user_info,
    }
    for name, value in not_supported.items():
        if value:
            raise not_emulated(f"accounts:update with {name}")
    if request.id_token is None:
        raise firebase_error("INVALID_REQ_TYPE")
    clear = set(request.delete_attribute or ())
    if clear - _CLEARABLE:
        raise not_emulated(f"deleteAttribute {min(clear - _CLEARABLE)}")
    user, provider = require_user(context, request.id_token)
    is_revoked = _change_credentials(context, user, request)
    if request.display_name is not None or "DISPLAY_NAME" in clear:
        user.name = masked_text(request.display_name or "") or None
    if request.photo_url is not None or "PHOTO_URL" in clear:
        user.picture = masked_text(request.photo_url or "") or None
    provider = "password" if request.password else provider
    tokens = sessions.start_session(context, user, provider) if is_revoked else None
    return _render_change(user, tokens)


async def delete_user(context: RequestContext, request: IdTokenRequest) -> Reply:
    """Handle ``accounts:delete``: delete the Firebase user, not the Clevora account."""
    user, _ = require_user(context, request.id_token)
    context.sandbox.users.delete(user)
    return _encode("DeleteAccount")


async def find_users(context: RequestContext, request: LookupRequest) -> Reply:
    """Handle ``projects/{project}/accounts:lookup``: return users by uid or email, for Admin SDKs."""
    sandbox = context.sandbox
    if context.parameters["project"] != sandbox.config.firebase_project:
        reply = _encode("GetAccountInfo")
        hint = f"the Firebase project of this server is {sandbox.config.firebase_project}"
        return replace(reply, headers=(*reply.headers, (b"x-clevora-mock-hint", hint.encode())))
    found = [profiles.find_by_uid(sandbox, uid) for uid in request.local_id or ()]
    found += [profiles.find_by_email(sandbox, email) for email in request.email or ()]
    users = {profile["localId"]: profile for profile in found if profile is not None}
    # No list rather than an empty one, which the Admin SDK for Node takes for a user.
    return _encode("GetAccountInfo", users=list(users.values())) if users else _encode("GetAccountInfo")


def require_email(email: str) -> None:
    """Raise INVALID_EMAIL for a malformed email."""
    # In lower case, as it is kept, it may be longer.
    if len(email.lower()) > _MAX_EMAIL_CHARACTERS or not _EMAIL.fullmatch(email):
        raise firebase_error("INVALID_EMAIL")


def require_free_email(context: RequestContext, email: str) -> str:
    """Return `email` in lower case. Raises EMAIL_EXISTS when a user has it."""
    require_email(email)
    if context.sandbox.users.find_by_email(email) is not None:
        raise firebase_error("EMAIL_EXISTS")
    return email.lower()


def require_strength(password: str) -> None:
    """Raise WEAK_PASSWORD for a short password."""
    if len(password) < MIN_CHARACTERS:
        raise firebase_error("WEAK_PASSWORD")


def _create_user(context: RequestContext, email: str | None, password: str | None) -> User:
    if context.sandbox.users.is_full:
        raise firebase_error("QUOTA_EXCEEDED")
    user = User(context.sandbox.next_uid(), email, None, context.now)
    if password is not None:
        _set_password(context, user, password)
    context.sandbox.users.add(user)
    return user


def _set_password(context: RequestContext, user: User, password: str) -> None:
    user.password = context.sandbox.new_password(password)
    user.valid_since = context.now


def _change_credentials(context: RequestContext, user: User, request: UpdateRequest) -> bool:
    """Set the requested email and password, both or none; return True if that revokes existing tokens."""
    email = None
    if request.email and request.email.lower() != user.email:
        email = require_free_email(context, request.email)
    if request.password:
        require_strength(request.password)
        _set_password(context, user, request.password)
    if email is not None:
        context.sandbox.users.change_email(user, email)
        user.valid_since = context.now
    return bool(request.password) or email is not None


def _sign_in(kind: str, context: RequestContext, user: User, provider: Provider, **more: bool) -> Reply:
    """Sign `user` in, and return a reply with the tokens."""
    tokens = sessions.start_session(context, user, provider)
    set_identity(context, Identity(user.uid, user.email))
    return _encode(kind, **more, **_basic_profile(user), **msgspec.to_builtins(tokens))


def _render_change(user: User, tokens: SessionTokens | None) -> Reply:
    profile: dict[str, Any] = {"emailVerified": False, "providerUserInfo": profiles.list_providers(user)}
    if user.picture:
        profile["photoUrl"] = user.picture
    return _encode(
        "SetAccountInfo", **_basic_profile(user), **profile, **(msgspec.to_builtins(tokens) if tokens else {})
    )


def _basic_profile(user: User) -> dict[str, Any]:
    profile = {"localId": user.uid, "email": user.email, "displayName": user.name}
    return {key: value for key, value in profile.items() if value is not None}


def _encode(kind: str, **content: Any) -> Reply:
    """Return a reply with Google's `kind` field."""
    return encode_reply({"kind": f"identitytoolkit#{kind}Response", **content})
