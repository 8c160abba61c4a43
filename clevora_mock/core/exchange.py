"""A request and its outcome as frozen values: facts, caller, reply and what was sent of it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from clevora_mock.contract.endpoints import Endpoint
from clevora_mock.core import documents
from clevora_mock.core.accounts import Account, Key
from clevora_mock.core.id_tokens import Identity
from clevora_mock.core.reply import Reply
from clevora_mock.core.scenario import NO_PLAN, Plan

# The parts of a message, and of a header that is sent several times, that rules look at.
MAX_MESSAGE_CHARACTERS = 32 * 1024
MAX_HEADER_LINES = 8


class RequestFacts(Struct, frozen=True, dict=True):
    """A routed request with its body.

    `headers` are by lower-case name, and `header_lines` all of them, as they were sent. `endpoint` is None for other
    APIs and unknown paths; `operation` is their name in the journal. `arrived` is a timestamp of the sandbox's clock.
    `body_bytes` is the size of a body of which `body` is only the start, else 0. `follows`, `changes` and `is_real` are
    those of the journal's entry.
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
    follows: int | None = None
    changes: int | None = None
    is_real: bool = False

    def header(self, name: bytes) -> str:
        """Return the text of a header, empty if it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    def lines_of(self, name: bytes) -> list[str]:
        """Return the texts of the first `MAX_HEADER_LINES` lines of a header, without space around them."""
        return self._lines.get(name, [])

    @cached_property
    def _lines(self) -> dict[bytes, list[str]]:
        lines: dict[bytes, list[str]] = {}
        for name, value in self.header_lines:
            found = lines.setdefault(name, [])
            if len(found) < MAX_HEADER_LINES:
                found.append(value.decode("latin-1").strip(" \t"))
        return lines

    @cached_property
    def document(self) -> Any:
        """The decoded JSON body for a rule's conditions, None if it is not JSON."""
        try:
            return documents.decode(self.body) if self.body else None
        except (ValueError, RecursionError):
            return None

    @property
    def known_document(self) -> Any:
        """The document if a condition has looked at it, else None."""
        return vars(self).get("document")

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of a chat, as far as they have the form of messages."""
        found = self.document.get("messages") if isinstance(self.document, dict) else None
        return [message for message in found if isinstance(message, dict)] if isinstance(found, list) else []

    @cached_property
    def turn(self) -> int:
        """The number of user messages in a chat."""
        return sum(1 for message in self.messages if message.get("role") == "user")

    @cached_property
    def last_message(self) -> str:
        """The start of the last user message, the query, the topic or the input; empty without one."""
        field = None if self.endpoint is None else self.endpoint.message_field
        if field is None or not isinstance(self.document, dict):
            return ""
        if field != "messages":
            return _text(self.document.get(field))
        contents = (message.get("content") for message in reversed(self.messages) if message.get("role") == "user")
        return _text(next(contents, None))

    def read_for_rules(self) -> None:
        """Read the parts of the body that a rule's conditions look at, which takes long for a long one."""
        _ = self.turn, self.last_message


def _text(value: object) -> str:
    """Return the first `MAX_MESSAGE_CHARACTERS` of a text, or of the lines of an array of texts."""
    if isinstance(value, str):
        return value[:MAX_MESSAGE_CHARACTERS]
    if not isinstance(value, list):
        return ""
    # An item is followed by a line break, however short it is.
    items = value[:MAX_MESSAGE_CHARACTERS]
    lines = [_text(part.get("text") if isinstance(part, dict) else part) for part in items]
    return "\n".join(lines)[:MAX_MESSAGE_CHARACTERS]


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
    def prompt_tokens(self) -> int:
        """The prompt's tokens; 0 for an answer that was neither sent nor billed."""
        return 0 if self._is_lost else self.reply.prompt_tokens

    @property
    def completion_tokens(self) -> int:
        """The completion tokens to bill: all of a body in one piece, and those of a stream's sent frames."""
        if self._is_lost:
            return 0
        return self.reply.completion_tokens + sum(frame.tokens for frame in self.reply.frames[: self.frames_sent])

    @property
    def text(self) -> str:
        """The completion as far as it was sent."""
        if self._is_lost:
            return ""
        return self.reply.text + "".join([frame.text for frame in self.reply.frames[: self.frames_sent]])

    @property
    def failed(self) -> bool:
        """True for an error, and for a response of which a fault withheld every byte."""
        return self.status >= 400 or self._is_withheld

    @property
    def _is_withheld(self) -> bool:
        reply = self.reply
        sent = reply.frames[: self.frames_sent]
        return reply.undelivered or (reply.fault is not None and not any(frame.data for frame in sent))

    @property
    def _is_lost(self) -> bool:
        return self._is_withheld and not self.charged

    @property
    def charged(self) -> bool:
        """True if the account pays: for every success, unless a rule's `charge` decides otherwise."""
        return not self.failed if self.reply.charge is None else self.reply.charge
