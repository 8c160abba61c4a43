"""``/v1/keys`` (contract K3-K6): create, list, revoke."""

from clevora_mock.api import dashboard, parsing
from clevora_mock.api.answers import Answer, success
from clevora_mock.clock import iso
from clevora_mock.contract.limits import MAX_KEY_NAME_CHARACTERS
from clevora_mock.core.accounts import UNTITLED, Key
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError, invalid


async def create(call: Call) -> Answer:
    """``POST /v1/keys``: the one answer that holds a whole key."""
    request = parsing.request(call, dashboard.KeyRequest)
    name = (request.name or "").strip() or UNTITLED
    if len(name) > MAX_KEY_NAME_CHARACTERS:
        raise invalid("name", f"at most {MAX_KEY_NAME_CHARACTERS} characters", f"{len(name)}")
    key, raw = call.sandbox.create_key(call.caller, name, call.arrived)
    return success(dashboard.NewKey(key.id, raw, key.name, iso(key.created)))


async def show(call: Call) -> Answer:
    """``GET /v1/keys``: the user's own keys, newest first."""
    return success(dashboard.Keys([view(key) for key in reversed(call.caller.keys)]))


async def revoke(call: Call) -> Answer:
    """``DELETE /v1/keys/{id}``: by id or by the raw key; again changes nothing."""
    key = call.sandbox.accounts.find_key(call.parameters["id"])
    if key is None or key.account is not call.caller:
        raise ApiError("not_found", "No such key")
    key.revoked = True
    return success(dashboard.RevokedKey(key.id, "revoked"))


def view(key: Key) -> dashboard.KeyView:
    """A key as its owner may see it."""
    return dashboard.KeyView(
        id=key.id,
        name=key.name,
        preview=key.preview,
        status="revoked" if key.revoked else "active",
        created_at=iso(key.created),
        last_used=None if key.last_used is None else iso(key.last_used),
        requests=key.requests,
        tokens=key.tokens,
    )
