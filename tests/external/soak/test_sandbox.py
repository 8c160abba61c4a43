"""After any public operations in any order, a sandbox is as a naive model of it says.

`MODEL_STEPS` is the number of operations, 20,000 by default.
"""

import json
import os
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from standardwebhooks import Webhook

from clevora_mock.app import create_app
from clevora_mock.clock import Clock
from clevora_mock.settings import Settings
from clevora_mock.web.background import Background
from tests.external.seed import SEED
from tests.external.soak.naive_sandbox import (
    DAY,
    DOLLAR,
    MINUTE,
    NO_SCENARIO,
    RATES,
    SECOND,
    START,
    STREAM_FAULTS,
    TOKENS_PER_SECOND,
    Account,
    Checkout,
    Event,
    Key,
    Outcome,
    Refusal,
    Request,
    Run,
    Sandbox,
    Spec,
    User,
    Wall,
    seconds,
)
from tests.properties.token_count import count_tokens
from tests.support.in_process import Client, Exchange, InlineLoop
from tests.support.tokens import jwt, valid_claims

# Thousands of operations.
pytestmark = pytest.mark.slow

STEPS = int(os.environ.get("MODEL_STEPS", "20000"))
STEPS_A_RUN = 50

KEY = "sk_live_0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + b64encode(b"of the naive model").decode()
PASSWORD = "demo-password"  # the product's is not used
CHAT = "/v1/chat/completions"
PATHS = {
    "chat.completions": CHAT,
    "embeddings": "/v1/embeddings",
    "search": "/v1/search",
    "scripts.generate": "/v1/scripts/generate",
}
FIREBASE = "/identitytoolkit.googleapis.com/v1/accounts:{}?key=any"

UIDS = ["demo", "ada", "bob"]

# --- requests ---------------------------------------------------------------------------------------------------------

TEXTS = ["Hello!", "one two three", "supercalifragilistic ok?", "Ärger… 漢字"]


def chat(texts: list[str], limit: int | None, *, stream: bool = False) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": [{"role": "user", "content": text} for text in texts]}
    return body | ({} if limit is None else {"max_tokens": limit}) | ({"stream": True} if stream else {})


contents = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=2)
asks: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("chat.completions"), st.builds(chat, contents, st.none() | st.integers(1, 9))),
    st.tuples(st.just("chat.completions"), st.builds(chat, contents, st.integers(1, 9), stream=st.just(True))),
    st.tuples(st.just("embeddings"), contents.map(lambda texts: {"input": texts})),
    st.tuples(st.just("embeddings"), contents.map(lambda texts: {"input": texts[0], "encoding_format": "base64"})),
    st.tuples(st.just("search"), st.sampled_from(TEXTS).map(lambda text: {"query": text})),
    st.tuples(st.just("scripts.generate"), st.sampled_from(TEXTS).map(lambda text: {"topic": text, "length": "short"})),
)
mistakes = st.sampled_from(
    [
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_json"),
        (b'{"messages": []}', 400, "invalid_field"),
        (b'{"model": "clevora-1.0-turbo"}', 400, "missing_field"),
        (b'{"messages": [{"role": "user", "content": "a"}], "model": "gpt-x"}', 404, "model_not_found"),
        (b'{"messages": [{"role": "user", "content": "a"}], "model": "clevora-embed-1"}', 400, "invalid_model"),
    ]
)

# --- scenarios --------------------------------------------------------------------------------------------------------

some_tokens = st.integers(0, 6)
AFTER = {"malformed_chunk", "duplicate_chunk", "error_frame", "unframed_error", "early_end"}
# Which any answer can have.
PLAIN_FAULTS: list[dict[str, Any]] = [
    {"kind": "reset"},
    {"kind": "reset", "at": "headers"},
    {"kind": "close"},
    {"kind": "stall"},
    {"kind": "stall", "for": "2s"},
    {"kind": "truncate"},
    {"kind": "truncate", "fraction": 0.2},
    {"kind": "slow_body", "bytes_per_second": 1_000_000},
    {"kind": "wrong_content_type"},
    {"kind": "missing_fields", "fields": ["usage"]},
    {"kind": "wrong_types", "fields": ["usage"]},
]
REPLACING_FAULTS: list[dict[str, Any]] = [
    {"kind": "garbage"},
    {"kind": "empty_body"},
    {"kind": "html_error"},
    {"kind": "html_error", "status": 504},
]


def after(kind: str, tokens: int) -> dict[str, Any]:
    return {"kind": kind, "after_tokens": tokens}


stream_faults = st.sampled_from(STREAM_FAULTS).flatmap(
    lambda kind: some_tokens.map(lambda tokens: after(kind, tokens)) if kind in AFTER else st.just({"kind": kind})
)
late_faults = st.builds(after, st.sampled_from(["reset", "close", "stall"]), some_tokens)
faults = st.sampled_from([*PLAIN_FAULTS, *REPLACING_FAULTS])
delays = st.sampled_from([{}, {}, {"delay": "0s"}, {"delay": "3s"}])
charges = st.sampled_from([{}, {}, {"charge": True}, {"charge": False}])
errors = st.sampled_from([400, 401, 402, 403, 429, 500, 503]).map(lambda status: {"error": status})

paid = st.sampled_from(["chat.completions", "embeddings", ["search", "scripts.generate"], sorted(RATES)])
unpaid = st.sampled_from(["keys.create", "developer.topup", "developer.account", "dodo.webhook", ["keys.revoke"], "*"])
whens = st.fixed_dictionaries(
    {},
    optional={
        "calls": st.sampled_from([1, "1-2", "2-", "every 2"]),
        "between": st.sampled_from([["0s", "40s"], ["30s", "100000s"]]),
        "account": st.sampled_from(UIDS[:2]),
    },
)


def ruled(endpoint: object, when: dict[str, Any], *effects: dict[str, Any]) -> dict[str, Any]:
    then = {name: value for effect in effects for name, value in effect.items()}
    return {"when": {"endpoint": endpoint} | when, "then": then or {"delay": "1s"}}


