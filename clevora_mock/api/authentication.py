"""Credentials of the emulated API: API keys and Firebase ID tokens (K1, K2, K7)."""

from clevora_mock.core import id_tokens
from clevora_mock.core.accounts import bearer
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import ANONYMOUS, Principal, RequestFacts
from clevora_mock.core.sandbox import Sandbox


def authenticate(sandbox: Sandbox, facts: RequestFacts) -> Principal:
    """Return the caller by the credential that the endpoint requires. Raises a 401 for an invalid one."""
    credential = facts.endpoint.credential if facts.endpoint is not None else "none"
    authorization = facts.header(b"authorization")
    # The values of several headers are joined by commas, which no credential has.
    if "," in authorization and credential in ("api_key", "id_token"):
        raise ApiError(f"invalid_{credential}", hint="several Authorization headers were sent; send one")
    if credential == "api_key":
        key = sandbox.accounts.authenticate(authorization)
        return Principal(key=key, account=key.account)
    if credential == "id_token":
        config = sandbox.config
        user = id_tokens.verify(bearer(authorization), config.firebase_project, facts.arrived, config.token_key)
        return Principal(account=sandbox.accounts.by_uid.get(user.uid), identity=user)
    return ANONYMOUS
