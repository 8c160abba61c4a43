"""The situations that rows start from, by name, and the credentials of their requests."""

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clevora_mock.clock import SECOND
from clevora_mock.core.usage import Activity
from tests.support.tokens import jwt, valid_claims

if TYPE_CHECKING:
    from clevora_mock.core.sandbox import Sandbox
    from tests.support.world import World

StoredValues = dict[str, Any]

CHAT = {"messages": [{"role": "user", "content": "Hi there"}]}
DOLLAR = 1_000_000

# --- situations -------------------------------------------------------------------------------------------------------


def balance(world: "World", memory: StoredValues, dollars: float) -> None:
    world.balance(round(dollars * DOLLAR))


def not_activated(world: "World", memory: StoredValues) -> None:
    def change(sandbox: "Sandbox") -> None:
        sandbox.accounts.by_uid["demo"].activated = False

    world.run_in_server(change)
    world.balance(0)


def no_developer_access(world: "World", memory: StoredValues) -> None:
    def change(sandbox: "Sandbox") -> None:
        sandbox.accounts.by_uid["demo"].developer_access = False

    world.run_in_server(change)


def second_user(world: "World", memory: StoredValues) -> None:
    """Create the signed-in user `other` with access and a key, but without money."""
    activated = world.http.post("/api/developer/activate", headers=world.signed_in("other"))
    assert activated.status_code == 200
    made = world.http.post("/v1/keys", headers=world.signed_in("other"), json={"name": "theirs"}).json()["data"]
    memory.update(other_key=made["key"], other_key_id=made["id"])


def second_key(world: "World", memory: StoredValues, name: str = "second") -> None:
    made = world.http.post("/v1/keys", headers=world.signed_in(), json={"name": name}).json()["data"]
    memory.update(second_key=made["key"], second_key_id=made["id"])


def second_key_revoked(world: "World", memory: StoredValues) -> None:
    second_key(world, memory)
    gone = world.http.delete(f"/v1/keys/{memory['second_key_id']}", headers=world.signed_in())
    assert gone.status_code == 200


def advance(world: "World", memory: StoredValues, seconds: float) -> None:
    world.advance(seconds)


def requests(world: "World", memory: StoredValues, count: int, seconds_apart: float = 0) -> None:
    """Send `count` chat requests with the demo key."""
    for _ in range(count):
        assert world.http.post("/v1/chat/completions", headers=world.headers, json=CHAT).status_code == 200
        if seconds_apart:
            world.advance(seconds_apart)


def failures(world: "World", memory: StoredValues, count: int) -> None:
    """Send `count` requests with the demo key that pass all checks and end in 400."""
    for _ in range(count):
        assert world.http.post("/v1/chat/completions", headers=world.headers, json={}).status_code == 400


def tokens_used(world: "World", memory: StoredValues, tokens: int) -> None:
    """Set the demo key's tokens of today."""

    def change(sandbox: "Sandbox") -> None:
        sandbox.accounts.by_uid["demo"].keys[0].limiter.add_tokens(tokens, sandbox.clock.now())

    world.run_in_server(change)


def recorded(world: "World", memory: StoredValues, *activities: tuple[str, int, bool]) -> None:
    """Add requests to the demo account's usage: endpoint, tokens, and failure."""

    def change(sandbox: "Sandbox") -> None:
        now = sandbox.clock.now()
        for endpoint, tokens, failed in activities:
            sandbox.accounts.by_uid["demo"].usage.record(Activity(endpoint, tokens, failed, 5000), now)

    world.run_in_server(change)


def checkout(world: "World", memory: StoredValues, dollars: float) -> None:
    memory["checkout"] = world.open_checkout(dollars)


def checkout_of_other(world: "World", memory: StoredValues, dollars: float) -> None:
    second_user(world, memory)
    memory["checkout"] = world.open_checkout(dollars, "other")


def example(world: "World", memory: StoredValues) -> None:
    """Send the documented example."""
    body = {"model": "clevora-1.0-turbo", "messages": [{"role": "user", "content": "Hello!"}]}
    assert world.http.post("/v1/chat/completions", headers=world.headers, json=body).status_code == 200


def asked(world: "World", memory: StoredValues, path: str, body: dict[str, Any], credential: str = "key") -> None:
    """Send a request that succeeds."""
    refused(world, memory, 200, path, body, credential)


def asked_with_second_key(world: "World", memory: StoredValues, path: str, body: dict[str, Any]) -> None:
    refused(world, memory, 200, path, body, "second key")


def refused(
    world: "World", memory: StoredValues, status: int, path: str, body: dict[str, Any], credential: str
) -> None:
    """Send a request that ends with this status."""
    headers = {"authorization": CREDENTIALS[credential](world, memory) or ""}
    assert world.http.post(path, headers=headers, json=body).status_code == status


def event(world: "World", memory: StoredValues, event_id: str, payload: dict[str, Any]) -> None:
    """Deliver a genuine event."""
    body = json.dumps(fill_in(payload, memory)).encode()
    headers = signed_headers(world, body, event_id=event_id)
    assert world.http.post("/api/dodo/webhook", headers=headers, content=body).status_code == 200