one_fault = faults.map(lambda fault: {"fault": fault})
late_fault = (late_faults | stream_faults).map(lambda fault: {"fault": fault})
rules = st.one_of(
    st.builds(ruled, paid, whens, one_fault, charges, delays),
    st.builds(ruled, st.just("chat.completions"), whens, late_fault, charges, delays),
    st.builds(ruled, paid, whens, errors, charges, delays),
    st.builds(ruled, st.just("embeddings"), whens, st.just({"fault": {"kind": "float_embeddings"}}), charges),
    st.builds(ruled, unpaid, whens, one_fault | errors | delays),
)


def named(name: str, rules: list[dict[str, Any]], parts: dict[str, Any]) -> dict[str, Any]:
    numbered = [{"name": f"rule {number}"} | one for number, one in enumerate(rules)]
    return {"name": name, "rules": numbered} | parts


specs = st.builds(
    named,
    st.sampled_from(["one", "another"]),
    st.lists(rules, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "limits": st.sampled_from([(2, 60), (4, 100), (None, 200), (3, None), (0, 50)]),
            "account": st.fixed_dictionaries(
                {},
                optional={
                    "balance": st.sampled_from([-DOLLAR, 0, 10_000, 5 * DOLLAR, 15 * DOLLAR, 200 * DOLLAR]),
                    "activated": st.booleans(),
                    "developer_access": st.booleans(),
                },
            ).filter(bool),
            "clock": st.fixed_dictionaries(
                {},
                optional={
                    "start": st.sampled_from([-DAY, 0, 30 * SECOND, DAY + 1]),
                    "mode": st.sampled_from(["real", "frozen", "scaled:60"]),
                },
            ).filter(bool),
            "payments": st.sampled_from([{"outcome": "fail"}, {"delay": "20s"}, {"outcome": "succeed"}]),
            "ttl": st.sampled_from(["10s", "60s", "86400s"]),
        },
    ),
)
# Beside the active one, for single requests.
BUSY: Spec = named("busy", [ruled("*", {"calls": "every 2"}, {"error": 503})], {})
LOST: Spec = named("lost", [ruled("search", {}, {"fault": {"kind": "garbage"}, "charge": True})], {})
SIDE = {"busy": BUSY, "lost": LOST}


def written(spec: Spec) -> dict[str, Any]:
    """Return a scenario as it is sent: in dollars, with times as texts."""
    sent = dict(spec)
    if "limits" in spec:
        sent["limits"] = dict(zip(["requests_per_minute", "tokens_per_day"], spec["limits"], strict=True))
    if "balance" in spec.get("account", {}):
        sent["account"] = spec["account"] | {"balance": spec["account"]["balance"] / DOLLAR}
    if "start" in spec.get("clock", {}):
        sent["clock"] = spec["clock"] | {"start": iso(START + spec["clock"]["start"])}
    return sent


# --- texts ------------------------------------------------------------------------------------------------------------


def micros(dollars: Decimal | int) -> int:
    """Convert a JSON number of dollars, with at most six decimals."""
    exact = Decimal(dollars) * DOLLAR
    assert exact == int(exact)
    return int(exact)


def iso(moment: int, timespec: str = "microseconds") -> str:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    return when.isoformat(timespec=timespec).replace("+00:00", "Z")


def millis(moment: int) -> str:
    return iso(moment, "milliseconds")


def date_of(moment: int) -> str:
    return iso(moment)[:10]


class Stream:
    """A stream that is being read; `began` is the elapsed time of its first byte."""

    def __init__(self, request: Request, exchange: Exchange, began: int) -> None:
        self.request = request
        self.exchange = exchange
        self.began = began
        self.ends = began + request.completion * SECOND // TOKENS_PER_SECOND

    def tokens(self, elapsed: int) -> int:
        """Count the tokens that are due by `elapsed`."""
        step = SECOND // TOKENS_PER_SECOND
        return sum(number * step <= elapsed - self.began for number in range(self.request.completion))

    @property
    def received(self) -> int:
        return self.exchange.body.count(b'"content":')


class Played:
    """Number of operations in a test."""

    def __init__(self) -> None:
        self.steps = 0


