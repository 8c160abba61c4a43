"""What is known of one request, gathered as it goes through the gate.

A `Call` saves its readers long argument lists: authentication adds the account, the gate the body, the endpoint what
was produced, and settling reads it all. It holds facts only; what talks to the network stays at the edge.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from clevora_mock.api.surface import Surface
    from clevora_mock.contract import Endpoint
    from clevora_mock.core.accounts import Account, Key
    from clevora_mock.core.identity import Identity
    from clevora_mock.core.sandbox import Sandbox
    from clevora_mock.core.scenario import ScriptedReply
    from clevora_mock.scenarios.matching import Plan


class Call(Struct, eq=False):
    """One request and, in the end, its outcome."""

    sandbox: "Sandbox"
    method: str
    path: str
    surface: "Surface"
    # Names in lower case.
    headers: Mapping[bytes, bytes] = {}
    query: bytes = b""
    # How the client has come here: the scheme, the server's address, and the beginning of the path that says whose.
    scheme: str = "http"
    server: tuple[str, int | None] = ("127.0.0.1", None)
    prefix: str = ""
    id: str = ""
    arrived: int = 0
    parameters: Mapping[str, str] = {}
    # None where the contract has none: for unknown routes, for the mock's own pages, for other emulated APIs.
    endpoint: "Endpoint | None" = None
    # The name of what those are asked for.
    operation: str | None = None
    # Whether the path knows the method; what is neither there nor taken is refused whatever its body (W6).
    routed: bool = False
    body: bytes = b""
    # The body as JSON, once an endpoint has read it.
    document: object = None
    # What the sandbox's scenario has in mind for this request.
    plan: "Plan | None" = None
    # The kind of the fault that the answer has suffered.
    fault: str | None = None
    # Whether the scenario wants the work that was done paid for; None leaves it to the usual rule.
    charge: bool | None = None
    # Whether a fault keeps the client from every part of the answer.
    voided: bool = False
    identity: "Identity | None" = None
    account: "Account | None" = None
    key: "Key | None" = None
    ignored: tuple[str, ...] = ()
    # What was answered; 0 when the client has not got a byte.
    status: int = 200
    code: str | None = None
    retry_after: int | None = None
    # When a refusal that says when to retry began to leave.
    told: int = 0
    abandoned: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    # What the model said, as far as it was sent.
    produced: str = ""
    # Microseconds of delay that a frozen clock recorded instead of waiting for.
    waited: int = 0

    def __post_init__(self) -> None:
        # Whoever looks on, at the journal say, must not shift the ids of what is looked at.
        self.id = "req_" + self.sandbox.chance.hex("request" if self.emulated else "own request")
        self.arrived = self.sandbox.clock.now()

    @property
    def emulated(self) -> bool:
        """Whether this stands in for something real."""
        return self.surface.emulated

    @property
    def base_url(self) -> str:
        """How the client reached this sandbox, so that what it is sent to is reachable too."""
        host = self.header(b"host") or "{}:{}".format(*self.server)
        return f"{self.scheme}://{host}{self.prefix}"

    @property
    def canned(self) -> "ScriptedReply | None":
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
