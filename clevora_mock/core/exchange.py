"""One request and its outcome, as frozen values: the facts, who asked, and how it ended."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from clevora_mock.contract.endpoints import Endpoint
from clevora_mock.core.accounts import Account, Key
from clevora_mock.core.id_tokens import Identity
from clevora_mock.core.reply import Reply
from clevora_mock.core.scenario import NO_PLAN, Plan


class RequestFacts(Struct, frozen=True, dict=True):
    """What is known of a request once it is routed and read.

    `headers` are by lower-case name. `endpoint` is the contract's row, None for other APIs and unknown paths;
    `operation` is the name that the journal shows. `arrived` is in microseconds of the sandbox's clock.
    """

    id: str
    arrived: int
    method: str
    path: str
    query: str = ""
    headers: Mapping[bytes, bytes] = {}
    body: bytes = b""
    endpoint: Endpoint | None = None
    operation: str | None = None

    def header(self, name: bytes) -> str:
        """A header's text, empty when it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @cached_property
    def document(self) -> Any:
        """The body as JSON for a rule's conditions, None when it is none."""
        try:
            return msgspec.json.decode(self.body) if self.body else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


class Principal(Struct, frozen=True):
    """The caller: the key or the identity that authenticated, and the account behind it, if there is one."""

    key: Key | None = None
    account: Account | None = None
    identity: Identity | None = None

    @property
    def uid(self) -> str | None:
        owner = self.account or self.identity
        return None if owner is None else owner.uid


ANONYMOUS = Principal()


class Exchange(Struct, frozen=True):
    """A request that is over.

    `frames_sent` counts the reply's frames. `status` is 0 when the client got no byte. `simulated_delay` is the time,
    in microseconds, that a frozen clock recorded instead of waiting for, and `answered` the moment of the first byte.
    """

    facts: RequestFacts
    principal: Principal
    reply: Reply
    status: int
    frames_sent: int
    answered: int
    plan: Plan = NO_PLAN
    ignored: tuple[str, ...] = ()
    abandoned: bool = False
    simulated_delay: int = 0

    @property
    def completion_tokens(self) -> int:
        """The completion tokens that are billed: a whole body's, and those of the frames that were sent."""
        return self.reply.completion_tokens + sum(frame.tokens for frame in self.reply.frames[: self.frames_sent])

    @property
    def text(self) -> str:
        """The completion as far as the client has it."""
        return self.reply.text + "".join([frame.text for frame in self.reply.frames[: self.frames_sent]])

    @property
    def failed(self) -> bool:
        """True for an error, and for an answer of which a fault let nothing through."""
        reply = self.reply
        return (
            self.status >= 400
            or reply.undelivered
            or (reply.fault is not None and not any(frame.data for frame in reply.frames[: self.frames_sent]))
        )

    @property
    def charged(self) -> bool:
        """True when the account pays: unless it failed, or as the rule's `charge` says."""
        return not self.failed if self.reply.charge is None else self.reply.charge
