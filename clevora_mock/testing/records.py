"""Requests and findings, as the control plane returns them."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from msgspec import Struct

# Of the requests of a finding, the ids that its text has.
MAX_REQUESTS = 5


class NearMiss(Struct, frozen=True, rename="camel"):
    """A rule on the request's endpoint that did not apply: the first condition that failed, and its draw if any.

    `field` is the part of the request that the condition is about; older servers send neither it nor the values.
    """

    rule: str
    failed: str
    draw: float | None = None
    field: str = ""
    expected: str = ""
    got: str = ""

    def __str__(self) -> str:
        if not self.expected:
            return f"{self.rule}: {self.failed}"
        return f"{self.rule}: {self.field}: expected {self.expected}, got {self.got}"


class Request(Struct, frozen=True, rename="camel"):
    """A request in a sandbox's journal: `cost` and `balance_after` in dollars, `status` None without a response."""

    id: str
    time: datetime
    endpoint: str | None
    method: str
    path: str
    query: str
    key: str | None
    account: str | None
    status: int | None
    code: str | None
    latency_ms: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    balance_after: float | None
    client: str
    # Parsed if it is JSON, else text; None without a body.
    body: Any
    body_bytes: int
    # The model's text, as far as it was sent.
    response: str
    ignored: list[str]
    abandoned: bool
    rule: str | None
    draw: float | None
    fault: str | None
    near_misses: list[NearMiss]
    # The error's message and the mock's hint, and who answered; older servers send none of them.
    message: str | None = None
    hint: str | None = None
    source: str = "mock"

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class SignedWebhook(NamedTuple):
    """A signed webhook: the headers, and the exact bytes of the body."""

    headers: dict[str, str]
    body: bytes


class Finding(Struct, frozen=True):
    """A mistake of the client, what to do about it, and the ids of the first requests of `count` that show it.

    `dollars` is what was paid for nothing. Older servers send none but the first three.
    """

    kind: str
    message: str
    requests: list[str]
    severity: Literal["error", "warning"] = "warning"
    advice: str = ""
    count: int = 0
    dollars: float = 0.0

    def __str__(self) -> str:
        ids = self.requests[:MAX_REQUESTS]
        more = f" and {max(self.count, len(self.requests)) - len(ids)} more" if self.count > len(ids) else ""
        paid = f", ${self.dollars:g}" if self.dollars else ""
        advice = f"\n  {self.advice}" if self.advice else ""
        return f"{self.severity} {self.kind}: {self.message}{paid}{advice}\n  requests: {', '.join(ids)}{more}"