def fill_in(value: Any, memory: StoredValues) -> Any:
    """Return `value` with each string ``{name}`` replaced by the stored value of that name."""
    if isinstance(value, dict):
        return {key: fill_in(part, memory) for key, part in value.items()}
    if isinstance(value, list):
        return [fill_in(part, memory) for part in value]
    if isinstance(value, str) and re.fullmatch(r"\{\w+\}", value):
        return memory[value[1:-1]]
    return value


SITUATIONS: dict[str, Callable[..., None]] = {
    "balance": balance,
    "not activated": not_activated,
    "no developer access": no_developer_access,
    "second user": second_user,
    "second key": second_key,
    "second key revoked": second_key_revoked,
    "advance": advance,
    "requests": requests,
    "failures": failures,
    "tokens used": tokens_used,
    "recorded": recorded,
    "checkout": checkout,
    "checkout of other": checkout_of_other,
    "example": example,
    "event": event,
    "asked": asked,
    "asked with second key": asked_with_second_key,
    "refused": refused,
}


def set_up(world: "World", memory: StoredValues, step: Any) -> None:
    """Set up one of a row's situations."""
    name, *arguments = step if isinstance(step, tuple) else (step,)
    SITUATIONS[name](world, memory, *arguments)


# --- credentials ------------------------------------------------------------------------------------------------------


