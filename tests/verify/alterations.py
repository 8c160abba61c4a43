"""Servers that behave otherwise in one respect each, and the clauses that they refute."""

import base64
import gzip
import json
import re
import struct
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

from msgspec import structs

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.ledger import Charge, Ledger
from clevora_mock.core.limits import Limits, RateLimiter
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.usage import AccountUsage, Activity
from clevora_mock.text.tokens import Tokenizer
from tests.support.verifying import KEY, Asked
from tests.verify.altering import REMOVED, Alteration, Change, Seen, asked_set, field_set, on_chunk, when

CHAT, EMBED, SEARCH, SCRIPT = "/v1/chat/completions", "/v1/embeddings", "/v1/search", "/v1/scripts/generate"
KEYS, ACCOUNT, USAGE = "/v1/keys", "/api/developer/account", "/(api/developer|v1)/usage"
TRANSACTIONS, TOPUP, WEBHOOK = "/api/developer/transactions", "/api/developer/topup", "/api/dodo/webhook"


def altered(title: str, clauses: str, **how: Any) -> Alteration:
    return Alteration(title, frozenset(clauses.split()), **how)


def code(old: str, clauses: str, **changes: Any) -> Alteration:
    """Return the alteration of an error with this code everywhere; `status` is its status."""
    status = changes.pop("status", None)

    def change(seen: Seen) -> None:
        if is_error(seen, old):
            seen.error(**changes)
            seen.status = status or seen.status

    said = ", ".join(f"{name} {value}" for name, value in (changes | {"status": status}).items() if value)
    return altered(f"{old} with {said}", clauses, after=change)


def is_error(seen: Seen, *codes: str) -> bool:
    error = seen.json.get("error") if isinstance(seen.json, dict) else None
    return isinstance(error, dict) and error.get("code") in codes


def errors(change: Change) -> Change:
    def changed(seen: Seen) -> None:
        if seen.status >= 400 and "error" in seen.json:
            change(seen)

    return changed


def accepting(title: str, clauses: str, path: str, name: str, wrong: Any, right: Any) -> Alteration:
    """Return the alteration of a server that takes a wrong value of a field for a right one."""

    def change(seen: Seen) -> None:
        if isinstance(seen.asked, dict) and name in seen.asked and same(seen.asked[name], wrong):
            asked_set(**{name: right})(seen)

    return altered(title, clauses, before=when(path, change))


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def refusing(title: str, clauses: str, path: str, condition: Any, error: str = "invalid_field") -> Alteration:
    """Return the alteration of a server that refuses what a condition on the request's body says."""

    def change(seen: Seen) -> None:
        if isinstance(seen.asked, dict) and condition(seen.asked):
            seen.refuse(400, code=error)

    return altered(title, clauses, before=when(path, change))


def data(place: str, value: object) -> Change:
    return field_set(f"data.{place}", value)


def doubled(seen: Seen) -> None:
    seen.body = seen.body.replace(b"NaN", b"1").replace(b"NaN", b"1")


def _last_year(seconds: int) -> int:
    return seconds - 400 * 86_400


def _repeated(seen: Seen) -> None:
    found = seen.json.get("results")
    if found:
        field_set("results", found[:1] * len(found))(seen)


# --- everywhere -------------------------------------------------------------------------------------------------------


def _plain_errors(seen: Seen) -> None:
    body = seen.json
    message = body["error"]["message"]
    seen.json = ({"status": "error"} if "status" in body else {}) | {"detail": message}


def _422(*codes: str) -> Change:
    def change(seen: Seen) -> None:
        if is_error(seen, *codes):
            seen.status = 422

    return change


def _same_id(seen: Seen) -> None:
    seen.header("x-request-id", "req_" + "0" * 24)


def _key_first(seen: Seen) -> None:
    if is_error(seen, "not_found") and "/v1/" in seen.path and KEYS not in seen.path:
        seen.refuse(401, "authentication_error", "invalid_api_key")


def _body_first(seen: Seen) -> None:
    refused = seen.sent.get("authorization", "") in ("", "Bearer hello", f"Bearer sk_live_{'f' * 32}")
    if not refused or not seen.body or not seen.path.endswith((f"{seen.sandbox}{CHAT}", TOPUP)):
        return
    try:
        json.loads(seen.body)
    except ValueError:
        seen.refuse(400, code="invalid_json")
        return
    needed = "amount" if seen.path.endswith(TOPUP) else "messages"
    if needed not in seen.asked:
        seen.refuse(400, code="missing_field")


def _large_first(seen: Seen) -> None:
    if len(seen.body) > 4 << 20:
        seen.refuse(413, code="payload_too_large")


def _small_bodies(seen: Seen) -> None:
    if len(seen.body) > 1 << 20 and KEY in seen.sent.get("authorization", ""):
        seen.refuse(413, code="payload_too_large")


def _lenient_json(seen: Seen) -> None:
    if seen.path.endswith(CHAT):
        try:
            seen.body = json.dumps(json.loads(seen.body)).encode()
        except ValueError:
            return


def _last_of_two(seen: Seen) -> None:
    seen.single = True


EVERYWHERE = [
    altered("a text beside an error's keys", "W1", after=errors(lambda seen: seen.error(param="null"))),
    altered("errors have a detail alone", "W1", after=errors(_plain_errors)),
    altered("errors have no type", "W1", after=errors(lambda seen: seen.error(type=None))),
    altered("a success as text/plain", "W1", after=when(EMBED, lambda seen: seen.header("content-type", "text/plain"))),
    altered(
        "422 for 400 everywhere",
        "W1 W4 C2",
        after=_422("invalid_json", "missing_field", "invalid_field", "invalid_model"),
    ),
    altered("422 for 400 in fields", "W1", after=_422("missing_field", "invalid_field")),
    code("missing_field", "W1", code="required"),
    code("invalid_field", "W1", type="validation_error"),
    altered("no request id", "W2", after=lambda seen: seen.header("x-request-id", None)),
    altered(
        "a UUID for a request id", "W2", after=lambda seen: seen.header("x-request-id", "6f1c2e9e-0000-4000-8000-1")
    ),
    altered("the same request id always", "W2", after=_same_id),
    *(
        altered(f"no request id on {path}", "W2", after=when(path, lambda seen: seen.header("x-request-id", None)))
        for path in (SEARCH, SCRIPT, KEYS, TRANSACTIONS, USAGE)
    ),
    altered("no request id on success", "W2", after=when(EMBED, lambda seen: seen.header("x-request-id", None))),
    code("not_found", "W3", code="route_not_found"),
    code("not_found", "W3", status=400),
    code("method_not_allowed", "W3", status=404),
    altered("405 without Allow", "W3", after=lambda seen: seen.header("allow", None)),
    altered(
        "a doubled slash is one",
        "W3",
        before=lambda seen: setattr(seen, "path", seen.path.replace("/v1//", "/v1/")),
    ),
    altered(
        "a trailing slash is another path",
        "W3",
        before=lambda seen: seen.refuse(404, "not_found_error", "not_found") if seen.path.endswith("s/") else None,
    ),
    altered("an unknown path asks for a key first", "W3 W6", after=_key_first),
    code("invalid_json", "W4", code="bad_json"),
    altered("a key twice is taken", "W4", before=_lenient_json),
    altered(
        "NaN is taken", "W4", before=when(CHAT, lambda seen: setattr(seen, "body", seen.body.replace(b"NaN", b"1")))
    ),
    altered(
        "a form's content type is 415",
        "W4",
        before=lambda seen: seen.refuse(415) if "form" in seen.sent.get("content-type", "") else None,
    ),
    altered(
        "a compressed body is taken as it stands",
        "W4",
        before=lambda seen: seen.sent.pop("content-encoding", None),
    ),
    code("payload_too_large", "W5", status=400),
    altered("bodies up to 1 MiB", "W5", before=_small_bodies),
    altered("a body is looked at before the credential", "W6", before=_body_first),
    altered("413 before 401", "W6", before=_large_first),
    altered(
        "the document is not cached", "W7", after=when("/llms.json", lambda seen: seen.header("cache-control", None))
    ),
    altered("/llms.txt is another text", "W7", after=when("/llms.txt", field_set("name", "Clevora"))),
    altered("a reference to nowhere", "W7", after=when("llms[./a-z]*", field_set("errorBody", {"$ref": "#/nowhere"}))),
    altered("the document has no changelog", "W7", after=when("llms[./a-z]*", field_set("changelog", REMOVED))),
    altered(
        "no CORS on errors",
        "W8",
        after=lambda seen: seen.header("access-control-allow-origin", None) if seen.status >= 400 else None,
    ),
    altered(
        "a preflight is 405",
        "W8",
        before=lambda seen: seen.refuse(405, code="method_not_allowed") if seen.method == "OPTIONS" else None,
    ),
    altered("cookies are taken", "W8", after=lambda seen: seen.header("access-control-allow-credentials", "true")),
    altered(
        "the request id is not exposed", "W8", after=lambda seen: seen.header("access-control-expose-headers", None)
    ),
    altered("two Authorization headers are one", "W9", before=_last_of_two),
]

