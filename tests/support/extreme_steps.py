"""Steps with the largest, smallest and oddest values that requests, scenarios and the control plane take."""

import json
from contextlib import suppress
from typing import Any

import httpx
from hypothesis import strategies as st

from tests.support.random_steps import STEPS, Player, Step
from tests.support.tokens import jwt, valid_claims
from tests.support.world import World

_CHAT = "/v1/chat/completions"
# Longer than any answer takes, unless a scenario lets it wait for years.
_PATIENCE_SECONDS = 0.5

_SPANS = ["0ms", "8760h", "0.0000001ms", "8760.5h", "99999999999999999h", "99999999999999999999h", "1e3s", "-1s"]
_EFFECTS = [
    "{delay: {lognormal: {median: 1ms, p99: 8760h}}}",
    "{delay: {lognormal: {median: 8760h, p99: 8760h}}}",
    "{delay: {uniform: [0ms, 8760h]}}",
    "{stream: {ttft: 8760h, tokens_per_second: 0.001, jitter: 1}}",
    "{stream: {tokens_per_second: 1e-14}}",
    "{fault: [{kind: stall, for: 8760h}, {kind: slow_body, bytes_per_second: 1}]}",
    "{fault: {kind: stall, after_tokens: 1, for: 8760h}}",
    "{error: {status: 599, retry_after: 1000000000, retry_after_ms: 1000000000}}",
    "{error: {status: 429, retry_after: 1e308}}",
    '{error: {status: 400, code: "\U0001f600", message: "\\u0000\\x7f", body: [1e300]}}',
]
_SOURCES = [
    *(f"rules: [{{name: extreme, then: {effect}}}]" for effect in _EFFECTS),
    "clock: {start: 9999-12-31T23:59:59Z, mode: frozen}\nttl: 8760h",
    "clock: {start: 1970-01-01T00:00:00Z, mode: frozen}\nttl: 0.001ms",
    "account: {balance: -1000000000}\nlimits: {requests_per_minute: 0, tokens_per_day: 1000000000000}",
    "account: {balance: 1000000000, activated: false}\npayments: {outcome: fail, delay: 8760h}",
    "rules: [{when: {chance: 1e-300}, then: {error: 500}}, {when: {body: {n: 1e308}}, then: {error: 500}}]",
    "{}",
    '\ufeffname: "\u2028\u0085"\ndescription: "\\U0001F600"',
]
_CLOCKS = [
    {"now": "1970-01-01T00:00:00Z"},
    {"now": "9999-12-31T23:59:59Z"},
    {"advance": "8760h"},
    {"advance": 1e-9},
    {"advance": 1e300},
    {"mode": "scaled", "speed": 1e-9},
    {"mode": "scaled", "speed": 1_000_000},
    {"mode": "scaled", "speed": 1e-320},
    {"mode": "real"},
]
_BALANCES = [0, -0.0, 0.000001, -1e9, 1e9, 1e10, 1e-7]
_NAMES = ["a", "\x00", "\U0001f600", "é" * 128, "a/b", " ", "sk_live_" + "0" * 32, "x" * 5_000]
_BODIES = [
    b"",
    b"\xff\xfe",
    b'{"a":"\\ud800"}',
    b"[" * 2_000,
    b'{"messages":' + b"9" * 400 + b"}",
    b"{" + b" " * 20_000,
]
_TARGETS = [
    "/v1/\xff%ff%00",
    "/v1/chat/completions?q=%ed%a0%80&%7f",
    "/\U0001f600?" + "a" * 3_000,
    "/api/dodo/webhook",
]

# The values of each kind of step.
VALUES: dict[str, list[Any]] = {
    "source": _SOURCES,
    "end": [None],
    "reset": [None, "journal", "ledger", "scenario"],
    "clock": _CLOCKS,
    "wait": [(span, stream) for span in _SPANS for stream in (False, True)],
    "late": _SPANS,
    "balance": _BALANCES,
    "named": _NAMES,
    "user": [*_NAMES, "\ud800"],
    "raw": [(target, body) for target in _TARGETS for body in _BODIES],
    "event": _NAMES,
}
_EXTREME = [st.tuples(st.just(kind), st.sampled_from(values)) for kind, values in VALUES.items()]
# As many of these as of ordinary ones.
EXTREME: st.SearchStrategy[Step] = st.booleans().flatmap(lambda odd: st.one_of(*_EXTREME) if odd else STEPS)
# After each of them, what it changes takes effect.
AFTERWARDS: list[Step] = [("chat", "Hello!"), ("stream", "Hi"), ("search", "lamp"), ("advance", 0.5)]


class ExtremePlayer(Player):
    """A player of `EXTREME` steps, which leaves answers that take long, and freezes the clock after each step."""

    def play_all(self, steps: list[Step]) -> None:
        for kind, what in steps:
            with suppress(httpx.TransportError):
                self._play(kind, what)
            self.world.http.patch("/__mock/clock", json={"mode": "frozen"})

    def _play(self, kind: str, what: Any) -> None:
        http, key = self.world.http, self.world.headers
        match kind:
            case "source":
                http.put("/__mock/scenario", content=what.encode())
            case "end":
                http.delete("/__mock/scenario")
            case "reset":
                http.post("/__mock/reset", json={"only": what})
            case "clock":
                http.patch("/__mock/clock", content=json.dumps(what))
            case "wait":
                body = {"messages": [{"role": "user", "content": "Hi"}], "stream": what[1]}
                http.post(_CHAT, headers=key | {"x-clevora-mock-delay": what[0]}, json=body, timeout=_PATIENCE_SECONDS)
            case "late":
                self.one(("topup", 15))
                http.post(f"/__mock/checkouts/{self.checkout}/pay", json={"delay": what})
            case "balance":
                http.patch("/__mock/accounts/demo", json={"balance": what})
            case _:
                self._play_odd(kind, what)

    def _play_odd(self, kind: str, what: Any) -> None:
        http = self.world.http
        match kind:
            case "named":
                http.post("/__mock/accounts", json={"uid": what, "email": what})
                http.post("/v1/keys", headers=self.world.signed_in(), json={"name": what})
                http.put("/__mock/scenario", json={"name": what})
            case "user":
                # A token of a uid that JSON can write, but UTF-8 cannot, is one of them.
                claims = valid_claims(2_000_000_000, uid=what, email=what)
                user = {"authorization": f"Bearer {jwt(claims)}"}
                http.post("/api/developer/activate", headers=user)
                http.post("/api/developer/topup", headers=user, json={"amount": 15})
            case "raw":
                target, body = what
                agent = [
                    (b"user-agent", b"\xff" * 300),
                    (b"authorization", self.world.headers["authorization"].encode()),
                ]
                http.request("POST", target, headers=agent, content=body, timeout=_PATIENCE_SECONDS)
            case "event":
                payload = {"type": "payment.succeeded", "data": {"payment_id": what, "metadata": {"uid": what}}}
                signed = http.post("/__mock/webhooks/sign", json={"payload": payload}).json()
                http.post("/api/dodo/webhook", headers=signed["headers"], content=signed["body"])
            case _:
                self.one((kind, what))


def extreme_player(world: World) -> ExtremePlayer:
    world.http.timeout = httpx.Timeout(5)
    return ExtremePlayer(world)
