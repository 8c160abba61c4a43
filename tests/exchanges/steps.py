"""The form of an exchange: the bytes to send, the connection, the end of reading, and the values to capture.

Steps are data and know nothing of the server. ``<<name>>`` in the bytes stands for the value that an earlier step
captured under that name; ``<<length>>`` is the length of the body.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.tokens import jwt, valid_claims

HOST = "127.0.0.1:2538"
KEY = "sk_live_0123456789abcdef0123456789abcdef"
UNKNOWN_KEY = "sk_live_ffffffffffffffffffffffffffffffff"
# Later than any clock in the script, except those that test a token's expiry.
EXPIRES = 4_102_444_800
ISSUED = 1_767_225_600

# The step's action on its connection after reading.
ConnectionAction = Literal["keep", "close", "reset"]


@dataclass(frozen=True)
class Capture:
    """A value to capture: at a dotted `path` of the response's JSON ("" for the whole body), or the matching part."""

    name: str
    path: str = ""
    part: str = ""


@dataclass(frozen=True)
class Step:
    """One exchange.

    `sends` are segments with a short pause between them. `on` names a connection that later steps use again; without
    it the step has its own connection. Reading ends once `answers` are complete, once `until` has arrived, once the
    connection ends, or after `patience` seconds of silence. `rest` is the wait before the step, so that the server has
    recorded the earlier ones; `half_close` sends a FIN after the request. `pieces` counts the received parts that
    pauses within a character separate.
    """

    name: str
    sends: tuple[bytes, ...] = ()
    on: str | None = None
    answers: int = 1
    until: bytes = b""
    leaving: ConnectionAction = "keep"
    half_close: bool = False
    pieces: bool = False
    patience: float = 10.0
    rest: float = 0.0
    captures: tuple[Capture, ...] = ()
    masks: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """True if the step expects silence."""
        return self.patience < 5

    @property
    def heads(self) -> frozenset[int]:
        """The responses without a body, which answer HEAD."""
        found = b"\r\n\r\n".join(self.sends).split(b" HTTP/1.")
        methods = [part.rpartition(b"\n")[2].split(b" ")[0] for part in found[:-1]]
        return frozenset(index for index, method in enumerate(methods) if method.endswith(b"HEAD"))


@dataclass(frozen=True)
class Part:
    """Steps for one server with these flags; ``{folder}`` in a flag is a directory that all parts share."""

    name: str
    flags: tuple[str, ...]
    steps: tuple[Step, ...]
    files: Mapping[str, str] = field(default_factory=dict)


