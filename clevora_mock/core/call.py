"""What is known of one request, gathered as it goes through the gate.

A `Call` saves its readers long argument lists: authentication adds the account, the gate the body, the endpoint what
was produced, and settling reads it all. It holds facts only; what talks to the network stays at the edge.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clevora_mock.api.surface import Surface
    from clevora_mock.contract import Endpoint
    from clevora_mock.core.accounts import Account, Key
    from clevora_mock.core.identity import Identity
    from clevora_mock.core.sandbox import Sandbox
    from clevora_mock.scenarios.matching import Plan
    from clevora_mock.scenarios.scenario import CannedReply


class Call:
    """One request and, in the end, its outcome."""

    __slots__ = (
        "abandoned",
        "account",
        "arrived",
        "base_url",
        "body",
        "charge",
        "code",
        "completion_tokens",
        "document",
        "emulated",
        "endpoint",
        "fault",
        "headers",
        "id",
        "identity",
        "ignored",
        "key",
        "method",
        "operation",
        "parameters",
        "path",
        "plan",
        "produced",
        "prompt_tokens",
        "query",
        "retry_after",
        "routed",
        "sandbox",
        "status",
        "surface",
        "told",
        "voided",
        "waited",
    )

    def __init__(self, sandbox: "Sandbox", method: str, path: str, surface: "Surface") -> None:
        self.sandbox = sandbox
        self.surface = surface
        self.emulated = surface.emulated
        # Whoever looks on, at the journal say, must not shift the ids of what is looked at.
        self.id = "req_" + sandbox.chance.hex("request" if self.emulated else "own request")
        self.arrived = sandbox.clock.now()
        self.method = method
        self.path = path
        # None where the contract has none: for unknown routes, for the mock's own pages, for other emulated APIs.
        self.endpoint: Endpoint | None = None
        # The name of what those are asked for.
        self.operation: str | None = None
        # Whether the path knows the method; what is neither there nor taken is refused whatever its body (W6).
        self.routed = False
        self.base_url = ""
        self.query = b""
        self.headers: Mapping[bytes, bytes] = {}
        self.parameters: Mapping[str, str] = {}
        self.body = b""
        # The body as JSON, once an endpoint has read it.
        self.document: object = None
        # What the sandbox's scenario has in mind for this request.
        self.plan: Plan | None = None
        # The kind of the fault that the answer has suffered.
        self.fault: str | None = None
        # Whether the scenario wants the work that was done paid for; None leaves it to the usual rule.
        self.charge: bool | None = None
        # Whether a fault keeps the client from every part of the answer.
        self.voided = False
        self.identity: Identity | None = None
        self.account: Account | None = None
        self.key: Key | None = None
        self.ignored: tuple[str, ...] = ()
        # What was answered; 0 when the client has not got a byte.
        self.status = 200
        self.code: str | None = None
        self.retry_after: int | None = None
        # When a refusal that says when to retry began to leave.
        self.told = 0
        self.abandoned = False
        self.prompt_tokens = 0
        self.completion_tokens = 0
        # What the model said, as far as it was sent.
        self.produced = ""
        # Microseconds of delay that a frozen clock recorded instead of waiting for.
        self.waited = 0

    @property
    def canned(self) -> "CannedReply | None":
        """What the scenario wants the model to say, if anything."""
        return self.plan.then.reply if self.plan is not None else None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def header(self, name: bytes) -> str:
        """A request header's text, empty when it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def caller(self) -> "Account":
        """The account that authentication found."""
        if self.account is None:
            raise RuntimeError(f"{self.path} has no authenticated account")
        return self.account