# --- credentials ------------------------------------------------------------------------------------------------------


def _any_scheme(seen: Seen) -> None:
    given = seen.sent.get("authorization", "")
    if given.startswith(("bearer", "BEARER")):
        seen.refuse(401, "authentication_error", "invalid_api_key")


def _long_keys(seen: Seen) -> None:
    if seen.sent.get("authorization") == f"Bearer {KEY}0":
        seen.sent["authorization"] = f"Bearer {KEY}"


def _with_token(asked: Asked) -> Change:
    def change(seen: Seen) -> None:
        if seen.sent.get("authorization") == f"Bearer {KEY}":
            seen.sent["authorization"] = f"Bearer {asked.credentials.id_token}"

    return change


class Swapped:
    """The alteration of a server that takes one credential of the account for the other."""

    def __init__(self) -> None:
        self.token = ""

    def patch(self, asked: Asked, sandbox: str) -> AbstractContextManager[object]:
        self.token = f"Bearer {asked.credentials.id_token}"
        return patch.dict({})

    def key_as_token(self, seen: Seen) -> None:
        if seen.sent.get("authorization") == f"Bearer {KEY}":
            seen.sent["authorization"] = self.token

    def token_as_key(self, seen: Seen) -> None:
        if seen.sent.get("authorization") == self.token:
            seen.sent["authorization"] = f"Bearer {KEY}"


SWAPPED = Swapped()


def _whole_keys() -> tuple[Change, Change]:
    made: dict[str, str] = {}

    def remember(seen: Seen) -> None:
        if seen.method == "POST" and seen.status == 200:
            made[seen.json["data"]["id"]] = seen.json["data"]["key"]

    def show(seen: Seen) -> None:
        remember(seen)
        if seen.method == "GET" and seen.status == 200:
            body = seen.json
            for key in body["data"]["keys"]:
                key["preview"] = made.get(key["id"], key["preview"])
            seen.json = body

    return remember, show


def each_key(change: Any) -> Change:
    def changed(seen: Seen) -> None:
        body = seen.json
        for key in body["data"]["keys"]:
            change(key)
        seen.json = body

    return when(KEYS, changed, method="GET", status=200)


def _reversed_keys(seen: Seen) -> None:
    body = seen.json
    body["data"]["keys"].reverse()
    seen.json = body


def _again(seen: Seen) -> None:
    seen.refuse(404, "not_found_error", "not_found")


def _gone_once() -> Change:
    gone: set[str] = set()

    def change(seen: Seen) -> None:
        if seen.method == "DELETE" and seen.status == 200:
            if seen.path in gone:
                seen.refuse(404, "not_found_error", "not_found")
            gone.add(seen.path)

    return change


