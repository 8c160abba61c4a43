"""After random requests, payments and clock changes, every account's records are consistent and match a model."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import httpx
import pytest
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

from clevora_mock.clock import DAY, FROZEN_START, SECOND
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.accounts import Account as Kept
from clevora_mock.core.exchange import Exchange, Principal, RequestFacts
from clevora_mock.core.id_tokens import Identity, issue
from clevora_mock.core.limits import Limits
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.settings import DEMO_KEY, DEMO_SECRET
from tests.properties.token_count import count_tokens
from tests.support.examples import share
from tests.support.server import RunningServer
from tests.support.wait import wait_until
from tests.support.world import TLS, fresh_name

# Hundreds of examples.
pytestmark = pytest.mark.slow

T = TypeVar("T")

# The documented prices of 1,000 tokens are 0.50, 0.10, 0.20 and 1.00 dollars: in micro-dollars per token
RATES = {"chat.completions": 500, "embeddings": 100, "search": 200, "scripts.generate": 1000}
CHAT = "chat.completions"
DOLLAR = 1_000_000
MINUTE = 60 * SECOND
TOKEN = SECOND // 200

# Low enough to be reached sometimes.
A_MINUTE = 8
A_DAY = 250

UIDS = ["demo", "ada", "bob"]


class Key:
    """The expected state of a key."""

    def __init__(self, account: "Account", key_id: str, raw: str) -> None:
        self.account = account
        self.id = key_id
        self.raw = raw
        self.revoked = False
        self.requests = 0
        self.tokens = 0
        self.last_used: str | None = None
        self.recent: list[int] = []
        self.daily: Counter[int] = Counter()


class Account:
    """The expected state of an account."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.access = False
        self.activated = False
        self.balance = 0
        self.keys: list[Key] = []
        # Type, endpoint, tokens, amount, balance after it, and time.
        self.movements: list[tuple[str, str | None, int, int, int, str]] = []
        # Day, endpoint, tokens and failure, in the order of completion.
        self.requests: list[tuple[int, str, int, bool]] = []
        self.last_used: str | None = None

    def move(self, at: int, kind: str, amount: int, endpoint: str | None = None, tokens: int = 0) -> None:
        self.balance += -amount if kind == "charge" else amount
        self.movements.append((kind, endpoint, tokens, amount, self.balance, moment(at)))
        if kind != "charge" and self.balance >= 15 * DOLLAR:
            self.activated = True

    def total(self, kind: str) -> int:
        return sum(amount for what, _, _, amount, _, _ in self.movements if what == kind)

    @property
    def tokens(self) -> int:
        return sum(tokens for _, _, tokens, _, _, _ in self.movements)


class Checkout:
    """The expected state of a checkout."""

    def __init__(self, checkout_id: str, account: Account, amount: int, created: int) -> None:
        self.id = checkout_id
        self.account = account
        self.amount = amount
        self.created = created
        self.status = "open"
        self.credited = False


class Stream:
    """A stream that is being read, and its received part."""

    def __init__(self, key: Key, prompt: int, limit: int, started: int) -> None:
        self.key = key
        self.prompt = prompt
        self.limit = limit
        self.started = started
        self.closing = ExitStack()
        self.lines: Iterator[str] = iter(())
        self.pieces: list[str] = []
        self.usage: dict[str, int] | None = None
        self.done = False

    def read_until(self, pieces: int) -> None:
        """Read until so many pieces of content have arrived, or the stream ends."""
        while len(self.pieces) < pieces and not self.done:
            line = next(self.lines)
            if line == "data: [DONE]":
                assert [rest for rest in self.lines if rest] == []
                self.done = True
                self.closing.close()
            elif line:
                chunk = json.loads(line.removeprefix("data: "))
                content = chunk["choices"][0]["delta"].get("content")
                if content is not None:
                    self.pieces.append(content)
                if "usage" in chunk:
                    assert self.usage is None
                    self.usage = chunk["usage"]


def micros(dollars: Decimal | int) -> int:
    """Convert a JSON number of dollars, with at most six decimals."""
    exact = Decimal(dollars) * DOLLAR
    assert exact == int(exact)
    return int(exact)


