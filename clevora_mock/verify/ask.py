"""Requests as values: what is sent, what it needs, and what is expected of the answer."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Need = Literal["api_key", "id_token", "other_id_token", "webhook_secret", "destructive", "limits"]

# Reasons for not asking a probe, by the need that is not met.
NEEDS: dict[Need, str] = {
    "api_key": "needs --api-key (CLEVORA_API_KEY)",
    "id_token": "needs --id-token (CLEVORA_ID_TOKEN)",
    "other_id_token": "needs --other-id-token (CLEVORA_OTHER_ID_TOKEN)",
    "webhook_secret": "needs --webhook-secret (CLEVORA_WEBHOOK_SECRET)",
    "destructive": "needs --destructive",
    "limits": "uses up a minute's requests; ask for it by --clauses L",
}

# Credentials that a request is sent with, and what they need.
CREDENTIALS: dict[str, Need | None] = {
    "none": None,
    "key": "api_key",
    "token": "id_token",
    "token of other": "other_id_token",
    "unknown key": None,
    "word": None,
}


class Ask(Struct, frozen=True):
    """One request, and what is expected of its answer.

    With an `error`, its code in the contract, the answer must be that error as this server has it (see
    `ErrorForms`); otherwise the status is `status`. `answer` is the part of the body to compare, `sends` that of the
    headers. A field that is missing is a difference in a probe of the answer's `shape`; elsewhere it is a reason why
    the clause could not be checked. `served` means that another clause says that the request is served, so that a
    refusal is such a reason too.
    """

    request: str
    body: Any = None
    raw: bytes | None = None
    credential: str = "key"
    headers: Mapping[str, str] = {}
    status: int = 200
    error: str | None = None
    answer: Any = None
    sends: Mapping[str, Any] = {}
    shape: bool = False
    served: bool = False

    @property
    def method(self) -> str:
        return self.request.partition(" ")[0]

    @property
    def target(self) -> str:
        return self.request.partition(" ")[2]

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()

    @property
    def key(self) -> bytes:
        """The identity of what is sent, whatever is expected: requests with the same key share their answer."""
        return f"{self.request} {self.credential} {sorted(self.headers.items())} ".encode() + self.content


CHAT = "POST /v1/chat/completions"
HI = [{"role": "user", "content": "Hi"}]
# The shortest chat. Valid, so that a refused credential is all that can be wrong with it.
CHEAP = Ask(CHAT, body={"messages": HI, "max_tokens": 1})
# The cheapest request that is charged.
ONE_TOKEN = Ask("POST /v1/embeddings", body={"input": "a"})
