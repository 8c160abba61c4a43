"""Credentials of the emulated API: API keys and Firebase ID tokens (K1, K2, K7)."""

from clevora_mock.core import id_tokens
from clevora_mock.core.accounts import bearer
from clevora_mock.core.exchange import Principal
from clevora_mock.web.exchange_recorder import ExchangeRecorder


def authenticate(exchange: ExchangeRecorder) -> None:
    """Set the exchange's principal by the credential that the endpoint asks for; 401 when it is not good."""
    facts, sandbox = exchange.facts, exchange.sandbox
    if facts is None or facts.endpoint is None:
        return
    authorization = facts.header(b"authorization")
    if facts.endpoint.credential == "api_key":
        key = sandbox.accounts.authenticate(authorization)
        exchange.identify(Principal(key=key, account=key.account))
        key.require_valid()
    elif facts.endpoint.credential == "id_token":
        user = id_tokens.verify(bearer(authorization), sandbox.config.firebase_project, facts.arrived)
        exchange.identify(Principal(account=sandbox.accounts.by_uid.get(user.uid), identity=user))
