"""Random bodies, tokens, webhooks, scenario files and snapshots: each is taken, or refused in the contract's shape.

Whatever is taken, all views of the sandbox can be read, and its snapshot goes out and in again unchanged.
"""

import json
import re
import time
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from clevora_mock.settings import DEMO_KEY, DEMO_SECRET
from tests.external.fuzz.target import Target, attacked
from tests.external.seed import SEED
from tests.support.documents import ROOT
from tests.support.junk import changed, documents
from tests.support.request_bodies import VALID_BODIES
from tests.support.situations import signature
from tests.support.tokens import PROJECT, jwt, valid_claims

# Views of what a request leaves behind, and all others.
VIEWS = ["requests", "conduct", "ledger?uid=demo"]
OTHER_VIEWS = [
    *("accounts", "checkouts", "clock", "scenario", "sandboxes", "state"),
    *(f"firestore/clevora_developer_{name}" for name in ("usage", "keys", "logs", "transactions")),
]
SCENARIOS = [path.read_text("utf-8") for path in sorted((ROOT / "scenarios").glob("*.yaml"))]
WORDS = sorted({word for text in SCENARIOS for word in re.findall(r"[\w./*-]+", text)})
BEARER = {"authorization": f"Bearer {DEMO_KEY}"}
# Longer than any answer takes on a busy machine, and shorter than a regular expression that runs away.
SECONDS = 5.0

# Bodies that the control plane takes.
CONTROL: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "reset", {"only": "journal"}),
    ("PATCH", "clock", {"advance": 5}),
    ("PATCH", "clock", {"mode": "scaled", "speed": 60, "now": "2026-05-11T14:00:00Z"}),
    ("PUT", "scenario", {"name": "default"}),
    ("PUT", "scenario", {"rules": [{"name": "a", "when": {"message": "/a+/"}, "then": {"error": 429}}], "ttl": "60s"}),
    ("POST", "accounts", {"uid": "ann", "email": "ann@x.example", "password": "secret-1", "balance": 20}),
    ("PATCH", "accounts/demo", {"balance": 100.5, "activated": True, "developerAccess": True}),
    ("POST", "tokens", {"uid": "demo", "email": "demo@x.example", "expiresIn": "60s"}),
    ("POST", "webhooks/sign", {"payload": {"type": "payment.succeeded", "data": {"payment_id": "pay_1"}}}),
]
FIREBASE: list[tuple[str, dict[str, Any]]] = [
    ("signUp", {"email": "bea@x.example", "password": "secret-1", "returnSecureToken": True}),
    ("signInWithPassword", {"email": "demo@clevora.example", "password": "clevora-demo", "returnSecureToken": True}),
    ("lookup", {"idToken": "a.b."}),
    ("update", {"idToken": "a.b.", "displayName": "Ann", "deleteAttribute": ["EMAIL"]}),
]