def claims(world: "World", **changes: Any) -> dict[str, Any]:
    """Return the claims of a valid token for `demo`; None removes a claim."""
    return valid_claims(world.clock.now() // SECOND, **changes)


def token(world: "World", **changes: Any) -> str:
    return jwt(claims(world, **changes))


UNKNOWN_KEY = "sk_live_" + "f" * 32

# Each kind of credential: the Authorization header, None for no header.
CREDENTIALS: dict[str, Callable[["World", StoredValues], str | None]] = {
    "none": lambda world, memory: None,
    "key": lambda world, memory: f"Bearer {world.api_key}",
    "second key": lambda world, memory: f"Bearer {memory['second_key']}",
    "other's key": lambda world, memory: f"Bearer {memory['other_key']}",
    "key, lower-case scheme": lambda world, memory: f"bearer {world.api_key}",
    "key, upper-case scheme": lambda world, memory: f"BEARER {world.api_key}",
    "key, no scheme": lambda world, memory: world.api_key,
    "key as Basic": lambda world, memory: f"Basic {b64encode(world.api_key.encode()).decode()}",
    "key in capitals": lambda world, memory: f"Bearer {world.api_key.upper()}",
    "key with one more digit": lambda world, memory: f"Bearer {world.api_key}0",
    "key with one digit less": lambda world, memory: f"Bearer {world.api_key[:-1]}",
    "key without prefix": lambda world, memory: f"Bearer {world.api_key.removeprefix('sk_live_')}",
    "unknown key": lambda world, memory: f"Bearer {UNKNOWN_KEY}",
    "test key": lambda world, memory: f"Bearer {world.api_key.replace('live', 'test')}",
    "bare Bearer": lambda world, memory: "Bearer",
    "empty header": lambda world, memory: "",
    "token": lambda world, memory: f"Bearer {token(world)}",
    "token, lower-case scheme": lambda world, memory: f"bearer {token(world)}",
    "token of other": lambda world, memory: f"Bearer {token(world, sub='other', user_id='other')}",
    "token of a stranger": lambda world, memory: f"Bearer {token(world, sub='stranger', user_id='stranger')}",
    "token with e-mail": lambda world, memory: (
        f"Bearer {token(world, sub='eve', user_id='eve', email='eve@clevora.example')}"
    ),
    "token as Basic": lambda world, memory: f"Basic {token(world)}",
    "expired token": lambda world, memory: f"Bearer {token(world, exp=world.clock.now() // SECOND - 1)}",
    "token expiring now": lambda world, memory: f"Bearer {token(world, exp=world.clock.now() // SECOND)}",
    "token expiring in a second": lambda world, memory: f"Bearer {token(world, exp=world.clock.now() // SECOND + 1)}",
    "token without exp": lambda world, memory: f"Bearer {token(world, exp=None)}",
    "token with exp as text": lambda world, memory: f"Bearer {token(world, exp='9999999999')}",
    "token with exp true": lambda world, memory: f"Bearer {token(world, exp=True)}",
    "token of another project": lambda world, memory: (
        f"Bearer {token(world, aud='elsewhere', iss='https://securetoken.google.com/elsewhere')}"
    ),
    "token with another issuer": lambda world, memory: (
        f"Bearer {token(world, iss='https://accounts.google.com/demo-clevora')}"
    ),
    "token with another audience": lambda world, memory: f"Bearer {token(world, aud='elsewhere')}",
    "token without sub": lambda world, memory: f"Bearer {token(world, sub=None)}",
    "token with an empty sub": lambda world, memory: f"Bearer {token(world, sub='', user_id='')}",
    "token with a sub of 129": lambda world, memory: f"Bearer {token(world, sub='x' * 129, user_id='x' * 129)}",
    "token with a sub of 128": lambda world, memory: f"Bearer {token(world, sub='x' * 128, user_id='x' * 128)}",
    "token with a number for sub": lambda world, memory: f"Bearer {token(world, sub=7, user_id=7)}",
    "token whose user_id is another": lambda world, memory: f"Bearer {token(world, user_id='other')}",
    "signed token": lambda world, memory: (
        f"Bearer {jwt(claims(world), {'alg': 'RS256', 'kid': 'a1', 'typ': 'JWT'}, 'c2lnbmVk')}"
    ),
    "unsigned header with a signature": lambda world, memory: f"Bearer {jwt(claims(world), signature='c2lnbmVk')}",
    "RS256 header without signature": lambda world, memory: f"Bearer {jwt(claims(world), {'alg': 'RS256'})}",
    "token of two parts": lambda world, memory: f"Bearer {token(world).rstrip('.')}",
    "token of noise": lambda world, memory: "Bearer a.b.",
    "token whose claims are an array": lambda world, memory: (
        "Bearer " + jwt(claims(world)).split(".")[0] + "." + urlsafe_b64encode(b"[]").decode() + "."
    ),
    "word": lambda world, memory: "Bearer hello",
}

# --- signatures -------------------------------------------------------------------------------------------------------


def signature(secret: str, event_id: str, timestamp: str, body: bytes) -> str:
    """Sign as Standard Webhooks specifies, without the product's code."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(
    world: "World", body: bytes, *, event_id: str = "evt_1", age: float = 0, secret: str | None = None
) -> dict[str, str]:
    """Return the headers of a genuine event that was sent `age` seconds ago."""
    timestamp = str(int(world.clock.now() // SECOND - age))
    good = signature(secret or world.server.settings.webhook_secret, event_id, timestamp, body)
    return {"webhook-id": event_id, "webhook-timestamp": timestamp, "webhook-signature": good}


OTHER_SECRET = "whsec_" + b64encode(b"somebody else's secret").decode()

# Each kind of signature: the headers for a body.
SIGNATURES: dict[str, Callable[["World", bytes], dict[str, str]]] = {
    "signature": signed_headers,
    "signature of 300 s ago": lambda world, body: signed_headers(world, body, age=300),
    "signature of 301 s ago": lambda world, body: signed_headers(world, body, age=301),
    "signature 300 s ahead": lambda world, body: signed_headers(world, body, age=-300),
    "signature 301 s ahead": lambda world, body: signed_headers(world, body, age=-301),
    "signature by another secret": lambda world, body: signed_headers(world, body, secret=OTHER_SECRET),
    "signature of another body": lambda world, body: signed_headers(world, body + b" "),
    "no webhook-id": lambda world, body: _without(signed_headers(world, body), "webhook-id"),
    "no webhook-timestamp": lambda world, body: _without(signed_headers(world, body), "webhook-timestamp"),
    "no webhook-signature": lambda world, body: _without(signed_headers(world, body), "webhook-signature"),
    "another webhook-id": lambda world, body: signed_headers(world, body) | {"webhook-id": "evt_2"},
    "another timestamp": lambda world, body: _later(signed_headers(world, body)),
    "timestamp in words": lambda world, body: signed_headers(world, body) | {"webhook-timestamp": "now"},
    "timestamp of 12 digits": lambda world, body: signed_headers(world, body) | {"webhook-timestamp": "9" * 12},
    "timestamp of 13 digits": lambda world, body: signed_headers(world, body) | {"webhook-timestamp": "9" * 13},
    "timestamp of 400 digits": lambda world, body: signed_headers(world, body) | {"webhook-timestamp": "9" * 400},
    "signature without a comma": lambda world, body: signed_headers(world, body) | {"webhook-signature": "v1"},
    "signature of version 2": lambda world, body: _of_version(signed_headers(world, body), "v2"),
    "signature without a version": lambda world, body: _of_version(signed_headers(world, body), ""),
    "signature that is no base64": lambda world, body: signed_headers(world, body) | {"webhook-signature": "v1,%%%"},
    "two signatures, the second good": lambda world, body: _rotated(signed_headers(world, body), first_good=False),
    "two signatures, the first good": lambda world, body: _rotated(signed_headers(world, body), first_good=True),
}

_WRONG = "v1," + b64encode(b"\0" * 32).decode()


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


def _later(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}


def _of_version(headers: dict[str, str], version: str) -> dict[str, str]:
    bare = headers["webhook-signature"].removeprefix("v1,")
    return headers | {"webhook-signature": f"{version},{bare}" if version else bare}


def _rotated(headers: dict[str, str], *, first_good: bool) -> dict[str, str]:
    both = [headers["webhook-signature"], _WRONG]
    return headers | {"webhook-signature": " ".join(both if first_good else reversed(both))}