picks = st.integers(0, 30)
uids = st.sampled_from(UIDS)
moves = st.one_of(
    st.integers(0, 12).map(lambda tokens: tokens * SECOND // TOKENS_PER_SECOND),
    st.sampled_from([1, SECOND, 9 * SECOND, 20 * SECOND, MINUTE - 1, MINUTE, MINUTE + 1, DAY // 2, DAY, 3 * DAY]),
)


class SandboxMachine(RuleBasedStateMachine):
    """A sandbox and its naive model."""

    def __init__(self, client: Client, usages: "Usages", played: Played) -> None:
        super().__init__()
        self.client = client
        self.usages = usages
        self.played = played
        self.place = "model-a"
        client.prefix = f"/sandbox/{self.place}"
        self.wall = Wall(client.loop.micros)
        self.stream: Stream | None = None
        self.snapshots: list[tuple[bytes, Sandbox]] = []

    # --- the product's side -------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Exchange:
        """Send a request that the model has heard of, and let happen what falls due until it ends."""
        answer = self.client.call(method, path, body, headers)
        self.catch_up()
        return answer

    def catch_up(self) -> None:
        """Let happen in the model what has fallen due."""
        since, clock = self.model.seen_wall, self.model.clock
        self.model.settle()
        if self.stream is not None and (clock.mode == "frozen" or self.stream.ends <= clock.elapsed()):
            stream, self.stream = self.stream, None
            assert stream.exchange.ending == "complete"
            # It may have ended before a request that took some time.
            self.wall.past = min(max(clock.wall_of(stream.ends - clock.back), since), self.wall())
            self.close_stream(stream, "complete", stream.request.completion)
            self.wall.past = None
        for checkout, number in self.model.announced:
            self.learn_payment(checkout, number)
        self.model.announced.clear()

    def learn_payment(self, checkout: Checkout, number: int) -> None:
        """Note the payment's id, if the event has paid a checkout: it cannot pay for another one."""
        lines = self.see("/__mock/requests?endpoint=dodo.webhook")["requests"]
        sent = next(line["body"] for line in lines if line["body"]["data"].get("checkout_session_id") == checkout.id)
        assert sent["type"] == f"payment.{checkout.status}" or checkout.credited
        payment = self.model.payments.setdefault((self.model.place, number), sent["data"]["payment_id"])
        assert sent["data"]["payment_id"] == payment
        self.announced.append((checkout, payment))
        if f"event own {number}" in self.model.marks:
            self.model.marks.add(f"payment {payment}")

    def see(self, path: str) -> Any:
        """Return an answer of the control plane."""
        answer = self.control("GET", path)
        assert answer.status == 200, answer.body
        return json.loads(answer.body, parse_float=Decimal)

    def control(self, method: str, path: str, body: object = None) -> Exchange:
        self.model.arrive()
        return self.client.call(method, path, body)

    def token(self, uid: str) -> dict[str, str]:
        return {"authorization": f"Bearer {jwt(valid_claims(self.model.now() // SECOND, uid))}"}

    @initialize()
    def begin(self) -> None:
        demo = self.client.call("GET", "/__mock/accounts/demo").json
        user = User("demo", "demo@clevora.example", PASSWORD)
        self.model = Sandbox(self.wall, self.place, (demo["keys"][0]["id"], KEY), user, (60, 1_000_000))
        self.announced: list[tuple[Checkout, str]] = []
        # A second user, and one who is still to come.
        self.activate("ada")
        self.top_up("ada", 15)
        self.create_key("ada")

    # --- paid requests ------------------------------------------------------------------------------------------------

    def key(self, pick: int) -> Key | None:
        # Revoked keys are used sometimes, valid ones otherwise.
        known = [key for key in self.model.keys if key.raw is not None]
        valid = [key for key in known if not key.revoked]
        keys = valid if valid and pick % 7 else known
        return keys[pick % len(keys)] if keys else None

    def admit(
        self, key: Key, request: Request, own: Refusal | None, headers: dict[str, str], forced: dict[str, Any]
    ) -> Request:
        """Decide about a request that arrives now; `forced` is what its headers ask for."""
        self.model.arrive()
        if key.revoked:
            request.refusal = Refusal(401, "invalid_api_key")
        elif not key.account.access:
            request.refusal = Refusal(403, "developer_access_required")
        else:
            run = self.model.run
            if side := headers.get("x-clevora-mock-scenario"):
                run = self.model.side.setdefault(side, Run(SIDE[side], self.model.now()))
            rule = self.model.plan(run, request.endpoint, key.account.uid, key)
            request.then = ({} if rule is None else rule["then"]) | forced
            request.rule = rule["name"] if rule else ", ".join(sorted(headers, key=ORDER.index)) if forced else None
            request.refusal = own if "error" in request.then else self.model.gate(key) or own
        return request

    def check(self, answer: Exchange, request: Request, outcome: Outcome) -> None:
        assert (answer.status or None, answer.ending) == (outcome.status, outcome.ending)
        if answer.status:
            assert answer.headers.get("x-clevora-mock-rule") == request.rule
        if request.refusal and not request.then:
            assert answer.json["error"]["code"] == request.refusal.code
            wait = request.refusal.wait
            assert answer.headers.get("retry-after") == (None if wait is None else str(wait))

    def ask(
        self,
        key: Key,
        endpoint: str,
        body: object,
        own: Refusal | None = None,
        headers: dict[str, str] | None = None,
        forced: dict[str, Any] | None = None,
    ) -> None:
        tokens = (0, 0) if own else self.usages.of(endpoint, body)
        streamed = isinstance(body, dict) and body.get("stream", False)
        request = Request(endpoint, key, *tokens, streamed=streamed)
        self.admit(key, request, own, headers or {}, forced or {})
        outcome = self.model.price(request)
        credential = {"authorization": f"Bearer {key.raw}"}
        answer = self.call("POST", PATHS[endpoint], body, credential | (headers or {}))
        self.model.finish(request, outcome)
        self.check(answer, request, outcome)
        if outcome.status == 200 and not request.then:
            if streamed:
                assert answer.body.endswith(b"data: [DONE]\n\n")
                assert answer.body.count(b'"content":') == request.completion
            else:
                assert answer.json["usage"]["total_tokens"] == request.prompt + request.completion

    @rule(pick=picks, ask=asks, times=st.sampled_from([1, 1, 1, 3]))
    def spend(self, pick: int, ask: tuple[str, dict[str, Any]], times: int) -> None:
        for _ in range(times):
            if key := self.key(pick):
                self.ask(key, *ask)

    @rule(pick=picks, mistake=mistakes)
    def fail(self, pick: int, mistake: tuple[bytes, int, str]) -> None:
        if key := self.key(pick):
            self.ask(key, "chat.completions", mistake[0], Refusal(*mistake[1:]))

    @rule(pick=picks, ask=asks, fault=faults | stream_faults, delay=st.booleans())
    def fail_on_demand(self, pick: int, ask: tuple[str, dict[str, Any]], fault: dict[str, Any], delay: bool) -> None:
        """Ask for a fault by header, which has no options."""
        key, kind = self.key(pick), fault["kind"]
        if key is None or kind == "slow_body" or (kind in STREAM_FAULTS and not ask[1].get("stream")):
            return
        headers = {"x-clevora-mock-fault": kind} | ({"x-clevora-mock-delay": "2s"} if delay else {})
        self.ask(key, *ask, headers=headers, forced={"fault": {"kind": kind}})

    @rule(pick=picks, ask=asks, status=st.sampled_from([401, 402, 429, 500, 503]))
    def fail_with_a_status(self, pick: int, ask: tuple[str, dict[str, Any]], status: int) -> None:
        if key := self.key(pick):
            self.ask(key, *ask, headers={"x-clevora-mock-error": str(status)}, forced={"error": status})

    @rule(pick=picks, ask=asks, name=st.sampled_from(sorted(SIDE)))
    def ask_beside(self, pick: int, ask: tuple[str, dict[str, Any]], name: str) -> None:
        if key := self.key(pick):
            self.ask(key, *ask, headers={"x-clevora-mock-scenario": name})

    @rule()
    def ask_as_nobody(self) -> None:
        self.model.arrive()
        answer = self.call("POST", CHAT, chat(["Hello!"], 1), {"authorization": "Bearer sk_live_" + "0" * 32})
        assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_api_key")
        self.model.write(None, "chat.completions", Outcome(401, "complete", 0, True, False), None, None)

    @rule(line=st.sampled_from([("GET", "/v1/models", 404), ("GET", CHAT, 405), ("POST", "/v1/v1/search", 404)]))
    def ask_elsewhere(self, line: tuple[str, str, int]) -> None:
        self.model.arrive()
        assert self.call(*line[:2]).status == line[2]
        self.model.write(None, None, Outcome(line[2], "complete", 0, True, False), None, None)

    # --- streams that are read slowly ---------------------------------------------------------------------------------

    @precondition(lambda self: self.stream is None and not any(one.due for one in self.model.checkouts))
    @rule(pick=picks, texts=contents, limit=st.integers(1, 9))
    def open_stream(self, pick: int, texts: list[str], limit: int) -> None:
        key, body = self.key(pick), chat(texts, limit, stream=True)
        self.model.arrive()
        if key is None or self.model.run.spec["rules"] or self.model.clock.mode == "frozen":
            return
        request = Request("chat.completions", key, *self.usages.of("chat.completions", body), streamed=True)
        self.admit(key, request, None, {}, {})
        exchange = self.client.open("POST", CHAT, body, {"authorization": f"Bearer {key.raw}"})
        if request.refusal:
            self.model.finish(request, self.model.price(request))
            assert exchange.status == request.refusal.status
        else:
            self.stream = Stream(request, exchange, self.model.clock.elapsed())
            assert exchange.status == 200

    @precondition(lambda self: self.stream)
    @rule()
    def leave_stream(self) -> None:
        stream, self.stream = self.stream, None
        assert stream is not None
        stream.exchange.leave()
        self.client.loop.run_until_idle()
        self.close_stream(stream, "left", stream.tokens(self.model.clock.elapsed()))

    def close_stream(self, stream: Stream, ending: str, tokens: int) -> None:
        assert stream.received == tokens
        outcome = Outcome(200, ending, stream.request.prompt + tokens, failed=False, charged=True)
        self.model.finish(stream.request, outcome)

    # --- accounts and keys --------------------------------------------------------------------------------------------

    def as_user(
        self,
        uid: str,
        endpoint: str,
        line: tuple[str, str],
        body: object = None,
        work: Callable[[], Refusal | None] = lambda: None,
    ) -> tuple[Exchange, bool]:
        """Send a request of a signed-in user; return the answer, and True if it has done its work and says so."""
        self.model.arrive()
        account = self.model.accounts.get(uid)
        request, rule = Request(endpoint), None
        open_to_all = endpoint in ("developer.activate", "developer.account")
        if not open_to_all and (account is None or not account.access):
            request.refusal = Refusal(403, "developer_access_required")
        else:
            rule = self.model.plan(self.model.run, endpoint, uid, None)
            request.then = {} if rule is None else rule["then"]
            request.rule = None if rule is None else rule["name"]
            if "error" not in request.then:
                request.refusal = work()
                account = self.model.accounts.get(uid) if endpoint == "developer.activate" else account
        outcome = self.model.price(request)
        answer = self.call(*line, body, self.token(uid))
        self.model.write(uid, endpoint, outcome, rule, None if account is None else account.balance)
        self.check(answer, request, outcome)
        unchanged = (None, "wrong_content_type", "missing_fields", "wrong_types", "slow_body")
        readable = request.then.get("fault", {}).get("kind") in unchanged
        worked = request.refusal is None and "error" not in request.then
        return answer, worked and readable

    @rule(uid=uids)
    def activate(self, uid: str) -> None:
        def work() -> None:
            self.model.account(uid).access = True

        self.as_user(uid, "developer.activate", ("POST", "/api/developer/activate"), work=work)

    @rule(uid=uids)
    def create_key(self, uid: str) -> None:
        made: list[Key] = []

        def work() -> None:
            made.append(Key(self.model.account(uid), "", None, "one more"))
            made[0].account.keys.append(made[0])

        answer, known = self.as_user(uid, "keys.create", ("POST", "/v1/keys"), {"name": "one more"}, work)
        if known:
            told = answer.json["data"]
            made[0].id, made[0].raw = told["id"], told["key"]
        elif made:
            made[0].id = self.see(f"/__mock/accounts/{uid}")["keys"][-1]["id"]

    @precondition(lambda self: self.key(1))
    @rule(pick=picks, uid=uids, own=st.booleans(), by_raw=st.booleans())
    def revoke(self, pick: int, uid: str, own: bool, by_raw: bool) -> None:
        keys = [key for key in self.model.keys if not key.revoked or not pick % 3]
        if not keys:
            return
        key = keys[pick % len(keys)]

        def work() -> Refusal | None:
            if key.account.uid != uid:
                return Refusal(404, "not_found")
            key.revoked = True
            return None

        uid = key.account.uid if own else uid
        name = key.raw if by_raw and key.raw else key.id
        answer, known = self.as_user(uid, "keys.revoke", ("DELETE", f"/v1/keys/{name}"), None, work)
        if known:
            assert answer.json["data"] == {"id": key.id, "status": "revoked"}

    @rule(uid=uids)
    def look_at_account(self, uid: str) -> None:
        answer, known = self.as_user(uid, "developer.account", ("GET", "/api/developer/account"))
        account = self.model.accounts.get(uid) or Account(uid)
        if known:
            told = json.loads(answer.body, parse_float=Decimal)["data"]
            assert (told["developerAccess"], told["activated"]) == (account.access, account.activated)
            assert micros(told["balance"]) == account.balance

    @rule(uid=uids | st.none(), balance=st.sampled_from([None, 0, 10, 15, 40.25]), activated=st.none() | st.booleans())
    def make_account(self, uid: str | None, balance: float | None, activated: bool | None) -> None:
        asked = {"uid": uid, "balance": balance, "activated": activated}
        body = {name: value for name, value in asked.items() if value is not None}
        answer = self.control("POST", "/__mock/accounts", body)
        if uid in self.model.accounts:
            assert answer.status == 400
            return
        told = answer.json
        account = self.model.account(told["uid"])
        account.access = True
        opening = 100 * DOLLAR if balance is None else micros(Decimal(str(balance)))
        if opening:
            account.move("credit", opening, self.model.now())
        account.activated = account.activated if activated is None else activated
        account.keys.append(Key(account, told["keys"][0]["id"], told["apiKey"], "Made by the control plane"))

    @rule(
        uid=uids,
        balance=st.none() | st.sampled_from([-1, 0, 1, 9_000, 14_999_999, 15 * DOLLAR, 50 * DOLLAR]),
        activated=st.sampled_from([None, None, True, False]),
        access=st.sampled_from([None, None, True, False]),
    )
    def change_account(self, uid: str, balance: int | None, activated: bool | None, access: bool | None) -> None:
        asked = {"balance": None if balance is None else balance / DOLLAR}
        asked |= {"activated": activated, "developerAccess": access}
        body = {name: value for name, value in asked.items() if value is not None}
        answer = self.control("PATCH", f"/__mock/accounts/{uid}", body)
        account = self.model.accounts.get(uid)
        assert answer.status == (404 if account is None else 200)
        if account is not None:
            if balance is not None:
                account.adjust(balance, self.model.now())
                # It replaces what a scenario has set.
                self.model.run.adjustment = 0 if uid == "demo" else self.model.run.adjustment
            account.activated = account.activated if activated is None else activated
            account.access = account.access if access is None else access

    # --- Firebase -----------------------------------------------------------------------------------------------------

    def firebase(self, operation: str, body: dict[str, Any]) -> Exchange:
        self.model.arrive()
        return self.call("POST", FIREBASE.format(operation), {"returnSecureToken": True} | body)

    def firebase_line(self, operation: str, status: int, uid: str | None) -> None:
        account = self.model.accounts.get(uid or "")
        outcome = Outcome(status, "complete", 0, status >= 400, False)
        self.model.write(uid, f"firebase.{operation}", outcome, None, None if account is None else account.balance)

    @rule(email=st.sampled_from([None, "a@x.example", "B@x.example", "demo@clevora.example"]))
    def sign_up(self, email: str | None) -> None:
        answer = self.firebase("signUp", {} if email is None else {"email": email, "password": "pass-word"})
        taken = email is not None and any(user.email == email.lower() for user in self.model.users)
        assert answer.status == (400 if taken else 200)
        uid = None if taken else str(answer.json["localId"])
        if uid is not None:
            self.model.users.append(User(uid, email and email.lower(), email and "pass-word"))
        self.firebase_line("signUp", answer.status, uid)

    @rule(email=st.sampled_from(["a@x.example", "b@X.example"]), password=st.sampled_from(["pass-word", "wrong-word"]))
    def sign_in(self, email: str, password: str) -> None:
        answer = self.firebase("signInWithPassword", {"email": email, "password": password})
        found = [u for u in self.model.users if (u.email, u.password) == (email.lower(), password)]
        assert answer.status == (200 if found else 400)
        if found:
            assert answer.json["localId"] == found[0].uid
        self.firebase_line("signInWithPassword", answer.status, found[0].uid if found else None)

    @precondition(lambda self: self.model.users)
    @rule(pick=picks, work=st.sampled_from(["lookup", "delete", "update"]))
    def use_firebase(self, pick: int, work: str) -> None:
        user = self.model.users[pick % len(self.model.users)]
        # Later than any change of the user's password, which would revoke it.
        token = jwt(valid_claims(self.model.now() // SECOND + 10 * DAY // SECOND, user.uid))
        more = {"password": "pass-word"} if work == "update" else {}
        answer = self.firebase(work, {"idToken": token} | more)
        assert answer.status == 200
        self.firebase_line(work, 200, user.uid)
        if work == "delete":
            self.model.users.remove(user)
        elif work == "update":
            user.password = "pass-word"

    # --- payments -----------------------------------------------------------------------------------------------------

    @rule(uid=uids, amount=st.sampled_from([15, 15.01, 33.33, 10_000]))
    def top_up(self, uid: str, amount: float) -> None:
        made: list[Checkout] = []

        def work() -> None:
            made.append(Checkout("", uid, micros(Decimal(str(amount))), self.model.now()))
            self.model.checkouts.append(made[0])

        answer, known = self.as_user(uid, "developer.topup", ("POST", "/api/developer/topup"), {"amount": amount}, work)
        if known:
            made[0].id = answer.json["data"]["checkoutUrl"].rpartition("/")[2]
        elif made:
            made[0].id = self.see("/__mock/checkouts")["checkouts"][-1]["id"]

    @precondition(lambda self: self.model.checkouts and self.stream is None)
    @rule(
        pick=picks,
        outcome=st.sampled_from(["pay", "pay", "fail"]),
        deliveries=st.sampled_from([None, 1, 2, 3]),
        delay=st.sampled_from([None, None, 0, 5, 90]),
    )
    def finish_checkout(self, pick: int, outcome: str, deliveries: int | None, delay: int | None) -> None:
        checkout = self.model.checkouts[-1 - pick % len(self.model.checkouts)]
        body = {name: value for name, value in (("deliveries", deliveries), ("delay", delay)) if value is not None}
        statuses = self.settle_checkout(checkout, outcome, deliveries or 1, delay)
        answer = self.call("POST", f"/__mock/checkouts/{checkout.id}/{outcome}", body)
        assert answer.status == (400 if statuses is None else 200)
        if statuses is not None:
            assert answer.json["webhookStatuses"] == statuses

    @precondition(lambda self: self.model.checkouts and self.stream is None)
    @rule(pick=picks, outcome=st.sampled_from(["succeeded", "failed"]))
    def finish_checkout_on_its_page(self, pick: int, outcome: str) -> None:
        checkout = self.model.checkouts[-1 - pick % len(self.model.checkouts)]
        statuses = self.settle_checkout(checkout, "pay" if outcome == "succeeded" else "fail")
        answer = self.call("POST", f"/checkout/{checkout.id}", f"outcome={outcome}".encode())
        assert answer.status == (400 if statuses is None else 303)

    def settle_checkout(
        self, checkout: Checkout, outcome: str, deliveries: int = 1, delay: int | None = None
    ) -> list[int] | None:
        """Finish a checkout in the model; return the statuses of the webhook, None if it cannot be finished."""
        self.model.arrive()
        now, scenario = self.model.now(), self.model.run.spec.get("payments", {})
        if checkout.status != "open" or now >= checkout.created + DAY:
            return None
        succeeds = outcome == "pay" and scenario.get("outcome") != "fail"
        checkout.status, checkout.deliveries = "succeeded" if succeeds else "failed", deliveries
        wait = seconds(scenario.get("delay", "0s")) if delay is None else delay * SECOND
        checkout.due = now + wait
        return [] if wait else self.model.deliver(checkout)

    @rule(
        uid=uids,
        amount=st.sampled_from([15, 33.33]),
        deliveries=st.sampled_from([1, 2]),
        delay=st.sampled_from([0, 30]),
    )
    def pay(self, uid: str, amount: float, deliveries: int, delay: int) -> None:
        before = len(self.model.checkouts)
        self.top_up(uid, amount)
        if len(self.model.checkouts) > before and self.stream is None:
            self.finish_checkout(0, "pay", deliveries, delay)

    def post_event(self, event: Event, data: dict[str, Any], mistake: str | None = None) -> None:
        """Deliver an event that the mock did not make."""
        self.model.arrive()
        body = json.dumps({"type": event.kind, "data": data}).encode()
        shift = {"stale": -301, "future": 301, "old": -299, "early": 299}.get(mistake or "", 0)
        sent = self.model.now() // SECOND + shift
        secret = "whsec_c29tZWJvZHkgZWxzZQ==" if mistake == "secret" else SECRET
        signature = Webhook(secret).sign(event.id, datetime.fromtimestamp(sent, UTC), body.decode())
        headers = {"webhook-id": event.id, "webhook-timestamp": str(sent), "webhook-signature": signature}
        headers.pop(mistake or "", None)
        refused = mistake not in (None, "old", "early")
        outcome, rule = self.model.receive(event, Refusal(401, "invalid_signature") if refused else None)
        answer = self.call("POST", "/api/dodo/webhook", body + (b" " if mistake == "body" else b""), headers)
        self.model.write(None, "dodo.webhook", outcome, rule, None)
        assert (answer.status or None, answer.ending) == (outcome.status, outcome.ending)
        if rule is None:
            assert answer.json == {"received": True} if not refused else "error" in answer.json

    @precondition(lambda self: self.announced)
    @rule(pick=picks, elsewhere=st.booleans())
    def announce_again(self, pick: int, elsewhere: bool) -> None:
        """Deliver a payment of the mock's once more, under another id, perhaps for another checkout."""
        checkout, payment = self.announced[pick % len(self.announced)]
        now_known = [one for one in self.model.checkouts if one.id == checkout.id]
        if elsewhere:
            now_known = [one for one in self.model.checkouts if not one.credited] or now_known
        target = now_known[0] if now_known else None
        data = {"checkout_session_id": target.id if target else checkout.id, "payment_id": payment}
        self.post_event(Event(f"evt_again_{pick}", "payment.succeeded", target, payment), data)

    @precondition(lambda self: self.model.checkouts)
    @rule(
        pick=picks,
        number=st.integers(0, 3),
        payment=st.none() | st.integers(0, 3),
        kind=st.sampled_from(["payment.succeeded"] * 3 + ["payment.failed", "refund.succeeded", "dispute.opened"]),
        place=st.sampled_from(["session", "session", "metadata", "unknown session", "nowhere"]),
        mistake=st.sampled_from([None, None, None, "old", "early"]),
    )
    def announce(self, pick: int, number: int, payment: int | None, kind: str, place: str, mistake: str | None) -> None:
        checkout = self.model.checkouts[-1 - pick % len(self.model.checkouts)]
        data: dict[str, Any] = {"total_amount": 1, "currency": "EUR"}
        target: Checkout | None = None
        if payment is not None:
            data["payment_id"] = f"pay_{payment}"
        if place in ("metadata", "unknown session"):
            data["metadata"] = {"uid": checkout.uid, "amount": f"{Decimal(checkout.amount) / DOLLAR:.2f}"}
        if place == "session":
            data["checkout_session_id"], target = checkout.id, checkout
        elif place == "unknown session":
            data["checkout_session_id"] = "cks_nobody"
        elif place == "metadata":
            alike = [(one.uid, one.amount, one.credited) for one in self.model.checkouts]
            wanted = (checkout.uid, checkout.amount, False)
            target = self.model.checkouts[alike.index(wanted)] if wanted in alike else None
        self.post_event(Event(f"evt_{number}", kind, target, data.get("payment_id")), data, mistake)

    @precondition(lambda self: self.model.checkouts)
    @rule(
        pick=picks,
        mistake=st.sampled_from(
            ["secret", "stale", "future", "body", "webhook-id", "webhook-timestamp", "webhook-signature"]
        ),
    )
    def forge(self, pick: int, mistake: str) -> None:
        checkout = self.model.checkouts[-1 - pick % len(self.model.checkouts)]
        data = {"checkout_session_id": checkout.id, "payment_id": "pay_forged"}
        self.post_event(Event("evt_forged", "payment.succeeded", checkout, "pay_forged"), data, mistake)

    # --- time ---------------------------------------------------------------------------------------------------------

    def move_clock(self, change: dict[str, Any], to: int | None = None) -> None:
        """Change the clock; it jumps to `to` if that is given."""
        self.model.arrive()
        clock = self.model.clock
        before = clock.now()
        if "mode" in change:
            clock.go_on(change["mode"], change.get("speed", 1), self.wall(), before)
        if to is not None:
            clock.set(to)
        if "now" in change:
            for run in (self.model.run, *self.model.side.values()):
                ahead = max(0, run.began - clock.now())
                run.began -= ahead
                run.ends = None if run.ends is None else run.ends - ahead
        answer = self.call("PATCH", "/__mock/clock", change)
        assert answer.status == 200, answer.body

    @rule(by=moves)
    def advance(self, by: int) -> None:
        self.model.arrive()
        self.move_clock({"advance": by / SECOND}, self.model.now() + by)

    @rule(edge=st.sampled_from([0, 1]))
    def go_to_midnight(self, edge: int) -> None:
        self.model.arrive()
        now = self.model.now()
        to = (now // DAY + 1) * DAY - edge
        self.move_clock({"now": iso(to)}, to)

    @rule(by=moves)
    def set_back(self, by: int) -> None:
        self.model.arrive()
        to = max(0, self.model.now() - by)
        self.move_clock({"now": iso(to)}, to)

    @rule(mode=st.sampled_from(["real", "frozen", "frozen", "scaled"]))
    def change_mode(self, mode: str) -> None:
        self.move_clock({"mode": mode} | ({"speed": 60} if mode == "scaled" else {}))

    @precondition(lambda self: self.model.clock.mode != "frozen")
    @rule(by=st.integers(0, 12).map(lambda tokens: tokens * 5_000) | st.sampled_from([SECOND, 8 * SECOND, 70 * SECOND]))
    def wait(self, by: int) -> None:
        self.client.wait(by / SECOND)
        self.catch_up()

    # --- scenarios ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.stream is None)
    @rule(spec=specs)
    def start_scenario(self, spec: Spec) -> None:
        self.model.arrive()
        self.model.start(spec)
        answer = self.call("PUT", "/__mock/scenario", written(spec))
        assert answer.status == 200, answer.body

    @rule(name=st.sampled_from(sorted(SIDE)), ttl=st.sampled_from([None, "30s"]))
    def start_scenario_by_name(self, name: str, ttl: str | None) -> None:
        self.model.arrive()
        more = {} if ttl is None else {"ttl": ttl}
        self.model.start({**SIDE[name], **more})
        assert self.call("PUT", "/__mock/scenario", {"name": name} | more).status == 200

    @rule()
    def end_scenario(self) -> None:
        self.model.arrive()
        self.model.start(NO_SCENARIO)
        assert self.call("DELETE", "/__mock/scenario").status == 200

    # --- resets and snapshots -----------------------------------------------------------------------------------------

    @rule(part=st.sampled_from([None, "journal", "ledger", "scenario"]))
    def reset(self, part: str | None) -> None:
        self.model.arrive()
        self.model.reset(part, self.place)
        assert self.call("POST", "/__mock/reset", {} if part is None else {"only": part}).status == 200
        if part is None:
            # The id is another one in another sandbox.
            self.model.keys[0].id = self.see("/__mock/accounts/demo")["keys"][0]["id"]

    @rule()
    def empty_journal(self) -> None:
        self.model.arrive()
        self.model.reset("journal", self.place)
        assert self.call("DELETE", "/__mock/requests").status == 200

    @rule()
    def save(self) -> None:
        self.model.arrive()
        self.snapshots.append((self.call("GET", "/__mock/state").body, self.model.snapshot()))

    @precondition(lambda self: self.snapshots)
    @rule(pick=picks)
    def restore(self, pick: int) -> None:
        if self.stream is not None:
            self.leave_stream()
        body, saved = self.snapshots[pick % len(self.snapshots)]
        self.model.arrive()
        self.model = saved.restored(self.model.clock)
        assert self.call("PUT", "/__mock/state", body).status == 200

    @rule()
    def move_to_another_sandbox(self) -> None:
        """Let the sandbox go on elsewhere as if nothing had happened."""
        if self.stream is not None:
            self.leave_stream()
        self.save()
        body, saved = self.snapshots.pop()
        assert self.client.call("DELETE", "/").json == {"removed": self.place}
        self.place = {"model-a": "model-b", "model-b": "model-a"}[self.place]
        self.client.prefix = f"/sandbox/{self.place}"
        self.model = saved.restored(self.model.clock)
        assert self.call("PUT", "/__mock/state", body).status == 200

    @rule(path=st.sampled_from(["conduct", "sandboxes", "scenarios", "fidelity", "health", "openapi.json"]))
    def look(self, path: str) -> None:
        self.see(f"/__mock/{path}")

    # --- comparisons --------------------------------------------------------------------------------------------------

    @invariant()
    def clock_agrees(self) -> None:
        self.played.steps += 1
        told = self.see("/__mock/clock")
        assert (told["mode"], told["now"]) == (self.model.clock.mode, millis(self.model.now()))
        if self.stream is not None:
            assert self.stream.received == self.stream.tokens(self.model.clock.elapsed())

    @invariant()
    def accounts_agree(self) -> None:
        told = self.see("/__mock/accounts")["accounts"]
        assert [
            (
                one["uid"],
                micros(one["balance"]),
                one["activated"],
                one["developerAccess"],
                [(key["id"], key["name"], key["revoked"]) for key in one["keys"]],
            )
            for one in told
        ] == [
            (
                one.uid,
                one.balance,
                one.activated,
                one.access,
                [(key.id, key.name, key.revoked) for key in one.keys],
            )
            for one in self.model.accounts.values()
        ]

    @invariant()
    def journal_agrees(self) -> None:
        told = self.see("/__mock/requests?limit=4")
        assert told["count"] == len(self.model.journal)
        assert [
            (
                one["endpoint"],
                one["status"],
                one["account"],
                micros(one["cost"]),
                None if one["balanceAfter"] is None else micros(one["balanceAfter"]),
                one["rule"],
                one["abandoned"],
            )
            for one in told["requests"]
        ] == [tuple(line) for line in self.model.journal[:-5:-1]]

    def teardown(self) -> None:
        try:
            if hasattr(self, "model"):
                self.compare_books()
        finally:
            if self.stream is not None:
                self.stream.exchange.leave()
                self.client.loop.run_until_idle()
            self.client.call("DELETE", "/")

    def compare_books(self) -> None:
        """Compare what would take long to compare after every step."""
        for account in self.model.accounts.values():
            self.compare_ledger(account)
            self.compare_usage(account)
            for key in account.keys:
                self.compare_key(key)
        run = self.model.run
        told = self.see("/__mock/scenario")
        assert told["name"] == run.spec["name"]
        assert {one["name"]: (one["met"], one["applied"]) for one in told["rules"]} == {
            one["name"]: (run.met.get(one["name"], 0), run.applied.get(one["name"], 0)) for one in run.spec["rules"]
        }
        assert [
            (one["id"], one["uid"], micros(one["amount"]), one["status"], one["credited"], one["dueAt"])
            for one in self.see("/__mock/checkouts")["checkouts"]
        ] == [
            (one.id, one.uid, one.amount, one.status, one.credited, None if one.due is None else millis(one.due))
            for one in self.model.checkouts
        ]

    def compare_ledger(self, account: Account) -> None:
        told = self.see(f"/__mock/ledger?uid={account.uid}")
        assert micros(told["balance"]) == account.balance
        kinds = {"credits": "credit", "charges": "charge", "adjustments": "adjustment"}
        assert {name: micros(told[name]) for name in kinds} == {
            name: account.total(kind) for name, kind in kinds.items()
        }
        assert told["tokens"] == sum(one.tokens for one in account.movements)
        entries = [
            (one["type"], one["endpoint"], one["tokens"], micros(one["amount"]), micros(one["balanceAfter"]))
            for one in told["entries"]
        ]
        assert entries == [one[:5] for one in account.movements]
        times = zip(told["entries"], account.movements, strict=True)
        assert [one["createdAt"] for one, known in times if known.at is not None] == [
            millis(one.at) for one in account.movements if one.at is not None
        ]
        assert len({one["id"] for one in told["entries"]}) == len(account.movements)

    def compare_usage(self, account: Account) -> None:
        """Compare the dashboard's report, unless a rule is about it."""
        if not account.access or self.model.run.spec["rules"]:
            return
        self.model.arrive()
        answer = self.call("GET", "/api/developer/usage?range=90", None, self.token(account.uid))
        report, now = answer.json["data"], self.model.now()
        days = [now // DAY - back for back in range(89, -1, -1)]
        uses = {day: [use for use in account.uses if use.at // DAY == day] for day in days}
        ranged = [use for use in account.uses if use.at // DAY in uses]
        assert report["dailySeries"] == [
            {
                "date": date_of(day * DAY),
                "requests": len(uses[day]),
                "tokens": sum(use.tokens for use in uses[day]),
                "errors": sum(use.failed for use in uses[day]),
            }
            for day in days
        ]
        assert report["endpointBreakdown"] == {
            name: {
                "requests": sum(use.endpoint == name for use in ranged),
                "tokens": sum(use.tokens for use in ranged if use.endpoint == name),
            }
            for name in {use.endpoint for use in ranged}
        }
        assert [(one["endpoint"], one["tokens"], one["status"]) for one in report["recentActivity"]] == [
            (use.endpoint, use.tokens, "error" if use.failed else "success") for use in account.uses[:-21:-1]
        ]
        summary = report["summary"]
        assert (summary["totalRequests"], summary["rangeRequests"]) == (len(account.uses), len(ranged))
        assert summary["totalTokens"] == sum(use.tokens for use in account.uses)
        assert summary["lastUsed"] == (millis(account.uses[-1].at) if account.uses else None)

    def compare_key(self, key: Key) -> None:
        told = self.see(f"/__mock/firestore/clevora_developer_keys/{key.id}")
        assert (told["requests"], told["tokens"]) == (len(key.uses), sum(use.tokens for use in key.uses))
        assert told["lastUsed"] == (millis(key.uses[-1].at) if key.uses else None)


# The order in which headers that apply are named.
ORDER = ["x-clevora-mock-error", "x-clevora-mock-fault", "x-clevora-mock-delay"]


class Usages:
    """The tokens of each request, from a sandbox without faults; prompts are counted, and completions are told."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[int, int]] = {}

    def of(self, endpoint: str, body: object) -> tuple[int, int]:
        assert isinstance(body, dict)
        plain = {name: value for name, value in body.items() if name != "stream"}
        name = json.dumps([endpoint, plain])
        if name not in self._known:
            self._client.call("POST", "/__mock/reset")
            answer = self._client.call("POST", PATHS[endpoint], plain, {"authorization": f"Bearer {KEY}"})
            self._known[name] = tokens_of(endpoint, plain, answer.json)
        return self._known[name]


def tokens_of(endpoint: str, body: dict[str, Any], answer: dict[str, Any]) -> tuple[int, int]:
    """Return the prompt's tokens and the completion's, after a comparison with the answer's usage."""
    usage = answer["usage"]
    if endpoint == "chat.completions":
        texts = [message["content"] for message in body["messages"]]
        prompt = 3 + sum(3 + count_tokens(text) for text in texts)
        told = count_tokens(answer["choices"][0]["message"]["content"])
        if (texts, body.get("max_tokens")) == (["Hello!"], None):
            # The documented example's own.
            assert usage == {"prompt_tokens": 8, "completion_tokens": 32, "total_tokens": 40}
            return 8, 32
        assert told == usage["completion_tokens"] <= body.get("max_tokens", told)
    elif endpoint == "scripts.generate":
        prompt, told = count_tokens(body["topic"]) + 6, usage["completion_tokens"]
        assert told <= 300
    else:
        asked = body["query"] if endpoint == "search" else body["input"]
        prompt, told = sum(map(count_tokens, [asked] if isinstance(asked, str) else asked)), 0
    assert usage["prompt_tokens"] == prompt
    assert usage["total_tokens"] == prompt + told
    return prompt, told


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Provide a client of a server whose wall time is virtual, and which does long work at once."""
    monkeypatch.setattr(Background, "start", lambda self, work: work())
    for name, spec in SIDE.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(written(spec)), encoding="utf-8")
    loop = InlineLoop()

    class VirtualSettings(Settings, frozen=True):
        def make_clock(self) -> Clock:
            return Clock("frozen", read=lambda: START + loop.micros())

    settings = VirtualSettings(
        api_key=KEY, webhook_secret=SECRET, scenarios=tmp_path, tokens_per_second=TOKENS_PER_SECOND, quiet=True
    )
    yield Client(create_app(settings), loop)
    loop.close()


def test_a_sandbox_is_as_its_naive_model_says(client: Client) -> None:
    played = Played()
    usages = Usages(Client(client.app, client.loop, "/sandbox/learning"))

    class Machine(SandboxMachine):
        def __init__(self) -> None:
            super().__init__(client, usages, played)

    for number in count(SEED):
        missing = STEPS - played.steps
        if missing <= 0:
            break
        runs = settings(max_examples=-(-missing // STEPS_A_RUN), stateful_step_count=STEPS_A_RUN)
        run_state_machine_as_test(seed(number)(Machine), settings=runs)
    sys.stdout.write(f"{played.steps} steps of a sandbox and its model\n")