def request(
    line: str,
    body: Any = None,
    *,
    prefix: str = "",
    headers: Mapping[str, str | None] | None = None,
    version: str = "1.1",
) -> bytes:
    """Return a complete request; `body` is sent as it is, or as JSON. A header that is None is left out."""
    method, path = line.split(" ", 1)
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    given: dict[str, str | None] = {"host": HOST}
    if body is not None:
        given["content-type"] = "application/json"
        given["content-length"] = "<<length>>" if b"<<" in content else str(len(content))
    given |= headers or {}
    lines = [f"{method} {prefix}{path} HTTP/{version}"]
    lines += [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def chunked(line: str, *parts: bytes, prefix: str = "", headers: Mapping[str, str | None] | None = None) -> bytes:
    """Return a request with a chunked body."""
    head = request(line, prefix=prefix, headers={"transfer-encoding": "chunked"} | dict(headers or {}))
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def token(uid: str = "demo", **changes: Any) -> str:
    """Return an ID token for `uid`, with changed claims."""
    return jwt(valid_claims(ISSUED, uid, exp=EXPIRES, **changes))


def bearer(credential: str) -> dict[str, str | None]:
    return {"authorization": f"Bearer {credential}"}


class Session:
    """Builder of the steps of one sandbox, whose names have the same start.

    `prefix` goes before each path: the sandbox's, or none for the default one.
    """

    def __init__(self, name: str, sandbox: str | None = None, masks: tuple[str, ...] = ()) -> None:
        self.name = name
        self.prefix = "" if sandbox is None else f"/sandbox/{sandbox}"
        self.steps: list[Step] = []
        self._masks = masks

    def raw(self, name: str, *sends: bytes, masks: tuple[str, ...] = (), **rest: Any) -> None:
        """Send raw bytes."""
        self.steps.append(Step(f"{self.name}: {name}", sends, masks=(*self._masks, *masks), **rest))

    def send(
        self,
        name: str,
        line: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        **rest: Any,
    ) -> None:
        """Send one request, with no credential but those in `headers`."""
        self.raw(name, request(line, body, prefix=self.prefix, headers=headers), **rest)

    def call(
        self, name: str, line: str, body: Any = None, headers: Mapping[str, str | None] | None = None, **rest: Any
    ) -> None:
        """Send one request with the demo account's key."""
        self.send(name, line, body, bearer(KEY) | dict(headers or {}), **rest)

    def send_signed_in(
        self, name: str, line: str, body: Any = None, headers: Mapping[str, str | None] | None = None, **rest: Any
    ) -> None:
        """Send one request with the demo account's ID token."""
        self.send(name, line, body, bearer(token(email="demo@clevora.example")) | dict(headers or {}), **rest)

    def chat(
        self,
        name: str,
        text: str = "Hi there",
        headers: Mapping[str, str | None] | None = None,
        body: Mapping[str, Any] | None = None,
        **rest: Any,
    ) -> None:
        """Send a chat request; `body` has further fields."""
        said = {"messages": [{"role": "user", "content": text}]} | dict(body or {})
        self.call(name, "POST /v1/chat/completions", said, headers, **rest)

    def stream(
        self,
        name: str,
        text: str = "Hi there",
        headers: Mapping[str, str | None] | None = None,
        body: Mapping[str, Any] | None = None,
        **rest: Any,
    ) -> None:
        """Send a request for a streamed chat."""
        self.chat(name, text, headers, {"stream": True} | dict(body or {}), **rest)

    def advance(self, seconds: float, **rest: Any) -> None:
        """Advance the sandbox's clock."""
        number = sum("clock moves" in step.name for step in self.steps) + 1
        self.send(f"the clock moves on, {number}", "PATCH /__mock/clock", {"advance": seconds}, **rest)

    def scenario(self, name: str, scenario: Any, **rest: Any) -> None:
        """Start a scenario in the sandbox, by its name or its text."""
        self.send(name, "PUT /__mock/scenario", {"name": scenario} if isinstance(scenario, str) else scenario, **rest)

    def rules(self, name: str, *rules: Mapping[str, Any], **parts: Any) -> None:
        """Start a scenario with these rules in the sandbox."""
        named = [{"name": f"rule {number}"} | dict(rule) for number, rule in enumerate(rules, 1)]
        self.scenario(f"scenario: {name}", {"name": "made", "rules": named} | parts)

    def read_records(self, name: str, limit: int = 20, *, end_scenario: bool = False) -> None:
        """Read journal, ledger and usage; `end_scenario` ends the scenario first, which could affect the requests."""
        if end_scenario:
            self.send(f"{name}, nothing goes wrong", "DELETE /__mock/scenario", rest=0.1)
        self.send(f"{name}, journal", f"GET /__mock/requests?limit={limit}", rest=0.1)
        self.send(f"{name}, ledger", "GET /__mock/ledger?uid=demo")
        self.send_signed_in(f"{name}, usage", "GET /api/developer/usage?range=2")

    def read_state(self, name: str) -> None:
        """Read the whole state, and the findings."""
        self.send(f"{name}, state", "GET /__mock/state", rest=0.1)
        self.send(f"{name}, conduct", "GET /__mock/conduct")


def steps_of(*sessions: Session) -> tuple[Step, ...]:
    return tuple(step for session in sessions for step in session.steps)