def _never_revoked(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
    return patch("clevora_mock.core.accounts.Key.require_valid", lambda self: None)


def _claims(seen: Seen) -> dict[str, Any]:
    parts = seen.sent.get("authorization", "").split(".")
    if len(parts) != 3:
        return {}
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return claims


def _with_claims(**changes: Any) -> Change:
    """Mend claims of tokens that are otherwise good, so that the server takes them."""

    def change(seen: Seen) -> None:
        claims = _claims(seen)
        if claims.get("sub"):
            head = seen.sent["authorization"].split(".")[0]
            mended = base64.urlsafe_b64encode(json.dumps(claims | changes).encode()).rstrip(b"=").decode()
            seen.sent["authorization"] = f"{head}.{mended}."

    return change


def _listed_twice(seen: Seen) -> None:
    body = seen.json
    body["data"]["keys"] += body["data"]["keys"][-1:]
    seen.json = body


def _one_id(seen: Seen) -> None:
    body = seen.json
    for entry in body["data"]["transactions"]:
        entry["id"] = "txn_1"
    seen.json = body


CREDENTIALS = [
    altered("a key is listed twice", "K4", after=when(KEYS, _listed_twice, method="GET", status=200)),
    code("invalid_api_key", "K1", message="Unauthorized"),
    code("invalid_api_key", "K1", status=403),
    code("invalid_api_key", "K1", code="unauthorized"),
    altered("only the scheme Bearer", "K1", before=when("/v1/.*", _any_scheme)),
    altered("a key with one more digit is taken", "K1", before=_long_keys),
    altered(
        "an API key opens the dashboard",
        "K2",
        before=when("/api/developer/.*", SWAPPED.key_as_token),
        patch=SWAPPED.patch,
    ),
    altered("an ID token opens search", "K2", before=when(SEARCH, SWAPPED.token_as_key), patch=SWAPPED.patch),
    altered("a new key has no time", "K3", after=when(KEYS, data("createdAt", REMOVED), method="POST", status=200)),
    altered(
        "a name is not trimmed",
        "K3",
        after=when(
            KEYS, data("name", lambda name: f" {name}" if "verify" in name else name), method="POST", status=200
        ),
    ),
    altered(
        "another name by default",
        "K3",
        after=when(KEYS, data("name", lambda name: name.replace("Untitled key", "default")), method="POST", status=200),
    ),
    altered(
        "names of any length",
        "K3",
        before=when(KEYS, asked_set(name=lambda name: name[:64] if isinstance(name, str) else name)),
    ),
    altered("keys are shown whole", "K3 K4", after=when(KEYS, _whole_keys()[1])),
    altered("previews of 8 characters", "K4", after=each_key(lambda key: key.update(preview=key["preview"][:8]))),
    altered("a field more in the list of keys", "K4", after=each_key(lambda key: key.update(scope="all"))),
    altered("the oldest key first", "K4", after=when(KEYS, _reversed_keys, method="GET", status=200)),
    altered(
        "a key is used as soon as it is made", "K4", after=each_key(lambda key: key.update(lastUsed=key["createdAt"]))
    ),
    altered("revoking again is 404", "K5", after=when(f"{KEYS}/.*", _gone_once())),
    altered(
        "revoking answers 204",
        "K5",
        after=when(f"{KEYS}/.*", lambda seen: setattr(seen, "status", 204), method="DELETE", status=200),
    ),
    altered(
        "revoking an unknown key is 200",
        "K5",
        after=when(f"{KEYS}/.*", lambda seen: setattr(seen, "status", 200), method="DELETE", status=404),
    ),
    altered("a revoked key goes on", "K6", patch=_never_revoked),
    code("invalid_id_token", "K7", code="unauthenticated"),
    code("invalid_id_token", "K7", status=403),
    altered("expired tokens are taken", "K7", before=_with_claims(exp=9_999_999_999)),
    altered(
        "tokens of any issuer",
        "K7",
        before=_with_claims(iss="https://securetoken.google.com/demo-clevora", aud="demo-clevora"),
    ),
    code("developer_access_required", "K8", code="forbidden"),
    altered(
        "activation answers 201", "K8", after=when("/api/developer/activate", lambda seen: setattr(seen, "status", 201))
    ),
    altered(
        "access counts as activation",
        "K9",
        after=when("/api/developer/(account|activate)", data("activated", True), status=200),
    ),
    code("account_not_activated", "B2", code="payment_required"),
]

# --- money ------------------------------------------------------------------------------------------------------------


@contextmanager
def _dearer(name: str, factor: int) -> Iterator[None]:
    endpoint = ENDPOINT_BY_NAME[name]
    rate = endpoint.rate
    structs.force_setattr(endpoint, "rate", (rate or 0) * factor)
    try:
        yield
    finally:
        structs.force_setattr(endpoint, "rate", rate)


def _billed_twice(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
    charge = Ledger.charge

    def twice(self: Ledger, serial: int, *rest: Any) -> None:
        charge(self, serial, *rest)
        charge(self, serial + 1_000_000, *rest)

    return patch.object(Ledger, "charge", twice)


def _failures_cost(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
    record = Sandbox.record

    def charged(self: Sandbox, exchange: Any, now: int) -> None:
        record(self, exchange, now)
        if exchange.status == 400 and exchange.principal.key is not None:
            exchange.principal.account.ledger.charge(self.next_entry(), Charge("chat.completions", 0, 1000), now)

    return patch.object(Sandbox, "record", charged)


def _credited_at_once(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
    open_checkout = Sandbox.open_checkout

    def credited(self: Sandbox, account: Any, amount: int, now: int) -> Any:
        self.credit(account, amount, now)
        return open_checkout(self, account, amount, now)

    return patch.object(Sandbox, "open_checkout", credited)


def each_transaction(change: Any) -> Change:
    def changed(seen: Seen) -> None:
        body = seen.json
        for entry in body["data"]["transactions"]:
            change(entry)
        seen.json = body

    return when(TRANSACTIONS, changed, status=200)


def _oldest_first(seen: Seen) -> None:
    body = seen.json
    body["data"]["transactions"].reverse()
    seen.json = body


def _no_status(seen: Seen) -> None:
    body = seen.json
    body.pop("status", None)
    seen.json = body


def _believed(seen: Seen) -> None:
    if "webhook-id" not in seen.sent:
        seen.status, seen.json = 200, {"received": True}


def _unsigned_believed(seen: Seen) -> None:
    if "webhook-id" not in seen.sent:
        seen.status, seen.json = 200, {"received": True}


def _amounts(*taken: str) -> Change:
    def change(seen: Seen) -> None:
        for text in taken:
            seen.body = seen.body.replace(b'{"amount": %s}' % text.encode(), b'{"amount": 15}')

    return when(TOPUP, change)


MONEY = [
    altered("all transactions have one id", "B11", after=when(TRANSACTIONS, _one_id, status=200)),
    altered("searches cost ten times as much", "B1", patch=lambda asked, sandbox: _dearer("search", 10)),
    altered("embeddings cost twice as much", "B1", patch=lambda asked, sandbox: _dearer("embeddings", 2)),
    altered("requests are billed twice", "B4", patch=_billed_twice),
    altered("failures cost", "B4", patch=_failures_cost),
    altered(
        "a balance rounded to cents",
        "B5",
        after=when(ACCOUNT, data("balance", lambda dollars: round(dollars, 2)), status=200),
    ),
    altered(
        "a charge has no endpoint's name",
        "B5",
        after=each_transaction(lambda entry: entry.update(endpoint=entry["endpoint"] and f"v1/{entry['endpoint']}")),
    ),
    altered(
        "balances after an entry are those before",
        "B5",
        after=each_transaction(
            lambda entry: entry.update(balanceAfter=round(entry["balanceAfter"] + entry["amount"], 6))
        ),
    ),
    altered("a key counts no tokens", "B6", after=each_key(lambda key: key.update(tokens=0))),
    altered(
        "transactions have rounded tokens",
        "B6",
        after=each_transaction(
            lambda entry: entry.update(
                tokens=entry["tokens"] + 1
                if entry["endpoint"] == "embeddings" and entry["tokens"] == 1
                else entry["tokens"]
            )
        ),
    ),
    altered("top-ups from $10", "B7", before=_amounts("14.99")),
    altered("top-ups with three decimals", "B7", before=_amounts("15.001")),
    altered("an amount as text", "B7", before=_amounts('"50"')),
    altered(
        "a checkout's address is named url",
        "B7",
        after=when(TOPUP, lambda seen: setattr(seen, "answer", seen.answer.replace(b"checkoutUrl", b"url"))),
    ),
    altered("a top-up is credited at once", "B8", patch=_credited_at_once),
    code("invalid_signature", "B9", status=400),
    altered(
        "unsigned events are believed",
        "B9",
        after=when(WEBHOOK, _unsigned_believed),
    ),
    altered(
        "old signatures are believed",
        "B9",
        patch=lambda asked, sandbox: patch("clevora_mock.core.webhooks.WEBHOOK_TOLERANCE_SECONDS", 1000),
    ),
    altered(
        "an unknown event is 404",
        "B10",
        after=when(WEBHOOK, lambda seen: seen.refuse(404) if b"customer.updated" in seen.body else None, status=200),
    ),
    altered("a payment is received with its id", "B10", after=when(WEBHOOK, field_set("id", "evt_1"), status=200)),
    altered("an account has no tier", "B11", after=when(ACCOUNT, data("tier", REMOVED), status=200)),
    altered("transactions of another type", "B11", after=each_transaction(lambda entry: entry.update(id=7))),
    altered("the oldest transaction first", "B11", after=when(TRANSACTIONS, _oldest_first, status=200)),
    altered(
        "any number of transactions",
        "B11",
        before=when(TRANSACTIONS, lambda seen: setattr(seen, "query", seen.query.replace("501", "500"))),
    ),
    altered("no status beside the dashboard's errors", "B12", after=errors(_no_status)),
]

# --- limits -----------------------------------------------------------------------------------------------------------


def _limits(**limits: Any) -> Any:
    def start(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
        asked.app.state.sandboxes.get(sandbox).limits = Limits(**limits)
        return patch.dict({})

    return start


def _acquire(change: Any) -> Any:
    acquire = RateLimiter.acquire

    def start(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
        return patch.object(RateLimiter, "acquire", lambda self, now, limits, _: change(acquire, self, now, limits))

    return start


def _aligned(acquire: Any, limiter: RateLimiter, now: int, limits: Limits) -> None:
    """Forget all of the minute before, at the full minute."""
    minute = now - now % 60_000_000
    while limiter.recent and limiter.recent[0] < minute:
        limiter.recent.popleft()
    acquire(limiter, now, limits)


def _from_first(acquire: Any, limiter: RateLimiter, now: int, limits: Limits) -> None:
    """Forget all requests when the first is a minute old."""
    if limiter.recent and now - limiter.recent[0] >= 60_000_000:
        limiter.recent.clear()
    acquire(limiter, now, limits)


def _refused_count(acquire: Any, limiter: RateLimiter, now: int, limits: Limits) -> None:
    try:
        acquire(limiter, now, limits)
    except Exception:
        limiter.recent.append(now)
        raise


def _shared() -> Any:
    whole = RateLimiter()
    return lambda acquire, limiter, now, limits: acquire(whole, now, limits)


LIMITS = [
    altered("50 requests a minute", "L1", patch=_limits(requests_per_minute=50)),
    altered("no limit of requests", "L1", patch=_limits(requests_per_minute=None)),
    altered("a limit for the account", "L1", patch=_acquire(_shared())),
    code("rate_limit_exceeded", "L1", code="too_many_requests"),
    altered("a window from the first request", "L2", patch=_acquire(_from_first)),
    altered("a window from the full minute", "L2", patch=_acquire(_aligned)),
    altered("refused requests count", "L2", patch=_acquire(_refused_count)),
    altered("no Retry-After", "L2", after=lambda seen: seen.header("retry-after", None)),
    altered(
        "Retry-After is a date",
        "L2",
        after=lambda seen: seen.header("retry-after", "Thu, 01 Jan 2026 12:00:00 GMT") if seen.status == 429 else None,
    ),
    altered(
        "Retry-After is always 60",
        "L2",
        after=lambda seen: seen.header("retry-after", "60") if seen.status == 429 else None,
    ),
    altered("X-RateLimit headers", "L4", after=lambda seen: seen.header("x-ratelimit-limit", "60")),
]

# --- models -----------------------------------------------------------------------------------------------------------


def _uncut(seen: Seen) -> None:
    if seen.status == 200 and "choices" in seen.json and seen.json["choices"][0]["finish_reason"] == "length":
        field_set("choices.0.finish_reason", "stop")(seen)


def _prose(seen: Seen) -> None:
    if "response_format" in seen.asked and seen.status == 200:
        field_set("choices.0.message.content", "Gladly: a person.")(seen)


def _strict(*known: str) -> Any:
    return lambda body: body.keys() - set(known) - {"stream_options"}


def listed(body: Any) -> list[Any]:
    return body["messages"] if isinstance(body.get("messages"), list) else []


def _roles(body: Any) -> bool:
    return any(isinstance(one, dict) and one.get("role") == "developer" for one in listed(body))


def _parts(body: Any) -> bool:
    return any(
        isinstance(one, dict)
        and isinstance(one.get("content"), list)
        and one["content"] == [{"type": "text", "text": "Hi"}]
        for one in listed(body)
    )


def _four_more(tokenizer: Tokenizer, texts: list[str]) -> int:
    return 4 + sum(3 + tokenizer.count(text) for text in texts)


def _by_eight(tokenizer: Tokenizer, text: str) -> int:
    return len(re.findall(r"\w{1,8}|\S", text))


def _patched(name: str, value: Any) -> Any:
    return lambda asked, sandbox: patch.object(Tokenizer, name, value)


COMPLETIONS = [
    altered("a chat of last year", "C5", after=when(CHAT, field_set("created", _last_year), status=200)),
    refusing("no role developer", "C1", CHAT, _roles),
    refusing("no content in parts", "C1", CHAT, _parts),
    accepting("no messages are taken", "C1", CHAT, "messages", [], [{"role": "user", "content": "Hi"}]),
    altered(
        "another model by default",
        "C2",
        after=when(
            CHAT,
            lambda seen: field_set("model", "clevora-1.1")(seen) if "model" not in seen.asked else None,
            status=200,
        ),
    ),
    accepting("a model in capitals", "C2", CHAT, "model", "Clevora-1.0-Turbo", "clevora-1.0-turbo"),
    code("model_not_found", "C2", status=400),
    code("invalid_model", "C2", code="unsupported_model"),
    accepting("temperatures up to 3", "C3", CHAT, "temperature", 2.1, 2),
    accepting("max_tokens 0", "C3", CHAT, "max_tokens", 0, 1),
    accepting("stream as text", "C3", CHAT, "stream", "true", False),
    refusing(
        "unknown fields are 400",
        "C4",
        CHAT,
        _strict("messages", "model", "stream", "temperature", "max_tokens", "max_completion_tokens", "response_format"),
    ),
    refusing("null is no number", "C4", CHAT, lambda body: "temperature" in body and body["temperature"] is None),
    altered("max_completion_tokens is ignored", "C4", before=when(CHAT, asked_set(max_completion_tokens=REMOVED))),
    accepting("a boolean is a number", "C4", CHAT, "temperature", True, 1),
    altered("a field more in chats", "C5", after=when(CHAT, field_set("system_fingerprint", "fp_1"), status=200)),
    altered(
        "no finish_reason",
        "C5",
        after=when(CHAT, field_set("choices.0.finish_reason", REMOVED), status=200),
    ),
    altered("no usage in chats", "C5", after=when(CHAT, field_set("usage", REMOVED), status=200)),
    altered("another id", "C5", after=when(CHAT, field_set("id", "cmpl_1"), status=200)),
    altered(
        "max_tokens is ignored",
        "C6",
        before=when(
            CHAT, lambda seen: asked_set(max_tokens=REMOVED)(seen) if seen.asked.get("max_tokens") in (2, 5) else None
        ),
    ),
    altered("a cut answer stops", "C6", after=when(CHAT, _uncut)),
    altered(
        "4 tokens a prompt",
        "C7 C8",
        patch=_patched("prompt", _four_more),
    ),
    altered("words of 8 characters", "C7", patch=_patched("count", _by_eight)),
    altered(
        "another answer to the example",
        "C8",
        after=when(CHAT, lambda seen: setattr(seen, "answer", seen.answer.replace(b"successfully ", b""))),
    ),
    altered("prose for JSON", "C9", after=when(CHAT, _prose)),
    refusing(
        "unknown formats are 400", "C9", CHAT, lambda body: (body.get("response_format") or {}).get("type") == "xml"
    ),
    accepting(
        "a malformed schema is taken",
        "C9",
        CHAT,
        "response_format",
        {"type": "json_schema", "json_schema": 5},
        {"type": "json_object"},
    ),
]


def _usage_on_every(chunk: dict[str, Any]) -> None:
    chunk.setdefault("usage", {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2})


def _usage_apart(event: bytes) -> bytes:
    if b'"usage"' not in event:
        return event
    chunk = json.loads(event.removeprefix(b"data: "))
    usage = chunk.pop("usage")
    last = chunk | {"choices": [], "usage": usage}
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in (chunk, last))


def _no_usage(chunk: dict[str, Any]) -> None:
    chunk.pop("usage", None)


def _first_content(chunk: dict[str, Any]) -> None:
    if "role" in chunk["choices"][0]["delta"]:
        chunk["choices"][0]["delta"]["content"] = ""


def _role_everywhere(chunk: dict[str, Any]) -> None:
    if "content" in chunk["choices"][0]["delta"]:
        chunk["choices"][0]["delta"]["role"] = "assistant"


def _two_choices(chunk: dict[str, Any]) -> None:
    chunk["choices"].append(chunk["choices"][0] | {"index": 1})


def _new_ids() -> Any:
    numbers = iter(range(10**9))
    return lambda chunk: chunk.update(id=f"chatcmpl-{next(numbers)}")


def _upper(chunk: dict[str, Any]) -> None:
    delta = chunk["choices"][0]["delta"]
    if "content" in delta:
        delta["content"] = delta["content"].upper() + "!"


def _more_usage(chunk: dict[str, Any]) -> None:
    if "usage" in chunk:
        chunk["usage"]["prompt_tokens"] += 1
        chunk["usage"]["total_tokens"] += 1


def _left_streams(change: Any) -> Any:
    """Change what a stream that was left is charged."""
    record = Sandbox.record

    def changed(self: Sandbox, exchange: Any, now: int) -> None:
        if exchange.reply.is_stream and exchange.completion_tokens < sum(
            frame.tokens for frame in exchange.reply.frames
        ):
            exchange = change(exchange)
        record(self, exchange, now)

    return lambda asked, sandbox: patch.object(Sandbox, "record", changed)


def _as_event(seen: Seen) -> None:
    if seen.asked.get("stream") is True and seen.status >= 400:
        seen.status = 200
        seen.header("content-type", "text/event-stream")
        seen.answer = b"data: " + seen.answer + b"\n\n"


def _event_name(event: bytes) -> bytes:
    return b"event: message\n" + event


STREAMS = [
    altered(
        "a stream of last year", "S3", event=on_chunk(lambda chunk: chunk.update(created=_last_year(chunk["created"])))
    ),
    altered("CRLF in streams", "S1", event=lambda event: event.replace(b"\n", b"\r\n")),
    altered("comments in streams", "S1", event=lambda event: b": ping\n\n" + event),
    altered("named events", "S1", event=_event_name),
    altered("no [DONE]", "S1", event=lambda event: b"" if event.startswith(b"data: [DONE]") else event),
    altered("[DONE] comes late", "S1", delay=lambda part: 2.0),
    altered(
        "a stream as text/plain",
        "S1",
        after=when(
            CHAT,
            lambda seen: (
                seen.header("content-type", "text/plain") if seen.asked.get("stream") and seen.status == 200 else None
            ),
        ),
    ),
    altered("content in the first chunk", "S2", event=on_chunk(_first_content)),
    altered("the role in every chunk", "S2", event=on_chunk(_role_everywhere)),
    altered("two choices", "S2", event=on_chunk(_two_choices)),
    altered("an id a chunk", "S2", event=on_chunk(_new_ids())),
    altered("another object in chunks", "S2", event=on_chunk(lambda chunk: chunk.update(object="chunk"))),
    altered("chunks without created", "S3", event=on_chunk(lambda chunk: chunk.pop("created"))),
    altered("a field more in chunks", "S3", event=on_chunk(lambda chunk: chunk.update(system_fingerprint="fp_1"))),
    altered("usage on every chunk", "S4", event=on_chunk(_usage_on_every)),
    altered("usage on a chunk of its own", "S4", event=_usage_apart),
    altered("no usage in streams", "S4", event=on_chunk(_no_usage)),
    altered("streams say something else", "S5", event=on_chunk(_upper)),
    altered("streams count otherwise", "S5", event=on_chunk(_more_usage)),
    altered("a stream that is left is free", "S6", patch=lambda asked, sandbox: _left_free()),
    altered("a stream that is left is billed whole", "S6", patch=lambda asked, sandbox: _left_whole()),
    altered("a refusal is an event", "S7", after=when(CHAT, _as_event)),
    altered(
        "no JSON type on refusals of streams",
        "S7",
        after=when(
            CHAT,
            lambda seen: (
                seen.header("content-type", "text/plain") if seen.asked.get("stream") and seen.status >= 400 else None
            ),
        ),
    ),
]


def _left_free() -> AbstractContextManager[object]:
    record = Sandbox.record

    def free(self: Sandbox, exchange: Any, now: int) -> None:
        if not _is_left(exchange):
            record(self, exchange, now)

    return patch.object(Sandbox, "record", free)


def _left_whole() -> AbstractContextManager[object]:
    record, charge = Sandbox.record, Ledger.charge

    def whole(self: Sandbox, exchange: Any, now: int) -> None:
        if not _is_left(exchange):
            record(self, exchange, now)
            return
        tokens_sent = exchange.reply.prompt_tokens + sum(frame.tokens for frame in exchange.reply.frames)

        def change(ledger: Ledger, serial: int, price: Charge, at: int) -> None:
            charge(ledger, serial, Charge(price.endpoint, tokens_sent, 500 * tokens_sent), at)

        with patch.object(Ledger, "charge", change):
            record(self, exchange, now)

    return patch.object(Sandbox, "record", whole)


def _is_left(exchange: Any) -> bool:
    whole = sum(frame.tokens for frame in exchange.reply.frames)
    return bool(exchange.reply.is_stream and exchange.completion_tokens < whole)


# --- embeddings, search, scripts --------------------------------------------------------------------------------------


def each_vector(change: Any) -> Change:
    def changed(seen: Seen) -> None:
        body = seen.json
        for one in body["data"]:
            if isinstance(one["embedding"], list):
                one["embedding"] = change(one["embedding"])
            else:
                raw = base64.b64decode(one["embedding"])
                vector = change(list(struct.unpack(f"<{len(raw) // 4}f", raw)))
                one["embedding"] = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        seen.json = body

    return when(EMBED, changed, status=200)


def _big_endian(seen: Seen) -> None:
    body = seen.json
    for one in body["data"]:
        if isinstance(one["embedding"], str):
            raw = base64.b64decode(one["embedding"])
            swapped = struct.pack(f">{len(raw) // 4}f", *struct.unpack(f"<{len(raw) // 4}f", raw))
            one["embedding"] = base64.b64encode(swapped).decode()
    seen.json = body


def _shortened(seen: Seen) -> None:
    if "dimensions" in seen.asked:
        body = seen.json
        for one in body["data"]:
            one["embedding"] = one["embedding"][: seen.asked["dimensions"]]
        seen.json = body


def _turning() -> Any:
    numbers = iter(range(10**9))

    def turn(vector: list[float]) -> list[float]:
        cut = next(numbers) % len(vector)
        return vector[cut:] + vector[:cut]

    return turn


def _numbered(seen: Seen) -> None:
    """Vectors that depend on the number of texts."""
    body = seen.json
    count = len(body["data"]) - 1
    for one in body["data"]:
        if isinstance(one["embedding"], list):
            one["embedding"] = one["embedding"][count:] + one["embedding"][:count]
    seen.json = body


def _backwards(seen: Seen) -> None:
    body = seen.json
    for index, one in enumerate(reversed(body["data"])):
        one["index"] = index
    seen.json = body


def _token_ids(value: Any) -> Any:
    return "a" if value in ([1, 2, 3], [[1, 2], [3]]) else value


EMBEDDINGS = [
    altered("vectors of 768", "E3", after=each_vector(lambda vector: vector[:768])),
    altered("vectors of length 2", "E3", after=each_vector(lambda vector: [2 * part for part in vector])),
    altered(
        "base64 is ignored",
        "E3",
        before=when(EMBED, asked_set(encoding_format=lambda value: "float" if value == "base64" else value)),
    ),
    altered("big-endian base64", "E3", after=when(EMBED, _big_endian, status=200)),
    altered("dimensions are heeded", "E3", after=when(EMBED, _shortened, status=200)),
    accepting("any format", "E3", EMBED, "encoding_format", "int8", "float"),
    altered("token ids are taken", "E1", before=when(EMBED, asked_set(input=_token_ids))),
    accepting("a blank text is taken", "E1", EMBED, "input", " \n", "a"),
    altered(
        "any number of texts",
        "E1",
        before=when(EMBED, asked_set(input=lambda value: value[:9] if isinstance(value, list) else value)),
    ),
    refusing("no arrays", "E1", EMBED, lambda body: body.get("input") == ["a"]),
    altered(
        "no index",
        "E2",
        after=when(
            EMBED,
            lambda seen: [field_set(f"data.{index}.index", REMOVED)(seen) for index in range(len(seen.json["data"]))],
            status=200,
        ),
    ),
    altered("indexes backwards", "E2", after=when(EMBED, _backwards, status=200)),
    altered("another object in embeddings", "E2", after=when(EMBED, field_set("object", "embeddings"), status=200)),
    altered("no usage in embeddings", "E2", after=when(EMBED, field_set("usage", REMOVED), status=200)),
    altered("vectors by chance", "E4", after=each_vector(_turning())),
    altered("vectors depend on the batch", "E4", after=when(EMBED, _numbered, status=200)),
]


def each_result(change: Any) -> Change:
    def changed(seen: Seen) -> None:
        body = seen.json
        for index, result in enumerate(body["results"]):
            change(result, index)
        seen.json = body

    return when(SEARCH, changed, status=200)


def _worst_first(seen: Seen) -> None:
    body = seen.json
    body["results"].reverse()
    seen.json = body


def _one_more(seen: Seen) -> None:
    body = seen.json
    body["results"] = body["results"] + body["results"][-1:]
    if seen.asked.get("limit") == 2:
        seen.json = body


SEARCHES = [
    altered("one result many times", "H3", after=when(SEARCH, _repeated, status=200)),
    altered(
        "10 results by default",
        "H1",
        before=when(
            SEARCH,
            lambda seen: (
                setattr(seen, "body", json.dumps({"limit": 10} | seen.asked).encode())
                if "query" in seen.asked
                else None
            ),
        ),
    ),
    accepting("51 results", "H1", SEARCH, "limit", 51, 50),
    accepting("a limit as text", "H1", SEARCH, "limit", "3", 3),
    accepting("a blank query", "H1", SEARCH, "query", " \t", "a"),
    altered("results without tags", "H2", after=each_result(lambda result, index: result.pop("tags"))),
    altered("a field more in results", "H2", after=each_result(lambda result, index: result.update(rank=index))),
    altered("an article among results", "H2", after=each_result(lambda result, index: result.update(type="article"))),
    altered(
        "a query is trimmed", "H2", after=when(SEARCH, field_set("query", lambda query: query.strip()), status=200)
    ),
    altered(
        "scores in percent", "H3", after=each_result(lambda result, index: result.update(score=100 * result["score"]))
    ),
    altered("the worst first", "H3", after=when(SEARCH, _worst_first, status=200)),
    altered("one result too many", "H3", after=when(SEARCH, _one_more, status=200)),
]

SCRIPTS = [
    altered("a script of last year", "G3", after=when(SCRIPT, field_set("created", _last_year), status=200)),
    altered(
        "a podcast by default",
        "G1",
        after=when(
            SCRIPT, lambda seen: field_set("style", "podcast")(seen) if "style" not in seen.asked else None, status=200
        ),
    ),
    accepting("any style", "G1", SCRIPT, "style", "vimeo", "youtube"),
    accepting("styles in capitals", "G1", SCRIPT, "style", "YouTube", "youtube"),
    accepting("a blank topic", "G1", SCRIPT, "topic", " \t", "Tea"),
    accepting("any length", "G2", SCRIPT, "length", "tiny", "short"),
    altered(
        "short by default",
        "G2",
        before=when(
            SCRIPT,
            lambda seen: (
                setattr(seen, "body", json.dumps({"length": "short"} | seen.asked).encode())
                if seen.asked == {"topic": "Tea"}
                else None
            ),
        ),
    ),
    altered(
        "sections without seconds",
        "G3",
        after=when(
            SCRIPT,
            lambda seen: [
                field_set(f"script.sections.{index}.durationSeconds", REMOVED)(seen)
                for index in range(len(seen.json["script"]["sections"]))
            ],
            status=200,
        ),
    ),
    altered("a field more in scripts", "G3", after=when(SCRIPT, field_set("language", "en"), status=200)),
    altered("a script's text alone", "G3", after=when(SCRIPT, field_set("script", "Tea."), status=200)),
]

# --- usage ------------------------------------------------------------------------------------------------------------


def report(place: str, value: object) -> Change:
    return when(USAGE, data(place, value), status=200)


def _default_week(seen: Seen) -> None:
    seen.query = seen.query or "range=7"


def _recorded(statuses: tuple[int, ...], *, wanted: bool) -> Any:
    """Record, or leave out, requests with these statuses."""
    record = AccountUsage.record

    def start(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
        if wanted:
            whole = Sandbox.record

            def more(self: Sandbox, exchange: Any, now: int) -> None:
                whole(self, exchange, now)
                if exchange.status in statuses:
                    account = self.accounts.by_uid["demo"]
                    account.usage.record(Activity("chat.completions", 0, True, 1), now)

            return patch.object(Sandbox, "record", more)

        def less(self: AccountUsage, activity: Activity, now: int) -> None:
            if not activity.failed:
                record(self, activity, now)

        return patch.object(AccountUsage, "record", less)

    return start


def _gaps(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [day for day in days if day["requests"]]


USAGES = [
    altered(
        "/v1/usage is no path",
        "U1",
        before=when("/v1/usage", lambda seen: seen.refuse(404, "not_found_error", "not_found")),
    ),
    altered(
        "usage for an API key",
        "U1",
        before=when("/v1/usage", lambda seen: seen.refuse(401, "authentication_error", "no_key")),
    ),
    altered(
        "a range of 91 is one of 90",
        "U2",
        before=when(USAGE, lambda seen: setattr(seen, "query", seen.query.replace("91", "90"))),
    ),
    altered("7 days by default", "U2", before=when(USAGE, _default_week)),
    altered(
        "any text for a range",
        "U2",
        before=when(USAGE, lambda seen: setattr(seen, "query", seen.query.replace("30d", "30"))),
    ),
    altered("a field more in the summary", "U3", after=report("summary.totalCost", 1)),
    altered(
        "days without errors",
        "U3",
        after=report(
            "dailySeries",
            lambda days: [{"date": day["date"], "requests": day["requests"], "tokens": day["tokens"]} for day in days],
        ),
    ),
    altered("the newest day first", "U4", after=report("dailySeries", lambda days: days[::-1])),
    altered("days with gaps", "U4", after=report("dailySeries", _gaps)),
    altered(
        "an average that is not rounded",
        "U4",
        after=report("summary.avgTokensPerRequest", lambda average: average + 0.25),
    ),
    altered("a rate as a fraction", "U5", after=report("summary.successRate", lambda rate: rate / 100)),
    altered("a rate with three decimals", "U5", after=report("summary.successRate", lambda rate: rate + 0.001)),
    altered("the oldest activity first", "U6", after=report("recentActivity", lambda recent: recent[::-1])),
    altered(
        "activity has no latency",
        "U6",
        after=report(
            "recentActivity",
            lambda recent: [{name: value for name, value in one.items() if name != "latencyMs"} for one in recent],
        ),
    ),
    altered("activity without end", "U6", after=report("recentActivity", lambda recent: recent * 2)),
    altered(
        "the breakdown is of today",
        "U6",
        after=report(
            "endpointBreakdown", lambda parts: {name: part for name, part in parts.items() if name == "embeddings"}
        ),
    ),
    altered("401s are recorded", "U7", patch=_recorded((401,), wanted=True)),
    altered("failures are not recorded", "U7", patch=_recorded((400, 404), wanted=False)),
]

# --- more of each -----------------------------------------------------------------------------------------------------


def _text_404(seen: Seen) -> None:
    if is_error(seen, "not_found") and "/keys" not in seen.path:
        seen.header("content-type", "text/plain")
        seen.answer = b"404 page not found"


def _any_key(seen: Seen) -> None:
    if seen.sent.get("authorization") == f"Bearer sk_live_{'f' * 32}":
        seen.sent["authorization"] = f"Bearer {KEY}"


def _null_usage(chunk: dict[str, Any]) -> None:
    chunk.setdefault("usage", None)


def _failed_entries(asked: Asked, sandbox: str) -> AbstractContextManager[object]:
    record = Sandbox.record

    def entered(self: Sandbox, exchange: Any, now: int) -> None:
        record(self, exchange, now)
        if exchange.status == 400 and exchange.principal.key is not None:
            exchange.principal.account.ledger.charge(self.next_entry(), Charge("chat.completions", 0, 0), now)

    return patch.object(Sandbox, "record", entered)


def _left_unlogged() -> AbstractContextManager[object]:
    record, log = Sandbox.record, AccountUsage.record

    def unlogged(self: Sandbox, exchange: Any, now: int) -> None:
        silent = patch.object(AccountUsage, "record", lambda *rest: None) if _is_left(exchange) else patch.dict({})
        with silent:
            record(self, exchange, now)

    assert log is AccountUsage.record
    return patch.object(Sandbox, "record", unlogged)


MORE = [
    altered("404s in plain text", "W1", after=_text_404),
    altered("unknown keys are taken", "K1", before=_any_key),
    accepting("unknown models are taken", "C2", CHAT, "model", "gpt-4o", "clevora-1.0-turbo"),
    altered(
        "a new key answers 201",
        "K3",
        after=when(KEYS, lambda seen: setattr(seen, "status", 201), method="POST", status=200),
    ),
    refusing("names of 32 characters at most", "K3", KEYS, lambda body: len(str(body.get("name"))) == 64),
    altered("a balance as text", "B11", after=when(ACCOUNT, data("balance", str), status=200)),
    altered(
        "the account is somewhere else",
        "B11",
        before=when(ACCOUNT, lambda seen: seen.refuse(404, "not_found_error", "not_found")),
    ),
    altered("failed requests are transactions of nothing", "B4", patch=_failed_entries),
    altered(
        "credits have no tokens",
        "B11",
        after=each_transaction(lambda entry: entry.update(tokens=entry["tokens"] or None)),
    ),
    refusing("top-ups to $5,000", "B7", TOPUP, lambda body: body.get("amount") == 10_000),
    altered(
        "a whole account for a top-up", "B7", after=when(TOPUP, lambda seen: setattr(seen, "status", 201), status=200)
    ),
    altered("usage is null on every chunk", "S4", event=on_chunk(_null_usage)),
    altered(
        "chunks in milliseconds", "S3", event=on_chunk(lambda chunk: chunk.update(created=chunk["created"] * 1000))
    ),
    altered(
        "chats in milliseconds",
        "C5",
        after=when(CHAT, field_set("created", lambda created: created * 1000), status=200),
    ),
    altered("streams that are left are not logged", "S6", patch=lambda asked, sandbox: _left_unlogged()),
    refusing("20 results at most", "H1", SEARCH, lambda body: body.get("limit") == 50),
    altered("the ten newest activities", "U6", after=report("recentActivity", lambda recent: recent[:10])),
    altered(
        "days of a month at most",
        "U2",
        before=when(USAGE, lambda seen: seen.refuse(400) if "90" in seen.query else None),
    ),
    altered(
        "scores are text", "H2", after=each_result(lambda result, index: result.update(score=str(result["score"])))
    ),
    altered("a stream with a space less", "S1", event=lambda event: event.replace(b"data: ", b"data:")),
    altered("no empty line at the end", "S1", event=lambda event: event.rstrip() if b"[DONE]" in event else event),
    altered(
        "a role in the last chunk",
        "S2",
        event=on_chunk(
            lambda chunk: chunk["choices"][0]["delta"].update(
                {"role": "assistant"} if chunk["choices"][0]["finish_reason"] else {}
            )
        ),
    ),
]


# --- found by others than who wrote the probes ------------------------------------------------------------------------


def _gunzip(seen: Seen) -> None:
    if seen.sent.get("content-encoding") == "gzip" and seen.body.startswith(b"\x1f\x8b"):
        seen.body = gzip.decompress(seen.body)
        del seen.sent["content-encoding"]


def _on_stream(change: Change) -> Change:
    def changed(seen: Seen) -> None:
        if ("content-type", "text/event-stream") in seen.headers:
            change(seen)

    return changed


def _in_one_piece(change: Change) -> Change:
    def changed(seen: Seen) -> None:
        if seen.method == "POST" and ("content-type", "text/event-stream") not in seen.headers:
            change(seen)

    return when(CHAT, changed, status=200)


def _of_other(seen: Seen) -> bool:
    claims = seen.sent.get("authorization", "").split(".")[1:2]
    return bool(claims) and b'"other"' in base64.urlsafe_b64decode(claims[0] + "==")


def _unfunded() -> dict[str, Change]:
    """Return the changes of a server that looks at the fields of a chat before the account's funds."""
    keys: set[str] = set()

    def before(seen: Seen) -> None:
        if seen.sent.get("authorization", "").rpartition(" ")[2] in keys and not seen.asked.get("messages"):
            seen.refuse(400, code="missing_field")

    def after(seen: Seen) -> None:
        if seen.path.endswith(KEYS) and seen.method == "POST" and seen.status == 200 and _of_other(seen):
            keys.add(seen.json["data"]["key"])

    return {"before": before, "after": after}


def _bare_keys(seen: Seen) -> None:
    seen.json = seen.json | {"data": seen.json["data"]["keys"]}


def _all_transactions(seen: Seen) -> None:
    if re.fullmatch("limit=[1-9][0-9]?", seen.query):
        seen.query = "limit=100"


def _swapped(seen: Seen) -> None:
    body = seen.json
    vectors_back = [one["embedding"] for one in reversed(body["data"])]
    for one, vector in zip(body["data"], vectors_back, strict=True):
        one["embedding"] = vector
    seen.json = body


def _items_back(seen: Seen) -> None:
    seen.json = seen.json | {"data": seen.json["data"][::-1]}


def _days_on(days: int) -> Change:
    def shifted(series: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [day | {"date": (date.fromisoformat(day["date"]) + timedelta(days=days)).isoformat()} for day in series]

    return report("dailySeries", shifted)


def _retry_after(more: int) -> Change:
    def change(seen: Seen) -> None:
        if seen.status == 429:
            seen.header("retry-after", str(int(dict(seen.headers)["retry-after"]) + more))

    return change


def _with_choice(change: Any) -> Any:
    return on_chunk(lambda chunk: [change(choice) for choice in chunk["choices"]])


def _finish(choice: dict[str, Any]) -> None:
    if choice["finish_reason"] == "length":
        choice["finish_reason"] = "max_tokens"


def _ping(event: bytes) -> bytes:
    return b'data: {"type":"ping"}\n\n' + event if b'"content"' in event else event


def _null_code(seen: Seen) -> None:
    body = seen.json
    body["error"]["code"] = None
    seen.json = body


def _event_with_status(seen: Seen) -> None:
    if seen.asked.get("stream") is True:
        seen.answer = b"data: " + seen.answer + b"\n\n"
        seen.header("content-type", "text/event-stream")


def _first_marked(event: bytes) -> bytes:
    return b"\xef\xbb\xbf" + event if b'"role"' in event else event


def _short_chats(seen: Seen) -> None:
    if seen.method == "POST" and type(seen.asked.get("max_tokens")) is int and seen.asked["max_tokens"] < 16:
        seen.refuse(400)


def _no_gets(seen: Seen) -> None:
    if seen.method == "GET" and seen.status == 405:
        seen.status = 404
        seen.error(type="not_found_error", code="not_found")


def _beside_error(seen: Seen) -> None:
    seen.json = seen.json | {"request_id": "r"}


def _without_status(seen: Seen) -> None:
    if seen.status == 200 and isinstance(seen.json, dict) and seen.json.get("status") == "success":
        seen.json = {"data": seen.json["data"]}


def _rounded(seen: Seen) -> None:
    body = seen.json
    for one in body["data"]:
        if isinstance(one["embedding"], list):
            one["embedding"] = [round(part, 3) for part in one["embedding"]]
    seen.json = body


def _bare_vectors(seen: Seen) -> None:
    seen.answer = json.dumps([one["embedding"] for one in seen.json["data"]]).encode()


def _unused(parts: dict[str, Any]) -> dict[str, Any]:
    return parts | {"images": {"requests": 0, "tokens": 0}}


def _default_podcast(seen: Seen) -> None:
    if seen.asked.get("topic") == "Tea" and "style" not in seen.asked:
        seen.body = json.dumps(seen.asked | {"style": "podcast"}).encode()


def _known_fields(seen: Seen) -> None:
    known = {"messages", "model", "stream", "temperature", "max_tokens", "max_completion_tokens", "top_p", "seed"}
    if set(seen.asked) - known - {"metadata", "response_format", "stream_options"}:
        seen.refuse(400)


EMPTY = {"role": "user", "content": ""}
JSON_OBJECT = {"type": "json_object"}


def _no_id_of_400(seen: Seen) -> None:
    if seen.status == 400:
        seen.header("x-request-id", None)


OTHERS = [
    altered(
        "errors as problem+json", "W1", after=errors(lambda s: s.header("content-type", "application/problem+json"))
    ),
    altered("a request's id beside an error", "W1", after=errors(_beside_error)),
    altered("errors have no code but null", "W1", after=errors(_null_code)),
    altered("no request id on streams", "W2", after=_on_stream(lambda seen: seen.header("x-request-id", None))),
    altered("one request id for all refusals of credentials", "W2", after=errors(_same_id)),
    altered("no request id on 400", "W2", after=errors(_no_id_of_400)),
    altered(
        "no request id on the dashboard",
        "W2",
        after=when("/api/developer/.*", lambda seen: seen.header("x-request-id", None)),
    ),
    altered("GET where POST belongs is 404", "W3", after=_no_gets),
    altered("gzip is understood", "W4", before=_gunzip),
    altered("fields before funds", "W6", **_unfunded()),
    altered(
        "fields before access",
        "W6",
        before=when(TOPUP, lambda s: s.refuse(400, code="missing_field") if s.asked == {} and _of_other(s) else None),
    ),
    altered(
        "no CORS on successes",
        "W8",
        after=when(EMBED, lambda seen: seen.header("access-control-allow-origin", None), status=200),
    ),
    altered(
        "a preflight of an unknown path is 404",
        "W8",
        before=when("/v1/nothing", lambda seen: seen.refuse(404, code="not_found"), method="OPTIONS"),
    ),
    altered("an API key opens the account", "K2", before=when(ACCOUNT, SWAPPED.key_as_token), patch=SWAPPED.patch),
    altered("an API key revokes keys", "K2", before=when(f"{KEYS}/.*", SWAPPED.key_as_token), patch=SWAPPED.patch),
    altered(
        "a key needs a body",
        "K3",
        before=when(KEYS, lambda s: None if s.body else s.refuse(400, code="invalid_json"), method="POST"),
    ),
    altered("the list of keys is data itself", "K4", after=when(KEYS, _bare_keys, method="GET", status=200)),
    altered(
        "charges are negative",
        "B5",
        after=each_transaction(
            lambda one: one.update(amount=-one["amount"] if one["type"] == "charge" else one["amount"])
        ),
    ),
    altered(
        "search's usage is not the ledger's",
        "B6",
        after=when(SEARCH, field_set("usage.total_tokens", lambda tokens: tokens + 1), status=200),
    ),
    altered("transactions whatever the limit", "B11", before=when(TRANSACTIONS, _all_transactions)),
    altered(
        "no account without access",
        "B11",
        before=when(
            ACCOUNT,
            lambda s: s.refuse(403, "permission_error", "developer_access_required") if _of_other(s) else None,
        ),
    ),
    altered(
        "charges are debits",
        "B11",
        after=each_transaction(lambda one: one.update(type="debit" if one["type"] == "charge" else one["type"])),
    ),
    altered("successes without a status", "K3 K4 K5 B7 B11 U3", after=_without_status),
    altered("Retry-After a second too long", "L2", after=_retry_after(1)),
    altered("Retry-After a second too short", "L2", after=_retry_after(-1)),
    altered(
        "limits' headers on 429 alone",
        "L4",
        after=lambda s: s.header("ratelimit-reset", "9") if s.status == 429 else None,
    ),
    altered("limits' headers on chats alone", "L4", after=when(CHAT, lambda s: s.header("x-rate-limit-left", "9"))),
    refusing("empty content is none", "C1", CHAT, lambda body: body.get("messages") == [EMPTY]),
    refusing(
        "scripts by their own model alone",
        "C2",
        SCRIPT,
        lambda b: b.get("model") == "clevora-1.0-turbo",
        "invalid_model",
    ),
    altered("at least 16 tokens", "C3", after=when(CHAT, _short_chats, status=200)),
    refusing("null for max_tokens", "C4", CHAT, lambda body: body.get("max_tokens", 0) is None),
    altered("fields are those of OpenAI alone", "C4", before=when(CHAT, _known_fields)),
    altered("details in a chat's usage", "C5", after=_in_one_piece(field_set("usage.details", {"cached": 0}))),
    altered(
        "a cut answer says max_tokens",
        "C6",
        after=_in_one_piece(field_set("choices.0.finish_reason", lambda why: "max_tokens" if why == "length" else why)),
    ),
    altered("a cut stream says max_tokens", "C6", event=_with_choice(_finish)),
    altered(
        "prose for json_object",
        "C9",
        before=when(CHAT, lambda s: asked_set(response_format=REMOVED)(s) if JSON_OBJECT in s.asked.values() else None),
    ),
    altered("a byte order mark", "S1", event=_first_marked),
    altered("[done] in lower case", "S1", event=lambda event: event.replace(b"[DONE]", b"[done]")),
    altered("an event after [DONE]", "S1", event=lambda e: e + b'data: {"x":1}\n\n' if b"[DONE]" in e else e),
    altered("pings as events of data", "S2 S3", event=_ping),
    altered("a refusal is an event with its status", "S7", after=when(CHAT, errors(_event_with_status))),
    refusing(
        "100 texts at most", "E1", EMBED, lambda b: isinstance(b.get("input"), list) and 100 < len(b["input"]) < 999
    ),
    altered("vectors in another order", "E2", after=when(EMBED, _swapped, status=200)),
    altered("items in another order, with their index", "E2", after=when(EMBED, _items_back, status=200)),
    altered("numbers of three decimals, not in base64", "E3", after=when(EMBED, _rounded, status=200)),
    altered("embeddings are an array alone", "E2", after=when(EMBED, _bare_vectors, status=200)),
    altered(
        "tags are objects",
        "H2",
        after=each_result(lambda result, index: result.update(tags=[{"name": tag} for tag in result["tags"]])),
    ),
    altered("podcasts by default, in every script", "G1", before=when(SCRIPT, _default_podcast)),
    altered("a script without sections", "G3", after=when(SCRIPT, field_set("script.sections", []), status=200)),
    altered("the days of Auckland", "U4", after=_days_on(1)),
    altered("the days end yesterday", "U4", after=_days_on(-1)),
    altered("endpoints that were not used", "U6", after=report("endpointBreakdown", _unused)),
]


def _every(number: int, change: Change) -> Change:
    """Return `change` for each so-manieth request after the first contact."""
    counted = count(1)

    def changed(seen: Seen) -> None:
        serial = next(counted)
        if serial > 6 and serial % number == 0:
            change(seen)

    return changed


def _page(status: int) -> Change:
    def change(seen: Seen) -> None:
        seen.status, seen.answer, seen.headers = status, b"<html>", [("content-type", "text/html")]

    return change


def _capitals(seen: Seen) -> None:
    stream = ("content-type", "text/event-stream") in seen.headers
    seen.headers = seen.headers if stream else [(name.title(), value) for name, value in seen.headers]


def _escaped(seen: Seen) -> None:
    if seen.json != {}:
        letters = re.sub(r'(?<=")[a-z]', lambda found: f"\\u{ord(found[0]):04x}", json.dumps(seen.json, indent=3))
        seen.answer = letters.replace("/", "\\/").encode()


def _json_type(kind: str) -> Change:
    def change(seen: Seen) -> None:
        if ("content-type", "application/json") in seen.headers:
            seen.header("content-type", kind)

    return change


ERROR_EVENT = b'data: {"error":{"message":"no","type":"server_error","code":"internal_error"}}\n\n'

# Servers that keep to the contract, however they write it, or that fail now and then.
HARMLESS = [
    altered("headers in capitals", "", after=_capitals),
    altered("escapes and white space in JSON", "", after=_escaped),
    altered("a charset in quotes", "", after=_json_type('application/json; charset="UTF-8"')),
    altered(
        "another order of Cache-Control",
        "",
        after=when("llms[./a-z]*", lambda s: s.header("cache-control", "max-age=300,public")),
    ),
    altered("500 now and then", "", before=_every(5, lambda seen: seen.refuse(500, "server_error", "internal_error"))),
    altered("529 now and then", "", before=_every(5, lambda seen: seen.refuse(529, "overloaded_error", "overloaded"))),
    altered("408 now and then", "", before=_every(7, lambda seen: seen.refuse(408, "timeout", "timeout"))),
    *(altered(f"pages in place of answer {n}", "", before=_every(n, _page(403))) for n in (3, 4, 5, 7, 9, 11, 13)),
    *(
        altered(f"answer {n} cut short", "", after=_every(n, lambda s: setattr(s, "answer", s.answer[:9])))
        for n in (4, 5, 7)
    ),
    altered("a catalog without results", "", after=when(SEARCH, field_set("results", []), status=200)),
    altered("streams that end in an error", "", event=lambda e: ERROR_EVENT if b'"content"' in e else e),
]


ALTERATIONS = [
    *EVERYWHERE,
    *CREDENTIALS,
    *MONEY,
    *LIMITS,
    *COMPLETIONS,
    *STREAMS,
    *EMBEDDINGS,
    *SEARCHES,
    *SCRIPTS,
    *USAGES,
    *MORE,
    *OTHERS,
]
