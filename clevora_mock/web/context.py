"""The context in which an endpoint handles one request."""

from collections.abc import Mapping

from msgspec import Struct

from clevora_mock.core.accounts import Account
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Plan, ScriptedReply
from clevora_mock.web.exchange_recorder import ExchangeRecorder


class RequestContext(Struct, frozen=True):
    """A request that has passed the checks, with the sandbox that it belongs to.

    `parameters` are those of the path, `base_url` is the URL under which the client reached the sandbox.
    """

    sandbox: Sandbox
    facts: RequestFacts
    principal: Principal
    parameters: Mapping[str, str]
    exchange: ExchangeRecorder
    plan: Plan = NO_PLAN

    @property
    def now(self) -> int:
        """The moment of the request's arrival."""
        return self.facts.arrived

    @property
    def base_url(self) -> str:
        return self.exchange.base_url

    @property
    def account(self) -> Account:
        """The caller's account. Raises RuntimeError where the endpoint's checks let a caller without one pass."""
        if self.principal.account is None:
            raise RuntimeError(f"{self.facts.path} has no authenticated account")
        return self.principal.account

    @property
    def scripted(self) -> ScriptedReply:
        """The scenario's content for the answer; its fields are None where the model answers."""
        return self.plan.then.reply or ScriptedReply()

    def identify(self, principal: Principal) -> None:
        """Tell the journal of a caller who is known only now."""
        self.exchange.identify(principal)
