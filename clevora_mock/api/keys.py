"""``/v1/keys`` (K3-K6)."""

from clevora_mock.api.envelope import enveloped
from clevora_mock.api.schemas import dashboard
from clevora_mock.clock import iso
from clevora_mock.contract.limits import DEFAULT_KEY_NAME, MAX_KEY_NAME_CHARACTERS
from clevora_mock.core.accounts import Key
from clevora_mock.core.errors import ApiError, invalid
from clevora_mock.core.masking import masked_text
from clevora_mock.core.reply import Reply
from clevora_mock.web.context import RequestContext


async def create_key(context: RequestContext, request: dashboard.KeyRequest) -> Reply:
    """Handle ``POST /v1/keys``: the only response that holds a whole key."""
    # A key may be pasted as the name, and no answer shows one again.
    name = (request.name or "").strip()
    if len(name) > MAX_KEY_NAME_CHARACTERS:
        raise invalid("name", f"at most {MAX_KEY_NAME_CHARACTERS} characters", f"{len(name)}")
    name = masked_text(name) or DEFAULT_KEY_NAME
    key, raw = context.sandbox.create_key(context.account, name, context.now)
    return enveloped(dashboard.NewKey(key.id, raw, key.name, iso(key.created)))


async def list_keys(context: RequestContext) -> Reply:
    """Handle ``GET /v1/keys``: the user's own keys, newest first."""
    return enveloped(dashboard.KeyList([_render_key(key) for key in reversed(context.account.keys)]))


async def revoke_key(context: RequestContext) -> Reply:
    """Handle ``DELETE /v1/keys/{id}``, where ``id`` may also be the raw key; idempotent."""
    key = context.sandbox.accounts.find_key(context.parameters["id"])
    if key is None or key.account is not context.account:
        raise ApiError("not_found", "No such key")
    key.revoked = True
    context.sandbox.announce("account", key.account.uid)
    return enveloped(dashboard.RevokedKey(key.id, "revoked"))


def _render_key(key: Key) -> dashboard.KeyView:
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