class Sandbox:
    """A sandbox of the attacked server, with requests in its journal."""

    def __init__(self, target: Target, name: str) -> None:
        self.path = f"/sandbox/{name}"
        self._target = target

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Send a request; fails for a slow answer, one of 5xx, and one that is not in the contract's shape."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        began = time.monotonic()
        answer = self._target.http.request(method, self.path + path, content=content, **options)
        assert time.monotonic() - began < SECONDS
        # Firebase's emulator says so of what it does not emulate.
        assert answer.status_code < 500 or answer.status_code == 501, answer.text
        if answer.status_code >= 400:
            assert answer.json()["error"]["message"]
            assert "\n" not in answer.json()["error"]["message"]
        return answer

    def read(self, view: str) -> Any:
        answer = self.call("GET", f"/__mock/{view}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self) -> Any:
        """Return the snapshot, without the draw that each request to the control plane takes."""
        state = self.read("state")
        state["draws"].pop("own request", None)
        return state

    def check(self, *views: str) -> None:
        """Check that views can be read; the demo account may be gone."""
        for view in views or VIEWS:
            assert self.call("GET", f"/__mock/{view}").status_code == 200 or "demo" in view, view

    def balance(self) -> Any:
        return self.read("accounts/demo")["balance"]


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with attacked("--clock", "frozen", "--balance", "1000000") as server:
        yield server


@pytest.fixture
def sandbox(target: Target, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Provide a sandbox with a checkout, a paid one, a charge, an error and a key."""
    made = Sandbox(target, "fuzz-" + sha256(request.node.nodeid.encode()).hexdigest()[:16])
    signed = {"authorization": f"Bearer {made.call('POST', '/__mock/tokens', {'uid': 'demo'}).json()['idToken']}"}
    for amount in (15, 50):
        opened = made.call("POST", "/api/developer/topup", {"amount": amount}, headers=signed).json()
        checkout = opened["data"]["checkoutUrl"].rpartition("/")[2]
    made.call("POST", f"/__mock/checkouts/{checkout}/pay", {"delay": "1h"})
    made.call("POST", "/v1/keys", {"name": "ci"}, headers=signed)
    for name, path in (("chat.completions", "/v1/chat/completions"), ("search", "/v1/search")):
        for body in (*VALID_BODIES[name], {}):
            made.call("POST", path, body, headers=BEARER)
    made.call("PUT", "/__mock/scenario", {"name": "rate-limited"})
    yield made
    made.check(*VIEWS, *OTHER_VIEWS)


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """Draw a text with one to four pieces of it removed, repeated, or replaced by characters or words."""
    pieces = re.findall(r"\w+|\s+|.", text)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(pieces) - 1)))
        end = at + draw(st.integers(0, 3))
        new = draw(st.sampled_from(WORDS) | st.text(max_size=5) | st.just("".join(pieces[at:end]) * 2))
        pieces[at:end] = [new]
    return "".join(pieces)


@seed(SEED)
@given(data=st.data())
def test_bodies_of_the_control_plane(sandbox: Sandbox, data: st.DataObject) -> None:
    method, path, valid = data.draw(st.sampled_from(CONTROL))
    body = data.draw(changed(valid, ["name", "mode", "other"]) | documents)
    answer = sandbox.call(method, f"/__mock/{path}", body)
    assert answer.status_code in {200, 400, 404}
    sandbox.check()
    # A clock that goes too fast would let the token of the next requests expire.
    sandbox.call("PATCH", "/__mock/clock", {"mode": "frozen"})


@seed(SEED)
@given(data=st.data())
def test_bodies_of_firebase(sandbox: Sandbox, data: st.DataObject) -> None:
    method, valid = data.draw(st.sampled_from(FIREBASE))
    body = data.draw(changed(valid, ["email", "tenantId", "other"]) | documents)
    answer = sandbox.call("POST", f"/identitytoolkit.googleapis.com/v1/accounts:{method}?key=k", body)
    assert answer.status_code in {200, 400, 501}
    sandbox.check()


@seed(SEED)
@given(data=st.data())
def test_bodies_of_the_api(sandbox: Sandbox, data: st.DataObject) -> None:
    """The journal has to show each of them."""
    path, name = data.draw(
        st.sampled_from([("chat/completions", "chat.completions"), ("embeddings",) * 2, ("search",) * 2])
    )
    body = data.draw(changed(data.draw(st.sampled_from(VALID_BODIES[name]))) | documents)
    sandbox.call("POST", f"/v1/{path}", body, headers=BEARER)
    sandbox.check()


@seed(SEED)
@given(data=st.data())
def test_tokens(sandbox: Sandbox, data: st.DataObject) -> None:
    """Nothing but a token of this project, for a user and not expired, opens the dashboard (K7)."""
    now = 1767225600
    claims = data.draw(st.just(valid_claims(now)) | changed(valid_claims(now), ["nbf", "email", "other"]))
    plain = {"alg": "none", "typ": "JWT"}
    header = data.draw(st.just(plain) | changed(plain, ["kid"])) or plain
    token = jwt(claims, header)
    if data.draw(st.booleans()):
        token = data.draw(edited(token))
    answer = sandbox.call("GET", "/api/developer/account", headers={b"authorization": _header(f"Bearer {token}")})
    assert answer.status_code in {200, 401}
    if answer.status_code == 200 and token == jwt(claims, header):
        assert header["alg"] == "none"
        assert (claims["aud"], claims["iss"]) == (PROJECT, f"https://securetoken.google.com/{PROJECT}")
        assert 1 <= len(claims["sub"]) <= 128
        assert claims["exp"] > now
    sandbox.check()


@seed(SEED)
@given(data=st.data())
def test_webhooks(sandbox: Sandbox, data: st.DataObject) -> None:
    """Nothing is credited without a signature, and no event makes the server fail (B9, B10)."""
    checkout = sandbox.read("checkouts")["checkouts"][0]["id"]
    event = {
        "type": "payment.succeeded",
        "data": {"checkout_session_id": checkout, "payment_id": "pay_1", "metadata": {"uid": "demo", "amount": "15"}},
    }
    body = json.dumps(data.draw(st.just(event) | changed(event, ["business_id"]) | documents)).encode()
    stamp = data.draw(st.just("1767225600") | st.text(st.characters(max_codepoint=255), max_size=12))
    signed = {"webhook-id": "evt_1", "webhook-timestamp": stamp}
    code = signature(DEMO_SECRET, "evt_1", stamp, body)
    is_genuine = data.draw(st.booleans())
    if not is_genuine:
        code = data.draw(edited(code) | st.just("v1," + b64encode(b"0" * 32).decode()))
    before = sandbox.balance()
    headers = {name.encode(): _header(value) for name, value in (signed | {"webhook-signature": code}).items()}
    answer = sandbox.call("POST", "/api/dodo/webhook", body, headers=headers)
    assert answer.status_code in {200, 400, 401}
    if signature(DEMO_SECRET, "evt_1", stamp, body) not in code.split(" "):
        assert (answer.status_code, sandbox.balance()) == (401, before)
    sandbox.check()


def _header(text: str) -> bytes:
    """Return a header's value, without the characters that HTTP forbids in it."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text).encode("latin-1", "replace").strip()


@seed(SEED)
@given(data=st.data())
def test_scenario_files(sandbox: Sandbox, data: st.DataObject) -> None:
    source = data.draw(edited(data.draw(st.sampled_from(SCENARIOS))))
    content = source.encode("utf-8", "surrogatepass")
    answer = sandbox.call("PUT", "/__mock/scenario", content, headers={"content-type": "application/yaml"})
    assert answer.status_code in {200, 400, 404}
    if answer.status_code == 200:
        _check_round_trip(sandbox)
    sandbox.check()


@seed(SEED)
@given(data=st.data())
def test_snapshots(sandbox: Sandbox, data: st.DataObject) -> None:
    """A changed snapshot is refused and changes nothing, or restored and goes out and in again."""
    before = sandbox.state()
    answer = sandbox.call("PUT", "/__mock/state", data.draw(changed(before, ["other"])))
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert sandbox.state() == before
    else:
        _check_round_trip(sandbox)
        sandbox.check(*VIEWS, *OTHER_VIEWS)
        for path in ("/v1/search", "/v1/chat/completions"):
            sandbox.call("POST", path, {"query": "a", "messages": [{"role": "user", "content": "a"}]}, headers=BEARER)
        sandbox.check()
        assert sandbox.call("PUT", "/__mock/state", before).status_code == 200


def _check_round_trip(sandbox: Sandbox) -> None:
    """Check that the sandbox's snapshot can be restored, and is then the same."""
    state = sandbox.state()
    answer = sandbox.call("PUT", "/__mock/state", state)
    assert answer.status_code == 200, answer.text
    assert sandbox.state() == state
