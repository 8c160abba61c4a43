"""Request bodies of Firebase's SDKs. Unused fields are declared so that they are not reported as unknown."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from clevora_mock.core.users import ProfileText

# Google's maximum for one lookup.
LookupNames = Annotated[list[str], Meta(max_length=100)]


class FirebaseRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """Fields that every request may have."""

    id_token: str | None = None
    return_secure_token: bool | None = None
    client_type: str | None = None
    recaptcha_version: str | None = None
    captcha_response: str | None = None
    tenant_id: str | None = None


class SignUpRequest(FirebaseRequest, frozen=True):
    """``accounts:signUp``: email and password, or neither; an ID token is that of an existing user."""

    email: str | None = None
    password: str | None = None
    display_name: ProfileText | None = None
    local_id: str | None = None


class SignInRequest(FirebaseRequest, frozen=True):
    """``accounts:signInWithPassword``."""

    email: str | None = None
    password: str | None = None


class UpdateRequest(FirebaseRequest, frozen=True):
    """``accounts:update``; null changes nothing."""

    email: str | None = None
    password: str | None = None
    display_name: ProfileText | None = None
    photo_url: ProfileText | None = None
    delete_attribute: list[str] | None = None
    delete_provider: list[str] | None = None
    oob_code: str | None = None
    link_provider_user_info: dict[str, Any] | None = None


class IdTokenRequest(FirebaseRequest, frozen=True):
    """``accounts:lookup`` and ``accounts:delete`` of the ID token's user."""


class LookupRequest(FirebaseRequest, frozen=True):
    """``projects/.../accounts:lookup`` of the Admin SDKs; lookups by phone or provider find no users."""

    local_id: LookupNames | None = None
    email: LookupNames | None = None
    phone_number: list[str] | None = None
    federated_user_id: list[dict[str, Any]] | None = None