def moment(at: int) -> str:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def date_of(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


picks = st.integers(0, 30)
words = st.sampled_from([["Hello!"], ["one two three"], ["supercalifragilistic", "ok?"], [" ok ", "Ärger… 漢字"]])
limits = st.integers(1, 12)
uids = st.sampled_from(UIDS)
amounts = st.sampled_from([15, 15.01, 20, 33.33, 500, 10_000])
repeats = st.sampled_from(["same", "new id", "same id elsewhere", "same payment elsewhere"])
strides = st.one_of(
    st.integers(0, 8).map(lambda tokens: tokens * TOKEN),
    st.integers(0, 12 * TOKEN),
    st.sampled_from([1, SECOND, 30 * SECOND, MINUTE - 1, MINUTE, MINUTE + 1, 3600 * SECOND, DAY // 2, DAY, 3 * DAY]),
    st.sampled_from(["before midnight", "midnight"]),
)


class MoneyMachine(RuleBasedStateMachine):
    """A state machine of users and payments, compared with a model."""

    def __init__(self, server: RunningServer, http: httpx.Client, keep: int) -> None:
        super().__init__()
        self.server = server
        self.keep = keep
        name = fresh_name()
        self.sandbox = server.sandbox(name)
        self.now = FROZEN_START
        self.http = http
        self.http.base_url = f"{server.url}/sandbox/{name}"
        self.accounts: dict[str, Account] = {}
        self.keys: list[Key] = []
        self.checkouts: list[Checkout] = []
        self.streams: list[Stream] = []
        # The events that credited a checkout, and the request that would repeat each.
        self.seen: set[str] = set()
        self.delivered: list[tuple[str, bytes]] = []
        self.touched: set[str] = set()
        self.turn = 0

    # --- helpers ------------------------------------------------------------------------------------------------------

    def run_in_server(self, work: Callable[[Sandbox], T]) -> T:
        return self.server.run_in_server(lambda: work(self.sandbox))

    def kept(self, uid: str, work: Callable[[Kept], T]) -> T:
        return self.run_in_server(lambda sandbox: work(sandbox.accounts.by_uid[uid]))

    def signed_in(self, uid: str) -> dict[str, str]:
        return {"authorization": f"Bearer {issue(Identity(uid), 'demo-clevora', self.now)}"}

    def ask(self, method: str, path: str, uid: str, body: object = None) -> httpx.Response:
        return self.http.request(method, path, headers=self.signed_in(uid), json=body)

    def data(self, path: str, uid: str) -> Any:
        answer = self.ask("GET", path, uid)
        assert answer.status_code == 200
        return json.loads(answer.content, parse_float=Decimal)["data"]

    def account(self, uid: str) -> Account:
        """Return the model's account, created at the same time as the product's."""
        if uid not in self.accounts:
            self.accounts[uid] = Account(uid)
            self.kept(uid, lambda account: setattr(account.ledger, "max_entries", self.keep))
        self.touched.add(uid)
        return self.accounts[uid]

    def key(self, pick: int) -> Key:
        # Revoked keys are used sometimes, valid ones otherwise.
        good = [key for key in self.keys if not key.revoked]
        keys = good if good and pick % 7 else self.keys
        return keys[pick % len(keys)]

    def completed(self, key: Key, endpoint: str, tokens: int, *, failed: bool = False) -> None:
        """Record in the model that an admitted request has completed."""
        account = key.account
        self.touched.add(account.uid)
        if not failed:
            account.move(self.now, "charge", tokens * RATES[endpoint], endpoint, tokens)
        account.requests.append((self.now // DAY, endpoint, tokens, failed))
        account.last_used = key.last_used = moment(self.now)
        key.requests += 1
        key.tokens += tokens
        key.daily[self.now // DAY] += tokens

    def gate(self, key: Key) -> tuple[int, str, int | None] | None:
        """Return the expected refusal of a request now: status, code, Retry-After; None counts it as admitted."""
        if key.revoked:
            return 401, "invalid_api_key", None
        if not key.account.activated:
            return 402, "account_not_activated", None
        if key.account.balance <= 0:
            return 402, "insufficient_balance", None
        if key.daily[self.now // DAY] >= A_DAY:
            return 429, "daily_token_limit_exceeded", -((self.now - (self.now // DAY + 1) * DAY) // SECOND)
        young = [moment for moment in key.recent if self.now - moment < MINUTE]
        if len(young) >= A_MINUTE:
            return 429, "rate_limit_exceeded", max(1, -((self.now - young[-A_MINUTE] - MINUTE) // SECOND))
        key.recent = [*young, self.now]
        return None

    def is_refused(self, answer: httpx.Response, refusal: tuple[int, str, int | None]) -> None:
        status, code, wait = refusal
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert answer.headers.get("retry-after") == (None if wait is None else str(wait))

    def chat(self, key: Key, body: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {key.raw}"}
        return self.http.post("/v1/chat/completions", json=body, headers=headers)

    # --- accounts and keys --------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        def prepare(sandbox: Sandbox) -> str:
            sandbox.limits = Limits(A_MINUTE, A_DAY)
            return sandbox.accounts.by_uid["demo"].keys[0].id

        demo_key = self.run_in_server(prepare)
        demo = self.account("demo")
        demo.access = True
        demo.move(self.now, "credit", 100 * DOLLAR)
        demo.keys.append(Key(demo, demo_key, DEMO_KEY))
        self.keys += demo.keys
        # A new user, who has not paid yet.
        self.activate("ada")
        self.top_up("ada", 15)
        self.create_key("ada")

    @rule(uid=uids)
    def activate(self, uid: str) -> None:
        assert self.ask("POST", "/api/developer/activate", uid).status_code == 200
        self.account(uid).access = True

    @rule(uid=uids)
    def create_key(self, uid: str) -> None:
        answer = self.ask("POST", "/v1/keys", uid, {"name": "one more"})
        if uid not in self.accounts or not self.accounts[uid].access:
            assert answer.status_code == 403
            return
        made = answer.json()["data"]
        key = Key(self.account(uid), made["id"], made["key"])
        key.account.keys.append(key)
        self.keys.append(key)

    @precondition(lambda self: sum(not key.revoked for key in self.keys) > 1)
    @rule(pick=picks, by_raw_key=st.booleans())
    def revoke(self, pick: int, by_raw_key: bool) -> None:
        key = self.key(pick)
        answer = self.ask("DELETE", f"/v1/keys/{key.raw if by_raw_key else key.id}", key.account.uid)
        assert answer.json() == {"status": "success", "data": {"id": key.id, "status": "revoked"}}
        key.revoked = True
        self.touched.add(key.account.uid)

    @rule(pick=picks, uid=st.sampled_from(["ada", "bob"]))
    def revoke_somebody_elses(self, pick: int, uid: str) -> None:
        key = self.key(pick)
        if key.account.uid != uid:
            allowed = uid in self.accounts and self.accounts[uid].access
            assert self.ask("DELETE", f"/v1/keys/{key.id}", uid).status_code == (404 if allowed else 403)
            self.touched.add(key.account.uid)

    # --- requests -----------------------------------------------------------------------------------------------------

    @rule(pick=picks, contents=words, limit=st.none() | limits, times=st.integers(1, 4))
    def charge(self, pick: int, contents: list[str], limit: int | None, times: int) -> None:
        for _ in range(times):
            self.charge_once(self.key(pick), contents, limit)

    def charge_once(self, key: Key, contents: list[str], limit: int | None) -> None:
        refusal = self.gate(key)
        answer = self.chat(key, _request(contents, limit))
        if refusal:
            self.is_refused(answer, refusal)
            return
        said = answer.json()
        prompt, completion = _prompt(contents), said["usage"]["completion_tokens"]
        text, reason = said["choices"][0]["message"]["content"], said["choices"][0]["finish_reason"]
        if contents == ["Hello!"] and limit is None:
            assert (prompt, completion) == (8, 32)
        else:
            assert completion == count_tokens(text)
            assert limit is None or completion <= limit
            assert reason == "stop" or completion == limit
        assert said["usage"] == _usage(prompt, completion)
        self.completed(key, CHAT, prompt + completion)

    @rule(pick=picks, fault=st.sampled_from(["{", "[]", '{"messages":[]}', "missing", "model", "family"]))
    def fail(self, pick: int, fault: str) -> None:
        key = self.key(pick)
        refusal = self.gate(key)
        bodies = {
            "missing": '{"model":"clevora-1.0-turbo"}',
            "model": json.dumps(_request(["hi"], 1) | {"model": "gpt-x"}),
            "family": json.dumps(_request(["hi"], 1) | {"model": "clevora-embed-1"}),
        }
        headers = {"authorization": f"Bearer {key.raw}"}
        answer = self.http.post("/v1/chat/completions", content=bodies.get(fault, fault), headers=headers)
        if refusal:
            self.is_refused(answer, refusal)
        else:
            assert answer.status_code == (404 if fault == "model" else 400)
            self.completed(key, CHAT, 0, failed=True)

    @rule(pick=picks, endpoint=st.sampled_from(["embeddings", "search", "scripts.generate"]), contents=words)
    def charge_elsewhere(self, pick: int, endpoint: str, contents: list[str]) -> None:
        key = self.key(pick)
        refusal = self.gate(key)
        bodies: dict[str, dict[str, object]] = {
            "embeddings": {"input": contents},
            "search": {"query": " ".join(contents)},
            "scripts.generate": {"topic": " ".join(contents), "length": "short"},
        }
        path = {"embeddings": "/v1/embeddings", "search": "/v1/search", "scripts.generate": "/v1/scripts/generate"}
        answer = self.http.post(path[endpoint], json=bodies[endpoint], headers={"authorization": f"Bearer {key.raw}"})
        if refusal:
            self.is_refused(answer, refusal)
            return
        usage = answer.json()["usage"]
        asked = sum(map(count_tokens, contents))
        if endpoint == "scripts.generate":
            assert usage == _usage(asked + 6, usage["completion_tokens"])
            assert usage["completion_tokens"] <= 300
        else:
            assert usage == {"prompt_tokens": asked, "total_tokens": asked}
        self.completed(key, endpoint, usage["total_tokens"])

    @rule(
        pick=picks,
        endpoint=st.sampled_from(sorted(RATES)),
        tokens=st.integers(0, 90),
        status=st.sampled_from([200, 500]),
    )
    def other_work(self, pick: int, endpoint: str, tokens: int, status: int) -> None:
        """Send a request to any endpoint, and let it complete."""
        key = self.key(pick)

        def record(sandbox: Sandbox) -> None:
            now = sandbox.clock.now()
            row = ENDPOINT_BY_NAME[endpoint]
            used = sandbox.accounts.find_key(key.id)
            assert used is not None
            facts = RequestFacts(f"req_{sandbox.journal.total}", now, "POST", row.path, endpoint=row)
            principal = Principal(key=used, account=used.account)
            reply = Reply(status=status, prompt_tokens=tokens)
            sandbox.record(Exchange(facts, principal, reply, status, frames_sent=0, answered=now), now)

        self.run_in_server(record)
        self.completed(key, endpoint, tokens if status == 200 else 0, failed=status != 200)

    @precondition(lambda self: len(self.streams) < 4)
    @rule(pick=picks, contents=words, limit=limits)
    def open_stream(self, pick: int, contents: list[str], limit: int) -> None:
        key = self.key(pick)
        refusal = self.gate(key)
        body = _request(contents, limit) | {"stream": True}
        if refusal:
            self.is_refused(self.chat(key, body), refusal)
            return
        stream = Stream(key, _prompt(contents), limit, self.now)
        headers = {"authorization": f"Bearer {key.raw}"}
        asked = self.http.stream("POST", "/v1/chat/completions", json=body, headers=headers)
        answer = stream.closing.enter_context(asked)
        assert answer.status_code == 200
        stream.lines = answer.iter_lines()
        self.streams.append(stream)
        self.touched.add(key.account.uid)
        self.follow()

    @precondition(lambda self: len(self.streams) < 4)
    @rule(pick=picks, contents=words, limit=limits, tokens=st.integers(0, 12), rest=st.integers(0, TOKEN - 1))
    def abandon_stream(self, pick: int, contents: list[str], limit: int, tokens: int, rest: int) -> None:
        before = list(self.streams)
        self.open_stream(pick, contents, limit)
        opened = [stream for stream in self.streams if stream not in before]
        self.advance(tokens * TOKEN + rest)
        if opened and opened[0] in self.streams:
            self.leave_stream(self.streams.index(opened[0]))

    @precondition(lambda self: self.streams)
    @rule(pick=picks)
    def leave_stream(self, pick: int) -> None:
        stream = self.streams.pop(pick % len(self.streams))
        before = self.run_in_server(lambda sandbox: sandbox.journal.total)
        stream.closing.close()
        wait_until(lambda: self.run_in_server(lambda sandbox: sandbox.journal.total) > before)
        # All sent frames have been read.
        self.completed(stream.key, CHAT, stream.prompt + len(stream.pieces))
        produced = self.run_in_server(lambda sandbox: sandbox.journal.entries[-1].response)
        assert produced == "".join(stream.pieces)

    @precondition(lambda self: self.streams)
    @rule()
    def let_streams_end(self) -> None:
        self.advance(max(stream.limit for stream in self.streams) * TOKEN)
        assert not self.streams

    def follow(self) -> None:
        """Read the sent frames of the running streams, and bill those that have ended."""
        for stream in list(self.streams):
            stream.read_until((self.now - stream.started) // TOKEN + 1)
            if stream.done:
                self.streams.remove(stream)
                assert count_tokens("".join(stream.pieces)) == len(stream.pieces) <= stream.limit
                assert stream.usage == _usage(stream.prompt, len(stream.pieces))
                self.completed(stream.key, CHAT, stream.prompt + len(stream.pieces))

    # --- payments -----------------------------------------------------------------------------------------------------

    @rule(uid=uids, amount=amounts, again=st.none() | repeats, owing=st.booleans())
    def pay(self, uid: str, amount: float, again: str | None, owing: bool) -> None:
        """Top up and pay; the event may be delivered twice, and the balance may be negative."""
        if owing:
            self.adjust(uid, -DOLLAR)
        before = len(self.checkouts)
        self.top_up(uid, amount)
        if len(self.checkouts) > before:
            self.finish_checkout(0, "succeeded")
            if again:
                self.redeliver(0, again)

    @rule(uid=uids, amount=amounts)
    def top_up(self, uid: str, amount: float) -> None:
        answer = self.ask("POST", "/api/developer/topup", uid, {"amount": amount})
        if uid not in self.accounts or not self.accounts[uid].access:
            assert answer.status_code == 403
            return
        checkout_id = answer.json()["data"]["checkoutUrl"].rpartition("/")[2]
        exact = micros(Decimal(str(amount)))
        self.checkouts.append(Checkout(checkout_id, self.account(uid), exact, self.now))

    @rule(amount=st.sampled_from([14.99, 10_000.01, 15.001, "15", True, None, -15]))
    def top_up_wrongly(self, amount: object) -> None:
        assert self.ask("POST", "/api/developer/topup", "demo", {"amount": amount}).status_code == 400
        self.touched.add("demo")

    @precondition(lambda self: self.checkouts)
    @rule(pick=picks, outcome=st.sampled_from(["succeeded", "succeeded", "failed"]))
    def finish_checkout(self, pick: int, outcome: str) -> None:
        checkout = self.checkouts[-1 - pick % len(self.checkouts)]
        self.touched.add(checkout.account.uid)
        answer = self.http.post(f"/checkout/{checkout.id}", data={"outcome": outcome})
        if checkout.status != "open" or self.now >= checkout.created + DAY:
            assert answer.status_code == 400
            return
        assert answer.status_code == 303
        checkout.status = outcome

        def event(sandbox: Sandbox) -> tuple[str, bytes]:
            number = sandbox.rng.counters["event"] - 1
            return "evt_" + sandbox.rng.hex_at("event", number), sandbox.journal.entries[-1].body

        event_id, body = self.run_in_server(event)
        self.delivered.append((event_id, body))
        announced = json.loads(body)
        assert announced["type"] == f"payment.{outcome}"
        if outcome == "succeeded":
            self.redeem(checkout, event_id, announced["data"]["payment_id"])

    @precondition(lambda self: self.delivered)
    @rule(pick=picks, again=repeats)
    def redeliver(self, pick: int, again: str) -> None:
        event_id, body = self.delivered[-1 - pick % len(self.delivered)]
        announced = json.loads(body)
        checkout = next(one for one in self.checkouts if one.id == announced["data"]["checkout_session_id"])
        if again == "new id":
            event_id = f"evt_again_{pick}"
        elif again != "same":
            # One payment cannot pay for two checkouts, nor can one event.
            checkout = next((one for one in self.checkouts if not one.credited), checkout)
            announced["data"]["checkout_session_id"] = checkout.id
            if again == "same id elsewhere":
                announced["data"]["payment_id"] = f"pay_again_{pick}"
            else:
                event_id = f"evt_elsewhere_{pick}"
            body = json.dumps(announced).encode()
        assert self.post_event(event_id, body).json() == {"received": True}
        if announced["type"] == "payment.succeeded":
            self.redeem(checkout, event_id, announced["data"]["payment_id"])

    @precondition(lambda self: self.checkouts)
    @rule(
        pick=picks,
        event=st.integers(0, 3),
        payment=st.integers(0, 3) | st.none(),
        kind=st.sampled_from(["payment.succeeded"] * 3 + ["payment.failed", "refund.succeeded", "dispute.opened"]),
        place=st.sampled_from(["session", "session", "metadata", "unknown session", "nowhere"]),
    )
    def announce(self, pick: int, event: int, payment: int | None, kind: str, place: str) -> None:
        """Deliver an event that the mock did not make."""
        checkout = self.checkouts[-1 - pick % len(self.checkouts)]
        data: dict[str, object] = {"total_amount": 1, "currency": "EUR"}
        if payment is not None:
            data["payment_id"] = f"pay_{payment}"
        target: Checkout | None = None
        if place == "session":
            data["checkout_session_id"], target = checkout.id, checkout
        elif place == "unknown session":
            data["checkout_session_id"] = "cks_nobody"
            data["metadata"] = {"uid": checkout.account.uid, "amount": f"{Decimal(checkout.amount) / DOLLAR:.2f}"}
        elif place == "metadata":
            data["metadata"] = {"uid": checkout.account.uid, "amount": f"{Decimal(checkout.amount) / DOLLAR:.2f}"}
            alike = (
                one
                for one in self.checkouts
                if not one.credited and (one.account, one.amount) == (checkout.account, checkout.amount)
            )
            target = next(alike, None)
        body = json.dumps({"type": kind, "data": data}).encode()
        assert self.post_event(f"evt_{event}", body).json() == {"received": True}
        if kind == "payment.succeeded" and target is not None:
            self.redeem(target, f"evt_{event}", data.get("payment_id"))
        self.touched.add(checkout.account.uid)

    @precondition(lambda self: self.checkouts)
    @rule(pick=picks, fault=st.sampled_from(["secret", "stale", "future", "body", "none"]))
    def forge(self, pick: int, fault: str) -> None:
        """Deliver an event without a valid and recent signature."""
        checkout = self.checkouts[-1 - pick % len(self.checkouts)]
        data = {"checkout_session_id": checkout.id, "payment_id": "pay_forged"}
        body = json.dumps({"type": "payment.succeeded", "data": data}).encode()
        secret = "whsec_c29tZWJvZHkgZWxzZQ==" if fault == "secret" else DEMO_SECRET
        shift = {"stale": -301, "future": 301}.get(fault, 0)
        answer = self.post_event("evt_forged", body, secret, shift, b" " if fault == "body" else b"", fault == "none")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_signature")
        self.touched.add(checkout.account.uid)

    def post_event(
        self,
        event_id: str,
        body: bytes,
        secret: str = DEMO_SECRET,
        shift: int = 0,
        damage: bytes = b"",
        unsigned: bool = False,
    ) -> httpx.Response:
        sent = datetime.fromtimestamp(self.now // SECOND + shift, UTC)
        signature = Webhook(secret).sign(event_id, sent, body.decode())
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(self.now // SECOND + shift),
            "webhook-signature": signature,
        }
        return self.http.post("/api/dodo/webhook", content=body + damage, headers={} if unsigned else headers)

    def redeem(self, checkout: Checkout, event_id: str, payment_id: object) -> None:
        """Deliver a genuine event about `checkout` being paid, which counts once."""
        marks = {f"event {event_id}"} | ({f"payment {payment_id}"} if payment_id else set())
        if checkout.credited or marks & self.seen:
            return
        self.seen |= marks
        checkout.credited, checkout.status = True, "succeeded"
        self.account(checkout.account.uid).move(self.now, "credit", checkout.amount)

    @rule(uid=uids, balance=st.sampled_from([-1, 0, 1, 9_000, 40_000, 14_999_999, 15 * DOLLAR, 50 * DOLLAR]))
    def adjust(self, uid: str, balance: int) -> None:
        """Set the balance from outside, which activates an account like a credit."""
        if uid in self.accounts:
            account = self.account(uid)
            self.run_in_server(lambda sandbox: sandbox.update_account(sandbox.accounts.by_uid[uid], balance))
            if balance != account.balance:
                account.move(self.now, "adjustment", balance - account.balance)

    # --- time ---------------------------------------------------------------------------------------------------------

    @rule(stride=strides)
    def advance(self, stride: int | str) -> None:
        midnight = (self.now // DAY + 1) * DAY
        passing = midnight - self.now - (stride == "before midnight") if isinstance(stride, str) else stride
        self.now += passing

        def move(sandbox: Sandbox) -> int:
            sandbox.clock.advance(passing / SECOND)
            return sandbox.clock.now()

        assert self.run_in_server(move) == self.now
        self.follow()

    # --- invariants ---------------------------------------------------------------------------------------------------

    @invariant()
    def books_agree(self) -> None:
        kept = self.run_in_server(
            lambda sandbox: {uid: _figures(sandbox.accounts.by_uid[uid], self.keep) for uid in self.accounts}
        )
        assert kept == {uid: _expected(account) for uid, account in self.accounts.items()}
        for uid in sorted(self.touched):
            if self.accounts[uid].access:
                self.check_answers(self.accounts[uid])
        self.touched.clear()

    @invariant()
    def revoked_keys_are_refused(self) -> None:
        revoked = [key for key in self.keys if key.revoked]
        self.turn += 1
        for key in revoked[self.turn % len(revoked) :][:1] if revoked else []:
            self.is_refused(self.chat(key, {}), (401, "invalid_api_key", None))

    def check_answers(self, account: Account) -> None:
        """Check the responses to the account's owner."""
        view = self.data("/api/developer/account", account.uid)
        assert (view["developerAccess"], view["activated"]) == (True, account.activated)
        assert micros(view["balance"]) == account.balance
        told = self.data("/api/developer/transactions?limit=500", account.uid)["transactions"]
        assert [
            (
                one["type"],
                one["endpoint"],
                one["tokens"],
                micros(one["amount"]),
                micros(one["balanceAfter"]),
                one["createdAt"],
            )
            for one in told
        ] == account.movements[-self.keep :][::-1]
        keys = self.data("/v1/keys", account.uid)["keys"]
        assert [(one["id"], one["status"], one["requests"], one["tokens"], one["lastUsed"]) for one in keys] == [
            (key.id, "revoked" if key.revoked else "active", key.requests, key.tokens, key.last_used)
            for key in account.keys[::-1]
        ]
        self.check_usage(account, self.data("/api/developer/usage?range=90", account.uid))

    def check_usage(self, account: Account, report: Any) -> None:
        today = self.now // DAY
        ranged = [request for request in account.requests if request[0] > today - 90]
        days = {day: [one for one in ranged if one[0] == day] for day in range(today - 89, today + 1)}
        assert report["dailySeries"] == [
            {
                "date": date_of(day),
                "requests": len(requests),
                "tokens": sum(tokens for _, _, tokens, _ in requests),
                "errors": sum(failed for _, _, _, failed in requests),
            }
            for day, requests in days.items()
        ]
        assert report["endpointBreakdown"] == {
            name: {
                "requests": sum(endpoint == name for _, endpoint, _, _ in ranged),
                "tokens": sum(tokens for _, endpoint, tokens, _ in ranged if endpoint == name),
            }
            for name in {endpoint for _, endpoint, _, _ in ranged}
        }
        assert [(one["endpoint"], one["tokens"], one["status"]) for one in report["recentActivity"]] == [
            (endpoint, tokens, "error" if failed else "success")
            for _, endpoint, tokens, failed in account.requests[:-21:-1]
        ]
        summary = report["summary"]
        assert summary["lastUsed"] == account.last_used
        assert (summary["totalRequests"], summary["totalTokens"]) == (len(account.requests), account.tokens)
        assert (summary["rangeRequests"], summary["rangeTokens"]) == (len(ranged), sum(one[2] for one in ranged))
        assert summary["requestsToday"] == len(days[today])
        assert summary["tokensToday"] == sum(one[2] for one in days[today])

    def check_places(self, account: Account) -> None:
        """Check the control plane's view of the same records."""
        ledger = json.loads(self.http.get(f"/__mock/ledger?uid={account.uid}").content, parse_float=Decimal)
        assert micros(ledger["balance"]) == account.balance
        assert micros(ledger["credits"]) == account.total("credit")
        assert micros(ledger["charges"]) == account.total("charge")
        assert micros(ledger["adjustments"]) == account.total("adjustment")
        assert ledger["tokens"] == account.tokens
        assert ledger["folded"] + len(ledger["entries"]) == len(account.movements)
        usage = f"/__mock/firestore/clevora_developer_usage/{account.uid}"
        whole = self.http.get(usage).json()
        assert (whole["requests"], whole["tokens"]) == (len(account.requests), account.tokens)
        days = [
            self.http.get(f"{usage}/days/{day}").json() for day in self.http.get(f"{usage}/days").json()["documents"]
        ]
        assert sum(day["tokens"] for day in days) == account.tokens
        assert sum(sum(one["tokens"] for one in day["endpoints"].values()) for day in days) == account.tokens
        keys = [self.http.get(f"/__mock/firestore/clevora_developer_keys/{key.id}").json() for key in account.keys]
        assert [key["tokens"] for key in keys] == [key.tokens for key in account.keys]

    def teardown(self) -> None:
        try:
            for account in self.accounts.values():
                self.check_places(account)
        finally:
            for stream in self.streams:
                stream.closing.close()


def _figures(kept: Kept, keep: int) -> dict[str, object]:
    """Return the product's totals of an account, with the entries that it no longer keeps."""
    sums = kept.ledger.sums()
    assert sums.credits + sums.adjustments - sums.charges == kept.ledger.balance
    assert len(kept.ledger.entries) == min(keep, sums.entries)
    days = list(kept.usage.days.values())
    return {
        "access": kept.developer_access,
        "activated": kept.activated,
        "balance": kept.ledger.balance,
        "sums": (sums.credits, sums.adjustments, sums.charges),
        "entries": sums.entries,
        "ledger tokens": sums.tokens,
        "usage tokens": kept.usage.total.tokens,
        "tokens by key": sum(key.tokens for key in kept.keys),
        "tokens by day": sum(day.tokens for day in days),
        "tokens by endpoint": sum(count.tokens for day in days for count in day.endpoints.values()),
        "requests": kept.usage.total.requests,
        "errors": kept.usage.total.errors,
    }


def _expected(account: Account) -> dict[str, object]:
    return {
        "access": account.access,
        "activated": account.activated,
        "balance": account.balance,
        "sums": (account.total("credit"), account.total("adjustment"), account.total("charge")),
        "entries": len(account.movements),
        "ledger tokens": account.tokens,
        "usage tokens": account.tokens,
        "tokens by key": account.tokens,
        "tokens by day": account.tokens,
        "tokens by endpoint": account.tokens,
        "requests": len(account.requests),
        "errors": sum(failed for _, _, _, failed in account.requests),
    }


def _request(contents: list[str], limit: int | None) -> dict[str, object]:
    messages = [{"role": "user", "content": content} for content in contents]
    return {"messages": messages} | ({} if limit is None else {"max_tokens": limit})


def _prompt(contents: list[str]) -> int:
    return 3 + sum(3 + count_tokens(content) for content in contents)


def _usage(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def play(server: RunningServer, keep: int, part: float) -> None:
    """Run the machine with ledgers that keep `keep` entries, for a share of the examples."""
    with httpx.Client(timeout=20, verify=TLS) as http:

        class Machine(MoneyMachine):
            def __init__(self) -> None:
                super().__init__(server, http, keep)

        run_state_machine_as_test(Machine, settings=share(part, stateful_step_count=50))


def test_money_adds_up(still_server: RunningServer) -> None:
    play(still_server, keep=3, part=1 / 20)


@pytest.mark.slow
@pytest.mark.parametrize("keep", [10_000, 3], ids=["kept whole", "folded"])
def test_money_adds_up_in_long_runs(still_server: RunningServer, keep: int) -> None:
    play(still_server, keep, part=3 / 10)
