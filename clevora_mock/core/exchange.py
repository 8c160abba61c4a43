"""A request and its outcome as frozen values: facts, caller, reply and what was sent of it."""

from collections.abc import Mapping, Sequence
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
    """A routed request with its body.

    `headers` are by lower-case name, and `header_lines` all of them, as they were sent. `endpoint` is None for other
    APIs and unknown paths; `operation` is their name in the journal. `arrived` is a timestamp of the sandbox's clock.
    `body_bytes` is the size of a body of which `body` is only the start, else 0.
    """

    id: str
    arrived: int
    method: str
    path: str
    query: str = ""
    headers: Mapping[bytes, bytes] = {}
    header_lines: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    endpoint: Endpoint | None = None
    operation: str | None = None
    body_bytes: int = 0

    def header(self, name: bytes) -> str:
        """Return the text of a header, empty if it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    def lines_of(self, name: bytes) -> list[str]:
        """Return the texts of all lines of a header, without space around them."""
        return [value.decode("latin-1").strip(" \t") for each, value in self.header_lines if each == name]

    @cached_property
    def document(self) -> Any:
        """The decoded JSON body for a rule's conditions, None if it is not JSON."""
        try:
            return msgspec.json.decode(self.body) if self.body else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


class Principal(Struct, frozen=True):
    """The caller: the key or the identity that authenticated, and its account if there is one."""

    key: Key | None = None
    account: Account | None = None
    identity: Identity | None = None

    @property
    def uid(self) -> str | None:
        owner = self.account or self.identity
        return None if owner is None else owner.uid


ANONYMOUS = Principal()


class Exchange(Struct, frozen=True):
    """A finished request.

    `frames_sent` counts the frames of `reply` that were sent. `status` is 0 if no byte was sent. `simulated_delay` is
    the delay, in microseconds, that a frozen clock recorded without waiting; `answered` is the time of the first byte.
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

    def latency(self, completed: int) -> int:
        """Return the microseconds until `completed`; none if the clock was set back meanwhile."""
        return max(0, completed - self.facts.arrived) + self.simulated_delay

    @property
    def completion_tokens(self) -> int:
        """The completion tokens to bill: all of a body in one piece, and those of a stream's sent frames."""
        return self.reply.completion_tokens + sum(frame.tokens for frame in self.reply.frames[: self.frames_sent])

    @property
    def text(self) -> str:
        """The completion as far as it was sent."""
        return self.reply.text + "".join([frame.text for frame in self.reply.frames[: self.frames_sent]])

    @property
    def failed(self) -> bool:
        """True for an error, and for a response of which a fault withheld every byte."""
        reply = self.reply
        return (
            self.status >= 400
            or reply.undelivered
            or (reply.fault is not None and not any(frame.data for frame in reply.frames[: self.frames_sent]))
        )

    @property
    def charged(self) -> bool:
        """True if the account pays: for every success, unless a rule's `charge` decides otherwise."""
        return not self.failed if self.reply.charge is None else self.reply.charge
