"""Steps for random sequences: each depends only on earlier ones in its sandbox."""

from typing import Any

import httpx
from hypothesis import strategies as st

from tests.support.control import response_parts
from tests.support.world import World

Step = tuple[str, Any]
ResponseParts = tuple[int, list[tuple[str, str]], bytes]

_FIREBASE = "/identitytoolkit.googleapis.com/v1/accounts:%s?key=k"
ANONYMOUS = {"returnSecureToken": True}
_CHAT = "/v1/chat/completions"
_SOURCES = [
    "rules: [{name: half, when: {endpoint: chat.completions, chance: 0.5}, then: {error: 500}}]",
    "name: counted\nrules: [{name: two, when: {endpoint: search, calls: 1-2}, then: {error: 503}}]",
    "limits: {requests_per_minute: 2, tokens_per_day: 60}",
    "payments: {outcome: succeed, delay: 30s}",
    "account: {balance: 0.5}\nrules: [{name: slow, when: {endpoint: '*', between: [5s, 1m]}, then: {delay: 1s}}]",
    "rules: [{name: lost, when: {endpoint: embeddings}, then: {fault: garbage, charge: true}}]",
]

MONEY_STEPS: list[st.SearchStrategy[Step]] = [
    st.tuples(st.just("chat"), st.sampled_from(["Hello!", "What is 2 + 2?", "Name three rivers."])),
    st.tuples(st.just("stream"), st.sampled_from(["Hello!", "Tell me a story."])),
    st.tuples(st.just("embed"), st.sampled_from(["a", "b c"])),
    st.tuples(st.just("search"), st.sampled_from(["red shoes", "lamp"])),
    st.tuples(st.just("wrong"), st.none()),
    st.tuples(st.just("topup"), st.sampled_from([15, 50])),
    st.tuples(st.just("pay"), st.sampled_from(["pay", "fail"])),
    st.tuples(st.just("advance"), st.sampled_from([0.5, 31, 86_400])),
    st.tuples(st.just("scenario"), st.sampled_from(_SOURCES)),
    st.tuples(st.just("named"), st.sampled_from(["flaky", "default", "late-payment", "charged-but-lost"])),
    st.tuples(st.just("amend"), st.sampled_from([{"balance": 3}, {"balance": 100}, {"activated": False}])),
]
STEPS: st.SearchStrategy[Step] = st.one_of(
    *MONEY_STEPS,
    st.tuples(st.just("side"), st.sampled_from(["flaky", "brownout"])),
    st.tuples(st.just("key"), st.sampled_from(["one", "two"])),
    st.tuples(st.just("read"), st.sampled_from(["/v1/keys", "/api/developer/usage", "/api/developer/transactions"])),
    st.tuples(st.just("look"), st.sampled_from(["requests", "ledger?uid=demo", "conduct", "scenario", "clock"])),
    st.tuples(st.just("account"), st.none()),
    st.tuples(st.just("signUp"), st.sampled_from([{"email": "ann@x.example", "password": "secret-1"}, ANONYMOUS])),
    st.tuples(st.just("signInWithPassword"), st.just({"email": "demo@clevora.example", "password": "clevora-demo"})),
    st.tuples(st.just("delete"), st.none()),
)


class Player:
    """A client that performs steps in a sandbox and keeps the responses."""

    def __init__(self, world: World, checkout: str = "cks_none") -> None:
        self.world = world
        self.checkout = checkout

    def play(self, steps: list[Step]) -> list[ResponseParts]:
        return [self.one(step) for step in steps]

    def one(self, step: Step) -> ResponseParts:
        try:
            answer = self._send(*step)
        except httpx.TransportError as error:
            # Some scenarios cause it.
            return 0, [], type(error).__name__.encode()
        if step[0] == "topup" and answer.status_code == 200:
            self.checkout = answer.json()["data"]["checkoutUrl"].rpartition("/")[2]
        return response_parts(answer)

    def _send(self, kind: str, what: Any) -> Any:
        http, key, user = self.world.http, self.world.headers, self.world.signed_in()
        message = {"messages": [{"role": "user", "content": what}]}
        match kind:
            case "chat":
                return http.post(_CHAT, headers=key, json=message)
            case "stream":
                return http.post(_CHAT, headers=key, json=message | {"stream": True})
            case "side":
                return http.post(_CHAT, headers=key | {"x-clevora-mock-scenario": what}, json=message)
            case "embed":
                return http.post("/v1/embeddings", headers=key, json={"input": what})
            case "search":
                return http.post("/v1/search", headers=key, json={"query": what})
            case "wrong":
                return http.post(_CHAT, headers=key, json={"messages": "none"})
            case "topup":
                return http.post("/api/developer/topup", headers=user, json={"amount": what})
            case "key":
                return http.post("/v1/keys", headers=user, json={"name": what})
            case "read":
                return http.get(what, headers=user)
            case _:
                return self._beside_the_contract(kind, what)

    def _beside_the_contract(self, kind: str, what: Any) -> Any:
        http = self.world.http
        match kind:
            case "signUp" | "signInWithPassword" | "delete":
                return http.post(_FIREBASE % kind, json=what or {"idToken": self.world.id_token()})
            case "pay":
                return http.post(f"/__mock/checkouts/{self.checkout}/{what}")
            case "advance":
                return http.patch("/__mock/clock", json={"advance": what})
            case "scenario":
                return http.put("/__mock/scenario", content=what.encode())
            case "named":
                return http.put("/__mock/scenario", json={"name": what})
            case "amend":
                return http.patch("/__mock/accounts/demo", json=what)
            case "account":
                return http.post("/__mock/accounts")
            case "reset":
                return http.post("/__mock/reset", json={"only": what})
            case "look":
                return http.get(f"/__mock/{what}")
        raise ValueError(kind)


def without_sandbox_name(answers: list[ResponseParts], name: str) -> list[ResponseParts]:
    """Return `answers` without the sandbox's name, and without the lengths that depend on it."""
    return [
        (
            status,
            [pair for pair in headers if pair[0] != "content-length"],
            content.replace(b"/sandbox/%b/" % name.encode(), b"/"),
        )
        for status, headers, content in answers
    ]
