"""Request bodies of Firebase's SDKs. Unused fields are declared so that they are not reported as unknown."""

from typing import Annotated, Any

from msgspec import Meta, Struct

# Longer than any that is meant; a sandbox keeps ten thousand users.
Text = Annotated[str, Meta(max_length=2048)]
# As many as Google looks up at once.
Names = Annotated[list[str], Meta(max_length=100)]


class FirebaseRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """What every request may hold."""

    id_token: str | None = None
    return_secure_token: bool | None = None
    client_type: str | None = None
    recaptcha_version: str | None = None
    captcha_response: str | None = None
    tenant_id: str | None = None


class SignUp(FirebaseRequest, frozen=True):
    """``accounts:signUp``: a new user with email and password, or with neither; an ID token names one who exists."""

    email: str | None = None
    password: str | None = None
    display_name: Text | None = None
    local_id: str | None = None


class SignIn(FirebaseRequest, frozen=True):
    """``accounts:signInWithPassword``."""

    email: str | None = None
    password: str | None = None


class Update(FirebaseRequest, frozen=True):
    """``accounts:update``; null leaves a thing as it is."""

    email: str | None = None
    password: str | None = None
    display_name: Text | None = None
    photo_url: Text | None = None
    delete_attribute: list[str] | None = None
    delete_provider: list[str] | None = None
    oob_code: str | None = None
    link_provider_user_info: dict[str, Any] | None = None


class IdTokenRequest(FirebaseRequest, frozen=True):
    """``accounts:lookup`` and ``accounts:delete`` of a user who is signed in."""


class Lookup(FirebaseRequest, frozen=True):
    """``projects/.../accounts:lookup``: anybody, as the Admin SDKs ask; by phone or provider nobody is found."""

    local_id: Names | None = None
    email: Names | None = None
    phone_number: list[str] | None = None
    federated_user_id: list[dict[str, Any]] | None = None
