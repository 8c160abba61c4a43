"""What Firebase's SDKs send. What they send and nobody here needs is named all the same, so that it is not unknown."""

from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from clevora_mock.api import parsing
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError
from clevora_mock.firebase.refusals import refused, unsupported

R = TypeVar("R", bound="Request")

# Longer than any that is meant; a sandbox keeps ten thousand users.
Text = Annotated[str, Meta(max_length=2048)]
# As many as Google looks up at once.
Names = Annotated[list[str], Meta(max_length=100)]


class Request(Struct, frozen=True, rename="camel", kw_only=True):
    """What every request may hold."""

    id_token: str | None = None
    return_secure_token: bool | None = None
    client_type: str | None = None
    recaptcha_version: str | None = None
    captcha_response: str | None = None
    tenant_id: str | None = None


class SignUp(Request, frozen=True):
    """``accounts:signUp``: a new user with email and password, or with neither; an ID token names one who exists."""

    email: str | None = None
    password: str | None = None
    display_name: Text | None = None
    local_id: str | None = None


class SignIn(Request, frozen=True):
    """``accounts:signInWithPassword``."""

    email: str | None = None
    password: str | None = None


class Update(Request, frozen=True):
    """``accounts:update``; null leaves a thing as it is."""

    email: str | None = None
    password: str | None = None
    display_name: Text | None = None
    photo_url: Text | None = None
    delete_attribute: list[str] | None = None
    delete_provider: list[str] | None = None
    oob_code: str | None = None
    link_provider_user_info: dict[str, Any] | None = None


class Named(Request, frozen=True):
    """``accounts:lookup`` and ``accounts:delete`` of a user who is signed in."""


class Lookup(Request, frozen=True):
    """``projects/.../accounts:lookup``: anybody, as the Admin SDKs ask; by phone or provider nobody is found."""

    local_id: Names | None = None
    email: Names | None = None
    phone_number: list[str] | None = None
    federated_user_id: list[dict[str, Any]] | None = None


def read(call: Call, shape: type[R]) -> R:
    """The body of `call`; 400 for what is not JSON or not of the shape, 501 for what is about a tenant."""
    try:
        asked = parsing.request(call, shape)
    except ApiError as error:
        raise _garbled(error) from None
    if asked.tenant_id:
        raise unsupported("a tenant")
    return asked


def document(call: Call) -> dict[str, Any]:
    """The body of `call` as a JSON object, whatever is in it; 400 for anything else."""
    try:
        return parsing.document(call.body)
    except ApiError as error:
        raise _garbled(error) from None


def _garbled(error: ApiError) -> ApiError:
    return refused("INVALID_ARGUMENT", f"Invalid JSON payload received. {error.message}", error.hint)
