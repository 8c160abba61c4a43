"""Context of one request, for endpoint handlers."""

from collections.abc import Mapping

from msgspec import Struct

from clevora_mock.core.accounts import Account
from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Plan, ScriptedReply
from clevora_mock.web.background import Background
from clevora_mock.web.exchange_recorder import ExchangeRecorder


class RequestContext(Struct, frozen=True):
    """A request that has passed the checks, with its sandbox; `parameters` are those of the path."""

    sandbox: Sandbox
    facts: RequestFacts
    principal: Principal
    parameters: Mapping[str, str]
    exchange: ExchangeRecorder
    background: Background
    plan: Plan = NO_PLAN

    @property
    def now(self) -> int:
        """Arrival, in microseconds of the sandbox's clock."""
        return self.facts.arrived

    @property
    def base_url(self) -> str:
        """URL under which the client reached the sandbox."""
        return self.exchange.base_url

    @property
    def account(self) -> Account:
        """The caller's account. Raises RuntimeError at an endpoint that does not require one."""
        if self.principal.account is None:
            raise RuntimeError(f"{self.facts.path} has no authenticated account")
        return self.principal.account

    @property
    def scripted(self) -> ScriptedReply:
        """Response content from the scenario; fields that the fake model supplies are None."""
        return self.plan.then.reply or ScriptedReply()

    def set_principal(self, principal: Principal) -> None:
        """Set the caller that the journal shows, for handlers that authenticate by the body."""
        self.exchange.set_principal(principal)
